"""What a client's files hold, what is wrong with them, and what changed since the last ones."""

from consulting.profiling.model import (
    Bin,
    ColumnProfile,
    Dependency,
    FeedProfile,
    FileMetadata,
    FormatCount,
    Issue,
    NumberSummary,
    ValueCount,
)
from consulting.profiling.profile import profile_feed
from consulting.profiling.thresholds import Thresholds

__all__ = [
    "Bin",
    "ColumnProfile",
    "Dependency",
    "FeedProfile",
    "FileMetadata",
    "FormatCount",
    "Issue",
    "NumberSummary",
    "Thresholds",
    "ValueCount",
    "profile_feed",
]

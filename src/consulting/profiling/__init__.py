"""What a client's files hold, what is wrong with them, and what changed since the last ones."""

from consulting.profiling.across import (
    Relation,
    find_joint_keys,
    find_relations,
    profile_across,
)
from consulting.profiling.drift import DriftFinding, compare
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
from consulting.profiling.patches import label_of, patched, unified
from consulting.profiling.profile import profile_feed
from consulting.profiling.propose import Proposal, propose_columns, propose_feed
from consulting.profiling.schema import profile_schema
from consulting.profiling.score import Score, ScorePart, delivery_score, quality_score
from consulting.profiling.thresholds import Thresholds

__all__ = [
    "Bin",
    "ColumnProfile",
    "Dependency",
    "DriftFinding",
    "FeedProfile",
    "FileMetadata",
    "FormatCount",
    "Issue",
    "NumberSummary",
    "Proposal",
    "Relation",
    "Score",
    "ScorePart",
    "Thresholds",
    "ValueCount",
    "compare",
    "delivery_score",
    "find_joint_keys",
    "find_relations",
    "label_of",
    "patched",
    "profile_across",
    "profile_feed",
    "profile_schema",
    "propose_columns",
    "propose_feed",
    "quality_score",
    "unified",
]

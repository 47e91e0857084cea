"""What a client's files hold, what is wrong with them, and what changed since the last ones."""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
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

__getattr__ = lazy_exports(
    __name__,
    {
        "Bin": "model",
        "ColumnProfile": "model",
        "Dependency": "model",
        "DriftFinding": "drift",
        "FeedProfile": "model",
        "FileMetadata": "model",
        "FormatCount": "model",
        "Issue": "model",
        "NumberSummary": "model",
        "Proposal": "propose",
        "Relation": "across",
        "Score": "score",
        "ScorePart": "score",
        "Thresholds": "thresholds",
        "ValueCount": "model",
        "compare": "drift",
        "delivery_score": "score",
        "find_joint_keys": "across",
        "find_relations": "across",
        "label_of": "patches",
        "patched": "patches",
        "profile_across": "across",
        "profile_feed": "profile",
        "profile_schema": "schema",
        "propose_columns": "propose",
        "propose_feed": "propose",
        "quality_score": "score",
        "unified": "patches",
    },
)

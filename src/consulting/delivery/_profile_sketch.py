"""TEMP."""

from typing import Literal
from consulting.profiling.model import *
from consulting.profiling.model import Issue, FeedProfile, ColumnProfile, FormatCount
from consulting.records import Record


class DriftFinding(Record):
    """A stand-in."""

    feed: str
    column: str | None = None
    kind: str
    severity: Literal["info", "warn", "block"]
    detail: str
    proposed_patch: str | None = None


class Score(Record):
    """A stand-in."""

    value: float
    formula: str
    parts: dict[str, float]

"""Stand-ins for what `consulting.profiling` does not have yet."""

from __future__ import annotations

from typing import Literal

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

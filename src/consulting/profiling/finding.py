"""One change between two deliveries of a feed, and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from consulting.profiling.wording import enumerated
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CONFIRMED = frozenset(
    {
        "another_period",
        "date_order_unclear",
        "decimal_mark_unclear",
        "merged_rows",
        "null_jump",
        "rejected_rows",
        "swapped_columns",
        "unit_changed",
        "unread_values",
        "volume_collapse",
    }
)
"""What says nothing of the files' shape, so that no YAML can accept it without a patch."""
CONFIRMED = "It was confirmed to be right."
APPLIED = " `consulting accept` applies the patch."

DriftSeverity = Literal["info", "warn", "block"]
_LACKED: dict[DriftSeverity, str] = {
    "warn": "; no model reads {}",
    "info": "; the client may leave {} out",
    "block": ", and the models read {}",
}
"""What is said of a column that files lack, by how grave that is."""


class DriftFinding(Record):
    """One change between two deliveries of a feed.

    Attributes:
        feed: The feed.
        kind: "another_feed", "another_period", "part_of_period", "missing_file", "new_column",
            "missing_column", "renamed_column", "both_names", "swapped_columns", "copied_column",
            "retyped_column", "rewritten_column", "date_order_changed", "date_order_unclear",
            "decimal_mark_changed", "decimal_mark_unclear", "digits_cut", "currency_changed",
            "unit_changed", "unit_unread", "unread_values", "rejected_rows", "merged_rows",
            "volume_collapse", "volume_surge", "distribution_shift", "null_jump" or "time_cut".
        severity: "block" stops the delivery.
        column: The column, under its present name where it has one.
        previous_column: Its name before, where it was renamed; of columns that changed places, the
            other.
        detail: What changed, in a sentence.
        measure: What was measured ("PSI", "rows now / rows before", …).
        value: The measured value.
        threshold: What it was held against.
        recommendation: What to do.
        patch: A unified diff of the feed's YAML, where the change is plain.
        said: The names of a column that files lack, in words; empty where none is lacking.
        lacked_in: Those files, in words; empty likewise.
        accepted: Whether the models read a new or renamed column so already.
        formats: Those with which its rule reads dates of another order, where it is known.
        in_some: Whether it is of some of the files alone, and the others must be read as before.
        told_before: Whether the delivery whose place this one takes told it of these files.
        row_rule: The row rule that rejects the rows, by its name in `reject_when`.
    """

    feed: str
    kind: str
    severity: DriftSeverity
    column: str | None = None
    previous_column: str | None = None
    detail: str
    measure: str | None = None
    value: float | None = None
    threshold: float | None = None
    recommendation: str
    patch: str | None = None
    said: str = ""
    lacked_in: str = ""
    accepted: bool = False
    formats: tuple[str, ...] = ()
    in_some: bool = False
    told_before: bool = False
    row_rule: str | None = None

    @property
    def to_confirm(self) -> str:
        """What somebody confirms of the files, and of what; empty where YAML decides."""
        if self.severity != "block" or self.kind not in _CONFIRMED or self.patch:
            return ""
        return " ".join(filter(None, (self.kind, self.feed, self.column, self.row_rule)))

    @property
    def by_hand(self) -> str:
        """What to do where the patch does not."""
        return self.recommendation.removesuffix(APPLIED)

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody found it right, so that it stopped nothing."""
        return self.recommendation == CONFIRMED

    def confirmed(self) -> DriftFinding:
        """The finding of files that somebody confirmed: it is told, and stops nothing."""
        return self.model_copy(update={"severity": "warn", "recommendation": CONFIRMED})


def changes_in_words(findings: Iterable[DriftFinding]) -> str:
    """What changed, in sentences: one for all columns that the same files lack."""
    alike: dict[object, list[DriftFinding]] = {}
    for finding in findings:
        lacked = (finding.lacked_in, finding.severity) if finding.lacked_in else None
        alike.setdefault(lacked or finding.detail, []).append(finding)
    return " ".join(
        not_in([each.said for each in group], group[0].lacked_in, group[0].severity)
        if group[0].lacked_in
        else group[0].detail
        for group in alike.values()
    )


def not_in(columns: Sequence[str], files: str, severity: DriftSeverity) -> str:
    """A sentence on columns that files lack, both in words."""
    verb, them = ("is", "it") if len(columns) == 1 else ("are", "them")
    return f"{enumerated(columns)} {verb} not in {files}{_LACKED[severity].format(them)}."

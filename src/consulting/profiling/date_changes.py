"""Dates whose day, month or year stand elsewhere than their rule reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.changes import Changes
from consulting.profiling.date_orders import declared_orders, moved_orders, turned_formats
from consulting.profiling.finding import DriftFinding
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.profiling.finding import DriftSeverity
    from consulting.profiling.model import ColumnProfile

_WORDS = {
    "dmy": "the day first",
    "mdy": "the month first",
    "ymd": "the year first, then the month",
    "ydm": "the year first, then the day",
}

_READ_SO = "Its rule reads them so."
_ASK = (
    "Ask the client in which order day and month are written now: read in another one, dates "
    "become other days."
)
_EXPORT = " Better than to swap them back is the table as the client's system exports it."


class DateChanges(Changes):
    """In which order the parts of a column's dates are written."""

    def proven(self, before: ColumnProfile | None, now: ColumnProfile) -> list[DriftFinding]:
        """What dates prove, or seem to, against their rule and the last ones."""
        read = self._reads.of(now.name)
        found = moved_orders(read, now, before)
        if not found:
            return []
        is_read = {one: one.order in declared_orders(read, one.form) for one in found}
        moved = min(found, key=lambda one: (is_read[one], not one.sure))
        swapped = "day and month swapped where a spreadsheet program could read them"
        says = swapped if moved.order == "ydm" else _WORDS[moved.order]
        against = (
            "its rule reads them with"
            if moved.by_rule
            else f"those of {self._past.named(before)} had"
        )
        grave: DriftSeverity = "block" if self._reads.is_converted(now) else "warn"
        finding = DriftFinding(
            feed=self._current.feed, column=now.name,
            kind="date_order_changed" if moved.sure else "date_order_unclear",
            severity="info" if is_read[moved] else grave,
            detail=f"{self._reads.named('dates', now)} {'have' if moved.sure else 'seem to have'} "
            f"{says}; {against} {_WORDS[moved.declared]}.",
            recommendation=_READ_SO if is_read[moved] else _ASK + _EXPORT * (moved.order == "ydm"),
            formats=turned_formats(read, now, found) if moved.sure else (),
        )  # fmt: skip
        return [finding]

    def without_time(
        self, before: ColumnProfile | None, now: ColumnProfile
    ) -> Iterator[DriftFinding]:
        """Dates with a time of day that their rule leaves out unasked, and the last ones had none.

        A rule whose formats have a time is meant to; a time that is 00:00 everywhere is none.
        """
        read = self._reads.of(now.name)
        if read is None or read.rule != "to_date" or not now.times or (before and before.times):
            return
        if any(hour in pattern for hour in ("%H", "%I") for pattern in read.formats):
            return
        yield DriftFinding(
            feed=self._current.feed, kind="time_cut", column=now.name, severity="warn",
            detail=f"{self._reads.named('dates', now)} have a time of day in "
            f"{counted(now.times, 'row')}, which their rule leaves out.",
            measure="dates with a time of day", value=now.times, threshold=1,
            recommendation="If the client means the times, give the column the rule to_timestamp "
            "in the feed's YAML, and they are delivered.",
        )  # fmt: skip

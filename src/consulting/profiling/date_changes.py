"""Dates whose day, month or year stand elsewhere than their rule reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.changes import Changes
from consulting.profiling.finding import DriftFinding
from consulting.profiling.notations import (
    declared_order,
    lie_closer_as_written,
    lie_within_months,
    moved_year,
)
from consulting.profiling.wording import enumerated
from consulting.rules.dates import ISO, SWAPPED

if TYPE_CHECKING:
    from consulting.profiling.model import ColumnProfile

_MONTHS = 12


class DateChanges(Changes):
    """In which order the parts of a column's dates are written."""

    def proven(self, before: ColumnProfile | None, now: ColumnProfile) -> list[DriftFinding]:
        """What dates prove, or seem to, against their rule and the last ones."""
        found = (
            self._order_changed(before, now),
            self._no_longer_swapped(now),
            self._swapped(now),
            self._year_moved(before, now),
        )
        return [each for each in found if each]

    def _order_changed(
        self, before: ColumnProfile | None, now: ColumnProfile
    ) -> DriftFinding | None:
        proven = now.day_first is not None
        today = now.day_first if proven else now.closer_day_first
        if today is None:
            return None
        declared = declared_order(self._reads.of(now.name), now)
        misread = proven and declared == (not today)
        if not proven and before is not None:
            before = self._past.last_that(lambda c: c.day_first is not None, now)
        changed = before is not None and before.day_first == (not today)
        if changed and before and not proven:  # the first of a month may be a column's habit
            changed = lie_within_months(before)
        if not misread and not changed:
            return None
        first, other = ("day", "month") if today else ("month", "day")
        says = "have" if proven else "lie within a month only with"
        against = [f"its rule reads them with the {other} first"] * misread
        showed = "" if proven else " that showed it"
        against += [f"those of the last delivery{showed} had the {other} first"] * changed
        return DriftFinding(
            feed=self._current.feed, column=now.name,
            kind="date_order_changed" if proven else "date_order_unclear",
            severity="info" if declared == today else
            "block" if self._reads.is_converted(now) else "warn",
            detail=f"{self._reads.named('dates', now)} {says} the "
            f"{first} first; {enumerated(against)}.",
            recommendation="Its rule reads them so." if declared == today else
            "Ask the client in which order day and month are written now: read in "
            "the other one, each date up to the twelfth of a month becomes another day.",
        )  # fmt: skip

    def _no_longer_swapped(self, now: ColumnProfile) -> DriftFinding | None:
        """Dates that a rule swaps back, as a spreadsheet program left them, and are not swapped.

        Of swapped ones, none that has the year first has a day after the twelfth.
        """
        read = self._reads.of(now.name)
        swaps = read is not None and any(one.startswith(SWAPPED) for one in read.formats)
        patterns = {found.format[: len(SWAPPED)] for found in now.formats}
        if not swaps or patterns != {ISO[0]}:
            return None
        proven = any(int(day[8:10]) > _MONTHS for day in now.date_quantiles)
        if not proven and not lie_closer_as_written(now):
            return None
        return DriftFinding(
            feed=self._current.feed, column=now.name,
            kind="date_order_changed" if proven else "date_order_unclear",
            severity="block" if self._reads.is_converted(now) else "warn",
            detail=f"{self._reads.named('dates', now)} {'have' if proven else 'all seem to have'} "
            "the month after the year; its rule swaps day and month of such dates.",
            recommendation="Ask the client whether day and month are no longer swapped: read in "
            "the other order, each date up to the twelfth of a month becomes another day.",
        )  # fmt: skip

    def _swapped(self, now: ColumnProfile) -> DriftFinding | None:
        """Dates whose day and month a spreadsheet program swapped where it could, read as written.

        Those that it could not read show the order, and the issue that the others lie otherwise.
        """
        read = self._reads.of(now.name)
        if read is None or not self._reads.is_converted(now) or now.day_first is None:
            return None
        if any(one.startswith(SWAPPED) for one in read.formats) or not any(
            issue.column == now.name and issue.issue_type == "mixed_date_order"
            for issue in self._current.issues
        ):
            return None
        return DriftFinding(
            feed=self._current.feed, column=now.name, kind="date_order_changed", severity="block",
            detail=f"{self._reads.named('dates', now)} have day and month swapped where a "
            "spreadsheet program could read them; their rule reads these as they are written.",
            recommendation="Ask the client for the table as its system exports it. If it can not "
            "be had, let the rule swap them back (the format %Y-%d-%m).",
        )  # fmt: skip

    def _year_moved(self, before: ColumnProfile | None, now: ColumnProfile) -> DriftFinding | None:
        """Years of two digits that stand at another end of dates than where their rule reads them.

        Of the two ends, the one that varies is the day.
        """
        read = self._reads.of(now.name)
        if read is None or not self._reads.is_converted(now):
            return None
        moved = moved_year(read, now, before)
        if moved is None:
            return None
        ends = ("first", "at the end") if moved else ("at the end", "first")
        return DriftFinding(
            feed=self._current.feed, column=now.name, kind="date_order_changed", severity="block",
            detail=f"{self._reads.named('dates', now)} seem to have the year {ends[0]}; its rule "
            f"reads it {ends[1]}.",
            recommendation="Ask the client in which order year, month and day are written now.",
        )  # fmt: skip

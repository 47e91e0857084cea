"""Numbers whose marks or digits are not those that their rule reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.changes import Changes
from consulting.profiling.finding import DriftFinding
from consulting.profiling.notations import (
    are_grouped,
    are_thousands,
    digits_after,
    is_cut_to_nought,
    is_grouped_as,
    is_misread,
    is_nearer_otherwise,
    is_read_with,
    mark_of,
    other_mark,
    shown_decimal,
)
from consulting.profiling.shift import are_as_large
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.profiling.model import ColumnProfile

_CENTS = 2
"""Fewer digits after a mark are lost by numbers that merely grew tenfold, too."""


class NumberChanges(Changes):
    """Which marks a column's numbers have, and how many digits."""

    def proven(self, before: ColumnProfile | None, now: ColumnProfile) -> list[DriftFinding]:
        """What numbers prove, or seem to, against their rule and the last ones."""
        found = (
            self._mark_changed(before, now) or self._mark_lost(before, now),
            self._thousands_unread(before, now),
        )
        return [each for each in found if each]

    def rounded(self, before: ColumnProfile | None, now: ColumnProfile) -> Iterator[DriftFinding]:
        """Numbers that have more digits than their rule keeps, and the last ones had not."""
        read = self._reads.of(now.name)
        if read is None or read.scale is None:
            return
        digits = digits_after(now, read.decimal)
        lost = is_cut_to_nought(now, read.scale)
        more = before is not None and digits > read.scale >= before.fraction_digits
        if not lost and not more:
            return
        told = (
            f"are mostly so small that with the {counted(read.scale, 'digit')} after the decimal "
            "mark which their rule keeps they would be delivered as 0."
            if lost
            else f"have up to {counted(digits, 'digit')} after the decimal mark, of which their "
            f"rule keeps {read.scale}."
        )
        yield DriftFinding(
            feed=self._current.feed, kind="digits_cut", column=now.name,
            severity="block" if lost else "warn",
            detail=f"{self._reads.named('numbers', now)} {told}",
            measure="digits after the decimal mark", value=digits,
            threshold=read.scale,
            recommendation="If the client means them, let the column's rule keep them "
            "(scale); it rounds to what it keeps.",
        )  # fmt: skip

    def _mark_changed(
        self, before: ColumnProfile | None, now: ColumnProfile
    ) -> DriftFinding | None:
        read, mark = self._reads.of(now.name), mark_of(now)
        declared = read.decimal if read else None
        if declared is None or declared == "either" or mark in {None, "either", declared}:
            return None
        other, unclear = other_mark(declared), mark == "unclear"
        if read and read.rule == "to_integer" and (not unclear or not is_grouped_as(now, declared)):
            return None  # it rejects these, and misreads none
        if unclear and before is not None and not is_read_with(before, declared):
            before = self._past.last_that(lambda c: is_read_with(c, declared), now)
        nearer = is_nearer_otherwise(before, now, declared) if unclear and before else None
        by_others = unclear and nearer is not False and self._all_turned(now, declared)
        proven = by_others or not unclear
        if not (by_others or nearer or (proven and is_misread(now))):
            return None
        showed = " that showed its mark" * (before is not None and mark_of(before) == declared)
        told = (
            f"could have either decimal mark, and other columns of these files have a decimal "
            f"{other} now; its rule reads them with a decimal {declared}."
            if by_others
            else f"have a decimal {other}; its rule reads them with a decimal {declared}."
            if proven
            else "could have a decimal point or a decimal comma; with the "
            f"{declared}, as its rule reads them, they are a thousand times more or less than "
            f"those of {self._past.named(before)}{showed}, and with the other they are not."
        )
        return DriftFinding(
            feed=self._current.feed, column=now.name, severity="block",
            kind="decimal_mark_changed" if proven else "decimal_mark_unclear",
            detail=f"{self._reads.named('numbers', now)} {told}",
            recommendation="Ask the client which decimal mark they write now, and declare it in "
            "the column's rule (decimal: point or comma): read with the other, 1.234 is 1,234.",
        )  # fmt: skip

    def _mark_lost(self, before: ColumnProfile | None, now: ColumnProfile) -> DriftFinding | None:
        """Numbers that would be those of the last delivery with a decimal mark, or without it."""
        read = self._reads.of(now.name)
        if before is None or read is None or read.decimal is None or read.rule == "to_integer":
            return None
        digits = before.fraction_digits or now.fraction_digits
        if digits < _CENTS or (before.fraction_digits and now.fraction_digits):
            return None
        lost = before.fraction_digits > 0
        if not are_as_large(before, now, 10.0**digits if lost else 10.0**-digits):
            return None
        mark = f"{counted(digits, 'digit')} after a decimal mark"
        told = (
            f"are whole, and those of {self._past.named(before)} had {mark}: they are"
            if lost
            else f"have {mark}, and those of {self._past.named(before)} were whole: these were"
        )
        return DriftFinding(
            feed=self._current.feed, column=now.name, severity="block",
            kind="decimal_mark_unclear",
            detail=f"{self._reads.named('numbers', now)} {told} about {10**digits:,} times as "
            "large, as if the mark were left out.",
            recommendation="Ask the client whether they count hundredths or the like now (cents), "
            "or a mark was lost; have the files sent again as before.",
        )  # fmt: skip

    def _all_turned(self, now: ColumnProfile, declared: str) -> bool:
        """Whether the numbers of the same files that should have a mark have the other one.

        Those of rules that read another mark, or none, prove nothing: degrees have a point where
        amounts have a comma.
        """
        found = {
            mark
            for column in self._current.columns
            if column is not now
            and (read := self._reads.of(column.name))
            and read.decimal == declared
            and (mark := mark_of(column)) in {"point", "comma", "either"}
            and (mark == declared or is_misread(column))
        }
        return found == {other_mark(declared)}

    def _thousands_unread(
        self, before: ColumnProfile | None, now: ColumnProfile
    ) -> DriftFinding | None:
        """Numbers with marks that may stand between thousands, which a rule of whole ones rejects.

        A patch says that they do where nothing speaks against it.
        """
        read = self._reads.of(now.name)
        if read is None or read.rule != "to_integer" or not are_grouped(now):
            return None
        if read.decimal and is_grouped_as(now, read.decimal):
            return None
        shown, itself = shown_decimal(now, self._current), mark_of(now) != "unclear"
        thousands = are_thousands(before, now)
        if shown and (itself or thousands is None):
            thousands = False
            near = f"; {'some of them' if itself else 'other columns of these files'} have a "
            near += f"decimal {shown}"
        else:
            near = f"; with a decimal mark they are near to those of {self._past.named(before)}"
        between = f"the {other_mark(read.decimal)} between thousands" if read.decimal else "no mark"
        return DriftFinding(
            feed=self._current.feed, column=now.name, severity="block",
            kind="retyped_column" if thousands is False else "decimal_mark_changed",
            detail=f"{self._reads.named('numbers', now)} are like 1.000 or 1,000; its rule reads "
            f"whole numbers with {between}{near if thousands is False else ''}.",
            recommendation="Ask the client whether the mark stands between thousands, and declare "
            "it so in the column's rule (thousands), or another rule if it is a decimal mark.",
        )  # fmt: skip

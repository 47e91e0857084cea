"""Numbers that count something else: in another unit or currency, or as percent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from consulting.profiling.changes import Changes
from consulting.profiling.finding import DriftFinding
from consulting.profiling.notations import (
    are_of_one_order,
    counts_of,
    currencies_of,
    is_percent,
    mostly,
    units_of,
    unread_currencies,
    unread_units,
    written_units,
)
from consulting.profiling.shift import are_as_large, are_turned, has_sign
from consulting.profiling.wording import enumerated
from consulting.records import PERCENT
from consulting.rules.currencies import may_be_one
from consulting.rules.units import is_common_unit, is_one_of, is_same_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from consulting.profiling.model import ColumnProfile

_FEW = 5
_THOUSAND = 1000.0
"""So many times as large are grams of kilograms, and amounts that were in thousands."""


class UnitChanges(Changes):
    """What stands beside a column's numbers, written in a cell or shown by its format."""

    def proven(self, now: ColumnProfile) -> list[DriftFinding]:
        """What stands there against their rule, whatever was delivered before."""
        found = (
            self._unit_unread(now),
            self._currency_unread(now),
            self._currencies_mixed(now),
        )
        return [each for each in found if each]

    def since(
        self, before: ColumnProfile, now: ColumnProfile, told: Collection[str]
    ) -> list[DriftFinding]:
        """What stood there before, and does not now, but for the kinds that are told already."""
        found: tuple[DriftFinding | None, ...] = (
            None if "currency_changed" in told else self._currency_changed(before, now),
            None if "unit_unread" in told else self._unit_changed(before, now),
            self._percent_changed(before, now),
        )
        found = found if any(found) else (self._otherwise_large(before, now),)
        return [each for each in found if each]

    def _unit_unread(self, now: ColumnProfile) -> DriftFinding | None:
        """Numbers with a unit that their rule does not take off, so that it rejects them."""
        read = self._reads.of(now.name)
        if read is None or mostly(written_units(now), now) not in unread_units(read, now):
            return None
        taken = f"takes off {enumerated([*read.units], 'or')} alone" if read.units else "reads none"
        if "%" in written_units(now) and self._past.last_that(is_percent, now):
            taken += ", and earlier ones showed % in the format of their cells, where 5% is the "
            taken += "number 0.05: with the sign taken off, it is 5"
        advice = "let the column's rule take the unit off (unit)"
        if read.rule == "to_money":
            advice = "give the column the rule to_decimal, which takes a unit off (unit)"
        return DriftFinding(
            feed=self._current.feed, kind="unit_unread", column=now.name, severity="block",
            detail=f"{self._reads.named('numbers', now)} have a unit, and their rule {taken}.",
            recommendation="Ask the client what they count now. If it is meant to be so, "
            f"{advice}: as it is, it rejects them.",
        )  # fmt: skip

    def _currency_unread(self, now: ColumnProfile) -> DriftFinding | None:
        """Numbers with a currency that their rule does not take off, so that it rejects them."""
        read = self._reads.of(now.name)
        named = unread_currencies(read, now) if read else Counter[str]()
        if not mostly(named, now):
            return None
        return DriftFinding(
            feed=self._current.feed, kind="retyped_column", column=now.name, severity="block",
            detail=f"{self._reads.named('numbers', now)} have a currency, and their rule reads "
            "none.",
            recommendation="If it is meant to be so, give the column the rule to_money, which "
            "takes it off: as it is, its rule rejects them.",
        )  # fmt: skip

    def _currencies_mixed(self, now: ColumnProfile) -> DriftFinding | None:
        """Amounts in several currencies that would become numbers of one column.

        Where the last delivery had them, too, somebody let them through.
        """
        read = self._reads.of(now.name)
        if read is None or read.currency_apart or not self._reads.is_converted(now):
            return None
        named = counts_of(now.currencies)
        main = max(sorted(named), key=named.__getitem__, default="")
        others = {code: n for code, n in named.items() if not may_be_one(main, code)}
        last = self._past.last(now, 1)
        found = {main, *others}
        then = currencies_of(last[0]) if last else Counter[str]()
        known = found <= then.keys() and then.total() - max(then.values(), default=0) >= _FEW
        told = any(
            issue.issue_type == "mixed_currencies" and issue.column == now.name
            for issue in self._current.issues
        )
        if not told or known or sum(others.values()) < _FEW:
            return None
        return DriftFinding(
            feed=self._current.feed, kind="currency_changed", column=now.name, severity="block",
            detail=f"{self._reads.named('amounts', now)} are in {enumerated(sorted(found))}, "
            "and no column holds which is in which.",
            recommendation="Ask the client in which currency they are meant. If it is meant to be "
            "so, deliver it in a column of its own (`rule: to_currency`, read from the same "
            "column).",
        )  # fmt: skip

    def _currency_changed(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        then, today = self._past.named_last(currencies_of, before, now), currencies_of(now)
        if then is None or any(may_be_one(then, found) for found in today):
            return None
        named = mostly(today, now)
        read = self._reads.of(now.name)
        # a rule reads what is written, and not what the format of a cell shows
        written = bool(now.currencies) or not named
        apart = read is not None and read.currency_apart and written
        of_its_own = " If it is meant to be so, deliver it in a column of its own (`rule: "
        of_its_own += "to_currency`, read from the same column)."
        return DriftFinding(
            feed=self._current.feed, column=now.name,
            kind="currency_changed" if written else "unit_changed",
            severity="info" if apart and named else
            "block" if named and self._reads.is_converted(now) else "warn",
            detail=f"{self._reads.named('amounts', now)} "
            f"{f'are in {named}' if named else 'name no currency'}, where "
            f"{self._named(before, currencies_of)} had {then}.",
            recommendation="Its currency is delivered in a column of its own." if apart and named
            else "Ask the client in which currency they are now." if not named else
            f"Ask the client which currency is meant.{of_its_own * written}",
        )  # fmt: skip

    def _unit_changed(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        then, today = self._past.named_last(units_of, before, now), units_of(now)
        if then is None or any(is_same_unit(then, one) for one in today):
            return None
        lost = not today and not before.units  # other programs write no formats
        read = self._reads.of(now.name)
        both = read is not None and all(is_one_of(unit, read.units) for unit in (then, *today))
        told = mostly(today, now)
        named = all(is_common_unit(each) for each in (then, *(today if told is None else [told])))
        unit = f"“{told or min(today, default='')}”" if named else "another unit"
        if told is None:
            unit = f"{unit} in a part of them" if today else "no unit"
        if told is None and then == "%" and is_percent(now):
            unit = "% in the format of their cells alone, so that 5% is the number 0.05,"
        then_named = f"“{then}”" if named else "one and the same"
        return DriftFinding(
            feed=self._current.feed, kind="unit_changed", column=now.name,
            severity="block"
            if self._reads.is_converted(now) and not lost and not (both and today)
            else "warn",
            detail=f"{self._reads.named('numbers', now)} have {unit} now; in "
            f"{self._named(before, units_of)} most had {then_named}.",
            recommendation="Ask the client what they count now: they are delivered as numbers, "
            "without the unit.",
        )  # fmt: skip

    def _named(self, before: ColumnProfile, of: Callable[[ColumnProfile], Counter[str]]) -> str:
        """What the delivery is called whose numbers last named a currency or unit."""
        last = mostly(of(before), before)
        return self._past.named(before) if last else "the last delivery that named one"

    def _otherwise_large(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        """Numbers a thousand times as large, or as small, or of the other sign; a key goes on."""
        if (before.key_candidate or now.key_candidate) and not (
            before.fraction_digits and now.fraction_digits
        ):
            return None
        times = next((t for t in (_THOUSAND, 1 / _THOUSAND) if are_as_large(before, now, t)), None)
        if times is None and (
            not are_turned(before, now) or self._past.last_that(has_sign(now), now)
        ):
            return None
        large = "about 1,000 times as large as" if times == _THOUSAND else "about a thousandth of"
        told = f"are {large}" if times else "are as large, with the other sign, as"
        return DriftFinding(
            feed=self._current.feed, kind="unit_changed", column=now.name,
            severity="block" if times and self._reads.is_converted(now) else "warn",
            detail=f"{self._reads.named('numbers', now)} {told} those of "
            f"{self._past.named(before)}.",
            recommendation="Ask the client what they count now, and which sign they have: they are "
            "delivered as the files have them.",
        )  # fmt: skip

    def _percent_changed(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        """Numbers that the formats of a workbook show as percent, and no longer, or the reverse."""
        shares = is_percent(now)
        known = None not in {before.shown_as, now.shown_as}
        changed = is_percent(before) != shares
        if known and not changed and not shares:  # the format may have gone before the numbers
            shown = self._past.last_that(is_percent, now)
            changed = shown is not None and are_of_one_order(shown, before)
        if not known or not changed or are_of_one_order(before, now):
            return None
        then, today = ("bare numbers", PERCENT) if shares else (PERCENT, "bare numbers")
        return DriftFinding(
            feed=self._current.feed, kind="unit_changed", column=now.name,
            severity="block" if self._reads.is_converted(now) else "warn",
            detail=f"{self._reads.named('cells', now)} show {today} now; those of the last "
            f"delivery showed {then}.",
            recommendation="Ask the client what the numbers count now: they are delivered without "
            "what the format of a cell shows beside them (5% is the number 0.05).",
        )  # fmt: skip

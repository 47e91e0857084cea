"""What a column's values show against its rule and against those of earlier deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.finding import DriftFinding
from consulting.profiling.notations import (
    are_fractions,
    are_grouped,
    are_of_one_order,
    are_thousands,
    could_have_either,
    counts_of,
    counts_something,
    currencies_of,
    declared_order,
    digits_after,
    flags_of,
    is_cut_to_nought,
    is_misread,
    is_nearer_otherwise,
    is_percent,
    is_unread,
    lie_closer_as_written,
    lie_within_months,
    mark_of,
    mostly,
    moved_year,
    other_mark,
    units_of,
    unread_units,
    ways_to_write,
    written_units,
)
from consulting.profiling.past import ENOUGH, UNTYPED, missing
from consulting.profiling.reads import in_files
from consulting.profiling.shift import chance_of_rise, distribution_shift
from consulting.profiling.thresholds import Thresholds
from consulting.profiling.wording import enumerated, share
from consulting.records import PERCENT
from consulting.rules import rule_of_type
from consulting.rules.currencies import may_be_one
from consulting.rules.dates import ISO, SWAPPED
from consulting.rules.numbers import is_common_unit, is_one_of
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.profiling.model import ColumnProfile, FeedProfile
    from consulting.profiling.past import Past
    from consulting.profiling.reads import Reads

_LIMITS = Thresholds()
"""When a change is worth telling."""
_NUMBERS = frozenset({"integer", "decimal", "money"})
_MONTHS, _FEW = 12, 5
_HARMLESS = frozenset({("decimal", "integer"), ("timestamp", "date"), ("text", "code")})
_LIKELY, _UNLIKELY = 0.1, 0.001
"""A rise that chance brings oftener than the first is none; oftener than the second, none to stop
for."""


class Content:
    """The columns of a feed's files, each held against its rule and its past.

    Args:
        reads: What the models read, and the files.
        past: What earlier deliveries held.
    """

    def __init__(self, reads: Reads, past: Past) -> None:
        self._reads = reads
        self._current = reads.current
        self._past = past

    def proven(self, before: ColumnProfile | None, now: ColumnProfile) -> list[DriftFinding]:
        """What a column's values prove against its rule, whatever was delivered before."""
        found = (
            self._order_changed(before, now),
            self._no_longer_swapped(now),
            self._swapped(now),
            self._year_moved(now),
            self._mark_changed(before, now),
            self._mark_unread(now),
            self._thousands_unread(before, now),
            self._unit_unread(now),
            self._rewritten_unread(now),
            self._currencies_mixed(now),
        )
        return [each for each in found if each]

    def notation(self, now: ColumnProfile) -> list[DriftFinding]:
        """What a column's values prove, or seem to, of how they are written."""
        last = self._past.last(now, 1)
        return self.proven(last[0] if last else None, now)

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

    def of(self, now: ColumnProfile) -> list[DriftFinding]:
        """A column's type, what its numbers count, missing values and distribution.

        A change is one against the last delivery in which the column had values and, where these
        were few, against the last one in which it had more, too.
        """
        last = self._past.last(now, 1)
        found = self._content(*last, now) if last else [*self.proven(None, now)]
        more = self._past.last(now, ENOUGH) if found else None
        if more:
            kinds = {each.kind for each in self._content(*more, now)}
            found = [each for each in found if each.kind in kinds]
        jump = [*self._null_jump(now)]
        if jump:  # what is missing is a part of how the values are spread
            found = [each for each in found if each.kind != "distribution_shift"]
        return [*found, *jump, *self.rounded(last and last[0], now)]

    def _content(
        self, before: ColumnProfile, previous: FeedProfile, now: ColumnProfile
    ) -> list[DriftFinding]:
        found: list[DriftFinding | None] = [*self.proven(before, now)]
        told = {each.kind for each in found if each}
        if told.isdisjoint({"decimal_mark_changed", "decimal_mark_unclear", "retyped_column"}):
            found.append(self._retyped(before, now))
        if counts_something(now):
            unread = any(each and each.kind == "unit_unread" for each in found)
            mixed = any(each and each.kind == "currency_changed" for each in found)
            found += [
                None if mixed else self._currency_changed(before, now),
                None if unread else self._unit_changed(before, now),
                self._percent_changed(before, now),
            ]
        if not any(found):
            rewritten = self._rewritten(before, now)
            found.append(rewritten)
            if not rewritten or before.inferred_type != "boolean":
                found.append(self._shifted(before, now, previous))
        return [f for f in found if f is not None]

    def _retyped(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        types = (before.inferred_type, now.inferred_type)
        if types[0] == types[1] or types in _HARMLESS or UNTYPED & set(types):
            return None
        read = self._reads.of(now.name)
        rule = read.rule if read else None
        related = set(types) <= _NUMBERS or set(types) == {"date", "timestamp"}
        related = related and not (rule == "to_integer" and are_fractions(now))
        named = types[1] == "money" and mostly(counts_of(now.currencies), now)
        related = related and not (named and rule in {"to_decimal", "to_integer"})
        if rule == "to_code" or (rule == "to_text" and "boolean" in types):
            return None  # yes and no are texts, too, and a list says itself what it reads
        if rule == "to_text" and self._current.row_count - missing(now) < ENOUGH:
            return None
        flags = flags_of(now)
        if read and read.texts and flags:
            return None  # 0 and 1 are numbers, and yes and no to its rule
        if types[0] in _NUMBERS and types[1] == "boolean" and any(map(str.isdigit, flags)):
            return None  # noughts and a word beside them
        expected = rule_of_type(types[1]).name
        meant = rule is not None and rule == expected and expected != "to_text"
        breaks = read is not None and rule != "to_text" and not self._prove_little(before, now)
        return DriftFinding(
            feed=self._current.feed, kind="retyped_column", column=now.name,
            severity="info" if related or meant else "block" if breaks else "warn",
            detail=f"“{now.name}” was {types[0]} and is {types[1]} now"
            f"{in_files(self._reads.having(now.name), ', in ')}.",
            recommendation="Its rule reads what it is now." if meant else
            "Look at its issues: the client's export may write it in another way. If it is meant "
            f"to be so, give it the rule {expected} in the feed's YAML, and it is delivered.",
        )  # fmt: skip

    def _prove_little(self, before: ColumnProfile, now: ColumnProfile) -> bool:
        """Whether few texts, where numbers were, may be exceptions: the rule rejects them."""
        values = self._current.row_count - missing(now)
        numbers = sum(found.count for found in now.formats)
        exceptions = numbers < values < 2 * numbers or (values < _FEW and not numbers)
        return before.inferred_type in _NUMBERS and values < ENOUGH and exceptions

    def _rewritten(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        """The same kind of values, none of which is written as they were."""
        then, today = ways_to_write(before), ways_to_write(now)
        same_kind = bool(flags_of(before)) == bool(flags_of(now))
        if not same_kind or not then or not today or not then.keys().isdisjoint(today):
            return None
        read = self._reads.of(now.name)
        unread = read is not None and bool(read.texts) and not read.texts.issuperset(today)
        return DriftFinding(
            feed=self._current.feed, kind="rewritten_column", column=now.name,
            severity="warn" if unread else "info",
            detail=f"{self._written(now)}; in the last delivery it was written "
            f"{enumerated([*then.values()], 'or')}.",
            recommendation="Let its rule read these words, too." if unread
            else "Look whether its rule rejects any for it.",
        )  # fmt: skip

    def _rewritten_unread(self, now: ColumnProfile) -> DriftFinding | None:
        """Dates, or yes and no, most of which are so written that their rule rejects them."""
        read = self._reads.of(now.name)
        if read is None or not is_unread(read, now):
            return None
        return DriftFinding(
            feed=self._current.feed, kind="rewritten_column", column=now.name, severity="block",
            detail=f"{self._written(now)}; its rule does not read that.",
            recommendation="If it is meant to be so, let its rule read that, too "
            f"({'means_true, means_false' if read.texts else 'formats'}).",
        )  # fmt: skip

    def _written(self, column: ColumnProfile) -> str:
        """How a column is written now, and in which files, at the beginning of a sentence."""
        files = in_files(self._reads.having(column.name), ", in ")
        ways = enumerated([*ways_to_write(column).values()], "or")
        return f"“{column.name}” is written {ways} now{files}"

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

    def _year_moved(self, now: ColumnProfile) -> DriftFinding | None:
        """Years of two digits that stand at another end of dates than where their rule reads them.

        Of the two ends, the one that varies is the day.
        """
        read = self._reads.of(now.name)
        moved = moved_year(read, now) if read and self._reads.is_converted(now) else None
        if moved is None:
            return None
        ends = ("first", "at the end") if moved else ("at the end", "first")
        return DriftFinding(
            feed=self._current.feed, column=now.name, kind="date_order_changed", severity="block",
            detail=f"{self._reads.named('dates', now)} seem to have the year {ends[0]}; its rule "
            f"reads it {ends[1]}.",
            recommendation="Ask the client in which order year, month and day are written now.",
        )  # fmt: skip

    def _mark_changed(
        self, before: ColumnProfile | None, now: ColumnProfile
    ) -> DriftFinding | None:
        read, mark = self._reads.of(now.name), mark_of(now)
        declared = read.decimal if read else None
        if declared is None or declared == "either" or mark in {None, "either", declared}:
            return None
        other = other_mark(declared)
        by_others = mark == "unclear" and self._all_turned(now, declared)
        proven = mark != "unclear" or by_others
        if not proven and before is not None:
            shown = self._past.last_that(lambda c: mark_of(c) in {"point", "comma"}, now)
            before = shown or before
        if proven:
            found = by_others or is_misread(now)
        else:
            found = before is not None and is_nearer_otherwise(before, now, declared)
        if not found:
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
            f"those of the last delivery{showed}, and with the other they are not."
        )
        return DriftFinding(
            feed=self._current.feed, column=now.name, severity="block",
            kind="decimal_mark_changed" if proven else "decimal_mark_unclear",
            detail=f"{self._reads.named('numbers', now)} {told}",
            recommendation="Ask the client which decimal mark they write now, and declare it in "
            "the column's rule (decimal: point or comma): read with the other, 1.234 is 1,234.",
        )  # fmt: skip

    def _mark_unread(self, now: ColumnProfile) -> DriftFinding | None:
        """Numbers most of which could have either mark, which a rule of either rejects."""
        read = self._reads.of(now.name)
        if read is None or read.decimal != "either" or not could_have_either(now):
            return None
        return DriftFinding(
            feed=self._current.feed, kind="decimal_mark_changed", column=now.name,
            severity="block",
            detail=f"{self._reads.named('numbers', now)} could have a decimal point or a decimal "
            "comma; their rule reads either mark, and rejects such numbers.",
            recommendation="Ask the client which decimal mark they write, and declare it in the "
            "column's rule (decimal: point or comma).",
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
            f"{f'are in {named}' if named else 'name no currency'}, where the last delivery"
            f"{'' if mostly(currencies_of(before), before) else ' that named one'} had {then}.",
            recommendation="Its currency is delivered in a column of its own." if apart and named
            else "Ask the client in which currency they are now." if not named else
            f"Ask the client which currency is meant.{of_its_own * written}",
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
        known = last is not None and found <= currencies_of(last[0]).keys()
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

    def _unit_changed(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        then, today = self._past.named_last(units_of, before, now), units_of(now)
        if then is None or is_one_of(then, today):
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
            detail=f"{self._reads.named('numbers', now)} have {unit} now; "
            f"{'last time' if mostly(units_of(before), before) else 'when they last had one,'} "
            f"most had {then_named}.",
            recommendation="Ask the client what they count now: they are delivered as numbers, "
            "without the unit.",
        )  # fmt: skip

    def _thousands_unread(
        self, before: ColumnProfile | None, now: ColumnProfile
    ) -> DriftFinding | None:
        """Numbers with marks that may stand between thousands, which a rule of whole ones rejects.

        A patch says that they do where nothing speaks against it.
        """
        read = self._reads.of(now.name)
        if read is None or read.rule != "to_integer" or read.decimal or not are_grouped(now):
            return None
        thousands = are_thousands(before, now)
        near = "; with a decimal mark they are near to those of the last delivery"
        return DriftFinding(
            feed=self._current.feed, column=now.name, severity="block",
            kind="retyped_column" if thousands is False else "decimal_mark_changed",
            detail=f"{self._reads.named('numbers', now)} are like 1.000 or 1,000; its rule reads "
            f"whole numbers without a mark{near if thousands is False else ''}.",
            recommendation="Ask the client whether the mark stands between thousands, and declare "
            "it so in the column's rule (thousands), or another rule if it is a decimal mark.",
        )  # fmt: skip

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

    def _null_jump(self, now: ColumnProfile) -> Iterator[DriftFinding]:
        """More missing values than in the last delivery that had enough rows to tell."""
        rows = self._current.row_count
        lost = rows - self._values(now)
        if not rows or lost < _LIMITS.null_jump * rows:
            return
        previous = self._past.with_rows
        before = self._past.find(now, previous)
        if before is None or previous is None:
            return
        today, then = lost / rows, missing(before) / previous.row_count
        rise = round(today - then, 4)
        chance = chance_of_rise((missing(before), previous.row_count), (lost, rows))
        if rise < _LIMITS.null_jump or chance > _LIKELY:
            return
        read = self._reads.of(now.name)
        block = rise >= _LIMITS.null_block and chance <= _UNLIKELY and read is not None
        yield DriftFinding(
            feed=self._current.feed, kind="null_jump", column=now.name,
            severity="block" if block else "warn",
            detail=f"{_said(today)} of the rows{in_files(self._reads.all_files, ' of ')} have no "
            f"“{now.name}”; "
            f"{'last time' if self._past.is_last(previous) else 'before that'} {_said(then)}.",
            measure="rise of the share of missing values", value=rise,
            threshold=_LIMITS.null_block if block else _LIMITS.null_jump,
            recommendation="Ask the client whether the column is still filled.",
        )  # fmt: skip

    def _values(self, now: ColumnProfile) -> int:
        """Rows with a value of a column, under any of the names that its models read."""
        read = self._reads.of(now.name)
        rows = self._current.row_count
        names = {*map(str.casefold, read.names if read else ()), now.name.casefold()}
        columns = [each for each in self._current.columns if each.name.casefold() in names]
        return min(rows, sum(rows - missing(each) for each in columns))

    def _shifted(
        self, before: ColumnProfile, now: ColumnProfile, previous: FeedProfile
    ) -> DriftFinding | None:
        found = distribution_shift(before, now, previous.row_count, self._current.row_count)
        if found is None:
            return None
        index, noise = found
        threshold = max(_LIMITS.shift_info, noise)
        if index < threshold:
            return None
        grave = index >= max(_LIMITS.shift_warn, noise)
        return DriftFinding(
            feed=self._current.feed, kind="distribution_shift", column=now.name,
            severity="warn" if grave else "info",
            detail=f"The values of “{now.name}” are spread differently than last time.",
            measure="PSI", value=index,
            threshold=round(max(_LIMITS.shift_warn, noise) if grave else threshold, 4),
            recommendation="Compare its histogram and most frequent values with the last report.",
        )  # fmt: skip


def _said(part: float) -> str:
    return share(round(part * 1_000_000), 1_000_000)

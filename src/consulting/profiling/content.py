"""What a column's values show against its rule and against those of earlier deliveries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.profiling.changes import Changes
from consulting.profiling.date_changes import DateChanges
from consulting.profiling.date_orders import are_read_as_dates
from consulting.profiling.finding import DriftFinding
from consulting.profiling.notations import (
    are_fractions,
    counts_something,
    flags_of,
    is_as_long,
    is_unread,
    mark_of,
    ways_to_write,
)
from consulting.profiling.number_changes import NumberChanges
from consulting.profiling.past import ENOUGH, UNTYPED, missing
from consulting.profiling.reads import in_files
from consulting.profiling.shift import chance_of_rise, distribution_shift
from consulting.profiling.thresholds import Thresholds
from consulting.profiling.unit_changes import UnitChanges
from consulting.profiling.wording import enumerated, share
from consulting.rules import rule_of_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.profiling.model import ColumnProfile, FeedProfile
    from consulting.profiling.past import Past
    from consulting.profiling.reads import Reads

_LIMITS = Thresholds()
"""When a change is worth telling."""
_NUMBERS = frozenset({"integer", "decimal", "money"})
_EXACT = _NUMBERS | {"boolean", "date", "timestamp"}
_FEW = 5
_HARMLESS = frozenset({("decimal", "integer"), ("timestamp", "date"), ("text", "code")})
_TELL_OF_TYPES = frozenset({
    "date_order_changed", "date_order_unclear", "decimal_mark_changed", "decimal_mark_unclear",
    "retyped_column",
})  # fmt: skip
"""After one of these the change of type is no news."""
_RUNS, _NOUGHT = re.compile(r"([9Aa])\1*"), re.compile(r"(?<!\d)0\d")
"""Digits and letters in a form, as many as there are; a number that is filled up with noughts."""
_TEXTS, _KEYS = frozenset({"text", "code"}), 0.9
"""What a key is of, and from which share of different values on."""
_LIKELY, _UNLIKELY = 0.1, 0.001
"""A rise that chance brings oftener than the first is none; oftener than the second, none to stop
for."""


class Content(Changes):
    """All that changed of a column."""

    def __init__(self, reads: Reads, past: Past) -> None:
        super().__init__(reads, past)
        self._dates = DateChanges(reads, past)
        self._numbers = NumberChanges(reads, past)
        self._units = UnitChanges(reads, past)

    def proven(self, before: ColumnProfile | None, now: ColumnProfile) -> list[DriftFinding]:
        """What a column's values prove against its rule, whatever was delivered before."""
        unread = self._rewritten_unread(now)
        return [
            *self._dates.proven(before, now),
            *self._numbers.proven(before, now),
            *self._units.proven(now),
            *([unread] if unread else []),
        ]

    def notation(self, now: ColumnProfile) -> list[DriftFinding]:
        """What a column's values prove, or seem to, of how they are written."""
        last = self._past.last(now, 1)
        return self.proven(last[0] if last else None, now)

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
        before = last and last[0]
        cut = (*self._numbers.rounded(before, now), *self._dates.without_time(before, now))
        return [*found, *jump, *cut]

    def _content(
        self, before: ColumnProfile, previous: FeedProfile, now: ColumnProfile
    ) -> list[DriftFinding]:
        found: list[DriftFinding | None] = [*self.proven(before, now)]
        told = {each.kind for each in found if each}
        if told.isdisjoint(_TELL_OF_TYPES):
            retyped = self._retyped(before, now)
            found.append(None if self._is_chance(before, previous, now) else retyped)
        if counts_something(now):
            found += self._units.since(before, now, told)
        if not any(found):
            rewritten = self._rewritten(before, now) or self._key_rewritten(before, now)
            found.append(rewritten)
            if not rewritten or before.inferred_type != "boolean":
                found.append(self._shifted(before, now, previous))
        return [f for f in found if f is not None]

    def _retyped(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        types = (before.inferred_type, now.inferred_type)
        if types[0] == types[1] or types in _HARMLESS or UNTYPED & set(types):
            return None
        if self._is_read_alike(types, now) or is_as_long(before, now):
            return None
        read = self._reads.of(now.name)
        rule = read.rule if read else None
        related = set(types) <= _NUMBERS or set(types) == {"date", "timestamp"}
        related = related and not (rule == "to_integer" and are_fractions(now))
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

    def _is_read_alike(self, types: tuple[str, str], now: ColumnProfile) -> bool:
        """Whether what seems to be of another type is what it was to its rule."""
        read = self._reads.of(now.name)
        rule = read.rule if read else None
        if rule == "to_code" or (rule == "to_text" and "boolean" in types):
            return True  # yes and no are texts, too, and a list says itself what it reads
        if rule == "to_text" and self._current.row_count - missing(now) < ENOUGH:
            return True
        if read and are_read_as_dates(read, now):
            return True
        flags = flags_of(now)
        thousands = rule == "to_integer" and mark_of(now) == "unclear"
        if thousands or (read and read.texts and flags):
            return True  # nothing shows a fraction; 0 and 1 are numbers, and yes and no to another
        # noughts and a word beside them
        return types[0] in _NUMBERS and types[1] == "boolean" and any(map(str.isdigit, flags))

    def _is_chance(self, before: ColumnProfile, previous: FeedProfile, now: ColumnProfile) -> bool:
        """Whether texts beside numbers, of which there always are some, are merely a few more."""
        if before.inferred_type not in _NUMBERS or now.inferred_type != "text":
            return False
        counts = []
        for column, rows in ((before, previous.row_count), (now, self._current.row_count)):
            values = rows - missing(column)
            counts.append((values - sum(one.count for one in column.formats), values))
        return counts[0][0] > 0 and chance_of_rise(*counts) > _UNLIKELY

    def _prove_little(self, before: ColumnProfile, now: ColumnProfile) -> bool:
        """Whether few texts beside such as before may be exceptions, which the rule rejects."""
        values = self._current.row_count - missing(now)
        read = self._reads.of(now.name)
        known = read.texts if read and before.inferred_type == "boolean" else ()
        words = (v.count for v in now.top_values if v.value.strip().casefold() in known)
        usual = sum(words if known else (found.count for found in now.formats))
        exceptions = usual < values < 2 * usual or (values < _FEW and not usual)
        return before.inferred_type in _EXACT and values < ENOUGH and exceptions

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
            detail=f"{self._written(now)}; in {self._past.named(before)} it was written "
            f"{enumerated([*then.values()], 'or')}.",
            recommendation="Let its rule read these words, too." if unread
            else "Look whether its rule rejects any for it.",
        )  # fmt: skip

    def _key_rewritten(self, before: ColumnProfile, now: ColumnProfile) -> DriftFinding | None:
        """Values that tell rows apart, none of which has the form that all had: letters, noughts.

        Nor has any earlier delivery.
        """
        then, today = ({one.value for one in each.shapes} for each in (before, now))
        keys = before.cardinality_ratio >= _KEYS and now.cardinality_ratio >= _KEYS
        few = min(before.distinct_count, now.distinct_count) < ENOUGH
        if not keys or few or before.inferred_type not in _TEXTS or len(then) > 1:
            return None
        if self._past.last_that(lambda c: any(one.value in today for one in c.shapes), now):
            return None
        # a number starts anew, and the name of a month is shorter
        same = {_RUNS.sub(r"\1", one) for one in then} & {_RUNS.sub(r"\1", one) for one in today}
        lost = _NOUGHT.search(before.min or "") and not _NOUGHT.search(now.min or "")
        if (same and not lost) or self._reads.of(now.name) is None:
            return None
        files = in_files(self._reads.having(now.name), ", in ")
        return DriftFinding(
            feed=self._current.feed, kind="rewritten_column", column=now.name, severity="warn",
            detail=f"“{now.name}” has another form now{files}: in {self._past.named(before)} "
            f"every value was like {min(then)}, and none is.",
            recommendation="Ask the client whether a program cut letters or noughts off: its "
            "values are no longer those of earlier deliveries.",
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
        block = block and not self._past.of_sample  # its rows may have been picked for being full
        yield DriftFinding(
            feed=self._current.feed, kind="null_jump", column=now.name,
            severity="block" if block else "warn",
            detail=f"{_said(today)} of the rows{in_files(self._reads.all_files, ' of ')} have no "
            f"“{now.name}”; in {self._past.named(before)} {_said(then)}.",
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

    def _shifts(self, now: ColumnProfile, current: FeedProfile) -> bool:
        """Whether the last delivery had shifted as much: a month's name, a balance do by nature."""
        for earlier in self._past.delivered():
            before = None if earlier is current else self._past.find(now, earlier)
            if before is not None:
                found = distribution_shift(before, now, earlier.row_count, current.row_count)
                return found is not None and found[0] >= max(_LIMITS.shift_warn, found[1])
        return False

    def _shifted(
        self, before: ColumnProfile, now: ColumnProfile, previous: FeedProfile
    ) -> DriftFinding | None:
        if self._past.of_sample:
            return None  # it shows how values are written, and not how many there are of each
        found = distribution_shift(before, now, previous.row_count, self._current.row_count)
        if found is None:
            return None
        index, noise = found
        threshold = max(_LIMITS.shift_info, noise)
        if index < threshold:
            return None
        grave = index >= max(_LIMITS.shift_warn, noise) and not self._shifts(before, previous)
        return DriftFinding(
            feed=self._current.feed, kind="distribution_shift", column=now.name,
            severity="warn" if grave else "info",
            detail=f"{self._reads.named('values', now)} are spread differently than in "
            f"{self._past.named(before)}.",
            measure="PSI", value=index,
            threshold=round(max(_LIMITS.shift_warn, noise) if grave else threshold, 4),
            recommendation="Compare its histogram and most frequent values with the last report.",
        )  # fmt: skip


def _said(part: float) -> str:
    return share(round(part * 1_000_000), 1_000_000)

"""How a column's values are written: what profiles are compared by, with others and with rules."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from consulting.records import PERCENT
from consulting.rules.currencies import TOLD
from consulting.rules.dates import ISO, bare_format, date_format
from consulting.rules.numbers import NOTATIONS, decimal_mark
from consulting.rules.to_boolean import FALSE, TRUE
from consulting.rules.units import is_one_of, spelled_alike

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consulting.profiling.model import ColumnProfile, FeedProfile, FormatCount
    from consulting.records import ReadColumn

_NUMBERS = frozenset({"integer", "decimal", "money"})
_ENOUGH, _FEW = 20, 3
"""Of fewer numbers than the first all may be round thousands by chance."""
_ORDER, _NEAR = 10, 3
_SIGNIFICANT = 2
_SOME = 0.2
"""Among noughts, fewer numbers than this are noise."""
_TIMES = {"unclear_point": 1000, "unclear": 1 / 1000}
"""Numbers like 1.234 and 1,234, and how much more they are with a decimal comma."""
_DECIMAL = {"unclear_point": "point", "unclear": "comma"}
"""The decimal mark with which these have a fraction."""
_BETWEEN = {
    "comma": frozenset({"unclear_point", "grouped_comma"}),
    "point": frozenset({"unclear", "grouped", "lakh"}),
}
"""By decimal mark, the numbers with the other mark between thousands."""
_GROUPED = frozenset[str]().union(*_BETWEEN.values())
OF_NUMBERS = frozenset({"to_decimal", "to_integer", "to_money"})
OF_DATES = frozenset({"to_date", "to_timestamp"})
"""The rules that read them."""
_EITHER = re.compile("%[dmy]")


def counts_of(found: Iterable[FormatCount]) -> Counter[str]:
    """How many values have each of some formats, units or currencies."""
    return Counter({one.format: one.count for one in found})


def flags_of(column: ColumnProfile) -> dict[str, str]:
    """The words for yes and no of a column that has no other values, and how they are told."""
    seen = sorted({found.value.strip().casefold() for found in column.top_values})
    known = column.distinct_count <= len(column.top_values) and {*seen} <= {*TRUE, *FALSE}
    return {word: f"“{word}”" for word in seen} if known else {}


def unread_flags(read: ReadColumn, column: ColumnProfile) -> int:
    """How many of a column's words for yes and no its rule does not read."""
    unread = flags_of(column).keys() - read.texts if read.rule == "to_boolean" else set()
    return sum(v.count for v in column.top_values if v.value.strip().casefold() in unread)


def ways_to_write(column: ColumnProfile) -> dict[str, str]:
    """How a column's values are written, and how that is told; nothing where it is not known."""
    if flags := flags_of(column):
        return flags
    patterns = [found.format for found in column.formats]
    if column.inferred_type in {"date", "timestamp"}:
        # which of day and month it is has findings of its own; May is both short and long
        alike = map(either, patterns)
        told = (date_format(one, day_first=column.day_first) for one in patterns)
        return dict(zip(alike, told, strict=True))
    mark = mark_of(column)
    return {mark: f"with a decimal {mark}"} if mark in {"point", "comma"} else {}


def is_unread(read: ReadColumn, column: ColumnProfile) -> bool:
    """Whether most of a column's dates, or words for yes and no, are such as its rule rejects."""
    words = sum(found.count for found in column.top_values)
    dates = sum(found.count for found in column.formats)
    return 2 * unread_dates(read, column) > dates or 2 * unread_flags(read, column) > words > 0


def unread_dates(read: ReadColumn, column: ColumnProfile) -> int:
    """How many of a column's dates are in forms that its rule does not read."""
    if column.inferred_type not in {"date", "timestamp"} or read.rule not in OF_DATES:
        return 0
    known = {*map(either, (*read.formats, *ISO))}
    forms = [(either(found.format), found.count) for found in column.formats]
    if read.rule == "to_date" and any(form.endswith("%z") for form in known):  # it leaves zones out
        known = {form.removesuffix("%z") for form in known}
        forms = [(form.removesuffix("%z"), count) for form, count in forms]
    return sum(count for form, count in forms if form not in known)


def either(pattern: str) -> str:
    """A format, day and month of which could be in either order, as the rules read it."""
    return _EITHER.sub("?", bare_format(pattern))


def mark_of(column: ColumnProfile) -> str | None:
    """The decimal mark of a column of numbers, as `decimal_mark` says it."""
    if column.inferred_type not in _NUMBERS:
        return None
    return decimal_mark(counts_of(column.formats))


def is_unclear(column: ColumnProfile) -> bool:
    """Whether some of a column's values could be read in two ways."""
    return bool(column.ambiguous_dates) or any(one.format in _TIMES for one in column.formats)


def other_mark(mark: str) -> str:
    """The decimal mark that is not this one."""
    return "point" if mark == "comma" else "comma"


def could_have_either(column: ColumnProfile) -> bool:
    """Whether most of a column's numbers are like 1.234, and none shows the mark."""
    unclear = sum(one.count for one in column.formats if one.format in _TIMES)
    return mark_of(column) == "unclear" and 2 * unclear > sum(one.count for one in column.formats)


def is_misread(column: ColumnProfile) -> bool:
    """Whether numbers that prove a mark are most, or a rule of the other takes some for others."""
    shown = sum(found.count for found in column.formats if NOTATIONS[found.format].says)
    unclear = any(found.format in _TIMES for found in column.formats)
    return unclear or 2 * shown > sum(found.count for found in column.formats)


def is_read_with(column: ColumnProfile, mark: str) -> bool:
    """Whether a column's numbers were read with a mark: they showed it, or their rule declared it.

    Such as need no mark are read with any.
    """
    shown = mark_of(column)
    return (_read_mark(column) if shown == "unclear" else shown) in {mark, None}


def _read_mark(column: ColumnProfile) -> str:
    """The mark with which numbers that show none are read in a profile."""
    return "comma" if column.read_with == "comma" else "point"


def is_nearer_otherwise(before: ColumnProfile, now: ColumnProfile, declared: str) -> bool | None:
    """Whether numbers are nearer to those before if read with the mark that is not declared.

    Few must all lie near those before in one way and none in the other, for they may be round
    thousands; None where nothing says it.
    """
    most = max(now.formats, key=lambda found: found.count).format
    count = now.numbers.count if now.numbers else 0
    if count < _FEW or not is_read_with(before, declared) or most not in _TIMES:
        return None
    then, today = _middle(before), _middle(now)
    if not then or not today:
        return None
    # as they are read in the profile, which is with a point if no rule said otherwise
    read = _read_mark(now)
    times = [1, _TIMES[most] if read == "point" else 1 / _TIMES[most]]
    if declared != read:
        times.reverse()
    as_declared, otherwise = (abs(math.log(today * n / then)) for n in times)
    if count >= _ENOUGH:
        return otherwise < as_declared
    first, last = min(_sizes(before)) / _NEAR, max(_sizes(before)) * _NEAR
    among = [{first <= size * n <= last for size in _sizes(now)} for n in times]
    return among[1] == {True} if among in ([{False}, {True}], [{True}, {False}]) else None


def currencies_of(column: ColumnProfile) -> Counter[str]:
    """The currencies of a column's numbers, written in the cell or shown by its format."""
    shown = counts_of(one for one in column.shown_as or () if one.format in TOLD)
    return counts_of(column.currencies) + shown


def units_of(column: ColumnProfile) -> Counter[str]:
    """The units of a column's numbers, likewise, by `spelled_alike`; no percent of a format."""
    shown = (one for one in column.shown_as or () if one.format not in {PERCENT, *TOLD})
    found = counts_of(column.units)
    return spelled_alike(found + counts_of(shown))


def written_units(column: ColumnProfile) -> Counter[str]:
    """The units that are written beside a column's numbers, by `spelled_alike`."""
    if not counts_something(column):
        return Counter()
    return spelled_alike(counts_of(column.units))


def unread_units(read: ReadColumn, column: ColumnProfile) -> list[str]:
    """The units beside a column's numbers that its rule does not take off."""
    if read.rule not in OF_NUMBERS:
        return []
    return [unit for unit in written_units(column) if not is_one_of(unit, read.units)]


def unread_currencies(read: ReadColumn, column: ColumnProfile) -> Counter[str]:
    """The currencies written beside a column's numbers, where its rule takes none off."""
    return counts_of(column.currencies) if read.rule in OF_NUMBERS - {"to_money"} else Counter()


def is_percent(column: ColumnProfile) -> bool:
    """Whether the formats of its cells show most of a column's numbers as a hundred times more."""
    return mostly(counts_of(column.shown_as or ()), column) == PERCENT


def mostly(found: Counter[str], column: ColumnProfile) -> str | None:
    """What stands beside most of a column's numbers; None where there is none."""
    numbers = sum(one.count for one in column.formats) if counts_something(column) else 0
    ranked = sorted(found, key=lambda mark: (-found[mark], mark))
    return ranked[0] if numbers and ranked and 2 * found[ranked[0]] > numbers else None


def counts_something(column: ColumnProfile) -> bool:
    """Whether a column has numbers other than nought, which needs no unit."""
    known = column.numbers.quantiles if column.numbers else (1,)  # not kept of personal data
    return column.inferred_type in _NUMBERS and any(known)


def is_as_long(before: ColumnProfile, now: ColumnProfile) -> bool:
    """Whether digits with or without noughts in front are as long as before: none lost its own."""
    kinds = {before.inferred_type, now.inferred_type}
    return kinds == {"integer", "code"} and (before.min_length or 0) <= (now.min_length or 0)


def are_fractions(column: ColumnProfile) -> bool:
    """Whether most of a column's numbers are no whole ones."""
    known = column.numbers.quantiles if column.numbers else ()
    return 2 * sum(number % 1 != 0 for number in known) > len(known)


def are_grouped(column: ColumnProfile) -> bool:
    """Whether half of a column's numbers have marks that may stand between thousands."""
    grouped = sum(one.count for one in column.formats if one.format in _GROUPED)
    return 2 * grouped >= sum(one.count for one in column.formats) and counts_something(column)


def is_grouped_as(column: ColumnProfile, mark: str) -> bool:
    """Whether such numbers have those marks that a rule with this decimal mark reads so."""
    grouped = counts_of(one for one in column.formats if one.format in _GROUPED)
    return 2 * sum(grouped[name] for name in _BETWEEN[mark]) > grouped.total()


def are_thousands(before: ColumnProfile | None, now: ColumnProfile) -> bool | None:
    """Whether the mark in numbers like 1.000 stands between thousands; None where nothing says it.

    Such as have two marks, or two groups, show it; of others it is told by the numbers before.
    """
    most = max(now.formats, key=lambda found: found.count).format
    if most not in _TIMES:
        return True
    then, today = _middle(before) if before else 0.0, _middle(now)
    if not then or not today:
        return None
    fraction = today / 1000 if most == "unclear" or now.read_with == "comma" else today
    return abs(math.log(fraction * 1000 / then)) < abs(math.log(fraction / then))


def shown_decimal(now: ColumnProfile, profile: FeedProfile) -> str | None:
    """The decimal mark of numbers mostly like 1.000 that are no thousands; None if nothing says it.

    Some of them show it, or all other columns of the same files that show a mark.
    """
    most = _DECIMAL.get(max(now.formats, key=lambda found: found.count).format)
    others = {mark_of(c) for c in profile.columns if c is not now} & {"point", "comma", "either"}
    shows = {mark_of(now)} if mark_of(now) != "unclear" else others
    return most if shows == {most} else None


def are_of_one_order(before: ColumnProfile, now: ColumnProfile) -> bool:
    """Whether the numbers of two columns are not ten times as large, as far as is known."""
    sizes = [_middle(each) for each in (before, now)]
    return all(sizes) and max(sizes) < _ORDER * min(sizes)


def digits_needed(column: ColumnProfile) -> int:
    """The digits after the decimal mark that keep most of a column's numbers from being nought."""
    size = _middle(column)
    places = math.ceil(-math.log10(size)) + _SIGNIFICANT if 0 < size < 1 else 0
    return max(column.fraction_digits, places)


def digits_after(column: ColumnProfile, declared: str | None) -> int:
    """The most digits after the decimal mark, as a rule reads it: 1.234 has three, or none."""
    if mark_of(column) != "unclear":
        return column.fraction_digits
    read = {"point": "unclear_point", "comma": "unclear"}.get(declared or "")
    return 3 if read in {found.format for found in column.formats} else 0


def is_cut_to_nought(column: ColumnProfile, scale: int) -> bool:
    """Whether most of a column's numbers, if they are not nought, are so with `scale` digits."""
    every = _sizes(column)
    sizes = [size for size in every if size]
    cut = sum(size < 10.0**-scale / 2 for size in sizes)
    return 2 * cut > len(sizes) >= _SOME * len(every)


def _middle(column: ColumnProfile) -> float:
    """The size of a column's median; 0 where it is nought or not known."""
    known = column.numbers.quantiles if column.numbers else ()
    return abs(known[len(known) // 2]) if known else 0.0


def _sizes(column: ColumnProfile) -> list[float]:
    return [abs(number) for number in column.numbers.quantiles] if column.numbers else []

"""Which of two columns is the larger in every row, and that this turned round since last time."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from itertools import combinations
from math import log
from statistics import fmean
from typing import TYPE_CHECKING, Any

from consulting.profiling.model import Order
from consulting.profiling.orders import days_of
from consulting.profiling.source import SPREAD
from consulting.profiling.totals import MEASURES
from consulting.rules.numbers import read_number
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consulting.profiling.model import FeedProfile
    from consulting.profiling.source import FeedSource
    from consulting.profiling.view import ColumnView

_MOST = 10
"""Columns of a kind that are held against each other."""
_LOOKED_AT, _ENOUGH = 60, 20
"""Rows that are looked at, and of which some must have both."""
_STRICT = 0.75
"""The share of the rows in which the larger is not equal."""
_MIXED = 0.1
"""The share of pairs of any rows that must be the other way: else the columns lie apart, and may
without each other (heating and cooling)."""
_AS_FAR = 1 / 3
"""How much the distance may differ from the last one's, as a part of it, where columns changed
places: prices that fall after they rose fall by another part."""
_VARIED = 8
"""Columns of fewer different values are equal, or not, by chance."""


def larger_columns(source: FeedSource, views: Sequence[ColumnView]) -> tuple[Order, ...]:
    """Of numbers, whatever their sign, and of days: which are less than, or equal to, which.

    As far as rows show it that are spread over the files: it must be so in each of them.

    Args:
        source: The rows.
        views: The columns.
    """
    several = [view for view in views if not view.private and view.distinct >= _VARIED]
    days = [*days_of(several).items()][:_MOST]
    numbers = [view for view in several if view.type.name in MEASURES][:_MOST]
    columns = {**dict(days), **{view.name: f"trim({quoted(view.name)})" for view in numbers}}
    if max(len(days), len(numbers)) < 2:  # noqa: PLR2004 - a pair
        return ()
    rows = source.query(
        f"SELECT {', '.join(columns.values())} FROM sample "
        f"ORDER BY {SPREAD}, rowid LIMIT {_LOOKED_AT}"
    )
    cells = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
    read = {name: [*cells.get(name, ())] for name, _ in days}
    kinds: dict[object, dict[str, list[Any]]] = {"days": read}
    for view in numbers:  # percents and euros are not held against each other
        unit = frozenset(view.tally.units), frozenset(view.tally.currencies)
        kinds.setdefault(unit, {})[view.name] = [*map(_reader(view), cells.get(view.name, ()))]
    return tuple(
        found
        for of_a_kind in kinds.values()
        for one, other in combinations(of_a_kind, 2)
        if (found := _order(one, of_a_kind[one], other, of_a_kind[other]))
    )


def turned_round(
    before: FeedProfile, now: FeedProfile, columns: Sequence[tuple[str, str]]
) -> list[Order]:
    """Where the smaller is as much the larger now, or equal, of columns' names before and now."""
    if before.orders is None or before.row_count < _ENOUGH:
        return []
    was = {today: then for then, today in columns}
    last: dict[tuple[str | None, str | None], float]
    last = {(each.column, each.other): each.apart for each in before.orders if each.sign == "<"}
    found = []
    for order in now.orders or ():
        one, other = was.get(order.column), was.get(order.other)
        here, reverse = last.get((one, other)), last.get((other, one))
        turned = reverse is not None and abs(order.apart - reverse) <= _AS_FAR * reverse
        if (here or reverse) if order.sign == "=" else turned:
            found.append(order)
    return found


def _reader(view: ColumnView) -> Callable[[str | None], float | None]:
    """Reads a cell as the size of its number."""
    mark = view.tally.read_mark

    def read(text: str | None) -> float | None:
        number = read_number(text) if text else None
        return abs(number.read_with(mark)) if number else None

    return read


def _order(one: str, its: Sequence[Any], other: str, others: Sequence[Any]) -> Order | None:
    pairs = [(a, b) for a, b in zip(its, others, strict=True) if None not in {a, b}]
    less, more = sum(a < b for a, b in pairs), sum(a > b for a, b in pairs)
    if len(pairs) < _ENOUGH or (less and more):
        return None
    if not less and not more:
        return Order(one, "=", other, 0.0)
    small, large = zip(*(sorted(pair) for pair in pairs), strict=True)
    strict = less + more >= _STRICT * len(pairs)
    if not strict or not _are_mixed(small, large):
        return None
    apart = round(fmean(map(_apart, small, large)), 6)
    return Order(one, "<", other, apart) if less else Order(other, "<", one, apart)


def _apart(small: Any, large: Any) -> float:
    if isinstance(small, date):
        return float((large - small).days)
    return log(large / small) if small else 1.0  # of nothing, any is so many times more


def _are_mixed(small: Sequence[Any], large: Sequence[Any]) -> bool:
    """Whether the smaller of some rows are larger than the larger of others."""
    ordered = sorted(large)
    above = sum(bisect_left(ordered, each) for each in small)
    return above >= _MIXED * len(small) * len(large)

"""Columns that changed places: a file whose headers stand over each other's values."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from consulting.profiling.shift import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from consulting.profiling.model import ColumnProfile, ValueCount

    Pair = tuple[ColumnProfile, ColumnProfile]
    """A column in the last delivery, and now."""
    Way = Callable[[ColumnProfile, ColumnProfile], float | None]

_OWN = 0.1
"""How alike a column that moved is at most to what it was."""
_FEW, _ENOUGH = 5, 20
"""Fewer values are no code list, and show no form and no range."""


def find_swaps(pairs: Iterable[Pair]) -> Iterator[tuple[Pair, Pair]]:
    """Columns of which each holds what only the other had: its values, its forms, or its numbers.

    That one alone holds what another had is no swap: next month, this month's is last month's.
    """
    moved = [pair for pair in pairs if any(_has_left(pair, way) for way in _WAYS)]
    for one, other in combinations(moved, 2):
        for way, least in _WAYS.items():
            left = _has_left(one, way) and _has_left(other, way)
            if left and min(way(other[0], one[1]) or 0, way(one[0], other[1]) or 0) >= least:
                yield one, other
                break


def _has_left(pair: Pair, way: Way) -> bool:
    alike = way(*pair)
    return alike is not None and alike <= _OWN


def _values(before: ColumnProfile, now: ColumnProfile) -> float | None:
    if before.masked or now.masked:
        return None
    return _met(before.top_values, now.top_values, _FEW)


def _forms(before: ColumnProfile, now: ColumnProfile) -> float | None:
    return _met(before.shapes, now.shapes, _ENOUGH)


def _numbers(before: ColumnProfile, now: ColumnProfile) -> float | None:
    then, today = before.numbers, now.numbers
    if not then or not today or min(then.count, today.count) < _ENOUGH:
        return None
    return overlap(then.quantiles, today.quantiles)


_WAYS: dict[Way, float] = {_values: 0.8, _forms: 0.8, _numbers: 0.5}
"""How alike two columns are, from 0 to 1, and how much that is at least where one was the other."""


def _met(before: Iterable[ValueCount], now: Iterable[ValueCount], least: int) -> float | None:
    """The share of what is listed now that was listed before; None where that is little."""
    then = {one.value: one.count for one in before}
    rows = sum(one.count for one in now)
    if min(rows, sum(then.values())) < least:
        return None
    return sum(one.count for one in now if one.value in then) / rows

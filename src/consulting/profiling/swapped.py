"""Columns that changed places: a file whose headers stand over each other's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from consulting.profiling.shift import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from consulting.profiling.model import ColumnProfile, ValueCount

    Pair = tuple[ColumnProfile, ColumnProfile]
    """A column in the last delivery, and now."""
    Way = Callable[[ColumnProfile, ColumnProfile], float | None]

_OWN = 0.1
"""How alike a column that moved is at most to what it was."""
_FEW, _ENOUGH = 5, 20
"""Fewer values are no code list, and show no form and no range."""
_WORDS = 2
"""Fewer different values a column change for many reasons: flags of seasons, teams that rotate."""


class Swap(NamedTuple):
    """Columns of which each holds what the next one held, and the last what the first did.

    Attributes:
        pairs: Each column, in the last delivery and now.
        way: How alike two columns are.
        least: How much that is at least.
    """

    pairs: tuple[Pair, ...]
    way: Way
    least: float

    def was_so(self, find: Callable[[ColumnProfile], ColumnProfile | None]) -> bool:
        """Whether an earlier delivery, where `find` finds a column, had them as they are now."""
        found = ((find(now), now) for _, now in self.pairs)
        return all(then and (self.way(then, now) or 0) >= self.least for then, now in found)


def find_swaps(pairs: Iterable[Pair]) -> Iterator[Swap]:
    """Columns of which each holds what only another had: its values, its forms, or its numbers.

    That one alone holds what another had is no swap: next month, this month's is last month's.
    """
    left = [*pairs]
    for way, least in _WAYS.items():
        moved = [pair for pair in left if _has_left(pair, way)]
        holds = {
            one: [
                other
                for other, (then, _) in enumerate(moved)
                if other != one and (way(then, now) or 0) >= least
            ]
            for one, (_, now) in enumerate(moved)
        }
        for one in range(len(moved)):
            ring = _ring(one, holds)
            swap = Swap(tuple(moved[each] for each in ring), way, least)
            for each in ring:
                del holds[each]
            left = [pair for pair in left if pair not in swap.pairs]
            words = sum(now.distinct_count for _, now in swap.pairs)
            if ring and words >= _WORDS * len(ring) and (way is not _numbers or _stay(left)):
                yield swap


def mixed_columns(pairs: Iterable[Pair]) -> list[str]:
    """Columns that hold, beside their own, what only another held: one of several files may."""
    every = [*pairs]
    return [
        now.name
        for before, now in every
        if any(
            (way(then, now) or 0) >= _OWN > (way(before, then) or 0)
            for way in (_values, _forms, _numbers_in)
            for then, _ in every
            if then is not before
        )
    ]


def _ring(begin: int, holds: Mapping[int, Sequence[int]]) -> list[int]:
    """The fewest that hold each other's in turn, from one on; empty where there are none."""
    paths, seen = [[begin]], {begin}
    for path in paths:
        for other in holds.get(path[-1], ()):
            if other == begin:
                return path
            if other in holds and other not in seen:
                seen.add(other)
                paths.append([*path, other])
    return []


def _stay(others: Iterable[Pair]) -> bool:
    """Whether half of the other numbers lie where they did: in a season all of them move."""
    alike = [found for found in (_numbers(*pair) for pair in others) if found is not None]
    return 2 * sum(each >= _WAYS[_numbers] for each in alike) >= len(alike)


def _has_left(pair: Pair, way: Way) -> bool:
    alike = way(*pair)
    return alike is not None and alike <= _OWN


def _values(before: ColumnProfile, now: ColumnProfile) -> float | None:
    if before.masked or now.masked:
        return None
    return _met(before.top_values, now.top_values, _FEW)


def _forms(before: ColumnProfile, now: ColumnProfile) -> float | None:
    if before.numbers and now.numbers:
        return None  # of these it is how large they are
    return _met(before.shapes, now.shapes, _ENOUGH)


def _numbers(before: ColumnProfile, now: ColumnProfile) -> float | None:
    then, today = before.numbers, now.numbers
    if not then or not today or min(then.count, today.count) < _ENOUGH:
        return None
    low, high = (pick(q.quantiles[at] for q in (then, today)) for pick, at in ((max, 1), (min, -2)))
    if low <= high and any(q.quantiles[1] == q.quantiles[-2] for q in (then, today)):
        return 1.0  # nearly all are 0, say, and now a few more or less are not
    return overlap(then.quantiles, today.quantiles)


def _numbers_in(before: ColumnProfile, now: ColumnProfile) -> float | None:
    """The share of numbers that lie where those before did."""
    then, today = before.numbers, now.numbers
    if not then or not today or min(then.count, today.count) < _ENOUGH:
        return None
    low, high = then.quantiles[1], then.quantiles[-2]
    return sum(low <= each <= high for each in today.quantiles) / len(today.quantiles)


_WAYS: dict[Way, float] = {_values: 0.8, _forms: 0.8, _numbers: 0.5}
"""How alike two columns are, from 0 to 1, and how much that is at least where one was the other."""


def _met(before: Iterable[ValueCount], now: Iterable[ValueCount], least: int) -> float | None:
    """The share of what is listed now that was listed before; None where that is little."""
    then = {one.value: one.count for one in before}
    rows = sum(one.count for one in now)
    if min(rows, sum(then.values())) < least:
        return None
    return sum(one.count for one in now if one.value in then) / rows

"""Numbers about numbers and days, from values and their counts; the order never matters."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from consulting.profiling.model import Bin, NumberSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")
QUANTILES = tuple(step / 20 for step in range(21))
_DIGITS = 9


def rounded(value: float, digits: int = _DIGITS) -> float:
    """A number to its first `digits` significant digits, so that it prints the same anywhere."""
    return float(f"{value:.{digits}g}")


def plain(value: float) -> str:
    """A number as text, without an exponent or a needless fraction."""
    if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - integers a float holds exactly
        return str(int(value))
    return f"{value:.{_DIGITS}g}"


def summarise(counts: Sequence[tuple[float, int]]) -> NumberSummary | None:
    """Mean, deviation (of the sample) and quantiles of numbers with their counts.

    A quantile is the least value that at least that share of the rows does not exceed
    (Hyndman & Fan 1996, definition 1), so it is always a value of the column.
    """
    ordered = sorted(counts)
    n = sum(count for _, count in ordered)
    if not n:
        return None
    mean = math.fsum(value * count for value, count in ordered) / n
    squares = math.fsum(count * (value - mean) ** 2 for value, count in ordered)
    return NumberSummary(
        count=n,
        mean=rounded(mean),
        stddev=rounded(math.sqrt(squares / (n - 1)), 6) if n > 1 else None,
        quantiles=tuple(rounded(q, 15) for q in quantiles(ordered)),
        zeros=sum(count for value, count in ordered if value == 0),
        negatives=sum(count for value, count in ordered if value < 0),
    )


def quantiles(ordered: Sequence[tuple[_T, int]]) -> list[_T]:
    """The values at 0, 5, … 100 percent of ordered values with their counts."""
    ends = list(accumulate(count for _, count in ordered))
    total = ends[-1]
    return [
        ordered[bisect_left(ends, max(1, math.ceil(round(share * total, 6))))][0]
        for share in QUANTILES
    ]


def histogram(counts: Sequence[tuple[float, int]], bins: int) -> tuple[Bin, ...]:
    """Bars of equal width from the least to the greatest value."""
    lowest, highest = min(v for v, _ in counts), max(v for v, _ in counts)
    edges = bin_edges(lowest, highest, bins)
    heights = [0] * (len(edges) - 1)
    for value, count in counts:
        heights[min(bisect_right(edges, value) - 1, len(heights) - 1)] += count
    return bars(edges, heights)


def bin_edges(lowest: float, highest: float, bins: int) -> list[float]:
    """The edges of bars of equal width; one bar where all values are the same."""
    if lowest == highest:
        return [lowest, highest]
    width = (highest - lowest) / bins
    return [lowest + width * step for step in range(bins)] + [highest]


def bars(edges: Sequence[float], heights: Sequence[int]) -> tuple[Bin, ...]:
    """Edges and heights as the bars of a histogram."""
    return tuple(
        Bin(lower=plain(low), upper=plain(high), count=height)
        for low, high, height in zip(edges, edges[1:], heights, strict=False)
    )


def day_histogram(counts: Sequence[tuple[str, int]], bins: int) -> tuple[Bin, ...]:
    """Bars of equal width over days, labelled with ISO dates."""
    ordinals = [(float(date.fromisoformat(day).toordinal()), count) for day, count in counts]
    lowest, highest = min(v for v, _ in ordinals), max(v for v, _ in ordinals)
    found = histogram(ordinals, min(bins, max(1, int(highest - lowest))))
    return tuple(
        Bin(lower=_day(float(b.lower)), upper=_day(float(b.upper)), count=b.count) for b in found
    )


def _day(ordinal: float) -> str:
    return date.fromordinal(int(ordinal)).isoformat()

"""Numbers that lie far from all others: by robust spreads, on the scale the numbers are made for.

Quartiles alone do not do: amounts and counts have a long tail whose values are right, and a column
in which half the values are the same has no interquartile range. So the spread is taken on either
side of the median, as far out as the 5 and 95 per cent; on the scale on which both sides are alike
(as it is, or by orders of magnitude); and an outlier must stand alone, with a gap before it.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from consulting.profiling.model import NumberSummary
    from consulting.profiling.thresholds import Thresholds

_AT = {5: 1, 25: 5, 50: 10, 75: 15, 95: 19}
"""Per cent → place in the quantiles of a summary."""
_DEVIATIONS = {25: 0.6745, 5: 1.645}
"""How many standard deviations of a normal distribution lie beyond the median."""
_WITHIN = {25: 0.6745}
"""The same where more than 5 per cent may be wrong."""
_SKEWED = 3.0


class Scale(NamedTuple):
    """A scale of numbers, the median on it, and the spread on either side."""

    on: Callable[[float], float]
    back: Callable[[float], float]
    centre: float
    below: float
    above: float


def scales(summary: NumberSummary, deviations: Mapping[int, float] = _DEVIATIONS) -> list[Scale]:
    """The scales on which a number must be far out: by order of magnitude where that is theirs."""
    q = summary.quantiles
    scaled = partial(_measured, q, deviations)
    plain = scaled(lambda x: x, lambda x: x)
    if q[_AT[5]] <= 0:
        unit = abs(q[_AT[75]]) or abs(q[_AT[95]]) or 1.0
        soft = scaled(lambda x: math.asinh(x / unit), lambda y: math.sinh(min(y, 300.0)) * unit)
        return [plain, soft]
    magnitude = scaled(
        lambda x: math.log(x) if x > 0 else -math.inf, lambda y: math.exp(min(y, 300.0))
    )
    skewed = plain.above > _SKEWED * plain.below
    return [magnitude] if skewed else [plain, magnitude]


def _measured(
    q: Sequence[float],
    deviations: Mapping[int, float],
    on: Callable[[float], float],
    back: Callable[[float], float],
) -> Scale:
    centre = on(q[_AT[50]])
    below = max((centre - on(q[_AT[share]])) / d for share, d in deviations.items())
    above = max((on(q[_AT[100 - share]]) - centre) / d for share, d in deviations.items())
    return Scale(on, back, centre, below, above)


def fences(
    summary: NumberSummary,
    thresholds: Thresholds,
    deviations: Mapping[int, float] = _DEVIATIONS,
) -> tuple[float, float]:
    """What lies within is near on some scale. Infinite where there is no spread to measure by."""
    reach = thresholds.outlier_reach
    found = scales(summary, deviations)
    lows = [s.back(s.centre - reach * s.below) for s in found if s.below]
    highs = [s.back(s.centre + reach * s.above) for s in found if s.above]
    bottom = min(lows) if len(lows) == len(found) else -math.inf
    return bottom, max(highs) if len(highs) == len(found) else math.inf


def bounds(
    summary: NumberSummary,
    thresholds: Thresholds,
    inside: tuple[float, float],
    outside: Iterable[float],
    deviations: Mapping[int, float] = _DEVIATIONS,
) -> tuple[float, float]:
    """The least and the greatest number that are no outliers.

    Args:
        summary: Of the column.
        thresholds: `outlier_gap`.
        inside: The least and greatest number within the fences.
        outside: The numbers beyond them, in any order.
        deviations: By what quantiles the spread is measured.
    """
    found = scales(summary, deviations)
    low, high = inside
    beyond = sorted(outside)
    for x in reversed([x for x in beyond if x < low]):
        if not x and len(found) == 1:
            low = x  # nothing is of no order of magnitude, and no slip of one
            continue
        if all(s.on(low) - s.on(x) >= thresholds.outlier_gap * s.below for s in found):
            break
        low = x
    for x in (x for x in beyond if x > high):
        if all(s.on(x) - s.on(high) >= thresholds.outlier_gap * s.above for s in found):
            break
        high = x
    return low, high


def sign_slipped(
    summary: NumberSummary, thresholds: Thresholds, negatives: int, middle: float
) -> bool:
    """Whether the few numbers below zero are as large as the others: slips, and no measures.

    Args:
        summary: Of the column.
        thresholds: `sign_share`.
        negatives: How many numbers are below zero.
        middle: The median of their sizes.
    """
    few = 0 < negatives <= max(1, thresholds.sign_share * summary.count)
    return few and 0 < summary.quantiles[_AT[25]] <= middle


def near_of(
    numbers: Sequence[tuple[float, int]], summary: NumberSummary, thresholds: Thresholds
) -> tuple[float, float]:
    """The least and the greatest number that are not far from all others.

    Args:
        numbers: All numbers with their rows.
        summary: Of them.
        thresholds: What is far.
    """
    low, high = _near(numbers, summary, thresholds, _DEVIATIONS)
    below = sorted(-x for x, n in numbers for _ in range(n) if x < 0)
    if below and sign_slipped(summary, thresholds, len(below), below[len(below) // 2]):
        low = min(x for x, _ in numbers if x >= 0)
    if _beyond(numbers, low, high) > thresholds.outlier_share * summary.count:
        low, high = min(x for x, _ in numbers), max(x for x, _ in numbers)
    least, greatest = _of_one_unit(numbers, summary, thresholds)
    return max(low, least), min(high, greatest)


def _near(
    numbers: Sequence[tuple[float, int]],
    summary: NumberSummary,
    thresholds: Thresholds,
    deviations: Mapping[int, float],
) -> tuple[float, float]:
    bottom, top = fences(summary, thresholds, deviations)
    within = [x for x, _ in numbers if bottom <= x <= top]
    outside = [x for x, _ in numbers if not bottom <= x <= top]
    return bounds(summary, thresholds, (min(within), max(within)), outside, deviations)


def _beyond(numbers: Sequence[tuple[float, int]], low: float, high: float) -> int:
    return sum(n for x, n in numbers if not low <= x <= high)


def _of_one_unit(
    numbers: Sequence[tuple[float, int]], summary: NumberSummary, thresholds: Thresholds
) -> tuple[float, float]:
    """The least and the greatest number of those of one unit, where up to a quarter are of another.

    Then the outer 5 per cent tell nothing of the spread, so there must be a wide gap, and the
    others must be so many times greater or less. Infinite where there is no such gap.
    """
    limits = thresholds.model_copy(
        update={"outlier_reach": thresholds.unit_reach, "outlier_gap": thresholds.unit_gap}
    )
    low, high = _near(numbers, summary, limits, _WITHIN)
    ratio = thresholds.unit_ratio
    if any(high < x < ratio * high for x, _ in numbers) or high <= 0:
        high = math.inf
    if any(low / ratio < x < low for x, _ in numbers) or low <= 0:
        low = -math.inf
    few = _beyond(numbers, low, high) <= thresholds.unit_share * summary.count
    return (low, high) if few else (-math.inf, math.inf)

"""How far the values of a column moved between two profiles."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consulting.profiling.model import ColumnProfile

_CELLS = 10
_FLOOR = 0.0005
_KEYLIKE = 0.9
_FAINT = 1e-9
_LEAST_ROWS = 100
_LEAST_NUMBERS = 20  # are enough where no value is where one was
_ORDER = 10
_ABOUT = 3
# The 95th percentile of chi-squared with k-1 degrees of freedom, for k = 2 … 12 cells.
_CHI_SQUARED = (3.84, 5.99, 7.81, 9.49, 11.07, 12.59, 14.07, 15.51, 16.92, 18.31, 19.68)


def distribution_shift(
    before: ColumnProfile, now: ColumnProfile, rows_before: int, rows_now: int
) -> tuple[float, float] | None:
    """The population stability index of a column, and what noise alone would reach.

    PSI is the sum of (now - before) * ln(now / before) over cells: the earlier deciles of numbers,
    the most frequent values of texts (all others are one cell). Under no change it is distributed
    as chi-squared with (cells - 1) degrees of freedom times (1/n + 1/m); its 95th percentile is
    the noise (Yurdakul & Naranjo 2020).

    Returns:
        (PSI, noise), or None where the two can not be compared: too few rows (unless all numbers
        are of another order), keys, dates (which move by nature), and personal data.
    """
    few = min(rows_before, rows_now) < _LEAST_ROWS and not _jumped(before, now)
    if few or before.pii or now.pii:
        return None
    if max(before.cardinality_ratio, now.cardinality_ratio) >= _KEYLIKE and not before.numbers:
        return None
    if before.numbers and now.numbers:
        # a key goes on; no amount or measure is one, though each may be another
        fractions = before.fraction_digits or now.fraction_digits
        measured = "integer" not in {before.inferred_type, now.inferred_type}
        measured = _jumped(before, now) and (measured or _is_wider(before, now))
        if (before.key_candidate or now.key_candidate) and not (measured or fractions):
            return None
        shares = _number_cells(before.numbers.quantiles, now.numbers.quantiles)
        n, m = before.numbers.count, now.numbers.count
    elif before.date_quantiles or now.date_quantiles:
        return None
    else:
        shares = _value_cells(before, now, rows_before, rows_now)
        n, m = rows_before, rows_now
    if len(shares) < 2 or not n or not m:  # noqa: PLR2004 - nothing to compare
        return None
    index = sum((q - p) * math.log(q / p) for p, q in shares)
    noise = _CHI_SQUARED[min(len(shares) - 2, len(_CHI_SQUARED) - 1)] * (1 / n + 1 / m)
    return round(index, 4), round(noise, 4)


def _jumped(before: ColumnProfile, now: ColumnProfile) -> bool:
    """Whether some numbers all lie beyond the others, ten times as far from nought."""
    then, today = before.numbers, now.numbers
    if not then or not today or min(then.count, today.count) < _LEAST_NUMBERS:
        return False
    small, large = sorted(([*map(abs, found.quantiles)] for found in (then, today)), key=max)
    middle = len(large) // 2
    return max(small) < min(large) and bool(small[middle] * _ORDER <= large[middle])


def are_as_large(before: ColumnProfile, now: ColumnProfile, times: float) -> bool:
    """Whether numbers are about so many times those before: their quartiles and their distance."""
    then, today = before.numbers, now.numbers
    if not then or not today or min(then.count, today.count) < _LEAST_NUMBERS:
        return False
    quartiles = [
        (now / times, before)
        for before, now in zip(then.quantiles[5:16:5], today.quantiles[5:16:5], strict=True)
    ]
    # a number that goes on, or a balance, lies elsewhere, and as near to the others as before
    quartiles.append((quartiles[2][0] - quartiles[0][0], quartiles[2][1] - quartiles[0][1]))
    return all(a * b > 0 and 1 / _ABOUT <= a / b <= _ABOUT for a, b in quartiles)


def are_turned(before: ColumnProfile, now: ColumnProfile) -> bool:
    """Whether numbers have the other sign, and are as large as those before."""
    then, today = before.numbers, now.numbers
    if not then or not today or min(then.count, today.count) < _LEAST_NUMBERS:
        return False
    turned = now.model_copy(
        update={
            "numbers": today.model_copy(update={"quantiles": [-q for q in today.quantiles[::-1]]})
        }
    )
    middle = then.quantiles[1], then.quantiles[-2]
    return middle[0] * middle[1] > 0 and are_as_large(before, turned, 1)


def has_sign(now: ColumnProfile) -> Callable[[ColumnProfile], bool]:
    """Whether a column has some numbers of the sign that most have now."""
    below = now.numbers is not None and now.numbers.quantiles[10] < 0

    def found(column: ColumnProfile) -> bool:
        known = column.numbers.quantiles if column.numbers else (0.0,)
        return known[0] < 0 if below else known[-1] > 0

    return found


def _is_wider(before: ColumnProfile, now: ColumnProfile) -> bool:
    """Whether some numbers lie ten times as far apart as the others: keys go on one by one."""
    spreads = [
        found.quantiles[-1] - found.quantiles[0]
        for found in (before.numbers, now.numbers)
        if found and found.quantiles
    ]
    return len(spreads) > 1 and 0 < min(spreads) * _ORDER <= max(spreads)


def _number_cells(before: Sequence[float], now: Sequence[float]) -> list[tuple[float, float]]:
    cuts = sorted({before[i] for i in range(2, 20, 20 // _CELLS)})
    edges = [*cuts, math.inf]
    lasts = (0.0, 0.0)
    cells = []
    for edge in edges:
        ends = (_share_below(before, edge), _share_below(now, edge))
        cells.append((max(ends[0] - lasts[0], _FLOOR), max(ends[1] - lasts[1], _FLOOR)))
        lasts = ends
    return cells


def _share_below(quantiles: Sequence[float], value: float) -> float:
    """The share of values up to `value`, read off the quantiles (straight between them)."""
    after = bisect_right(quantiles, value)
    steps = len(quantiles) - 1
    if after == 0:
        return 0.0
    if after > steps:
        return 1.0
    low, high = quantiles[after - 1], quantiles[after]
    if bisect_left(quantiles, value) < after:
        return (after - 1) / steps
    return (after - 1 + (value - low) / (high - low)) / steps


def _value_cells(
    before: ColumnProfile, now: ColumnProfile, rows_before: int, rows_now: int
) -> list[tuple[float, float]]:
    then = {v.value: v.count / rows_before for v in before.top_values}
    today = {v.value: v.count / rows_now for v in now.top_values}
    # a value known on one side only may be below the other's top: it goes to "all others"
    complete = (before.distinct_count == len(then), now.distinct_count == len(today))
    names = set(then) | set(today)
    if not complete[0]:
        names &= set(then)
    if not complete[1]:
        names &= set(today)
    cells = [(then.get(v, 0.0), today.get(v, 0.0)) for v in sorted(names)]
    cells.append((1 - sum(p for p, _ in cells), 1 - sum(q for _, q in cells)))
    return [(max(p, _FLOOR), max(q, _FLOOR)) for p, q in cells if max(p, q) > _FLOOR]


def chance_of_rise(before: tuple[int, int], now: tuple[int, int]) -> float:
    """How probable so many now are, or more, if both counts are of one share (Fisher 1935).

    Args:
        before: Of how many rows how many had it, as (had it, rows).
        now: The same of now; a greater share.
    """
    rows, had = now[1], before[0] + now[0]
    others, lacked = before[1], before[1] + rows - had

    def ways(of: int, some: int) -> float:
        return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)

    total = 0.0
    for n in range(now[0], min(had, rows) + 1):
        # the table's rows are now and before, its columns those that had it and those that lacked
        one = math.exp(ways(rows, n) + ways(others, had - n) - ways(had + lacked, had))
        total += one
        if one <= total * _FAINT:
            break
    return min(total, 1.0)


def value_similarity(before: ColumnProfile, now: ColumnProfile) -> float | None:
    """How alike the contents of two columns are, from 0 to 1; None where nothing is known."""
    if "unknown" in {before.inferred_type, now.inferred_type}:
        return None
    if before.inferred_type == now.inferred_type == "empty":
        return None
    same_type = float(before.inferred_type == now.inferred_type)
    parts = [same_type]
    if before.numbers and now.numbers:
        parts.append(overlap(before.numbers.quantiles, now.numbers.quantiles))
    elif before.top_values and now.top_values and not before.cardinality_ratio >= _KEYLIKE:
        parts.append(_common({v.value for v in before.top_values},
                             {v.value for v in now.top_values}))  # fmt: skip
    parts.append(_common({v.value for v in before.shapes[:5]}, {v.value for v in now.shapes[:5]}))
    parts.append(1 - abs(before.cardinality_ratio - now.cardinality_ratio))
    return round(sum(parts) / len(parts), 4)


def _common(a: set[str], b: set[str]) -> float:
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """The share of the two middle ranges (5 to 95 percent) that both cover."""
    low, high = max(a[1], b[1]), min(a[-2], b[-2])
    widest = max(a[-2], b[-2]) - min(a[1], b[1])
    return max(0.0, (high - low) / widest) if widest else 1.0

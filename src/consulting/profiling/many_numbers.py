"""Numbers of columns with many distinct values: mean, deviation, quantiles and histogram, in SQL.

Sums are taken over integers (millionths), so that the order in which threads add never shows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from consulting.profiling.far import bounds, fences, sign_slipped
from consulting.profiling.model import NumberSummary
from consulting.profiling.statistics import QUANTILES, bars, bin_edges, plain, rounded
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.profiling.ordinary import Ordinary
    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_SCALE = 1_000_000
_ENDS = 500
"""Numbers beyond a fence that are looked at, from the outside: more are no outliers, but a tail."""


def add_numbers(
    source: FeedSource, columns: Sequence[tuple[ColumnView, Ordinary]], thresholds: Thresholds
) -> None:
    """Adds the summary and histogram of numeric columns to their views."""
    typed = [c for c in columns if c[0].type.name in {"integer", "decimal", "money"}]
    size = max(1, thresholds.cells_per_quantile_statement // max(1, source.rows))
    for start in range(0, len(typed), size):
        _add(source, typed[start : start + size], thresholds)


def _add(
    source: FeedSource, columns: Sequence[tuple[ColumnView, Ordinary]], thresholds: Thresholds
) -> None:
    numbers = ", ".join(f"{_number(v, o)} AS n{i}" for i, (v, o) in enumerate(columns))
    source.query(f"CREATE OR REPLACE TEMP TABLE numbers AS SELECT {numbers} FROM feed")
    for i, (view, _) in enumerate(columns):
        summary = _summary(source, f"n{i}")
        if summary is None:
            continue
        view.numbers = summary
        low, high = summary.quantiles[0], summary.quantiles[-1]
        view.lowest, view.highest = plain(low), plain(high)
        view.number = _number(view, columns[i][1])
        view.near = _near(source, f"n{i}", summary, thresholds)
        bottom, top = view.near
        view.known["outliers"] = source.one(
            f"SELECT count(*) FROM numbers WHERE NOT n{i} BETWEEN {bottom!r} AND {top!r}"
        )[0]
        edges = bin_edges(low, high, thresholds.histogram_bins)
        view.histogram = bars(edges, _heights(source, f"n{i}", edges))
    source.query("DROP TABLE numbers")


def _near(
    source: FeedSource, column: str, summary: NumberSummary, thresholds: Thresholds
) -> tuple[float, float]:
    """The least and the greatest number near the others: of those beyond the fences, the ends."""
    bottom, top = (bound if math.isfinite(bound) else None for bound in fences(summary, thresholds))
    inside = [summary.quantiles[0], summary.quantiles[-1]]
    ends: list[float] = []
    for at, (bound, beyond, order) in enumerate(((bottom, "<", "ASC"), (top, ">", "DESC"))):
        if bound is None:
            continue
        found = source.query(
            f"SELECT DISTINCT {column} FROM numbers WHERE {column} {beyond} {bound!r} "
            f"ORDER BY 1 {order} LIMIT {_ENDS}"
        )
        function = "max" if at else "min"
        within = f"NOT {column} {beyond} {bound!r}"
        inside[at] = source.one(f"SELECT {function}({column}) FROM numbers WHERE {within}")[0]
        ends += [x for (x,) in found]
    slips, size = source.one(
        f"SELECT count(*), median(abs({column})) FROM numbers WHERE {column} < 0"
    )
    low, high = bounds(summary, thresholds, (inside[0], inside[1]), ends)
    if sign_slipped(summary, thresholds, slips, size or 0.0):
        low = max(low, 0.0)
    return low, high


def _number(view: ColumnView, ordinary: Ordinary) -> str:
    v = quoted(view.name)
    condition = ordinary.condition.format(v=v)
    return f"CASE WHEN {condition} THEN try_cast({ordinary.number.format(v=v)} AS DOUBLE) END"


def _summary(source: FeedSource, column: str) -> NumberSummary | None:
    shares = ", ".join(str(q) for q in QUANTILES)
    count, total, zeros, negatives, cuts = source.one(
        f"SELECT count({column}), sum(try_cast(round({column} * {_SCALE}) AS HUGEINT)), "
        f"count(*) FILTER ({column} = 0), count(*) FILTER ({column} < 0), "
        f"quantile_disc({column}, [{shares}]) FROM numbers"
    )
    if not count:
        return None
    mean = int(total or 0) / _SCALE / count
    centre = rounded(mean, 6)
    squares = source.one(
        f"SELECT sum(try_cast(round(({column} - {centre!r}) ** 2 * {_SCALE}) AS HUGEINT)) "
        "FROM numbers"
    )[0]
    variance = int(squares or 0) / _SCALE / count - (mean - centre) ** 2
    return NumberSummary(
        count=count,
        mean=rounded(mean),
        stddev=rounded(math.sqrt(max(0.0, variance) * count / (count - 1)), 6)
        if count > 1
        else None,
        quantiles=tuple(rounded(q, 15) for q in cuts),
        zeros=zeros,
        negatives=negatives,
    )


def _heights(source: FeedSource, column: str, edges: Sequence[float]) -> list[int]:
    bins = len(edges) - 1
    width = (edges[-1] - edges[0]) / bins or 1.0
    found = dict(
        source.query(
            f"SELECT least({bins - 1}, floor(({column} - {edges[0]!r}) / {width!r})::INTEGER), "
            f"count(*) FROM numbers WHERE {column} IS NOT NULL GROUP BY 1"
        )
    )
    return [found.get(i, 0) for i in range(bins)]

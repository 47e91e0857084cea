"""Which columns may decide which others, on a sample: the pairs that are worth counting."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

Pairs = list[tuple[str, str]]
_VOTES = 3
"""Rows of a group from which one can be outvoted."""
_SOURCES = 60
_THINGS = 10
_FULL = 0.3
"""The share of a grid of things and sources that is told of, at least."""
_NEARLY = 0.98


class Screened(NamedTuple):
    """Pairs (determinant, dependent) worth counting.

    Attributes:
        almost: Those that almost hold.
        voted: Those of which several sources tell.
        cased: Those that need not hold, but for some values of the determinant nearly always do.
    """

    almost: Pairs
    voted: Pairs
    cased: Pairs


def screened(source: FeedSource, views: Sequence[ColumnView], thresholds: Thresholds) -> Screened:
    """Pairs (determinant, dependent) of columns that are worth counting.

    A pair almost holds where few rows need be removed (g3, Kivinen & Mannila 1995), and fewer than
    differ from the dependent's own majority. Sources may disagree more often; all their pairs have
    the one determinant on which most columns depend: the others are facts about that thing.

    Args:
        source: The feed; the table `sample` must have been drawn.
        views: The columns that are tried against each other.
        thresholds: What is few.
    """
    if len(views) < 2 or not source.sampled:  # noqa: PLR2004 - a pair
        return Screened([], [], [])
    ranks = (
        f"CASE WHEN trim({c}) <> '' THEN dense_rank() OVER (ORDER BY {c}) ELSE 0 END AS c{i}"
        for i, c in enumerate(quoted(v.name) for v in views)
    )
    source.query(f"CREATE OR REPLACE TEMP TABLE coded AS SELECT {', '.join(ranks)} FROM sample")
    tellers = _told_by_several(source, views)
    almost: Pairs = []
    voted: Pairs = []
    cased: Pairs = []
    for b, dependent in enumerate(views):
        counts = f"SELECT count(*) AS n FROM coded WHERE c{b} > 0 GROUP BY c{b}"
        most, told = source.one(f"SELECT max(n), sum(n) FROM ({counts})")
        for a, determinant in enumerate(views):
            if not told or a == b:
                continue
            error, grouped, cases = _error(source, a, b, thresholds)
            gain = (1 - most / told) / max(error, 1 / told)
            pair = (determinant.name, dependent.name)
            almost_holds = grouped and error <= thresholds.dependency_error
            if almost_holds and gain >= thresholds.dependency_gain:
                almost.append(pair)
            elif cases:
                cased.append(pair)
            disputed = tellers.get(determinant.name, dependent.name) != dependent.name
            if disputed and error <= thresholds.vote_error and gain >= thresholds.vote_gain:
                voted.append(pair)
    return Screened(almost, _of_one_thing(voted, [v.name for v in views]), cased)


def _error(source: FeedSource, a: int, b: int, limits: Thresholds) -> tuple[float, bool, int]:
    """The share of rows to remove so that one column decides the other; whether its values repeat.

    Rows without one of the values say nothing of that. Further, for how many values of the first,
    none among them, the second is nearly always the same, or nothing.
    """
    kept, groups, rows, cases = source.one(
        "SELECT sum(top) FILTER (a > 0), count(n) FILTER (a > 0), sum(n) FILTER (a > 0), "
        f"count(*) FILTER (every >= {limits.case_rows} AND most < every "
        f"AND most >= {limits.case_purity} * every) FROM (SELECT a, max(n) FILTER (b > 0) AS top, "
        "sum(n) FILTER (b > 0) AS n, max(n) AS most, sum(n) AS every FROM "
        f"(SELECT c{a} AS a, c{b} AS b, count(*) AS n FROM coded GROUP BY 1, 2) GROUP BY a)"
    )
    return (1 - kept / rows, groups * 2 <= rows, cases) if rows else (1.0, False, cases)


def _told_by_several(source: FeedSource, views: Sequence[ColumnView]) -> dict[str, str]:
    """Columns of things of which several sources tell, with the column that names the source.

    Each source tells of a thing once, and most sources of most things: the two columns together are
    a key, and nearly a grid. A source has a name; numbers and days make a series of the same.
    """
    found: dict[str, str] = {}
    for s, teller in enumerate(views):
        if teller.type.name != "text" or not _VOTES <= teller.distinct <= _SOURCES:
            continue
        for e, thing in enumerate(views):
            grid = thing.distinct * teller.distinct
            several = _THINGS <= thing.distinct <= source.rows / _VOTES
            if e == s or not several or source.rows < grid * _FULL:
                continue
            pairs = source.one(f"SELECT count(DISTINCT (c{e}, c{s})) FROM coded")[0]
            if pairs >= _NEARLY * source.sampled:
                found[thing.name] = teller.name
    return found


def _of_one_thing(voted: Pairs, order: Sequence[str]) -> Pairs:
    things = Counter(thing for thing, _ in voted)
    chosen = min(things, key=lambda name: (-things[name], order.index(name)), default=None)
    return [pair for pair in voted if pair[0] == chosen]

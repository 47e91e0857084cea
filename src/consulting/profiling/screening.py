"""Which columns may decide which others, on a sample: the pairs that are worth counting."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

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


def screened(
    source: FeedSource, views: Sequence[ColumnView], thresholds: Thresholds
) -> tuple[Pairs, Pairs]:
    """Pairs (determinant, dependent) that almost hold, and those of which several sources tell.

    A pair almost holds where few rows need be removed (g3, Kivinen & Mannila 1995), and fewer than
    differ from the dependent's own majority. Sources may disagree more often; all their pairs have
    the one determinant on which most columns depend: the others are facts about that thing.

    Args:
        source: The feed; the table `sample` must have been drawn.
        views: The columns that are tried against each other.
        thresholds: What is few.
    """
    if len(views) < 2 or not source.sampled:  # noqa: PLR2004 - a pair
        return [], []
    ranks = (
        f"CASE WHEN trim({c}) <> '' THEN dense_rank() OVER (ORDER BY {c}) END AS c{i}"
        for i, c in enumerate(quoted(v.name) for v in views)
    )
    source.query(f"CREATE OR REPLACE TEMP TABLE coded AS SELECT {', '.join(ranks)} FROM sample")
    tellers = _told_by_several(source, views)
    almost: Pairs = []
    voted: Pairs = []
    for b, dependent in enumerate(views):
        counts = f"SELECT count(*) AS n FROM coded WHERE c{b} IS NOT NULL GROUP BY c{b}"
        most, told = source.one(f"SELECT max(n), sum(n) FROM ({counts})")
        for a, determinant in enumerate(views):
            error, grouped = _error(source, a, b) if told and a != b else (1.0, False)
            gain = (1 - most / told) / max(error, 1 / told) if told else 0.0
            pair = (determinant.name, dependent.name)
            almost_holds = grouped and error <= thresholds.dependency_error
            if almost_holds and gain >= thresholds.dependency_gain:
                almost.append(pair)
            disputed = tellers.get(determinant.name, dependent.name) != dependent.name
            if disputed and error <= thresholds.vote_error and gain >= thresholds.vote_gain:
                voted.append(pair)
    return almost, _of_one_thing(voted, [v.name for v in views])


def _error(source: FeedSource, a: int, b: int) -> tuple[float, bool]:
    """The share of rows to remove so that one column decides the other; whether its values repeat.

    Rows without one of the values say nothing.
    """
    kept, groups, rows = source.one(
        "SELECT sum(top), count(*), sum(n) FROM (SELECT max(n) AS top, sum(n) AS n FROM "
        f"(SELECT c{a}, c{b}, count(*) AS n FROM coded WHERE c{a} IS NOT NULL "
        f"AND c{b} IS NOT NULL GROUP BY 1, 2) GROUP BY c{a})"
    )
    return (1 - kept / rows, groups * 2 <= rows) if rows else (1.0, False)


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

"""Columns that decide other columns, but for a few rows: those rows are likely wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_GROUP_ROWS = 3
_DETERMINANTS = 3
_EXAMPLES = 5
_NO_SLIP = 0.2
"""From this share of a group on (and 3 rows), a value that stands nowhere else is no slip."""
_OWN_CASE = 0.9
"""The share of a value's rows that contradict, from which it says that they are a case apart."""
_EXPLAINING = 8
"""Columns that are asked whether they explain the contradicting rows: those with fewest values."""


@dataclass
class BrokenDependency:
    """Rows of a column that contradict what other columns say it should be.

    Attributes:
        dependent: The column.
        established: Whether the contradicting values are used elsewhere too (a value in the wrong
            place), or hardly (a misspelling).
        determinants: The columns that decide it, those with the fewest contradictions first.
        rows: Rows that contradict at least one of them.
        wrong: Contradicting rows by determinant.
        apart: Column → its values whose rows are a case of their own, and not counted.
        examples: Contradicting values.
        where: A condition that selects the rows from the feed's raw table.
    """

    dependent: str
    established: bool
    determinants: list[str] = field(default_factory=list)
    rows: int = 0
    wrong: dict[str, int] = field(default_factory=dict)
    apart: dict[str, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    where: str = ""


def broken_dependencies(
    feed: str, source: FeedSource, views: Sequence[ColumnView], thresholds: Thresholds
) -> list[BrokenDependency]:
    """Finds columns that other columns decide, but for a few rows.

    A pair is screened on a sample by the share of rows to remove so that it holds (g3, Kivinen &
    Mannila 1995), and counted on all rows where it almost holds there. A group judges its rows
    only where it has 3 or more and a clear majority.

    An exception with a system is no slip, and is left out: a value that makes up a fifth of its
    group and stands nowhere else, and rows that a third column's value tells to be a case
    of their own (nearly all rows with that value contradict, and there are 3 or more).
    """
    candidates = [
        v for v in views if v.complete and v.distinct > 1 and v.distinct * 2 <= max(v.filled, 1)
    ][: thresholds.dependency_columns]
    broken: dict[tuple[str, bool], BrokenDependency] = {}
    for determinant, dependent in _screened(source, candidates, thresholds):
        for established in (False, True):
            judged = _judged("feed", determinant, dependent, thresholds, established=established)
            wrong = int(source.one(f"SELECT coalesce(sum(n), 0) FROM ({judged})")[0])
            if 0 < wrong <= thresholds.dependency_error * source.rows:
                key = (dependent, established)
                found = broken.setdefault(key, BrokenDependency(*key))
                found.wrong[determinant] = wrong
    others = sorted((v for v in candidates if not v.private), key=lambda v: (v.distinct, v.name))
    for found in broken.values():
        _settle(feed, source, found, thresholds, [v.name for v in others])
    order = {v.name: v.position for v in candidates}
    kept = (found for found in broken.values() if found.rows)
    return sorted(kept, key=lambda b: (order[b.dependent], b.established))


def _screened(
    source: FeedSource, views: Sequence[ColumnView], thresholds: Thresholds
) -> list[tuple[str, str]]:
    """Pairs that almost hold on the sample, and better than the dependent's own majority does."""
    if len(views) < 2 or not source.sampled:  # noqa: PLR2004 - a pair
        return []
    ranks = (f"dense_rank() OVER (ORDER BY {quoted(v.name)}) AS c{i}" for i, v in enumerate(views))
    source.query(f"CREATE OR REPLACE TEMP TABLE coded AS SELECT {', '.join(ranks)} FROM sample")
    size = source.sampled
    almost = []
    for b, dependent in enumerate(views):
        counts = f"SELECT count(*) AS n FROM coded GROUP BY c{b}"
        uncommon = 1 - source.one(f"SELECT max(n) FROM ({counts})")[0] / size
        for a, determinant in enumerate(views):
            if a == b:
                continue
            kept, groups = source.one(
                "SELECT sum(top), count(*) FROM (SELECT max(n) AS top FROM "
                f"(SELECT c{a}, c{b}, count(*) AS n FROM coded GROUP BY 1, 2) GROUP BY c{a})"
            )
            error = 1 - kept / size
            gain = uncommon / max(error, 1 / size)
            grouped = groups * 2 <= size
            almost_holds = error <= thresholds.dependency_error
            if grouped and almost_holds and gain >= thresholds.dependency_gain:
                almost.append((determinant.name, dependent.name))
    return almost


def _judged(
    table: str, determinant: str, dependent: str, thresholds: Thresholds, *, established: bool
) -> str:
    """SQL for the pairs of values that contradict their group, with their rows."""
    a, b = quoted(determinant), quoted(dependent)
    slip = f"n < greatest({_GROUP_ROWS}, {_NO_SLIP} * total)"
    other_uses = f">= {_GROUP_ROWS}" if established else f"< {_GROUP_ROWS} AND {slip}"
    return (
        "SELECT a, b, n FROM ("
        f"SELECT {a} AS a, {b} AS b, count(*) AS n, "
        f"sum(count(*)) OVER (PARTITION BY {a}) AS total, "
        f"max(count(*)) OVER (PARTITION BY {a}) AS top, "
        f"sum(count(*)) OVER (PARTITION BY {b}) AS used "
        f"FROM {table} WHERE trim({a}) <> '' AND trim({b}) <> '' GROUP BY {a}, {b}) "
        f"WHERE total >= {_GROUP_ROWS} AND top >= {thresholds.dependency_majority} * total "
        f"AND n < top AND used - n {other_uses}"
    )


def _settle(
    feed: str,
    source: FeedSource,
    found: BrokenDependency,
    thresholds: Thresholds,
    others: Sequence[str],
) -> None:
    """Keeps the determinants with the fewest contradictions, and counts their rows together."""
    found.determinants = sorted(found.wrong, key=lambda d: (found.wrong[d], d))[:_DETERMINANTS]
    asked = [name for name in others if name != found.dependent]
    found.apart = _own_cases(source, found, thresholds, asked[:_EXPLAINING])
    apart = "".join(
        f" AND NOT coalesce({quoted(name)} IN ({', '.join(map(literal, values))}), false)"
        for name, values in found.apart.items()
    )

    def condition(table: str) -> str:
        contradicting = " OR ".join(
            _contradicts(table, determinant, found, thresholds)
            for determinant in found.determinants
        )
        return f"({contradicting}){apart}" if apart else contradicting

    found.where = condition(f"raw.{quoted(feed)}")
    found.rows = int(source.one(f"SELECT count(*) FROM feed WHERE {condition('feed')}")[0])
    dependent = quoted(found.dependent)
    examples = source.query(
        f"SELECT {dependent}, count(*) FROM feed WHERE {condition('feed')} GROUP BY 1 "
        f"ORDER BY 2 DESC, 1 LIMIT {_EXAMPLES}"
    )
    found.examples = tuple(value for value, _ in examples)


def _contradicts(
    table: str, determinant: str, found: BrokenDependency, thresholds: Thresholds
) -> str:
    judged = _judged(table, determinant, found.dependent, thresholds, established=found.established)
    pair = f"({quoted(determinant)}, {quoted(found.dependent)})"
    return f"{pair} IN (SELECT (a, b) FROM ({judged}))"


def _own_cases(
    source: FeedSource,
    found: BrokenDependency,
    thresholds: Thresholds,
    others: Sequence[str],
) -> dict[str, tuple[str, ...]]:
    """Values of other columns of whose rows nearly all contradict: places, units, subsidiaries.

    Where a value is missing says nothing: it may be part of the same mistake.
    """
    if not others:
        return {}
    marks = ", ".join(
        f"({_contradicts('feed', determinant, found, thresholds)}) AS _wrong{n}"
        for n, determinant in enumerate(found.determinants)
    )
    columns = ", ".join(quoted(name) for name in others)
    source.query(f"CREATE OR REPLACE TEMP TABLE judged_rows AS SELECT {columns}, {marks} FROM feed")
    apart = {}
    for name in others:
        wrong = " OR ".join(
            f"_wrong{n}" for n, determinant in enumerate(found.determinants) if determinant != name
        )
        column = quoted(name)
        values = wrong and source.query(
            f"SELECT {column} FROM judged_rows WHERE trim({column}) <> '' GROUP BY 1 "
            f"HAVING count(*) FILTER ({wrong}) >= {_GROUP_ROWS} "
            f"AND count(*) FILTER ({wrong}) >= {_OWN_CASE} * count(*) ORDER BY 1"
        )
        if values:
            apart[name] = tuple(value for (value,) in values)
    return apart

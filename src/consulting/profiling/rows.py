"""Findings about whole rows: duplicates, keys of several columns, and dependencies."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from consulting.profiling.source import FeedSource, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_WIDEST_KEY = 2
_KEY_COLUMNS = 12
_GROUP_ROWS = 3
_LEAST_GAIN = 4
_DETERMINANTS = 3


@dataclass
class BrokenDependency:
    """Rows of a column that contradict what other columns say it should be."""

    dependent: str
    determinants: list[str] = field(default_factory=list)
    rows: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    pairs: list[tuple[str, str, str]] = field(default_factory=list)


def duplicate_rows(source: FeedSource, views: Sequence[ColumnView]) -> int:
    """Rows that repeat an earlier row in every column, by 64-bit hashes of the rows.

    Two different rows share a hash with a probability of about rows² / 2⁶⁵ (3 in a million for
    10 million rows).
    """
    if not views or any(v.distinct == v.rows for v in views):
        return 0
    columns = ", ".join(quoted(v.name) for v in views)
    found = source.one(
        f"SELECT count(*) - count(DISTINCT row_hash) FROM (SELECT hash({columns}) AS row_hash "
        "FROM feed)"
    )
    return int(found[0])


def wide_keys(source: FeedSource, views: Sequence[ColumnView]) -> list[tuple[str, ...]]:
    """Pairs of columns that identify a row, where no single column does."""
    full = [v for v in views if v.rows and not v.blank and not v.missing_tokens and v.distinct > 1]
    full = sorted(full, key=lambda v: (-v.distinct, v.position))[:_KEY_COLUMNS]
    rows = source.rows
    pairs = [(a, b) for a, b in combinations(full, _WIDEST_KEY) if a.distinct * b.distinct >= rows]
    keys: list[tuple[str, ...]] = []
    for a, b in pairs:
        first, second = sorted((a, b), key=lambda v: v.position)
        both = f"{quoted(first.name)}, {quoted(second.name)}"
        if (
            source.one(f"SELECT count(*) FROM (SELECT DISTINCT {both} FROM sample)")[0]
            < source.one("SELECT count(*) FROM sample")[0]
        ):
            continue
        if source.one(f"SELECT count(DISTINCT hash({both})) FROM feed")[0] == rows:
            keys.append((first.name, second.name))
    return keys


def broken_dependencies(
    source: FeedSource, views: Sequence[ColumnView], thresholds: Thresholds
) -> list[BrokenDependency]:
    """Finds columns that other columns decide, but for a few rows.

    A pair is screened on a sample by the share of rows to remove so that it holds (g3, Kivinen &
    Mannila 1995), and counted on all rows where it almost holds there. A group judges its rows
    only where it has 3 or more and a clear majority.
    """
    candidates = [
        v for v in views if v.complete and v.distinct > 1 and v.distinct * 2 <= max(v.filled, 1)
    ][: thresholds.dependency_columns]
    broken: dict[str, BrokenDependency] = {}
    for determinant, dependent in _screened(source, candidates, thresholds):
        rows, wrong, pairs = _contradictions(source, determinant, dependent, thresholds)
        if not wrong or wrong > thresholds.dependency_error * rows:
            continue
        found = broken.setdefault(dependent, BrokenDependency(dependent))
        found.errors[determinant] = wrong
        found.pairs += [(determinant, a, b) for a, b in pairs]
    for found in broken.values():
        _keep_best(source, found)
    return [broken[v.name] for v in candidates if v.name in broken]


def _screened(
    source: FeedSource, views: Sequence[ColumnView], thresholds: Thresholds
) -> list[tuple[str, str]]:
    """Pairs that almost hold on the sample, and better than the dependent's own majority does."""
    if len(views) < _WIDEST_KEY:
        return []
    source.query(
        "CREATE OR REPLACE TEMP TABLE coded AS SELECT "
        + ", ".join(f"dense_rank() OVER (ORDER BY {quoted(v.name)}) AS c{i}"
                    for i, v in enumerate(views))
        + " FROM sample"
    )  # fmt: skip
    size = source.sampled
    almost = []
    for b, dependent in enumerate(views):
        common = source.one(f"SELECT max(n) FROM (SELECT count(*) AS n FROM coded GROUP BY c{b})")[
            0
        ]
        for a, determinant in enumerate(views):
            if a == b:
                continue
            kept, groups = source.one(
                f"SELECT coalesce(sum(top), 0), count(*) FROM (SELECT max(n) AS top FROM "
                f"(SELECT c{a}, c{b}, count(*) AS n FROM coded GROUP BY 1, 2) GROUP BY c{a})"
            )
            error = 1 - kept / size
            grouped = groups * 2 <= size
            gain = (1 - common / size) / max(error, 1 / size)
            if grouped and error <= thresholds.dependency_error and gain >= _LEAST_GAIN:
                almost.append((determinant.name, dependent.name))
    return almost


def _contradictions(
    source: FeedSource, determinant: str, dependent: str, thresholds: Thresholds
) -> tuple[int, int, list[tuple[str, str]]]:
    a, b = quoted(determinant), quoted(dependent)
    grouped = (
        f"SELECT {a} AS a, {b} AS b, count(*) AS n, "
        f"sum(count(*)) OVER (PARTITION BY {a}) AS total, "
        f"max(count(*)) OVER (PARTITION BY {a}) AS top FROM feed "
        f"WHERE trim({a}) <> '' AND trim({b}) <> '' GROUP BY {a}, {b}"
    )
    judged = (
        f"total >= {_GROUP_ROWS} AND top >= {thresholds.dependency_majority} * total AND n < top"
    )
    rows, wrong = source.one(
        f"SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER ({judged}), 0) FROM ({grouped})"
    )
    pairs = source.query(
        f"SELECT a, b FROM ({grouped}) WHERE {judged} ORDER BY n DESC, a, b "
        f"LIMIT {thresholds.listed_values}"
    )
    return int(rows), int(wrong), [(x, y) for x, y in pairs]


def _keep_best(source: FeedSource, found: BrokenDependency) -> None:
    """Keeps the determinants with the fewest contradictions, and counts their rows together."""
    best = sorted(found.errors, key=lambda d: (found.errors[d], d))[:_DETERMINANTS]
    found.determinants = best
    found.pairs = [pair for pair in found.pairs if pair[0] in best]
    found.rows = int(source.one(f"SELECT count(*) FROM feed WHERE {contradicting(found)}")[0])


def contradicting(found: BrokenDependency) -> str:
    """The rows that contradict a dependency, as a condition on the raw table."""
    clauses = []
    for determinant in found.determinants:
        pairs = [f"({literal(a)}, {literal(b)})" for d, a, b in found.pairs if d == determinant]
        columns = f"({quoted(determinant)}, {quoted(found.dependent)})"
        clauses.append(f"{columns} IN ({', '.join(pairs)})")
    return " OR ".join(clauses)

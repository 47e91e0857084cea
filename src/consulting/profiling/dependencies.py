"""Columns that decide other columns, but for a few rows: those rows are likely wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from consulting.profiling.screening import screened
from consulting.profiling.source import at_places
from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.profiling.accepted import AcceptedFindings
    from consulting.profiling.drafting import Viewed
    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

Kind = Literal["slip", "misplaced", "vote", "blank", "case"]
ISSUE_TYPES: dict[Kind, str] = {
    "slip": "broken_dependency",
    "misplaced": "unusual_combination",
    "vote": "disputed_values",
    "blank": "blank_but_known",
    "case": "unusual_combination",
}
_GROUP_ROWS = 3
_DETERMINANTS = 3
_EXAMPLES = 5
_AGREED = 50
_NO_SLIP = 0.2
"""From this share of a group on (and 3 rows), a value that stands nowhere else is no slip."""
_OWN_CASE = 0.9
"""The share of a value's rows that contradict, from which it says that they are a case apart."""
_KNOWN = 0.9
"""The share of a group's values that must agree, so that a blank among them is known."""
_EXPLAINING = 8
"""Columns that are asked whether they explain the contradicting rows: those with fewest values."""


@dataclass
class BrokenDependency:
    """Rows of a column that contradict what other columns say it should be.

    Attributes:
        dependent: The column.
        kind: "slip" where the contradicting values are hardly used elsewhere (a misspelling),
            "misplaced" where they are (a value in the wrong row), "vote" where several sources tell
            of the same thing and a few disagree, "blank" where the value is missing and the others
            of the group have it, "case" where the other column need not decide it, but for this
            value of it nearly always does (no tax in this state, no day of leaving while active).
        determinants: The columns that decide it, those with the fewest contradictions first.
        rows: Rows that contradict at least one of them.
        wrong: Contradicting rows by determinant.
        purity: The share of the contradicted groups' rows that agree.
        agreed: For some contradicting values: what the others have, their rows, and the group's.
        apart: Column → its values whose rows are a case of their own, and not counted.
        examples: Contradicting values.
        where: A condition that selects the rows from the feed's raw table.
    """

    dependent: str
    kind: Kind
    determinants: list[str] = field(default_factory=list)
    rows: int = 0
    wrong: dict[str, int] = field(default_factory=dict)
    purity: float = 0.0
    agreed: tuple[tuple[str, str, int, int], ...] = ()
    apart: dict[str, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    where: str = ""

    @property
    def issue_type(self) -> str:
        """The code of its issue."""
        return ISSUE_TYPES[self.kind]


def broken_dependencies(viewed: Viewed) -> list[BrokenDependency]:
    """Finds columns that other columns decide, but for a few rows.

    A pair is screened on a sample by the share of rows to remove so that it holds (g3, Kivinen &
    Mannila 1995), and counted on all rows where it almost holds there. A group judges its rows
    only where it has 3 or more and a clear majority.

    An exception with a system is no slip, and is left out: a value that makes up a fifth of its
    group and stands nowhere else, and rows that a third column's value tells to be a case
    of their own (nearly all rows with that value contradict, and there are 3 or more).
    """
    feed, source, views, thresholds, accepted = viewed
    candidates = [
        v for v in views if v.complete and v.distinct > 1 and v.distinct * 2 <= max(v.filled, 1)
    ][: thresholds.dependency_columns]
    broken: dict[tuple[str, Kind], BrokenDependency] = {}
    for determinant, dependent, kind, error in _tried(source, candidates, thresholds):
        judged = _judged("feed", determinant, dependent, thresholds, kind)
        wrong = int(source.one(f"SELECT coalesce(sum(n), 0) FROM ({judged})")[0])
        if 0 < wrong <= error * source.rows:
            found = broken.setdefault((dependent, kind), BrokenDependency(dependent, kind))
            found.wrong[determinant] = wrong
    others = sorted((v for v in candidates if not v.private), key=lambda v: (v.distinct, v.name))
    for found in broken.values():
        _settle(source, found, thresholds, [v.name for v in others])
    innocent = _innocent(source, list(broken.values()), thresholds)
    for found in broken.values():
        _conclude(feed, source, found, thresholds, innocent.get(id(found), ""), accepted)
    order = {v.name: v.position for v in candidates}
    kept = (found for found in broken.values() if found.rows)
    return sorted(kept, key=lambda b: (order[b.dependent], b.kind))


def _tried(
    source: FeedSource, candidates: Sequence[ColumnView], thresholds: Thresholds
) -> Iterator[tuple[str, str, Kind, float]]:
    """Determinant, dependent, how it may be broken, and in which share of the rows at most."""
    pairs, voted, cased = screened(source, candidates, thresholds)
    told = {dependent for _, dependent in voted} | {thing for thing, _ in voted}
    blank = {v.name for v in candidates if v.blank}
    for a, b in dict.fromkeys([*pairs, *voted]):
        if b in blank:
            yield a, b, "blank", 1.0
    for a, b in voted:
        yield a, b, "vote", thresholds.vote_error
    for a, b in pairs:
        if b not in told:
            yield a, b, "slip", thresholds.dependency_error
            yield a, b, "misplaced", thresholds.dependency_error
    for a, b in cased:
        if b not in told:
            yield a, b, "case", thresholds.dependency_error


def _judged(
    table: str, determinant: str, dependent: str, thresholds: Thresholds, kind: Kind
) -> str:
    """SQL for the pairs of values that contradict their group, with their rows."""
    if kind == "case":
        return _outside_case(table, determinant, dependent, thresholds)
    a, b = quoted(determinant), quoted(dependent)
    slip = f"n < greatest({_GROUP_ROWS}, {_NO_SLIP} * total)"
    majority = f"top >= {thresholds.dependency_majority} * total"
    other_uses = {
        "slip": f"{majority} AND used - n < {_GROUP_ROWS} AND {slip}",
        "misplaced": f"{majority} AND used - n >= {_GROUP_ROWS}",
        "vote": f"top > {thresholds.vote_majority} * total",
        "blank": f"{_KNOWN} * total <= top AND b = ''",
    }[kind]
    filled = f"trim({b}) <> ''"
    if kind == "blank":
        b, filled = f"coalesce(trim({b}), '')", "true"
    return (
        "SELECT a, b, n, top, total, main FROM ("
        f"SELECT {a} AS a, {b} AS b, count(*) AS n, "
        f"sum(count(*)) FILTER ({b} <> '') OVER (PARTITION BY {a}) AS total, "
        f"max(count(*)) FILTER ({b} <> '') OVER (PARTITION BY {a}) AS top, "
        f"first({b}) OVER (PARTITION BY {a} ORDER BY {b} = '', count(*) DESC, {b}) AS main, "
        f"sum(count(*)) OVER (PARTITION BY {b}) AS used "
        f"FROM {table} WHERE trim({a}) <> '' AND {filled} GROUP BY {a}, {b}) "
        f"WHERE total >= {_GROUP_ROWS} AND (n < top OR b = '') AND {other_uses}"
    )


def _or_nothing(column: str) -> str:
    return f"coalesce(trim({quoted(column)}), '')"


def _outside_case(table: str, determinant: str, dependent: str, limits: Thresholds) -> str:
    """As `_judged`, for groups that nearly all agree, be it on nothing, where others do not.

    Were the rows of the group as all others, many times more of them would differ.
    """
    order = "PARTITION BY a ORDER BY n DESC, b"
    return (
        f"SELECT a, b, n, top, total, main FROM (SELECT *, first(b) OVER ({order}) AS main, "
        f"first(n) OVER ({order}) AS top, first(used) OVER ({order}) AS usual FROM ("
        f"SELECT {_or_nothing(determinant)} AS a, {_or_nothing(dependent)} AS b, count(*) AS n, "
        "sum(count(*)) OVER (PARTITION BY a) AS total, "
        "sum(count(*)) OVER (PARTITION BY b) AS used, "
        f"sum(count(*)) OVER () AS every FROM {table} GROUP BY 1, 2)) "
        f"WHERE n < top AND total >= {limits.case_rows} AND top >= {limits.case_purity} * total "
        f"AND every > total AND (total - top) * {limits.case_gain} "
        "<= total * (1 - (usual - top) / (every - total))"
    )


def _settle(
    source: FeedSource, found: BrokenDependency, thresholds: Thresholds, others: Sequence[str]
) -> None:
    """Keeps the determinants with the fewest contradictions, and finds the cases apart."""
    found.determinants = sorted(found.wrong, key=lambda d: (found.wrong[d], d))[:_DETERMINANTS]
    asked = [name for name in others if name != found.dependent]
    if found.kind in {"slip", "misplaced", "case"}:
        found.apart = _own_cases(source, found, thresholds, asked[:_EXPLAINING])


def _condition(
    table: str, found: BrokenDependency, determinants: Sequence[str], thresholds: Thresholds
) -> str:
    """The rows of a table that contradict some of the determinants."""
    contradicting = " OR ".join(_contradicts(table, d, found, thresholds) for d in determinants)
    apart = "".join(
        f" AND NOT coalesce({quoted(name)} IN ({', '.join(map(literal, values))}), false)"
        for name, values in found.apart.items()
    )
    return f"({contradicting}){apart}" if apart else contradicting


def _innocent(
    source: FeedSource, broken: Sequence[BrokenDependency], thresholds: Thresholds
) -> dict[int, str]:
    """Rows whose dependent contradicts only what is itself the culprit, as a condition.

    Where a city stands in the wrong row, the postcode contradicts the city, and the city both the
    postcode and the state. Of two cells that contradict each other, the one with more
    contradictions in its row is to blame.
    """
    clashes: dict[tuple[int, str], list[tuple[str, int]]] = {}
    blame: Counter[tuple[str, int, str]] = Counter()
    for found in broken:
        for determinant in found.determinants:
            rows = source.query(
                f"SELECT _file, _row FROM feed WHERE "
                f"{_condition('feed', found, [determinant], thresholds)} "
                f"ORDER BY 1, 2 LIMIT {thresholds.listed_rows}"
            )
            clashes[id(found), determinant] = rows
            for file, row in rows:
                blame[file, row, determinant] += 1
                blame[file, row, found.dependent] += 1
    cleared: dict[int, str] = {}
    for found in broken:
        guilty: dict[tuple[str, int], bool] = {}
        for determinant in found.determinants:
            for file, row in clashes[id(found), determinant]:
                lesser = blame[file, row, found.dependent] < blame[file, row, determinant]
                guilty[file, row] = guilty.get((file, row), False) or not lesser
        free = sorted(place for place, is_guilty in guilty.items() if not is_guilty)
        if free:
            cleared[id(found)] = at_places(free)
    return cleared


def _conclude(  # noqa: PLR0913, PLR0917 - each says which rows count
    feed: str,
    source: FeedSource,
    found: BrokenDependency,
    thresholds: Thresholds,
    innocent: str,
    accepted: AcceptedFindings,
) -> None:
    """Counts the rows that are left, with examples and what the others of their groups have."""
    spared = ""

    def condition(table: str) -> str:
        contradicting = f"({_condition(table, found, found.determinants, thresholds)})"
        return f"{contradicting}{f' AND NOT ({innocent})' if innocent else ''}{spared}"

    def count(also: str) -> int:
        rows = source.one(f"SELECT count(*) FROM feed WHERE {condition('feed')} AND {also}")
        return int(rows[0])

    spared = accepted.spare(found.dependent, found.issue_type, count)
    found.where = condition(f"raw.{quoted(feed)}")
    found.rows = count("true")
    dependent = quoted(found.dependent)
    examples = source.query(
        f"SELECT {dependent}, count(*) FROM feed WHERE {condition('feed')} GROUP BY 1 "
        f"ORDER BY 2 DESC, 1 LIMIT {_EXAMPLES}"
    )
    found.examples = tuple(value for value, _ in examples if value)
    judged = _judged("feed", found.determinants[0], found.dependent, thresholds, found.kind)
    agreed = source.query(
        f"SELECT b, main, top, total FROM ({judged}) ORDER BY top DESC, a, b LIMIT {_AGREED}"
    )
    found.agreed = tuple(one for one in agreed if one[0] in found.examples or not one[0])
    top, total = source.one(f"SELECT sum(top), sum(total) FROM ({judged})")
    found.purity = top / total if total else 0.0


def _contradicts(
    table: str, determinant: str, found: BrokenDependency, thresholds: Thresholds
) -> str:
    judged = _judged(table, determinant, found.dependent, thresholds, found.kind)
    if found.kind == "blank":
        empty = f"coalesce(trim({quoted(found.dependent)}), '') = ''"
        return f"({empty} AND {quoted(determinant)} IN (SELECT a FROM ({judged})))"
    columns = (determinant, found.dependent)
    pair = f"({', '.join(map(_or_nothing if found.kind == 'case' else quoted, columns))})"
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

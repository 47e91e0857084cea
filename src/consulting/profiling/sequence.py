"""Columns that go up or down from row to row, but for a few rows: those are likely wrong.

Rows are often written in the order of a number or of time. Where nearly all keep it (an order
dependency that holds approximately: Szlichta et al. 2012, Karegar et al. 2021), a digit too many or
a year of another century stands out, though it is a number like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.columns import pct
from consulting.profiling.model import Issue
from consulting.profiling.orders import days_of
from consulting.profiling.source import at_places
from consulting.profiling.totals import MEASURES
from consulting.profiling.wording import inflected
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.profiling.accepted import AcceptedFindings
    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_FEWEST_ROWS = 50
_DIFFERENT = 0.1
"""The share of different values from which an order is no list of a few groups."""
_LOOKED_AT = 2_000
_SEEMS_SORTED = 0.75
"""The share of rows that do not go back: one that is wrong breaks the order twice."""
_AROUND = 5
"""Rows before and after: their medians are right where less than half of them are wrong."""
_BREAKS = 0.005
"""The share of rows around which the order itself goes back: a list begins anew, or wobbles."""


def out_of_order(
    feed: str,
    source: FeedSource,
    views: Sequence[ColumnView],
    thresholds: Thresholds,
    accepted: AcceptedFindings,
) -> list[Issue]:
    """Issues of rows that stand out of the order that nearly all rows of a column keep.

    Args:
        feed: The feed.
        source: Its rows; the table `sample` must have been drawn.
        views: Its columns.
        thresholds: `order_error`.
        accepted: What somebody found right before.
    """
    keys = _keys(views)
    if not keys or source.rows < _FEWEST_ROWS:
        return []
    found = []
    for column, ascending in _sorted(source, keys).items():
        places = _misplaced(source, keys[column], thresholds, ascending=ascending)
        if places:
            where = f"({at_places(places)})"

            def count(also: str, where: str = where) -> int:
                return int(source.one(f"SELECT count(*) FROM feed WHERE {where} AND {also}")[0])

            where += accepted.spare(column, "out_of_order", count)
            found.append(_issue(feed, column, where, count("true", where), source.rows))
    return [issue for issue in found if issue.evidence_count]


def _keys(views: Sequence[ColumnView]) -> dict[str, str]:
    """Column → SQL for the number or day by which it may be sorted."""
    days = {name: f"epoch({day})" for name, day in days_of(views).items()}
    numbers = {
        view.name: f"try_cast(trim({quoted(view.name)}) AS DOUBLE)"
        for view in views
        if view.type.name in MEASURES | {"code"}
    }
    several = {v.name for v in views if v.distinct >= _DIFFERENT * max(v.filled, _FEWEST_ROWS)}
    return {name: key for name, key in {**numbers, **days}.items() if name in several}


def _sorted(source: FeedSource, keys: dict[str, str]) -> dict[str, bool]:
    """Columns most of whose rows do not go back on a part of the sample: whether they go up."""
    part = f"(SELECT * FROM sample ORDER BY rowid LIMIT {_LOOKED_AT})"
    columns = ", ".join(f"{key} AS k{n}" for n, key in enumerate(keys.values()))
    before = ", ".join(
        f"k{n} - lag(k{n} IGNORE NULLS) OVER (ORDER BY _file, _row) AS d{n}"
        for n in range(len(keys))
    )
    counts = ", ".join(
        f"count(d{n}), count(*) FILTER (d{n} >= 0), count(*) FILTER (d{n} <= 0)"
        for n in range(len(keys))
    )
    told = source.one(
        f"SELECT {counts} FROM (SELECT {before} FROM (SELECT _file, _row, {columns} FROM {part}))"
    )
    found = {}
    for n, name in enumerate(keys):
        steps, up, down = told[3 * n : 3 * n + 3]
        if steps >= _FEWEST_ROWS - 1 and max(up, down) >= _SEEMS_SORTED * steps:
            found[name] = up >= down
    return found


def _misplaced(
    source: FeedSource, key: str, thresholds: Thresholds, *, ascending: bool
) -> list[tuple[str, int]]:
    """The rows that do not lie between the medians of those before and after, if they are few."""
    around = "OVER (PARTITION BY _file ORDER BY _row ROWS BETWEEN"
    placed = (
        f"SELECT _file, _row, k, median(k) {around} {_AROUND} PRECEDING AND 1 PRECEDING) AS low, "
        f"median(k) {around} 1 FOLLOWING AND {_AROUND} FOLLOWING) AS high "
        f"FROM (SELECT _file, _row, {'' if ascending else '-'}{key} AS k FROM feed) "
        "WHERE k IS NOT NULL"
    )
    wrong = "low <= high AND NOT k BETWEEN low AND high"
    rows, breaks, misplaced = source.one(
        f"SELECT count(*), count(*) FILTER (low > high), count(*) FILTER ({wrong}) FROM ({placed})"
    )
    most = min(thresholds.order_error * rows, thresholds.listed_rows)
    if breaks > _BREAKS * rows or misplaced > most:
        return []
    return source.query(f"SELECT _file, _row FROM ({placed}) WHERE {wrong} ORDER BY 1, 2")


def _issue(feed: str, column: str, where: str, wrong: int, rows: int) -> Issue:
    return Issue(
        feed=feed, column=column, issue_type="out_of_order", severity="warn",
        detail=inflected(
            "{n} [row stands|rows stand] out of the order that all others keep, from row to row.",
            wrong,
        ),
        evidence_count=wrong, evidence_pct=pct(wrong, rows),
        recommendation=inflected("Check [it|them] at the source: a slip of the keyboard.", wrong),
        rows_where=where,
    )  # fmt: skip

"""Columns that go up or down from row to row, but for a few rows: those are likely wrong.

Rows are often written in the order of a number or of time. Where nearly all keep it (an order
dependency that holds approximately: Szlichta et al. 2012, Karegar et al. 2021), a digit too many or
a year of another century stands out, though it is a number like any other.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from consulting.profiling.columns import pct
from consulting.profiling.model import Issue
from consulting.profiling.orders import days_of
from consulting.profiling.source import at_places
from consulting.profiling.totals import MEASURES
from consulting.sql import quoted
from consulting.wording import inflected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.profiling.drafting import Viewed
    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_FEWEST_ROWS = 50
_DIFFERENT = 0.1
"""The share of different values from which an order is no list of a few groups."""
_LOOKED_AT = 2_000
_AT_ONCE = 200_000
"""Rows whose order is looked at together: what of more would be held in memory."""
_NEAR = 5
"""A row that stands so many rows from its place in the order wobbles, and is not misplaced."""
_TOGETHER = 10
"""So many misplaced rows in a row are no slips, but a list that begins anew."""


def out_of_order(viewed: Viewed) -> list[Issue]:
    """Issues of rows that stand out of the order that nearly all rows of a column keep."""
    feed, source, views, thresholds, accepted = viewed
    keys = _keys(views)
    if not keys or source.rows < _FEWEST_ROWS:
        return []
    found = []
    for column, sign in _sorted(source, keys, thresholds.order_error).items():
        places = _misplaced(source, f"{sign}{keys[column]}", thresholds)
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


def _sorted(source: FeedSource, keys: dict[str, str], most: float) -> dict[str, str]:
    """Columns that keep an order on a part of the sample; the sign by which they go up."""
    found = {}
    columns = ", ".join(keys.values())
    rows = source.query(
        f"SELECT _file, _row, {columns} FROM sample ORDER BY 1, 2 LIMIT {_LOOKED_AT}"
    )
    for at, name in enumerate(keys, start=2):
        up = [(row[0], row[1], row[at]) for row in rows if row[at] is not None]
        down = [(file, row, -k) for file, row, k in up]
        for sign, some in (("", up), ("-", down)):
            if len(some) >= _FEWEST_ROWS and _out_of(some, most) is not None:
                found[name] = sign
    return found


def _misplaced(source: FeedSource, key: str, limits: Thresholds) -> list[tuple[str, int]]:
    """The rows that do not go up with the others, if they are few and by themselves."""
    places: list[tuple[str, int]] = []
    query = f"SELECT _file, _row, {key} AS k FROM feed WHERE k IS NOT NULL ORDER BY 1, 2"
    for rows in source.batches(query, _AT_ONCE):
        found = _out_of(rows, limits.order_error)
        if found is None or len(places) + len(found) > limits.listed_rows:
            return []
        places += found
    return places


def _out_of(rows: Sequence[tuple[str, int, float]], most: float) -> list[tuple[str, int]] | None:
    """The rows that are not part of the longest run of rows that go up, file by file.

    None where there is no such order: too many are not, several of them together, most of them
    stand near their place all the same, or the run is of few values.
    """
    places: list[tuple[str, int]] = []
    near = different = 0
    for _, several in groupby(rows, lambda row: row[0]):
        mine = list(several)
        keys = [k for *_, k in mine]
        kept = _going_up(keys)
        run = [keys[at] for at in kept]
        different += len(set(run))
        for before, (start, end) in enumerate(pairwise((-1, *kept, len(keys)))):
            if end - start > _TOGETHER:
                return None
            for at in range(start + 1, end):
                low, high = bisect_left(run, keys[at]), bisect_right(run, keys[at])
                near += low - _NEAR <= before <= high + _NEAR
                places.append(mine[at][:2])
    if len(places) > most * len(rows) or 2 * near > len(places) > 0:
        return None
    return places if different >= _DIFFERENT * (len(rows) - len(places)) else None


def _going_up(keys: Sequence[float]) -> list[int]:
    """The places of a longest run of numbers of which none is less than one before it.

    (Fredman 1975: in n log n steps.)
    """
    ends: list[float] = []
    at: list[int] = []
    before: list[int] = []
    for place, key in enumerate(keys):
        length = bisect_right(ends, key)
        before.append(at[length - 1] if length else -1)
        ends[length : length + 1] = [key]
        at[length : length + 1] = [place]
    found = []
    place = at[-1] if at else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


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

"""What holds between the numbers or days of a row, but for a few rows: sums, products, order."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, permutations
from typing import TYPE_CHECKING, NamedTuple

from consulting.profiling.columns import pct
from consulting.profiling.model import Issue
from consulting.profiling.similar import is_keyboard_slip
from consulting.profiling.source import at_places
from consulting.profiling.totals import MEASURES, ROUNDED
from consulting.sql import literal, quoted
from consulting.wording import inflected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from consulting.profiling.accepted import AcceptedFindings
    from consulting.profiling.drafting import Viewed
    from consulting.profiling.source import FeedSource
    from consulting.profiling.thresholds import Thresholds
    from consulting.profiling.view import ColumnView

_MOST = 10
"""Columns of a kind that are tried with each other."""
_FEWEST_ROWS = 50
_LOOKED_AT = 60
"""Rows by which a sum or product is told from chance before all rows are counted."""
_HOLDING = 0.75
_CLOSE = 0.001
"""The share by which rounding may move what two numbers make."""
_ENOUGH_DISTINCT = 8


class _Law(NamedTuple):
    """A relation of columns: the last one is what the others make, or what does not come before.

    Attributes:
        columns: The columns.
        breaks: SQL that selects the rows that break it.
        told: What it says.
        most: The largest share of rows that may break it.
        needed: SQL for what each column would be by the others, if it is a sum or product.
    """

    columns: tuple[str, ...]
    breaks: str
    told: str
    most: float
    needed: tuple[str, ...] = ()


def broken_laws(viewed: Viewed, told: Sequence[Issue]) -> list[Issue]:
    """Issues of rows that break a sum, a product or an order of days that nearly all rows keep.

    Args:
        viewed: The feed.
        told: What is said of the columns already.
    """
    feed, source, views, thresholds, accepted = viewed
    if source.rows < _FEWEST_ROWS:
        return []
    broken: list[_Law] = []
    for law in (*_orders(views, thresholds), *_sums(source, views, thresholds)):
        *_, last = law.columns
        all_there = " AND ".join(f"trim({quoted(c)}) <> ''" for c in law.columns)
        total, strict, wrong = source.one(
            f"SELECT count(*) FILTER ({all_there}), count(*) FILTER (NOT ({law.breaks}) AND "
            f"{quoted(law.columns[0])} <> {quoted(last)}), count(*) FILTER ({law.breaks}) FROM feed"
        )
        kept = strict >= _HOLDING * total / 2 and total >= _FEWEST_ROWS
        if kept and 0 < wrong <= law.most * total:
            broken.append(law)
    suspicions = _suspicions(feed, told)
    blamed = _blamed(source, broken, suspicions, thresholds.listed_rows)
    issues = (
        _issue(feed, column, *_left(source, column, law, accepted), source.rows)
        for column, law in blamed.items()
    )
    return [issue for issue in issues if issue.evidence_count]


def _suspicions(feed: str, told: Sequence[Issue]) -> dict[str, str]:
    """Column → a condition for its rows that something else is said of, more than a note."""
    found: dict[str, list[str]] = {}
    for issue in told:
        if issue.column and issue.rows_where and issue.severity != "info":
            where = issue.rows_where.replace(f"raw.{quoted(feed)}", "feed")
            found.setdefault(issue.column, []).append(f"({where})")
    return {column: " OR ".join(conditions) for column, conditions in found.items()}


def _blamed(
    source: FeedSource, broken: Sequence[_Law], suspicions: Mapping[str, str], most: int
) -> dict[str, _Law]:
    """Column → the law that it breaks, with a condition for the rows in which it is to blame.

    A broken law tells that one of its cells is wrong. If something else was said of one, it is
    that. Else it is the one that breaks most laws of its row (a wrong net amount breaks both
    quantity times price and the total), or that a slip of the keyboard makes what it should be, and
    of equals the last, which the others make.
    """
    rows: dict[tuple[str, int], list[_Law]] = {}
    slips: dict[tuple[str, int], set[str]] = {}
    for law in broken:
        settled = "".join(
            f" AND NOT coalesce({suspicions[c]}, false)" for c in law.columns if c in suspicions
        )
        where = f"({law.breaks}){settled} ORDER BY 1, 2 LIMIT {most}"
        cells = "".join(f", trim({quoted(c)})" for c in law.columns if law.needed)
        needed = "".join(f", {number}" for number in law.needed)
        found = source.query(f"SELECT _file, _row{cells}{needed} FROM feed WHERE {where}")
        for file, row, *values in found:
            rows.setdefault((file, row), []).append(law)
            pairs = zip(law.columns, values, values[len(law.columns) :], strict=False)
            slipped = {c for c, text, number in pairs if _is_slip(text, number)}
            slips.setdefault((file, row), set()).update(slipped)
    places: dict[str, dict[_Law, list[tuple[str, int]]]] = {}
    for place, laws in rows.items():
        counts = Counter(column for law in laws for column in law.columns)
        for law in laws:
            slipped = slips[place]
            culprit = max(reversed(law.columns), key=lambda c: (counts[c], c in slipped))
            places.setdefault(culprit, {}).setdefault(law, []).append(place)
    return {
        column: max(by_law, key=lambda law: len(by_law[law]))._replace(
            breaks=at_places(sorted({p for some in by_law.values() for p in some}))
        )
        for column, by_law in places.items()
    }


def _is_slip(text: str, needed: float | None) -> bool:
    """Whether a number differs from another by its sign, its point, or one slip with its digits."""
    if needed is None or not math.isfinite(needed):
        return False
    written = len(text.partition(".")[2])
    for places in (written, written + 1, max(0, written - 1)):
        should = f"{needed:.{places}f}"
        if abs(float(should) - needed) <= max(ROUNDED, _CLOSE * abs(needed)) and should != text:
            a, b = ("".join(filter(str.isdigit, number)) for number in (text, should))
            if a.strip("0") == b.strip("0") or is_keyboard_slip(a, b):
                return True
    return False


def _left(
    source: FeedSource, column: str, law: _Law, accepted: AcceptedFindings
) -> tuple[_Law, int]:
    """A law with the condition for the rows that break it and were not found right before."""

    def count(also: str) -> int:
        return int(source.one(f"SELECT count(*) FROM feed WHERE ({law.breaks}) AND {also}")[0])

    spared = accepted.spare(column, "broken_law", count)
    return law._replace(breaks=f"{law.breaks}{spared}"), count(f"true{spared}")


def _issue(feed: str, column: str, law: _Law, wrong: int, rows: int) -> Issue:
    return Issue(
        feed=feed, column=column, columns=law.columns,
        issue_type="broken_law", severity="warn",
        detail=inflected(f"{{n}} [row breaks|rows break] what all others keep: {law.told}.", wrong),
        evidence_count=wrong, evidence_pct=pct(wrong, rows),
        recommendation="Check these columns of the rows at the source: one of them is wrong.",
        rows_where=law.breaks,
    )  # fmt: skip


def days_of(views: Sequence[ColumnView]) -> dict[str, str]:
    """Column → SQL for its days, read by the one way that it writes most of them."""
    days: dict[str, str] = {}
    for view in views:
        pattern = max(view.tally.patterns, key=lambda p: view.tally.patterns[p], default="?")
        if view.type.name in {"date", "timestamp"} and "?" not in pattern and not view.private:
            days[view.name] = f"try_strptime(trim({quoted(view.name)}), {literal(pattern)})"
    return days


def _orders(views: Sequence[ColumnView], limits: Thresholds) -> Iterator[_Law]:
    """Days that come before others."""
    days = days_of(views)
    for a, b in permutations(list(days)[:_MOST], 2):
        breaks = f"coalesce({days[a]} > {days[b]}, false)"
        yield _Law((a, b), breaks, f"“{a}” is not after “{b}”", limits.law_error)


def _sums(source: FeedSource, views: Sequence[ColumnView], limits: Thresholds) -> Iterator[_Law]:
    """Sums and products that hold in most of some rows."""
    measures = [
        v.name for v in views
        if v.type.name in MEASURES and not v.private and v.distinct >= _ENOUGH_DISTINCT
        and set(v.tally.notations) <= {"plain", "point"} and not v.tally.currencies
    ][:_MOST]  # fmt: skip
    if len(measures) < 3:  # noqa: PLR2004 - two parts and what they make
        return
    numbers = {name: f"try_cast(trim({quoted(name)}) AS DOUBLE)" for name in measures}
    columns = ", ".join(numbers.values())
    rows = source.query(f"SELECT {columns} FROM sample ORDER BY rowid LIMIT {_LOOKED_AT}")
    signs: dict[str, Callable[[float, float], float]] = {
        "+": lambda x, y: x + y,
        "*": lambda x, y: x * y,
    }
    for (a, b), (sign, made) in ((p, s) for p in combinations(measures, 2) for s in signs.items()):
        for c in measures:
            at = [measures.index(name) for name in (a, b, c)]
            if c not in {a, b} and _holds(rows, at, made):
                x, y, z = (numbers[name] for name in (a, b, c))
                result = f"{x} {sign} {y}"
                undone = "-" if sign == "+" else "/"
                yield _Law(
                    (a, b, c),
                    f"coalesce(abs({result} - {z}) > "
                    f"greatest({ROUNDED}, {_CLOSE} * abs({z})), false)",
                    f"“{a}” {'and' if sign == '+' else 'times'} “{b}” make “{c}”",
                    limits.sum_error,
                    (f"{z} {undone} {y}", f"{z} {undone} {x}", result),
                )


def _holds(
    rows: Sequence[tuple[float | None, ...]],
    at: Sequence[int],
    made: Callable[[float, float], float],
) -> bool:
    """Whether most rows keep it, and not by noughts and ones."""
    failed, meant = 0, 0
    for row in rows:
        x, y, z = (row[i] for i in at)
        if x is None or y is None or z is None:
            continue
        close = abs(made(x, y) - z) <= max(ROUNDED, _CLOSE * abs(z))
        failed += not close
        meant += close and not {x, y} & {0.0, 1.0}
        if failed > (1 - _HOLDING) * len(rows):
            return False
    return meant >= _HOLDING / 2 * len(rows)

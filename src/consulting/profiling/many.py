"""Columns with many distinct values: typed aggregates in SQL, and the exceptions one by one.

A sample decides what is ordinary; one statement counts over all rows; what is not ordinary is
fetched with its counts, so that rows are described exactly without looking at each value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consulting.profiling.few import day_counts
from consulting.profiling.many_numbers import add_numbers
from consulting.profiling.ordinary import Ordinary, choose_ordinary
from consulting.profiling.source import FeedSource, trimmed
from consulting.profiling.statistics import day_histogram, quantiles
from consulting.profiling.tally import Tally
from consulting.profiling.typing import decide_type
from consulting.profiling.view import ColumnView, Lengths, split_values
from consulting.rules.dates import COMPACT, COUNTED, MIDNIGHT
from consulting.rules.missing import is_null_like, trim
from consulting.rules.numbers import FLOAT_NOISE, NOISE
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.profiling.thresholds import Thresholds

_EXCEPTIONS = 10_000
_MOST = 500_000
"""Further exceptions that are read, but not kept."""
_DAYS = 200_000
_LONG_TEXT = 30
# What may be wrong with a text of any type, as SQL over `{r}` (raw) and `{v}` (trimmed).
_FLAWS = {
    "blank": "{v} = ''",
    "null_like": "null_like({v})",
    "untrimmed": "{v} <> '' AND length({r}) <> length({v})",
    "inner_space": "contains({v}, '  ')",
    "formula": "{v} > '' AND contains('=@+-', left({v}, 1)) AND "
    "length({v}) > 1 AND NOT regexp_full_match({v}, '[+-][\\d.,(\\s].*')",
}


@dataclass
class _Column:
    view: ColumnView
    ordinary: Ordinary
    regular: int = 0
    fractions: int = 0
    marked: int = 0
    unclear: int = 0
    zeros: int = 0
    exceptional: bool = False

    def sql(self, template: str) -> str:
        raw = quoted(self.view.name)
        return template.format(r=raw, v=trimmed(raw))

    @property
    def is_ordinary(self) -> str:
        """SQL: whether the value as written is ordinary."""
        return self.ordinary.condition.format(v=quoted(self.view.name))


def views_of_many(
    source: FeedSource, names: Sequence[str], thresholds: Thresholds
) -> Iterator[ColumnView]:
    """The views of columns that have too many distinct values to look at each.

    The table `sample` must have been drawn.
    """
    columns = [_from_sample(source, name, thresholds) for name in names]
    size = thresholds.columns_per_statement
    for start in range(0, len(columns), size):
        _count(source, columns[start : start + size])
    for column in columns:
        if column.exceptional:
            _fetch_exceptions(source, column)
        _tally_regular(column)
        _count_distinct(source, column, thresholds)
        if column.ordinary.kind == "date":
            _fetch_days(source, column, thresholds)
        column.view.type = decide_type(column.view.name, column.view.tally, thresholds.type_share)
    numeric = [(c.view, c.ordinary) for c in columns if c.ordinary.number]
    add_numbers(source, numeric, thresholds)
    for column in columns:
        yield column.view


def _from_sample(source: FeedSource, name: str, thresholds: Thresholds) -> _Column:
    raw = quoted(name)
    step = 1 + source.sampled // thresholds.sample_values
    counts = source.query(
        f"SELECT {raw}, count(*) FROM sample WHERE rowid % {step} = 0 AND {raw} IS NOT NULL "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    if not counts:  # a column that is filled in few rows
        counts = source.query(
            f"SELECT {raw}, count(*) FROM feed WHERE {raw} IS NOT NULL GROUP BY 1 "
            f"ORDER BY 2 DESC, 1 LIMIT {thresholds.sample_values}"
        )
    _, _, values = split_values(dict(counts))
    known = (name in source.typed, source.marks.get(name))
    tally = Tally(*known)
    tally.add((trim(text), count) for text, count in values.items())
    decision = decide_type(name, tally, thresholds.type_share)
    view = ColumnView(
        name=name,
        position=source.place(name),
        rows=source.rows,
        type=decision,
        tally=Tally(*known),
        complete=False,
        typical=list(values.items()),
    )
    return _Column(view, choose_ordinary(decision, tally))


def _count(source: FeedSource, columns: Sequence[_Column]) -> None:
    """Counts the ordinary values of several columns in one statement, and their lengths."""
    wanted: list[str] = []
    for column in columns:
        raw = column.sql("{r}")
        regular = f"FILTER ({column.is_ordinary})"
        ordinary, number = column.ordinary, column.ordinary.kind == "number"
        mark = f"contains({raw}, '{ordinary.mark}')"
        marked, unclear = (sql.format(v=raw) for sql in (ordinary.marked, ordinary.is_unclear))
        written = ordinary.number.format(v=raw)
        digits = f"split_part({written}, '.', 2)"
        fraction = f"length({digits})"
        half = f"try_cast(try_cast({written} AS FLOAT) AS DOUBLE)"
        precise = (
            f"({column.is_ordinary} AND {fraction} > {FLOAT_NOISE} AND NOT "
            f"regexp_matches({digits}, '{NOISE}') AND {half} IS DISTINCT FROM "
            f"try_cast({written} AS DOUBLE))"
        )
        wanted += [
            f"count({raw})",
            f"count(*) {regular}",
            f"min(length({raw})) {regular}",
            f"max(length({raw})) {regular}",
            f"sum(length({raw})) {regular}",
            f"min({raw}) {regular}" if column.ordinary.kind == "text" else "NULL",
            f"max({raw}) {regular}" if column.ordinary.kind == "text" else "NULL",
            f"count(*) FILTER ({column.is_ordinary} AND {mark})" if number else "0",
            f"count(*) FILTER ({column.is_ordinary} AND {marked})" if number else "0",
            f"count(*) FILTER ({column.is_ordinary} AND {unclear})" if number else "0",
            f"max({fraction}) FILTER ({column.is_ordinary} AND {mark} AND NOT {unclear} AND "
            f"{fraction} <= {FLOAT_NOISE})" if number else "0",
            # digits that start with 0 sort from "00" to before "1"; "0.5" sorts before "00"
            f"count(*) FILTER ({raw} >= '00' AND {raw} < '1' AND {column.is_ordinary} "
            f"AND NOT {mark})" if number else "0",
            f"count(*) FILTER {precise}" if number else "0",
            f"max({fraction}) FILTER {precise}" if number else "0",
        ]  # fmt: skip
    row = source.one(f"SELECT {', '.join(wanted)} FROM feed")
    width = len(row) // len(columns)
    for i, column in enumerate(columns):
        _take(column, row[i * width : (i + 1) * width])


def _take(column: _Column, row: Sequence[Any]) -> None:
    present, regular, shortest, longest, total, lowest, highest, *numbers = row
    view = column.view
    view.blank = view.rows - present
    view.lengths = Lengths(shortest, longest, int(total or 0))
    view.lowest, view.highest = lowest, highest
    column.regular = regular
    column.fractions, column.marked, column.unclear, fraction, column.zeros, *precise = numbers
    view.tally.precise = precise[0], precise[1] or 0
    if column.ordinary.notation != "scientific":
        view.tally.fractions[column.ordinary.notation] = fraction or 0
    column.exceptional = regular < present


def _fetch_exceptions(source: FeedSource, column: _Column) -> None:
    """Fetches the values that are not ordinary with their rows; tallies and measures them."""
    view, raw = column.view, column.sql("{r}")
    source.query(
        f"CREATE OR REPLACE TEMP TABLE exceptions AS SELECT {raw} AS value, count(*) AS n "
        f"FROM feed WHERE NOT {column.is_ordinary} GROUP BY 1"
    )
    fetched = source.query(
        f"SELECT value, n FROM exceptions ORDER BY n DESC, value LIMIT {_EXCEPTIONS}"
    )
    _, view.null_like, view.values = split_values(dict(fetched))
    view.tally.add((trim(t), n) for t, n in view.values.items())
    trim_value = trimmed("value")
    counted = ", ".join(
        f"coalesce(sum(n) FILTER ({flaw.format(r='value', v=trim_value)}), 0)"
        for flaw in _FLAWS.values()
    )
    filled = f"FILTER ({trim_value} <> '')"
    row = source.one(
        f"SELECT {counted}, sum(n), min(length(value)) {filled}, max(length(value)) {filled}, "
        f"sum(n * length(value)) {filled} FROM exceptions"
    )
    rest = (
        f"SELECT value, n FROM exceptions ORDER BY n DESC, value LIMIT {_MOST} OFFSET {_EXCEPTIONS}"
    )
    _, _, further = split_values(dict(source.query(rest)))
    view.tally.add(((trim(t), n) for t, n in further.items()), kept=False)
    *flaws, rows, shortest, longest, total = row
    view.known = {name: int(n) for name, n in zip(_FLAWS, flaws, strict=True)}
    blank = view.known.pop("blank")
    view.blank += blank
    unread = int(rows) - blank - view.known["null_like"] - view.tally.total
    view.tally.kinds["text"] += max(0, unread)
    lengths = view.lengths
    if shortest is not None:
        lengths.shortest = min(lengths.shortest or shortest, shortest)
        lengths.longest = max(lengths.longest or longest, longest)
        lengths.total += int(total)
    if column.ordinary.kind == "text":
        _widen(view)


def _widen(view: ColumnView) -> None:
    """Takes the exceptional values into the least and the greatest."""
    lows = [t for t in (view.lowest, *view.values) if t is not None]
    view.lowest, view.highest = (
        min(lows, default=None),
        max((t for t in (view.highest, *view.values) if t is not None), default=None),
    )


def _tally_regular(column: _Column) -> None:
    """Adds the ordinary rows, which were counted and not fetched, to the tally."""
    tally, ordinary, regular = column.view.tally, column.ordinary, column.regular
    tally.kinds[ordinary.kind] += regular
    if ordinary.kind != "number":
        return
    marked = column.marked - column.unclear
    tally.add_notation(ordinary.notation, marked)
    if ordinary.unclear:
        tally.add_notation(ordinary.unclear, column.unclear)
    tally.add_notation("plain", regular - column.marked)
    tally.whole += _whole_rows(column)
    tally.leading_zeros += column.zeros
    if ordinary.currency:
        tally.currencies[ordinary.currency] += regular
    if ordinary.unit:
        tally.units[ordinary.unit] += regular


def _whole_rows(column: _Column) -> int:
    """As `NumberText.whole` counts: an unclear "1,234" is a whole number, "1.234" is none."""
    rows, ordinary = column.regular, column.ordinary
    if ordinary.notation == "scientific":
        return rows - column.marked
    if ordinary.notation == "comma":
        return rows - column.fractions + column.unclear * (not column.view.tally.typed)
    return rows - column.fractions - (column.unclear if ordinary.mark == "," else 0)


def _count_distinct(source: FeedSource, column: _Column, thresholds: Thresholds) -> None:
    """Counts distinct values exactly: those of one row need not be kept."""
    view, raw = column.view, column.sql("{r}")
    filled = f"{column.sql('{v}')} > ''" if column.exceptional else f"{raw} IS NOT NULL"
    source.query(
        "CREATE OR REPLACE TEMP TABLE repeated AS "
        f"SELECT {raw} AS value, count(*) AS n FROM feed WHERE {filled} "
        "GROUP BY 1 HAVING count(*) > 1"
    )
    repeated, rows = source.one("SELECT count(*), coalesce(sum(n), 0) FROM repeated")
    view.unique = view.rows - view.blank - int(rows)
    view.distinct = view.unique + repeated
    top = source.query(
        f"SELECT value, n FROM repeated ORDER BY n DESC, value LIMIT {thresholds.top_values}"
    )
    view.top = [(text, n) for text, n in top]
    if column.ordinary.kind == "text" and (view.lengths.longest or 0) >= _LONG_TEXT:
        view.lengths.at_longest = source.one(
            f"SELECT count(*) FROM feed WHERE length({raw}) = {view.lengths.longest}"
        )[0]


def _fetch_days(source: FeedSource, column: _Column, thresholds: Thresholds) -> None:
    """Reads dates with a time by their day: there are few days, however many moments."""
    view, raw = column.view, column.sql("{r}")
    pattern = column.ordinary.pattern
    counted = COUNTED.get(pattern)
    day_pattern, gap = ("", "") if counted else _parted(pattern)
    day = _day_part(raw, gap, day_pattern) if gap else raw
    if counted:
        day = counted.day.format(v=raw)
    clock = "000000" if day_pattern == COMPACT else "00:00:00"
    suffix = f"{gap}{clock}" if gap else ""
    found = source.query(
        f"SELECT {day}, count(*) FROM feed WHERE {column.is_ordinary} "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_DAYS}"
    )
    view.tally.kinds["date"] -= sum(n for _, n in found)
    view.tally.add((f"{text}{suffix}", n) for text, n in found if not is_null_like(text))
    if gap:
        stand_in = f"{day_pattern}{gap}{'%H%M%S' if day_pattern == COMPACT else '%H:%M:%S'}"
        moved = view.tally.patterns.pop(stand_in, 0)
        view.tally.patterns[pattern] += moved
        view.tally.past_midnight += source.one(
            f"SELECT count(*) FROM feed WHERE {column.is_ordinary} "
            f"AND NOT regexp_matches({raw}, '[T ]{MIDNIGHT}')"
        )[0]
    days = day_counts(view)
    if days:
        view.histogram = day_histogram(days, thresholds.histogram_bins)
        view.date_quantiles = tuple(quantiles(days))
        view.lowest, view.highest = days[0][0], days[-1][0]


def _parted(pattern: str) -> tuple[str, str]:
    """The part of a date format before the time, and what stands between; "" without a time."""
    before = min((pattern.find(hour) for hour in ("%H", "%I") if hour in pattern), default=-1)
    if before < 0:
        return pattern, ""
    day = pattern[:before].rstrip(", T")
    return day, pattern[len(day) : before]


def _day_part(raw: str, gap: str, day_pattern: str) -> str:
    parts = day_pattern.count(gap) + 1
    if parts == 1:
        return f"split_part({raw}, '{gap}', 1)"
    return f"array_to_string(string_split({raw}, '{gap}')[1:{parts}], '{gap}')"

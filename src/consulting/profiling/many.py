"""Columns with many distinct values: typed aggregates in SQL, and the exceptions one by one.

A sample decides what is ordinary; one statement counts over all rows; what is not ordinary is
fetched with its counts, so that rows are described exactly without looking at each value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consulting.null_tokens import is_null_like
from consulting.profiling.few import day_counts
from consulting.profiling.many_numbers import add_numbers
from consulting.profiling.ordinary import Ordinary, choose_ordinary
from consulting.profiling.source import FeedSource, quoted, trimmed
from consulting.profiling.statistics import day_histogram, quantiles
from consulting.profiling.tally import Tally
from consulting.profiling.typing import decide_type
from consulting.profiling.view import ColumnView, Lengths, split_values, trim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.profiling.thresholds import Thresholds

_EXCEPTIONS = 10_000
_DAYS = 200_000
_SAMPLE_CELLS = 4_000_000
_GARBLED = "[\u00c2\u00c3\u00e2\ufffd\u00a0\u200b\u200c\u200d\u2060\ufeff]"
# What may be wrong with a text of any type, as SQL over `{r}` (raw) and `{v}` (trimmed).
_FLAWS = {
    "null_like": "null_like({v})",
    "untrimmed": "length({r}) <> length({v})",
    "inner_space": "contains({v}, '  ')",
    "garbled": f"(strlen({{r}}) <> length({{r}}) AND regexp_matches({{r}}, '{_GARBLED}'))",
    "control": "regexp_matches({v}, '[\\x00-\\x1f\\x7f]')",
    "formula": "({v} > '' AND contains('=@+-', left({v}, 1)) AND "
    "NOT regexp_full_match({v}, '[+-][\\d.,(].*'))",
}


@dataclass
class _Column:
    view: ColumnView
    ordinary: Ordinary

    def sql(self, template: str) -> str:
        raw = quoted(self.view.name)
        return template.format(r=raw, v=trimmed(raw))


def views_of_many(
    source: FeedSource, names: Sequence[str], thresholds: Thresholds
) -> Iterator[ColumnView]:
    """The views of columns that have too many distinct values to look at each."""
    if not names:
        return
    source.draw_sample(
        min(thresholds.dependency_rows, max(thresholds.sample_values, _SAMPLE_CELLS // len(names)))
    )
    columns = [_from_sample(source, name, thresholds) for name in names]
    size = thresholds.columns_per_statement
    for start in range(0, len(columns), size):
        _count(source, columns[start : start + size])
    for column in columns:
        _count_distinct(source, column, thresholds)
        _fetch_exceptions(source, column)
        if column.ordinary.kind == "date":
            _fetch_days(source, column, thresholds)
        column.view.type = decide_type(column.view.name, column.view.tally, thresholds.type_share)
    numeric = [(c.view, c.ordinary) for c in columns if c.ordinary.number]
    add_numbers(source, numeric, thresholds)
    for column in columns:
        yield column.view


def _from_sample(source: FeedSource, name: str, thresholds: Thresholds) -> _Column:
    raw = quoted(name)
    counts = source.query(
        f"SELECT {raw}, count(*) FROM (SELECT {raw} FROM sample LIMIT {thresholds.sample_values}) "
        f"WHERE {raw} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    _, _, values = split_values(dict(counts))
    tally = Tally()
    tally.add((trim(text), count) for text, count in values.items())
    decision = decide_type(name, tally, thresholds.type_share)
    view = ColumnView(
        name=name,
        position=source.columns.index(name),
        rows=source.rows,
        type=decision,
        tally=Tally(),
        complete=False,
        typical=list(values.items()),
    )
    return _Column(view, choose_ordinary(decision, tally))


def _ordinary_sql(column: _Column) -> str:
    return column.sql(column.ordinary.condition)


def _count(source: FeedSource, columns: Sequence[_Column]) -> None:
    """Counts blanks, lengths, flaws and ordinary values of several columns in one statement."""
    names = list(_FLAWS)
    wanted: list[str] = []
    for column in columns:
        v, r = column.sql("{v}"), column.sql("{r}")
        filled = f"{v} > ''"
        wanted += [
            f"count(*) FILTER ({filled})",
            f"min(length({r})) FILTER ({filled})",
            f"max(length({r})) FILTER ({filled})",
            f"sum(length({r})) FILTER ({filled})",
            f"min({r}) FILTER ({filled})",
            f"max({r}) FILTER ({filled})",
            f"count(*) FILTER ({filled} AND {_ordinary_sql(column)} AND NOT null_like({v}))",
            *(f"count(*) FILTER ({filled} AND {column.sql(_FLAWS[f])})" for f in names),
        ]
    row = source.one(f"SELECT {', '.join(wanted)} FROM feed")
    width = 7 + len(names)
    for i, column in enumerate(columns):
        _take(column, row[i * width : (i + 1) * width], names)


def _take(column: _Column, row: Sequence[Any], flaws: Sequence[str]) -> None:
    filled, shortest, longest, total, lowest, highest, ordinary, *counts = row
    view = column.view
    view.blank = view.rows - filled
    view.lengths = Lengths(shortest, longest, int(total or 0))
    view.lowest, view.highest = lowest, highest
    view.known = dict(zip(flaws, counts, strict=True))
    view.known["ordinary"] = ordinary


def _count_distinct(source: FeedSource, column: _Column, thresholds: Thresholds) -> None:
    """Counts distinct values exactly: those of one row need not be kept."""
    view, raw = column.view, column.sql("{r}")
    source.query(
        "CREATE OR REPLACE TEMP TABLE repeated AS "
        f"SELECT {raw} AS value, count(*) AS n FROM feed WHERE {column.sql('{v}')} > '' "
        "GROUP BY 1 HAVING count(*) > 1"
    )
    repeated, rows = source.one("SELECT count(*), coalesce(sum(n), 0) FROM repeated")
    view.unique = view.rows - view.blank - int(rows)
    view.distinct = view.unique + repeated
    top = source.query(
        f"SELECT value, n FROM repeated ORDER BY n DESC, value LIMIT {thresholds.top_values}"
    )
    view.top = [(text, n) for text, n in top]
    view.lengths.at_longest = source.one(
        f"SELECT count(*) FROM feed WHERE length({raw}) = {view.lengths.longest or 0}"
    )[0]


def _fetch_exceptions(source: FeedSource, column: _Column) -> None:
    """Fetches the values that are not ordinary or have a flaw, and tallies all rows."""
    view, ordinary = column.view, column.ordinary
    regular = view.known.pop("ordinary")
    flaws = [name for name in _FLAWS if view.known[name]]
    odd = [column.sql(_FLAWS[f]) for f in flaws]
    if regular + view.known["null_like"] < view.rows - view.blank:
        odd.append(f"NOT {_ordinary_sql(column)}")
    fetched: dict[str | None, int] = {}
    if odd:
        fetched = dict(
            source.query(
                f"SELECT {column.sql('{r}')}, count(*) FROM feed WHERE {column.sql('{v}')} > '' "
                f"AND ({' OR '.join(odd)}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_EXCEPTIONS}"
            )
        )
    _, view.null_like, view.values = split_values(fetched)
    is_ordinary = _is_ordinary(source, column, [trim(t) for t in view.values])
    view.tally.add((trim(t), n) for t, n in view.values.items() if trim(t) not in is_ordinary)
    unread = view.rows - view.blank - regular - view.known["null_like"] - view.tally.total
    view.tally.kinds["text"] += max(0, unread)
    view.tally.kinds[ordinary.kind] += regular
    if ordinary.kind == "number":
        _add_regular_numbers(source, column, regular)


def _is_ordinary(source: FeedSource, column: _Column, texts: Sequence[str]) -> set[str]:
    """Which of the fetched values are of the ordinary form, and counted with it already."""
    if not texts or column.ordinary.kind == "text":
        return set(texts)
    condition = column.ordinary.condition.format(v="value")
    found = source.query(
        f"SELECT DISTINCT value FROM (SELECT unnest(?) AS value) WHERE {condition}", [list(texts)]
    )
    return {row[0] for row in found}


def _add_regular_numbers(source: FeedSource, column: _Column, regular: int) -> None:
    tally, ordinary = column.view.tally, column.ordinary
    v = column.sql("{v}")
    mark = "," if ordinary.notation in {"comma", "grouped_comma"} else "."
    fractions, zeros = source.one(
        f"SELECT count(*) FILTER (contains({v}, '{mark}')), "
        f"count(*) FILTER (left({v}, 1) = '0' AND regexp_full_match({v}, '0\\d+')) "
        f"FROM feed WHERE {v} > '' AND {_ordinary_sql(column)} AND NOT null_like({v})"
    )
    tally.notations[ordinary.notation if fractions else "plain"] += fractions or regular
    tally.notations["plain"] += regular - fractions if fractions else 0
    tally.whole += regular - fractions
    tally.leading_zeros += zeros
    if ordinary.currency:
        tally.currencies[ordinary.currency] += regular
    if ordinary.unit:
        tally.units[ordinary.unit] += regular


def _fetch_days(source: FeedSource, column: _Column, thresholds: Thresholds) -> None:
    """Reads dates with a time by their day: there are few days, however many moments."""
    view, v = column.view, column.sql("{v}")
    pattern = column.ordinary.pattern
    day_pattern, gap = _parted(pattern)
    day = _day_part(v, gap, day_pattern) if gap else v
    suffix = f"{gap}00:00:00" if gap else ""
    found = source.query(
        f"SELECT {day}, count(*) FROM feed WHERE {v} > '' AND {_ordinary_sql(column)} "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_DAYS}"
    )
    view.tally.kinds["date"] -= sum(n for _, n in found)
    view.tally.add((f"{text}{suffix}", n) for text, n in found if not is_null_like(text))
    if gap:
        stand_in = f"{day_pattern}{gap}%H:%M:%S"
        moved = view.tally.patterns.pop(stand_in, 0)
        view.tally.patterns[pattern] += moved
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


def _day_part(v: str, gap: str, day_pattern: str) -> str:
    parts = day_pattern.count(gap) + 1
    return f"array_to_string(string_split({v}, '{gap}')[1:{parts}], '{gap}')"

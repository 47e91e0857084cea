"""The rows of a feed as one DuckDB view over the Parquet files of a run folder; few as a table."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from consulting.bounded_memory import confine, memory_limit
from consulting.records import WORKBOOKS
from consulting.rules.missing import NULL_TOKENS, WHITESPACE
from consulting.sql import literal, quoted, unglobbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.profiling.thresholds import Thresholds
    from consulting.records import FileReading

_WIDE = 50  # columns; up to that many, all statements may read from all of them
_NARROW_CELLS = 20_000_000  # of more cells the reading costs more than the other columns do
_FEW_CELLS = 200_000  # held in memory, by one thread: files opened anew for each query cost more
_OWN = ("_file", "_row")
# Knuth's multiplicative hash: spreads a sample evenly over line numbers, the same on any machine.
SPREAD = "(_row * 2654435761) % 4294967296"
"""SQL for a number of each row by which those that come first are spread over all files."""
_SPREAD_RANGE = 4_294_967_296
_LONGEST_TOKEN = max(map(len, NULL_TOKENS))


NOTHING_SHOWN: Mapping[str, Counter[str]] = MappingProxyType({})
NO_MARKS: Mapping[str, str] = MappingProxyType({})
WHITESPACE_SQL = " || ".join(f"chr({ord(c)})" for c in WHITESPACE)


def bare(expression: str) -> str:
    """As `trimmed`, for conditions that leave this package: no macro is needed."""
    return f"trim({expression}, {WHITESPACE_SQL})"


def is_missing(expression: str) -> str:
    """SQL, without a macro, for a text that is blank or a null token; NULL where it is NULL."""
    tokens = ", ".join(literal(t) for t in sorted({"", *NULL_TOKENS}))
    return f"lower({bare(expression)}) IN ({tokens})"


def trimmed(expression: str) -> str:
    """SQL for a text without white space at its ends."""
    return f"trim({expression}, white_space())"


def at_places(places: Sequence[tuple[Any, ...]]) -> str:
    """A condition for rows by their files and their places there, which names no value."""
    rows: dict[str, list[str]] = {}
    for file, row in places:
        rows.setdefault(file, []).append(str(row))
    return " OR ".join(
        f"(_file = {literal(file)} AND _row IN ({', '.join(found)}))"
        for file, found in rows.items()
    )


class FeedSource:
    """Reads the text rows of one feed.

    Attributes:
        columns: The feed's columns, in the order of the files.
        rows: How many rows there are.
        typed: The columns whose numbers all files have as numbers.
        marks: Column → the decimal mark that its rule reads, if that is a comma.
        shown: Column → what its files show beside numbers → how many of them; "" for nothing.
        sampled: How many rows the table `sample` holds.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what is known of the columns
        self,
        connection: duckdb.DuckDBPyConnection,
        columns: Sequence[str],
        rows: int,
        typed: frozenset[str] = frozenset(),
        shown: Mapping[str, Counter[str]] = NOTHING_SHOWN,
        marks: Mapping[str, str] = NO_MARKS,
    ) -> None:
        self.shown = shown
        self.marks = marks
        self._connection = connection
        self.columns = tuple(columns)
        self._places = {name: at for at, name in enumerate(columns)}
        self.rows = rows
        self.typed = typed
        self.sampled = 0

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query over the view `feed`."""
        return self._connection.execute(sql, list(parameters)).fetchall()

    def batches(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, so many at a time; no other query may run before the last."""
        found = self._connection.execute(sql)
        while rows := found.fetchmany(size):
            yield rows

    def one(self, sql: str) -> tuple[Any, ...]:
        """The one row of an aggregate over the view `feed`."""
        return self.query(sql)[0]

    def places(self, column: str, values: Iterable[str], most: int) -> str | None:
        """A condition for the rows that hold some values, which names none of them.

        Args:
            column: The column.
            values: As written.
            most: More rows are not listed: None.
        """
        found = self.query(
            f"SELECT _file, _row FROM feed WHERE {quoted(column)} IN (SELECT unnest($1)) "
            f"ORDER BY 1, 2 LIMIT {most + 1}",
            [list(values)],
        )
        return at_places(found) if len(found) <= most else None

    @contextmanager
    def narrowed(self, columns: Sequence[str]) -> Iterator[None]:
        """Lets `feed` and `sample` hold some columns only, for queries that need no other.

        A statement costs time for each column of what it reads from, named or not, so that a
        statement for each of many columns would cost the square of their number.
        """
        if len(self.columns) <= _WIDE or self.rows * len(columns) > _NARROW_CELLS:
            yield
            return
        named = ", ".join(quoted(name) for name in columns)
        self.query("ALTER VIEW feed RENAME TO whole_feed")
        self.query("ALTER TABLE sample RENAME TO whole_sample")
        try:
            self.query(f"CREATE TEMP TABLE feed AS SELECT {named} FROM whole_feed")
            # a part of the sample is chosen by the order of its rows
            order = "ORDER BY rowid"
            self.query(f"CREATE TEMP TABLE sample AS SELECT {named} FROM whole_sample {order}")
            yield
        finally:
            self.query("DROP TABLE IF EXISTS feed")
            self.query("DROP TABLE IF EXISTS sample")
            self.query("ALTER VIEW whole_feed RENAME TO feed")
            self.query("ALTER TABLE whole_sample RENAME TO sample")

    def place(self, column: str) -> int:
        """Where a column stands, from 0."""
        return self._places[column]

    def draw_sample(self, rows: int) -> None:
        """Makes the table `sample` of about `rows` rows spread evenly, the same every time."""
        bound = _SPREAD_RANGE if self.rows <= rows else _SPREAD_RANGE * rows // self.rows
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE sample AS "
            f"SELECT * FROM feed WHERE {SPREAD} < {bound} ORDER BY _file, _row"
        )
        self.sampled = int(self.one("SELECT count(*) FROM sample")[0])


@contextmanager
def open_connection(
    readings: Sequence[FileReading], run_folder: Path, thresholds: Thresholds
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the rows of some files, with macros `white_space` and `null_like`.

    What it makes must be temporary: few rows are held by a database that serves others after it.
    """
    if _are_few(readings):
        with _in_memory(thresholds.memory_limit or memory_limit()).cursor() as cursor:
            yield cursor
        return
    # DuckDB makes this folder, but none above it
    spill = run_folder / ".profile.spill"
    rows = [run_folder / reading.rows_path for reading in readings if reading.rows_path]
    try:
        with duckdb.connect(config=_IN_NO_ORDER) as connection:
            connection.execute("SET enable_progress_bar = false")
            confine(connection, spill, limit=thresholds.memory_limit, reads=rows)
            _add_macros(connection)
            yield connection
    finally:
        shutil.rmtree(spill, ignore_errors=True)


_IN_NO_ORDER: dict[str, Any] = {"preserve_insertion_order": "false"}
_open: dict[str, duckdb.DuckDBPyConnection] = {}
"""Limit of memory → a database in memory, open to no file. To open one costs as much as to profile
a small file, and each of its connections has tables of its own."""
_of_parent: list[duckdb.DuckDBPyConnection] = []


def _in_memory(limit: str) -> duckdb.DuckDBPyConnection:
    if limit not in _open:
        connection = duckdb.connect(config={**_IN_NO_ORDER, "threads": "1"})
        confine(connection, None, limit=limit)
        _add_macros(connection)
        _open[limit] = connection
    return _open[limit]


def _leave_to_parent() -> None:
    _of_parent.extend(_open.values())  # kept, for a fork must not close what it has not opened
    _open.clear()


os.register_at_fork(after_in_child=_leave_to_parent)


def _add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"CREATE MACRO white_space() AS {WHITESPACE_SQL}")
    tokens = ", ".join(literal(t) for t in sorted(NULL_TOKENS))
    connection.execute(
        f"CREATE MACRO null_like(t) AS length(t) <= {_LONGEST_TOKEN} AND lower(t) IN ({tokens})"
    )


def _are_few(readings: Sequence[FileReading]) -> bool:
    return sum(r.loaded_rows * len(r.columns) for r in readings) <= _FEW_CELLS


def view_rows(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    readings: Sequence[FileReading],
    run_folder: Path,
) -> None:
    """Makes a view over the rows of some files; those without rows (tier 1) are passed over."""
    paths = [run_folder / r.rows_path for r in readings if r.rows_path]
    if _are_few(readings):
        # no feed is called like these
        held = quoted(f"rows of {view}")
        # not `read_table`: what that imports takes a gigabyte of the memory that is allowed
        tables = [pq.ParquetFile(path).read() for path in paths]
        rows = pa.concat_tables(tables, promote_options="permissive")
        connection.register(f"files of {view}", rows)
        connection.execute(f"CREATE TEMP TABLE {held} AS FROM {quoted(f'files of {view}')}")
        connection.unregister(f"files of {view}")
        source = held
    else:
        files = ", ".join(literal(unglobbed(str(path))) for path in paths)
        source = f"read_parquet([{files}], union_by_name = true)"
    connection.execute(f"CREATE TEMP VIEW {quoted(view)} AS FROM {source}")


@contextmanager
def open_feed(
    readings: Sequence[FileReading],
    run_folder: Path,
    thresholds: Thresholds,
    marks: Mapping[str, str] = NO_MARKS,
) -> Iterator[FeedSource]:
    """Opens the rows of a feed's files for queries.

    Args:
        readings: The feed's files.
        run_folder: `ClientFolder.run(batch_id)`.
        thresholds: `memory_limit`.
        marks: Column → how its rule reads numbers, as `ClientModels.decimal_marks` says.
    """
    with open_connection(readings, run_folder, thresholds) as connection:
        view_rows(connection, "feed", readings, run_folder)
        names = [row[0] for row in connection.execute("DESCRIBE feed").fetchall()]
        columns = [n for n in _ordered(readings) if n in names]
        counted = connection.execute("SELECT count(*) FROM feed").fetchone()
        rows = int(counted[0]) if counted else 0
        commas = {name: mark for name, mark in marks.items() if mark == "comma"}
        yield FeedSource(connection, columns, rows, _typed(readings), _shown(readings), commas)


def _typed(readings: Sequence[FileReading]) -> frozenset[str]:
    """The columns whose numbers each file that has them has as numbers."""
    named = {name for reading in readings for name in reading.columns}
    written = (set(reading.columns) - set(reading.typed_columns) for reading in readings)
    return frozenset(named.difference(*written))


def _shown(readings: Sequence[FileReading]) -> dict[str, Counter[str]]:
    """What is shown beside numbers, by column, of those all whose files' cells have formats."""
    others, workbooks = (
        {c for reading in readings if (reading.format in WORKBOOKS) is of for c in reading.columns}
        for of in (False, True)
    )
    found: dict[str, Counter[str]] = {column: Counter() for column in workbooks - others}
    for one in (one for reading in readings for one in reading.shown_as):
        found.setdefault(one.column, Counter())[one.mark] += one.cells
    return found


def _ordered(readings: Sequence[FileReading]) -> list[str]:
    return list(dict.fromkeys(c for r in readings for c in r.columns if c not in _OWN))

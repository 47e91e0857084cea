"""The formats of delivered tables: Parquet, which each delivery has, CSV and xlsx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from consulting.delivery.deliverable import TableFormat, TableRows
from consulting.delivery.spreadsheet import MAX_SHEET_ROWS, Workbook
from consulting.formulas import neutral_sql, neutralise
from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ROW_GROUP_ROWS = 100_000
FETCH_ROWS = 10_000
MAX_SHEETS = 3
"""A table that needs more is written as CSV, not xlsx: no desktop opens such a workbook."""

_CELL_TYPES = (
    "INT",
    "BIGINT",
    "HUGEINT",
    "SMALLINT",
    "TINYINT",
    "UBIGINT",
    "UHUGEINT",
    "UINTEGER",
    "USMALLINT",
    "UTINYINT",
    "DOUBLE",
    "FLOAT",
    "DECIMAL",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
    "REAL",
    "VARCHAR",
)


class Parquet(TableFormat):
    """In row groups of a fixed size, so that the bytes do not depend on how rows arrived."""

    always = True
    extension = "parquet"
    words = "Parquet"

    def write(self, table: TableRows, target: Path) -> Sequence[str]:
        """Write the file."""
        reader: pa.RecordBatchReader = table.connection.sql(table.query).to_arrow_reader(
            ROW_GROUP_ROWS
        )
        with pq.ParquetWriter(str(target), reader.schema, compression="zstd") as writer:
            written = 0
            for group in _groups(reader):
                writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                written += 1
            if not written:
                writer.write_table(reader.schema.empty_table(), row_group_size=ROW_GROUP_ROWS)
        return ()


class Csv(TableFormat):
    """With a header, commas and UTF-8; no cell is a formula for a spreadsheet."""

    extension = "csv"
    words = "CSV"

    def write(self, table: TableRows, target: Path) -> Sequence[str]:
        """Write the file."""
        chosen = ", ".join(
            f"{_neutral_sql(name, kind)} AS {quoted(neutralise(name))}"
            for name, kind in table.columns
        )
        # texts are always quoted: a lone CR ends a line for some readers, and a text behind a
        # number must not join it where a spreadsheet takes our comma for its decimal point
        texts = [quoted(neutralise(name)) for name, kind in table.columns if _is_text(kind)]
        forced = f", FORCE_QUOTE ({', '.join(texts)})" if texts else ""
        table.connection.execute(
            f"COPY (SELECT {chosen} FROM ({table.query})) TO {literal(str(target))} "
            f"(FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"'{forced})"
        )
        return ()


class Xlsx(TableFormat):
    """A workbook for Excel; a table that is longer than a sheet goes on in a further one."""

    extension = "xlsx"
    words = "an Excel workbook"
    max_sheet_rows = MAX_SHEET_ROWS
    most_rows = MAX_SHEETS * (MAX_SHEET_ROWS - 1)

    def write(self, table: TableRows, target: Path) -> Sequence[str]:
        """Write the file."""
        book = Workbook(
            target, created=table.created, title=table.table, max_rows=self.max_sheet_rows
        )
        book.add_table(table.table, [name for name, _ in table.columns], _cells(table))
        notes = list(book.notes)
        book.close()
        return notes


def _groups(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Tables of `ROW_GROUP_ROWS` rows, the last one shorter."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in reader:
        waiting.append(batch)
        held += batch.num_rows
        while held >= ROW_GROUP_ROWS:
            table = pa.Table.from_batches(waiting, schema=reader.schema).combine_chunks()
            yield table.slice(0, ROW_GROUP_ROWS)
            rest = table.slice(ROW_GROUP_ROWS)
            waiting, held = rest.to_batches(), rest.num_rows
    if held:
        yield pa.Table.from_batches(waiting, schema=reader.schema).combine_chunks()


def _neutral_sql(name: str, kind: str) -> str:
    return neutral_sql(_cell_sql(name, kind)) if _is_text(kind) else quoted(name)


def _cell_sql(name: str, kind: str) -> str:
    plain = kind == "VARCHAR" or not _is_text(kind)
    return quoted(name) if plain else f"CAST({quoted(name)} AS VARCHAR)"


def _is_text(kind: str) -> bool:
    """Nested and other types are written as text too, and may carry a client's text inside."""
    return kind == "VARCHAR" or not kind.startswith(_CELL_TYPES) or kind.endswith("]")


def _cells(table: TableRows) -> Iterator[tuple[Any, ...]]:
    chosen = ", ".join(_cell_sql(*column) for column in table.columns)
    cursor = table.connection.execute(f"SELECT {chosen} FROM ({table.query})")
    while rows := cursor.fetchmany(FETCH_ROWS):
        yield from rows

"""The cleaned tables of a delivery, out of the client's warehouse into files.

Rows go in the order of `_row_id` where the table has one, else in the order of all its columns, so
that a table's file depends on its rows alone. Columns whose name starts with `_` stay behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from consulting.delivery.spreadsheet import MAX_SHEET_ROWS, Workbook
from consulting.errors import DeliveryError
from consulting.formulas import neutral_sql, neutralise
from consulting.records import Record
from consulting.sql import literal, quoted, unglobbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

    from consulting.delivery.inputs import DeliveryInputs, TableExport

MART_SCHEMA = "marts"
ROW_GROUP_ROWS = 100_000
SAMPLED_SUFFIX = "_sampled"
"""What the names of files end in that hold a sample: a table may be read without its report."""
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
_SAME_IN_PARQUET = {
    "VARCHAR",
    "BIGINT",
    "INTEGER",
    "SMALLINT",
    "TINYINT",
    "DOUBLE",
    "FLOAT",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
}
"""Types that come out of Parquet as they went in."""


class ExportedTable(Record):
    """What was written of one table.

    Attributes:
        table: Its name.
        rows: Rows in each of its files.
        columns: (name, type) in order.
        files: The files' names, relative to the tables folder.
        notes: What the client should know about a file, in words.
    """

    table: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()


def describe(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str
) -> list[tuple[str, str]]:
    """Return (column, type) of a relation in order; nothing where there is no such relation."""
    return connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
        [schema, table],
    ).fetchall()


def export_tables(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[TableExport],
    target: Path,
    *,
    inputs: DeliveryInputs,
    max_sheet_rows: int = MAX_SHEET_ROWS,
) -> list[ExportedTable]:
    """Write each table as Parquet, and as CSV or xlsx where asked.

    Args:
        connection: The client's warehouse, allowed to write to `target`.
        tables: What to export.
        target: The folder of the files; it exists.
        inputs: The delivery: at tier 2 its files' names end in `_sampled`.
        max_sheet_rows: Lines of an Excel sheet; a table of more than three is written as CSV
            instead, with a note.

    Raises:
        DeliveryError: If the warehouse has no such table.
    """
    exported = []
    for table in tables:
        columns = describe(connection, MART_SCHEMA, table.table)
        if not columns:
            raise DeliveryError(
                f"{inputs.client_id}: the table '{MART_SCHEMA}.{table.table}' is to be delivered, "
                "but the warehouse has none of that name. Run the client's models, or take the "
                "table out of the delivery."
            )
        stem = f"{table.table}{SAMPLED_SUFFIX}" if inputs.sampled else table.table
        kept = [(name, kind) for name, kind in columns if not name.startswith("_")]
        source = _ordered_query(connection, table.table, columns, kept)
        parquet = target / f"{stem}.parquet"
        rows = _write_parquet(connection, source, parquet)
        if all(kind in _SAME_IN_PARQUET or kind.startswith("DECIMAL") for _, kind in kept):
            # it lies there in order: a large table is sorted once
            source = f"SELECT * FROM read_parquet({literal(unglobbed(str(parquet)))})"
        formats, notes = _settle_formats(table, rows, MAX_SHEETS * (max_sheet_rows - 1))
        if "csv" in formats:
            _write_csv(connection, source, kept, target / f"{stem}.csv")
        if "xlsx" in formats:
            book = Workbook(
                target / f"{stem}.xlsx",
                created=inputs.received_at,
                title=table.table,
                max_rows=max_sheet_rows,
            )
            names = [name for name, _ in kept]
            book.add_table(table.table, names, _cells(connection, source, kept))
            notes += book.notes
            book.close()
        files = tuple(f"{stem}.{extension}" for extension in formats)
        exported.append(
            ExportedTable(
                table=table.table, rows=rows, columns=tuple(kept), files=files, notes=tuple(notes)
            )
        )
    return exported


def _settle_formats(table: TableExport, rows: int, limit: int) -> tuple[list[str], list[str]]:
    formats = ["parquet", *(name for name in ("csv", "xlsx") if name in table.formats)]
    if "xlsx" in formats and rows > limit:
        formats = ["parquet", "csv"]
        note = (
            f"{table.table} has {rows:,} rows, too many for an Excel workbook "
            f"(the limit here is {limit:,}); it is delivered as CSV instead."
        )
        return formats, [note]
    return formats, []


def _ordered_query(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[tuple[str, str]],
    kept: Sequence[tuple[str, str]],
) -> str:
    names = [name for name, _ in columns]
    relation = f"{quoted(MART_SCHEMA)}.{quoted(table)}"
    order = [quoted(name) for name in names]
    if "_row_id" in names:
        order.remove('"_row_id"')
        order.insert(0, '"_row_id"')
        if _is_unique(connection, relation, '"_row_id"'):
            order = order[:1]
    chosen = ", ".join(quoted(name) for name, _ in kept)
    return f"SELECT {chosen} FROM {relation} ORDER BY {', '.join(order)}"


def _is_unique(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> bool:
    """A table that joins feeds may repeat a row id; then the whole row has to settle the order."""
    query = f"SELECT count(*) = count(DISTINCT {column}) FROM {relation}"
    return bool(connection.execute(query).fetchall()[0][0])


def _write_parquet(connection: duckdb.DuckDBPyConnection, source: str, target: Path) -> int:
    """Write row groups of a fixed size, so that the bytes do not depend on how rows arrived."""
    reader: pa.RecordBatchReader = connection.sql(source).to_arrow_reader(ROW_GROUP_ROWS)
    rows = 0
    with pq.ParquetWriter(str(target), reader.schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        held = 0
        for batch in reader:
            waiting.append(batch)
            held += batch.num_rows
            while held >= ROW_GROUP_ROWS:
                table = pa.Table.from_batches(waiting, schema=reader.schema).combine_chunks()
                writer.write_table(table.slice(0, ROW_GROUP_ROWS), row_group_size=ROW_GROUP_ROWS)
                rest = table.slice(ROW_GROUP_ROWS)
                waiting, held = rest.to_batches(), rest.num_rows
                rows += ROW_GROUP_ROWS
        if held or not rows:
            table = pa.Table.from_batches(waiting, schema=reader.schema).combine_chunks()
            writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
            rows += held
    return rows


def _write_csv(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    columns: Sequence[tuple[str, str]],
    target: Path,
) -> None:
    chosen = ", ".join(
        f"{_neutral_sql(name, kind)} AS {quoted(neutralise(name))}" for name, kind in columns
    )
    # texts are always quoted: a lone CR ends a line for some readers, and a text behind a number
    # must not join it where a spreadsheet takes our comma for its decimal point
    texts = [quoted(neutralise(name)) for name, kind in columns if _is_text(kind)]
    forced = f", FORCE_QUOTE ({', '.join(texts)})" if texts else ""
    connection.execute(
        f"COPY (SELECT {chosen} FROM ({source})) TO {literal(str(target))} "
        f"(FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"'{forced})"
    )


def _neutral_sql(name: str, kind: str) -> str:
    column = quoted(name)
    if not _is_text(kind):
        return column
    return neutral_sql(column if kind == "VARCHAR" else f"CAST({column} AS VARCHAR)")


def _is_text(kind: str) -> bool:
    """Nested and other types are written as text too, and may carry a client's text inside."""
    return kind == "VARCHAR" or not kind.startswith(_CELL_TYPES) or kind.endswith("]")


def _cells(
    connection: duckdb.DuckDBPyConnection, source: str, columns: Sequence[tuple[str, str]]
) -> Iterator[tuple[Any, ...]]:
    chosen = ", ".join(
        quoted(name)
        if kind.startswith(_CELL_TYPES) and not kind.endswith("]")
        else f"CAST({quoted(name)} AS VARCHAR)"
        for name, kind in columns
    )
    cursor = connection.execute(f"SELECT {chosen} FROM ({source})")
    while rows := cursor.fetchmany(FETCH_ROWS):
        yield from rows

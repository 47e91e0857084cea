"""The cleaned tables of a delivery, out of the client's warehouse into files.

Rows go in the order of `_row_id` where the table has one, else in the order of all its columns, so
that a table's file depends on its rows alone. Columns whose name starts with `_` stay behind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb

from consulting.delivery.deliverable import TableFormat, TableRows, adding, table_formats
from consulting.delivery.formats import Parquet
from consulting.errors import DeliveryError
from consulting.records import Record
from consulting.sql import literal, quoted, unglobbed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.delivery.inputs import DeliveryInputs, TableExport

MART_SCHEMA = "marts"
SAMPLED_SUFFIX = "_sampled"
"""What the names of files end in that hold a sample: a table may be read without its report."""

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
    try:  # DuckDB's lists of all columns hold its own, too: the first look makes a hundred views
        return _described(connection, f"{quoted(schema)}.{quoted(table)}")
    except duckdb.CatalogException:
        return []


def _described(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    found = connection.execute(f"DESCRIBE FROM {relation}").fetchall()
    return [(column, kind) for column, kind, *_ in found]


def rows_of_file(
    connection: duckdb.DuckDBPyConnection, path: Path
) -> tuple[str, list[tuple[str, str]]]:
    """Return the rows of a Parquet file, as SQL, and its (column, type) in order."""
    rows = f"read_parquet({literal(unglobbed(str(path)))})"
    return rows, _described(connection, rows)


def export_tables(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[TableExport],
    target: Path,
    *,
    inputs: DeliveryInputs,
) -> list[ExportedTable]:
    """Write each table as Parquet, and in the formats asked for.

    Args:
        connection: The client's warehouse, allowed to write to `target`.
        tables: What to export.
        target: The folder of the files; it exists.
        inputs: The delivery: at tier 2 its files' names end in `_sampled`.

    Raises:
        DeliveryError: If the warehouse has no such table.
    """
    return [_export(connection, table, target, inputs) for table in tables]


def _export(
    connection: duckdb.DuckDBPyConnection,
    table: TableExport,
    target: Path,
    inputs: DeliveryInputs,
) -> ExportedTable:
    columns = describe(connection, MART_SCHEMA, table.table)
    if not columns:
        raise DeliveryError(
            f"{inputs.client_id}: the table '{MART_SCHEMA}.{table.table}' is to be delivered, "
            "but the warehouse has none of that name. Run the client's models, or take the "
            "table out of the delivery."
        )
    stem = f"{table.table}{SAMPLED_SUFFIX}" if inputs.sampled else table.table
    kept = [(name, kind) for name, kind in columns if not name.startswith("_")]
    relation = f"{quoted(MART_SCHEMA)}.{quoted(table.table)}"
    counted = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    query = _ordered_query(connection, table.table, columns, kept)
    rows = TableRows(connection, query, kept, table.table, int(counted), inputs.received_at)
    formats, notes = _settle_formats(table, rows.rows)
    files = [f"{stem}.{made.extension}" for made in formats]
    for made, file in zip(formats, files, strict=True):
        with adding(inputs.client_id, made, target, file):
            notes += made().write(rows, target / file)
        if made is Parquet and all(
            kind in _SAME_IN_PARQUET or kind.startswith("DECIMAL") for _, kind in kept
        ):
            # it lies there in order: a large table is sorted once
            path = literal(unglobbed(str(target / file)))
            rows = replace(rows, query=f"SELECT * FROM read_parquet({path})")
    return ExportedTable(
        table=table.table,
        rows=rows.rows,
        columns=tuple(kept),
        files=tuple(files),
        notes=tuple(notes),
    )


def _settle_formats(table: TableExport, rows: int) -> tuple[list[type[TableFormat]], list[str]]:
    """What is written of a table, Parquet first, and a note where it is not what was asked for."""
    known, notes = table_formats(), []
    wanted = dict.fromkeys(name for name in known if known[name].always)
    for name in sorted(table.formats):
        limit = known[name].most_rows
        if limit is not None and rows > limit:
            wanted[known[name].instead] = None
            notes.append(
                f"{table.table} has {rows:,} rows, too many for {known[name].words} "
                f"(the limit here is {limit:,}); it is delivered as "
                f"{known[known[name].instead].words} instead."
            )
        else:
            wanted[name] = None
    return [known[name] for name in wanted], notes


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

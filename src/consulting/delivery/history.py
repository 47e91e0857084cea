"""Deliveries over time: the list of past ones, and the tables they add up to.

A recurring engagement delivers one period's rows at a time; `history.<table>` in the client's
warehouse holds them all, each row with the delivery and the period it came with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from consulting.bounded_memory import open_bounded
from consulting.delivery.inputs import DeliverySummary
from consulting.delivery.manifest import read_summary
from consulting.delivery.tables import MART_SCHEMA, describe
from consulting.errors import DeliveryError
from consulting.records import Record
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.delivery.inputs import DeliverySummary
    from consulting.layout import ClientFolder

HISTORY_SCHEMA = "history"
DELIVERY_COLUMN = "_delivery_id"
PERIOD_COLUMN = "_period"


class HistoryTable(Record):
    """What one delivery did to one history table.

    Attributes:
        table: The table.
        added: Rows this delivery added.
        superseded: Rows of an earlier delivery of the same period that it replaced.
        total: Rows the table now has.
        periods: Periods the table now has.
        changed_columns: Columns that were new, or whose type had to widen, in words.
    """

    table: str
    added: int
    superseded: int
    total: int
    periods: int
    changed_columns: tuple[str, ...] = ()


def list_deliveries(folder: ClientFolder) -> list[DeliverySummary]:
    """Return the client's finished deliveries, in the order in which their files arrived."""
    if not folder.deliverables.is_dir():
        return []
    found = [
        read_summary(path)
        for path in folder.deliverables.iterdir()
        if path.is_dir() and not path.name.startswith(".")
    ]
    return sorted(found, key=lambda one: (one.received_at, one.delivery_id))


def append_history(
    warehouse: Path, tables: Sequence[str], *, delivery_id: str, period: str | None
) -> list[HistoryTable]:
    """Add the delivered marts to the history, in one transaction.

    The same delivery again changes nothing; a later delivery of the same period takes the earlier
    one's place. A column that is new becomes empty for the past; one whose type changed becomes
    the wider of the two, and text where there is none.

    Args:
        warehouse: The client's warehouse.
        tables: Tables in the `marts` schema.
        delivery_id: The delivery.
        period: Its period; without one each delivery stands for itself.

    Raises:
        DeliveryError: If a table is missing.
    """
    with open_bounded(warehouse) as connection:
        connection.execute("BEGIN")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {HISTORY_SCHEMA}")
        outcomes = [_append(connection, table, delivery_id, period) for table in tables]
        connection.execute("COMMIT")
    return outcomes


def _append(
    connection: duckdb.DuckDBPyConnection, table: str, delivery_id: str, period: str | None
) -> HistoryTable:
    columns = describe(connection, MART_SCHEMA, table)
    if not columns:
        raise DeliveryError(
            f"{delivery_id}: the table '{MART_SCHEMA}.{table}' is to be added to the history, but "
            "the warehouse has none of that name. Run the client's models first."
        )
    mart, past = f"{MART_SCHEMA}.{quoted(table)}", f"{HISTORY_SCHEMA}.{quoted(table)}"
    if not describe(connection, HISTORY_SCHEMA, table):
        connection.execute(
            f"CREATE TABLE {past} AS SELECT ''::VARCHAR AS {DELIVERY_COLUMN}, "
            f"''::VARCHAR AS {PERIOD_COLUMN}, * FROM {mart} LIMIT 0"
        )
    changed = _widen(connection, table, past, columns)
    key = period if period is not None else delivery_id
    superseded = _count(
        connection,
        f"SELECT count(*) FROM {past} WHERE {PERIOD_COLUMN} = ? AND {DELIVERY_COLUMN} <> ?",
        [key, delivery_id],
    )
    connection.execute(
        f"DELETE FROM {past} WHERE {PERIOD_COLUMN} = ? OR {DELIVERY_COLUMN} = ?",
        [key, delivery_id],
    )
    names = ", ".join(quoted(name) for name, _ in columns)
    connection.execute(
        f"INSERT INTO {past} ({DELIVERY_COLUMN}, {PERIOD_COLUMN}, {names}) "
        f"SELECT ?, ?, {names} FROM {mart}",
        [delivery_id, key],
    )
    return HistoryTable(
        table=table,
        added=_count(connection, f"SELECT count(*) FROM {mart}"),
        superseded=superseded,
        total=_count(connection, f"SELECT count(*) FROM {past}"),
        periods=_count(connection, f"SELECT count(DISTINCT {PERIOD_COLUMN}) FROM {past}"),
        changed_columns=tuple(changed),
    )


def _widen(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    past: str,
    columns: Sequence[tuple[str, str]],
) -> list[str]:
    known = dict(describe(connection, HISTORY_SCHEMA, table))
    changed = []
    for name, kind in columns:
        if name not in known:
            connection.execute(f"ALTER TABLE {past} ADD COLUMN {quoted(name)} {kind}")
            changed.append(f"{name} is new ({kind})")
        elif known[name] != kind:
            wider = _wider(connection, known[name], kind)
            if wider != known[name]:
                connection.execute(
                    f"ALTER TABLE {past} ALTER COLUMN {quoted(name)} SET DATA TYPE {wider}"
                )
                changed.append(f"{name} went from {known[name]} to {wider}")
    return changed


def _wider(connection: duckdb.DuckDBPyConnection, one: str, two: str) -> str:
    """DuckDB's own common type of two; text where it has none, or one that would lose digits.

    For two of different kinds, a whole number and a date, it names one that can't be cast to.
    """
    if _kind(one) != _kind(two):
        return "VARCHAR"
    try:
        query = f"SELECT typeof(x) FROM (SELECT NULL::{one} AS x UNION ALL SELECT NULL::{two})"
        kind = str(connection.execute(query).fetchall()[0][0])
    except duckdb.Error:
        return "VARCHAR"
    loses_digits = kind in {"DOUBLE", "FLOAT"} and not {one, two} <= {"DOUBLE", "FLOAT", "INTEGER"}
    return "VARCHAR" if loses_digits else kind


def _kind(kind: str) -> str:
    if kind.endswith("INT") or kind.startswith(
        ("INTEGER", "UINTEGER", "DECIMAL", "DOUBLE", "FLOAT")
    ):
        return "number"
    return "time" if kind.startswith(("DATE", "TIMESTAMP")) else kind


def _count(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[str] = ()
) -> int:
    return int(connection.execute(query, list(parameters)).fetchall()[0][0])

"""Deliveries over time: the list of past ones, and the tables they add up to.

A recurring engagement delivers one period's rows at a time; `history.<table>` in the client's
warehouse holds them all, each row with the delivery and the period it came with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from consulting.bounded_memory import open_bounded
from consulting.delivery.inputs import DeliverySummary
from consulting.delivery.manifest import read_manifest
from consulting.delivery.tables import MART_SCHEMA, describe, rows_of_file
from consulting.errors import DeliveryError
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.layout import ClientFolder

HISTORY_SCHEMA = "history"
DELIVERY_COLUMN = "_delivery_id"
PERIOD_COLUMN = "_period"


class Restored(NamedTuple):
    """Of a table's history: the earlier deliveries that it did not hold.

    Attributes:
        taken: Those whose rows were taken from their files.
        missing: Those whose files are not there; the history is without their rows.
    """

    taken: list[str]
    missing: list[str]


def list_deliveries(folder: ClientFolder) -> list[DeliverySummary]:
    """Return the client's finished deliveries, in the order in which their files arrived.

    Also those that were taken out of `deliverables`.
    """
    return [summary for summary, _ in with_manifests(folder)]


def with_manifests(folder: ClientFolder) -> list[tuple[DeliverySummary, dict[str, Any]]]:
    """The same, each with its manifest."""
    manifests = [read_manifest(folder.as_sent(name)) for name in folder.deliveries()]
    found = [(DeliverySummary.model_validate(each["summary"]), each) for each in manifests]
    return sorted(found, key=lambda one: (one[0].received_at, one[0].delivery_id))


def append_history(  # noqa: PLR0913 - a delivery is known by these
    warehouse: Path,
    tables: Sequence[str],
    *,
    delivery_id: str,
    period: str | None,
    supersedes: str | None = None,
    earlier: Mapping[Path, Mapping[str, Any]] | None = None,
    written: Path | None = None,
) -> dict[str, Restored]:
    """Add the delivered marts to the history, in one transaction.

    The same delivery again changes nothing; a later delivery of the same period takes the earlier
    one's place. A column that is new becomes empty for the past; one whose type changed becomes
    the wider of the two, and text where there is none.

    Args:
        warehouse: The client's warehouse.
        tables: Tables in the `marts` schema.
        delivery_id: The delivery.
        period: Its period; without one each delivery stands for itself.
        supersedes: The delivery whose place it takes.
        earlier: The folders of the deliveries made before, oldest first, each with its manifest;
            a folder may be gone. Of those that the history does not hold, as when the warehouse
            was lost, the rows are taken from their Parquet files, which do not have the columns
            that begin with `_`.
        written: The delivery's folder, where an earlier attempt wrote it otherwise than the marts
            now are: then its files are what was delivered.

    Returns:
        Table → the earlier deliveries whose rows were not there.

    Raises:
        DeliveryError: If a table is missing.
    """
    key = period if period is not None else delivery_id
    files = {table: list(_kept(earlier or {}, table)) for table in tables}
    own = {t: written / "tables" / f"{t}.parquet" if written else None for t in tables}
    reads = [path for found in files.values() for *_, path in found if path.is_file()]
    reads += [path for path in own.values() if path]
    with open_bounded(warehouse, reads=reads) as connection:
        # a look for what is not there would end the transaction
        marts = {table: describe(connection, MART_SCHEMA, table) for table in tables}
        pasts = {table: _Past(connection, table) for table in tables}
        connection.execute("BEGIN")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {HISTORY_SCHEMA}")
        restored = {}
        for table, past in pasts.items():
            restored[table] = _restore(past, files[table])
            _append(past, marts[table], (delivery_id, key), supersedes, own[table])
        connection.execute("COMMIT")
    return restored


def _kept(earlier: Mapping[Path, Mapping[str, Any]], table: str) -> Iterator[tuple[str, str, Path]]:
    """Delivery, period and rows of each delivery that counts in the history of a table."""
    replaced = {manifest["supersedes"] for manifest in earlier.values()}
    name = f"tables/{table}.parquet"
    for folder, manifest in earlier.items():
        counts = manifest["engagement_type"] == "recurring" and folder.name not in replaced
        rows = sum(each["rows"] for each in manifest["tables"] if each["table"] == table)
        if counts and rows and name in manifest["files"]:  # a sample's has another name
            yield folder.name, manifest["period"] or folder.name, folder / name


class _Past:
    """The history of a table, which is changed as the rows need it that are added.

    Args:
        connection: To the warehouse; in no transaction yet.
        table: The table.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        self.connection = connection
        self.table = table
        self.name = f"{HISTORY_SCHEMA}.{quoted(table)}"
        self.columns = dict(describe(connection, HISTORY_SCHEMA, table))

    def insert(self, rows: str, columns: Sequence[tuple[str, str]], marks: tuple[str, str]) -> None:
        """Add rows with their delivery and period."""
        if not self.columns:
            self.connection.execute(
                f"CREATE TABLE {self.name} AS SELECT ''::VARCHAR AS {DELIVERY_COLUMN}, "
                f"''::VARCHAR AS {PERIOD_COLUMN}, * FROM {rows} LIMIT 0"
            )
            self.columns = dict(columns)
        self._widen(columns)
        names = ", ".join(quoted(name) for name, _ in columns)
        self.connection.execute(
            f"INSERT INTO {self.name} ({DELIVERY_COLUMN}, {PERIOD_COLUMN}, {names}) "
            f"SELECT $1, $2, {names} FROM {rows}",
            list(marks),
        )

    def _widen(self, columns: Sequence[tuple[str, str]]) -> None:
        for name, kind in columns:
            known = self.columns.get(name)
            if known is None:
                self.connection.execute(f"ALTER TABLE {self.name} ADD COLUMN {quoted(name)} {kind}")
                self.columns[name] = kind
            elif known != kind and known != (wider := _wider(self.connection, known, kind)):
                self.connection.execute(
                    f"ALTER TABLE {self.name} ALTER COLUMN {quoted(name)} SET DATA TYPE {wider}"
                )
                self.columns[name] = wider


def _restore(past: _Past, kept: Sequence[tuple[str, str, Path]]) -> Restored:
    """Add the rows of the deliveries that the history does not hold."""
    held: set[str] = set()
    if past.columns:
        query = f"SELECT DISTINCT unnest([{DELIVERY_COLUMN}, {PERIOD_COLUMN}]) FROM {past.name}"
        held = {name for (name,) in past.connection.execute(query).fetchall()}
    found = Restored([], [])
    for name, key, path in kept:
        if {name, key} & held:
            continue
        if not path.is_file():
            found.missing.append(name)
            continue
        past.insert(*rows_of_file(past.connection, path), (name, key))
        found.taken.append(name)
    return found


def _append(
    past: _Past,
    columns: Sequence[tuple[str, str]],
    marks: tuple[str, str],
    supersedes: str | None,
    written: Path | None,
) -> None:
    if not columns:
        raise DeliveryError(
            f"{marks[0]}: the table '{MART_SCHEMA}.{past.table}' is to be added to the history, "
            "but the warehouse has none of that name. Run the client's models first."
        )
    mart = f"{MART_SCHEMA}.{quoted(past.table)}"
    if written is not None:
        mart, columns = rows_of_file(past.connection, written)
    delivery_id, key = marks
    if past.columns:
        past.connection.execute(
            f"DELETE FROM {past.name} WHERE {PERIOD_COLUMN} = $1 OR {DELIVERY_COLUMN} IN ($2, $3)",
            [key, delivery_id, supersedes or delivery_id],
        )
    past.insert(mart, columns, marks)


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

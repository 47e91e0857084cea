"""Questions asked of a client's DuckDB file after a run: which tables, which columns, how many."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from consulting.bounded_memory import open_bounded
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

SPAN_ROWS = 500_000


@contextmanager
def open_tables(warehouse: Path) -> Iterator[Tables]:
    """The tables of a client's database, open to be read; to open it costs as much as a model."""
    with open_bounded(warehouse, read_only=True) as connection:
        yield Tables(connection)


class Tables:
    """The tables of an open connection, named "schema.table".

    Args:
        connection: To the client's database.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._counts: dict[str, int] = {}

    @cached_property
    def _columns(self) -> dict[str, dict[str, str]]:
        """All of them, listed when they are first asked for, which costs as much as a model."""
        found: dict[str, dict[str, str]] = {}
        for schema, table, column, kind in self.rows(
            "SELECT schema_name, table_name, column_name, data_type "
            "FROM system.main.duckdb_columns() "
            "WHERE NOT internal ORDER BY schema_name, table_name, column_index"
        ):
            found.setdefault(f"{schema}.{table}", {})[column] = kind
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def columns(self, name: str) -> dict[str, str]:
        """Column names and types of a table, in order; none where there is no such table."""
        return self._columns.get(name, {})

    def in_schema(self, schema: str) -> dict[str, dict[str, str]]:
        """The tables of one schema by their bare names, with their columns."""
        prefix = f"{schema}."
        return {
            name.removeprefix(prefix): columns
            for name, columns in self._columns.items()
            if name.startswith(prefix)
        }

    def rows(self, sql: str) -> list[Any]:
        """All rows of a query."""
        return self._connection.execute(sql).fetchall()

    def count(self, name: str) -> int:
        """Rows of a table; 0 where there is no such table."""
        if name in self and name not in self._counts:
            [[self._counts[name]]] = self.rows(f"SELECT count(*) FROM {self.quoted(name)}")
        return self._counts.get(name, 0)

    def count_by(self, name: str, column: str) -> dict[str, int]:
        """Rows by the value of a column, the most frequent first; none without the table."""
        if name not in self:
            return {}
        rows = self.rows(
            f"SELECT {quoted(column)}, count(*) FROM {self.quoted(name)} "
            f"GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        return {str(value): int(count) for value, count in rows}

    def spans(self, name: str) -> Iterator[str]:
        """Ranges of a table's row ids, as SQL to follow `_row_id`, to join large tables in parts.

        Tables of a feed lie in the order of `_row_id`, so that each part is found by DuckDB's
        zone maps, and its hash table stays small.
        """
        first, last = self.rows(f"SELECT min(_row_id), max(_row_id) FROM {self.quoted(name)}")[0]
        if first is None:
            return
        for start in range(first, last + 1, SPAN_ROWS):
            yield f"BETWEEN {start} AND {min(start + SPAN_ROWS - 1, last)}"

    @staticmethod
    def quoted(name: str) -> str:
        """A table's name as SQL."""
        return ".".join(quoted(part) for part in name.split(".", 1))

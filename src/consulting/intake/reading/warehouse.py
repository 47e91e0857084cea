"""From the run folder's Parquet files to the client's raw tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.bounded_memory import open_bounded
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from consulting.records import FileReading

# by its whole name: a model can leave a function that is called as DuckDB's own
_OF_MODELS = "FROM system.main.{}() WHERE NOT internal AND schema_name <> $1"
_LEFT = (
    f"SELECT 'SCHEMA', '', schema_name {_OF_MODELS.format('duckdb_schemas')}",
    f"SELECT 'VIEW', schema_name, view_name {_OF_MODELS.format('duckdb_views')}",
    f"SELECT 'TABLE', schema_name, table_name {_OF_MODELS.format('duckdb_tables')}",
    (
        "SELECT DISTINCT CASE function_type WHEN 'macro' THEN 'MACRO' ELSE 'MACRO TABLE' END, "
        f"schema_name, function_name {_OF_MODELS.format('duckdb_functions')} "
        "AND function_type IN ('macro', 'table_macro')"
    ),
)
"""What a database can hold beside its own, by the word that drops it; outermost first."""


def load_raw(
    warehouse: Path,
    run_folder: Path,
    readings: Sequence[FileReading],
    *,
    expected: Mapping[str, Sequence[str]],
    keep: str = "",
) -> dict[str, int]:
    """Rebuild `raw.<feed>` for each feed of the readings and each expected feed.

    The columns of a feed's files are united by name, in the order of the readings; `_row_id`
    counts the rows in the order of the readings and, within a file, of their place in it.

    Args:
        warehouse: The client's DuckDB file; made if it is not there.
        run_folder: Where `read_file` wrote.
        readings: The files, in the order of their drops.
        expected: The columns each feed's models read; a feed without files gets an empty table of
            them, and columns that no file brought are added, empty.
        keep: The schema that outlasts a batch; all else that the last one left is dropped.

    Returns:
        The rows of each feed's table.
    """
    feeds = dict.fromkeys([reading.feed for reading in readings] + list(expected))
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    is_new = not warehouse.exists()
    counts: dict[str, int] = {}
    with open_bounded(
        warehouse,
        config={"storage_compatibility_version": "v1.5.0", "preserve_insertion_order": "true"},
        reads=[run_folder / reading.rows_path for reading in readings if reading.rows_path],
    ) as connection:
        if not is_new:
            _forget_last_batch(connection, keep)
        connection.execute("CREATE SCHEMA raw")
        for feed in feeds:
            files = [reading for reading in readings if reading.feed == feed]
            columns = _united(files, expected.get(feed, ()))
            connection.execute("BEGIN")
            connection.execute(_create(feed, columns))
            for reading in files:
                if reading.rows_path is not None:
                    connection.execute(
                        _insert(feed, reading, _row_count(connection, feed)),
                        [str(run_folder / reading.rows_path)],
                    )
            connection.execute("COMMIT")
            counts[feed] = _row_count(connection, feed)
    return counts


def _forget_last_batch(connection: duckdb.DuckDBPyConnection, keep: str) -> None:
    """Drop what models left, so that nothing of theirs is read or called by the next batch's."""
    for found in _LEFT:
        for kind, schema, name in connection.execute(found, [keep]).fetchall():
            within = f"{quoted(schema)}." if schema else ""
            connection.execute(f"DROP {kind} IF EXISTS {within}{quoted(name)} CASCADE")


def _united(files: Sequence[FileReading], expected: Sequence[str]) -> list[str]:
    """All columns, each once; DuckDB's names do not tell upper from lower case."""
    united: dict[str, str] = {}
    for names in (*(reading.columns for reading in files), expected):
        for name in names:
            united.setdefault(name.casefold(), name)
    return list(united.values())


def _create(feed: str, columns: Sequence[str]) -> str:
    typed = [f"{quoted(name)} VARCHAR" for name in columns]
    typed += ["_file VARCHAR", "_row BIGINT", "_row_id BIGINT"]
    return f"CREATE OR REPLACE TABLE raw.{quoted(feed)} ({', '.join(typed)})"


def _insert(feed: str, reading: FileReading, offset: int) -> str:
    names = "".join(f"{quoted(name)}, " for name in reading.columns)
    return (
        f"INSERT INTO raw.{quoted(feed)} BY NAME SELECT {names}_file, _row, "
        # rows keep the file's order; to sort or number them would hold all of them in memory
        f"{offset + 1:d} + file_row_number AS _row_id "
        "FROM read_parquet(?, file_row_number = true)"
    )


def _row_count(connection: duckdb.DuckDBPyConnection, feed: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM raw.{quoted(feed)}").fetchone()
    return int(found[0]) if found else 0

"""DuckDB within a bounded memory: what does not fit goes to disk, beside the client's database."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from consulting.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

MEMORY_LIMIT_VARIABLE = "CONSULTING_MEMORY_LIMIT"
DEFAULT_MEMORY_LIMIT = "2GB"
"""With Python, Arrow and dbt beside it, a run then stays below 4 GB."""


def memory_limit() -> str:
    """What one DuckDB connection may use; a run has one open at a time."""
    return os.environ.get(MEMORY_LIMIT_VARIABLE) or DEFAULT_MEMORY_LIMIT


def spill_of(database: Path) -> Path:
    """Where a database's connections put what does not fit: beside it, in the client's folder."""
    return database.with_name(f"{database.name}.tmp")


def bound_memory(
    connection: duckdb.DuckDBPyConnection, spill: Path, *, limit: str | None = None
) -> None:
    """Bound a connection's memory.

    Args:
        connection: Whose configuration is not locked yet.
        spill: The folder for what does not fit; DuckDB makes it, and empties it at the end.
        limit: Another limit than the project's.
    """
    connection.execute(f"SET memory_limit = {literal(limit or memory_limit())}")
    connection.execute(f"SET temp_directory = {literal(str(spill))}")


@contextmanager
def open_bounded(
    database: Path, *, read_only: bool = False, config: dict[str, str] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file in bounded memory; it is made if it is not there.

    Args:
        database: The file.
        read_only: Whether it is only read; it must exist then.
        config: DuckDB's settings that have to be given when a file is opened.
    """
    import duckdb

    with duckdb.connect(
        str(database), read_only=read_only, config={**(config or {})}
    ) as connection:
        bound_memory(connection, spill_of(database))
        yield connection

"""DuckDB within bounds: of memory, and of the files that SQL can open; in the time zone UTC.

What the models of a client leave in its database (a view, a macro) is run again by whoever reads
it. So no connection of ours is open to the file system, whoever wrote the SQL it is given.
"""

from __future__ import annotations

import functools
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pydantic import ByteSize, TypeAdapter, ValidationError

from consulting.errors import CleaningError, ConfigurationError
from consulting.sql import literal, unglobbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import duckdb

MEMORY_LIMIT_VARIABLE = "CONSULTING_MEMORY_LIMIT"
DEFAULT_MEMORY_LIMIT = "2GB"
"""With Python, Arrow and dbt beside it, a run then stays below 4 GB."""

_BESIDE_BYTES = 6 * 1024**3  # reserved, of which an honest run uses less than 2 GB

_AMOUNT = TypeAdapter(ByteSize)

FEW_THREADS = {"threads": "2"}
"""For sorting and joining tables: each thread holds rows of its own in memory."""


def memory_limit() -> str:
    """What one DuckDB connection may use; a run has one open at a time."""
    return os.environ.get(MEMORY_LIMIT_VARIABLE) or DEFAULT_MEMORY_LIMIT


def at_most(limit: str, memory_bytes: int) -> str:
    """The lower of a limit as DuckDB writes it and a number of bytes.

    Raises:
        ConfigurationError: If the limit is none.
    """
    return limit if _bytes_of(limit) <= memory_bytes else f"{memory_bytes}B"


def bytes_of_a_run() -> int:
    """What a whole run may hold: what DuckDB may, and Python, Arrow, dbt and threads beside it.

    A client's models are rendered in the run's own process, and a text in them may grow for ever.

    Raises:
        ConfigurationError: If the project's limit is none.
    """
    return _bytes_of(memory_limit()) + _BESIDE_BYTES


@functools.cache
def _bytes_of(limit: str) -> int:
    with suppress(ValidationError):
        if limit[-1:].isalpha():  # of a bare number, DuckDB does not say what it counts
            return _AMOUNT.validate_python(limit)
    raise ConfigurationError(
        f"{MEMORY_LIMIT_VARIABLE} is {limit!r}; it is an amount of memory, for example "
        f"{DEFAULT_MEMORY_LIMIT}."
    )


def spill_of(database: Path) -> Path:
    """Where a database's connections put what does not fit: beside it, in the client's folder."""
    return database.with_name(f"{database.name}.tmp")


def confine(
    connection: duckdb.DuckDBPyConnection,
    spill: Path | None,
    *,
    limit: str | None = None,
    reads: Iterable[Path] = (),
    writes_to: Path | None = None,
) -> None:
    """Let a connection open its own database, its spill and the files it is given; then lock that.

    Nothing else can be read, written, listed, attached, installed or loaded, however the SQL asks,
    and no statement can change a setting any more.

    Args:
        connection: Whose configuration is not locked yet.
        spill: The folder for what does not fit: DuckDB makes it, and empties it at the end.
            None where everything fits.
        limit: Another limit of memory than the project's.
        reads: Files that its SQL reads.
        writes_to: A folder that its SQL writes files to.

    Raises:
        ConfigurationError: If the limit is none.
    """
    allowed = limit or memory_limit()
    _bytes_of(allowed)
    connection.execute(f"SET memory_limit = {literal(allowed)}")
    connection.execute(f"SET temp_directory = {literal(str(spill or ''))}")
    # of all connections to this database
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    # a name in SQL is a table's, never a variable's of this program
    connection.execute("SET GLOBAL python_enable_replacements = false")
    connection.execute(f"SET allowed_paths = {_listed(reads)}")
    connection.execute(f"SET allowed_directories = {_listed([writes_to] if writes_to else [])}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _listed(paths: Iterable[Path]) -> str:
    spelled = [spelling for path in map(str, paths) for spelling in (path, unglobbed(path))]
    return f"[{', '.join(map(literal, spelled))}]"


@contextmanager
def open_bounded(
    database: Path,
    *,
    read_only: bool = False,
    config: Mapping[str, str] | None = None,
    reads: Iterable[Path] = (),
    writes_to: Path | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file, confined; it is made if it is not there.

    Args:
        database: The file.
        read_only: Whether it is only read; it must exist then.
        config: DuckDB's settings, which can not be changed afterwards.
        reads: As for `confine`.
        writes_to: As for `confine`.

    Raises:
        CleaningError: If another process has it open, or SQL asks for anything else than it is
            given.
    """
    import duckdb

    try:
        opened = duckdb.connect(str(database), read_only=read_only, config={**(config or {})})
    except duckdb.IOException as error:
        if is_held(str(error)):
            raise CleaningError(held_words(database.parent.name)) from None
        raise
    with opened as connection, refusing_files(database):
        confine(connection, spill_of(database), reads=reads, writes_to=writes_to)
        yield connection


@contextmanager
def refusing_files(database: Path) -> Iterator[None]:
    """Tell that the models of a database want a file, if a confined connection was asked for it.

    Raises:
        CleaningError: If it was.
    """
    import duckdb

    try:
        yield
    except duckdb.PermissionException as error:
        raise CleaningError(
            f"{database.parent.name}: what the client's models made in {database.name} (a view "
            "or a function) tries to open a file when it is read. SQL reads tables only: take "
            "that out of the models."
        ) from error


def is_held(message: str) -> bool:
    """Whether DuckDB says that another process has the file open."""
    return "Could not set lock" in message or "Conflicting lock" in message


def held_words(client_id: str) -> str:
    """What to do then."""
    return (
        f"{client_id}: another process has the client's warehouse.duckdb open. Wait for its "
        "run to end, or close the tool that reads it; one run per client at a time."
    )


def clear_spill(database: Path) -> None:
    """Remove what SQL may have written beside a database that no process has open."""
    shutil.rmtree(spill_of(database), ignore_errors=True)

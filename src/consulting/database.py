"""The ledger's database: SQLite for one machine, PostgreSQL for several; one engine a process.

The ledger and the alert desk keep their tables in it. On SQLite the driver never opens a
transaction by itself: it begins one too late to be safe.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from consulting.errors import ConfigurationError, LedgerError
from consulting.foreign import phrase_of
from consulting.writing import close_to_others, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL
    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

BUSY_SECONDS = 30
_PAUSE_SECONDS = 0.05
"""How long a writer waits for the one before it (SQLite)."""
_PHRASES = (
    "Connection refused", "could not translate host name", "password authentication failed",
    "no pg_hba.conf entry", "timeout expired", "too many clients", "server closed the connection",
    "permission denied", "unable to open database file", "database is locked", "disk I/O error",
    "attempt to write a readonly database", "file is not a database", "does not exist",
)  # fmt: skip
_ENCODE = (
    "percent-encode what is no letter or digit in user and password (@ is %40, / is %2F, : is %3A)."
)
_DRIVERS = {"sqlite", "sqlite+pysqlite", "postgres", "postgresql", "postgresql+psycopg2"}
_ADVISORY_LOCK = 7_305_001  # any number; the same for all that create tables
_BEGIN = {"write": "BEGIN IMMEDIATE", "snapshot": "BEGIN"}
"""A write takes the lock first: upgrading a read lock later can deadlock."""


def engine_of(url: str) -> Engine:
    """The process's engine for a database; its threads share the connections.

    Args:
        url: `sqlite:////absolute/ledger.db` or `postgresql://…`.
    """
    return _engine(os.getpid(), url)  # a forked child must not use its parent's connections


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements see the newest state each; it holds no lock."""
    with engine.connect() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements all see the same moment; it blocks nobody."""
    options: dict[str, Any] = {"transaction": "snapshot"}
    if not is_sqlite(engine):
        options["isolation_level"] = "REPEATABLE READ"
    with engine.connect() as plain:
        yield plain.execution_options(**options)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A writing transaction, committed at the end; on SQLite no other one runs meanwhile."""
    with engine.connect() as plain:
        connection = plain.execution_options(transaction="write")
        with connection.begin():
            yield connection


@contextmanager
def usable(engine: Engine) -> Iterator[None]:
    """See that the ledger's database can be used at all.

    Raises:
        LedgerError: If it can't, in words of ours: a driver's text may quote its URL.
    """
    try:
        yield
    except DBAPIError as error:
        why = phrase_of(str(error.orig), _PHRASES) or type(error.orig).__name__
    else:
        return
    raise LedgerError(
        f"The ledger at {engine.url.render_as_string(hide_password=True)} can not be used: {why}. "
        "Check CONSULTING_LEDGER_URL, and that the database is reachable, writable and whole: "
        "a damaged file is restored from a backup."
    )


@contextmanager
def locked(engine: Engine) -> Iterator[Connection]:
    """A writing transaction that no other process that makes or changes tables runs beside.

    Args:
        engine: Of the ledger's database.
    """
    with writing(engine) as connection:
        if not is_sqlite(engine):
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        yield connection


def is_sqlite(engine: Engine) -> bool:
    """Whether the database is a file of this machine."""
    return engine.dialect.name == "sqlite"


@lru_cache(maxsize=16)
def _engine(_process: int, url: str) -> Engine:
    return build_engine(_with_driver(url))


def _with_driver(url: str) -> URL:
    """Names the driver: SQLAlchemy's default for PostgreSQL is not the one installed here."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # its text quotes the URL, password and all
        raise ConfigurationError(
            "CONSULTING_LEDGER_URL is no database URL. Write it as postgresql://user:password@host/"
            f"name; {_ENCODE}"
        ) from None
    if "@" in f"{parsed.host or ''}{parsed.database or ''}" and parsed.drivername != "sqlite":
        # the first one ended the password, and what followed would be told as the host's name
        raise ConfigurationError(
            f"CONSULTING_LEDGER_URL has more than one @, so it can not be read with certainty; "
            f"{_ENCODE}"
        )
    if parsed.drivername not in _DRIVERS:
        raise ConfigurationError(
            "CONSULTING_LEDGER_URL names a database that is neither PostgreSQL nor SQLite. Write "
            "it as postgresql://user:password@host/name or sqlite:////absolute/ledger.db."
        )
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg2")
    return parsed


def _use_utc(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    cursor.close()
    connection.commit()


def _use_wal(cursor: DBAPICursor) -> None:
    """Keep the journal beside the database; of several that make one at once, each in its turn.

    Of two that switch it together SQLite refuses one at once, and does not let it wait.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def build_engine(url: URL) -> Engine:
    """A new engine; `engine_of` is what callers want."""
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "connect", _use_utc)
        return engine
    if url.database and url.database != ":memory:":
        make_folder(Path(url.database).parent)
        if Path(url.database).exists():
            close_to_others(Path(url.database))
        else:
            os.close(os.open(url.database, os.O_CREAT | os.O_WRONLY, 0o600))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        _use_wal(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = _BEGIN.get(connection.get_execution_options().get("transaction", ""))
        if statement:
            connection.exec_driver_sql(statement)

    return engine

"""The outbox: incidents and messages in the ledger database, in tables of their own.

Times are stored as seconds since 1970 (UTC), so that SQLite and PostgreSQL hold the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    make_url,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS = 30
LOCK_KEY = 0x616C6572
"""PostgreSQL advisory lock that short writing transactions of the desk take one after another."""

metadata = MetaData()
_id = BigInteger().with_variant(Integer, "sqlite")

incidents = Table(
    "alert_incidents",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("client_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("momentary", Boolean, nullable=False),
    Column("event", Text, nullable=False),
    Column("message_id", _id),
    Column("opened_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("occurrences", Integer, nullable=False),
    Column("resolved_at", Double),
    Column("note", Text, nullable=False, default=""),
)
Index(
    "alert_one_open_incident",
    incidents.c.client_id,
    incidents.c.kind,
    incidents.c.subject,
    unique=True,
    sqlite_where=text("resolved_at IS NULL OR momentary"),
    postgresql_where=text("resolved_at IS NULL OR momentary"),
)
Index("alert_incidents_of_message", incidents.c.message_id)

messages = Table(
    "alert_messages",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("role", String, nullable=False),  # alert | storm | escalation | resolution
    Column("incident_id", _id),
    Column("root_id", _id),  # of a reply: the message it replies to
    Column("channel", String, nullable=False),
    Column("redirected_from", String),
    Column("marker", String, nullable=False, unique=True),
    Column("state", String, nullable=False),  # waiting | sending | sent | merged
    Column("wanted", Integer, nullable=False),  # the content's revision that should be seen
    Column("shown", Integer, nullable=False),  # the revision that is seen
    Column("created_at", Double, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("lease_until", Double, nullable=False, default=0),
    Column("lease_by", String),
    Column("attempts", Integer, nullable=False, default=0),
    Column("unsure", Boolean, nullable=False, default=False),
    Column("plain", Boolean, nullable=False, default=False),  # blocks were refused: text only
    Column("tried_at", Double),
    Column("sender", String),
    Column("channel_id", String),
    Column("ts", String),
    Column("sent_at", Double),
    Column("error", Text),
)
Index("alert_messages_due", messages.c.state, messages.c.not_before)

channels = Table(
    "alert_channels",
    metadata,
    Column("name", String, primary_key=True),
    Column("channel_id", String),
    Column("next_at", Double, nullable=False, default=0),
)

heartbeats = Table(
    "alert_heartbeats",
    metadata,
    Column("name", String, primary_key=True),
    Column("at", Double, nullable=False),
)


class Outbox:
    """The database of the desk; `transaction` is the only door to it.

    Args:
        url: SQLAlchemy URL of the ledger database (SQLite or PostgreSQL).
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._is_sqlite = self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One short writing transaction; writers come one after another."""
        with self.engine.begin() as connection:
            if not self._is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent look that blocks nobody."""
        options: dict[str, Any] = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.engine.connect().execution_options(reads=True, **options) as connection:
            yield connection


@lru_cache(maxsize=16)
def _engine(url: str) -> Engine:
    """One engine per database and process, with the desk's tables made."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        # a bare name means psycopg 3 from SQLAlchemy 2.1 on; psycopg2 is what is installed
        parsed = parsed.set(drivername="postgresql+psycopg2")
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
        _prepare_sqlite(engine)
    else:
        engine = create_engine(parsed, pool_pre_ping=True)
    with engine.begin() as connection:
        if parsed.get_backend_name() != "sqlite":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        metadata.create_all(connection)
    return engine


def _prepare_sqlite(engine: Engine) -> None:
    """Write-ahead log, full sync, and transactions that take the write lock when they begin."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late to be safe
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

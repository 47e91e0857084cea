"""The outbox: incidents and messages in the ledger database, in tables of their own.

Times are stored as seconds since 1970 (UTC), so that SQLite and PostgreSQL hold the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    text,
    update,
)

from consulting.database import engine_of, is_sqlite, snapshot, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

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
    Column("channel", String, nullable=False, server_default=""),
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
    incidents.c.channel,
    unique=True,
    sqlite_where=text("resolved_at IS NULL OR momentary"),
    postgresql_where=text("resolved_at IS NULL OR momentary"),
)
Index("alert_incidents_of_message", incidents.c.message_id)
Index("alert_incidents_resolved", incidents.c.resolved_at)

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
Index("alert_messages_of_incident", messages.c.incident_id)
Index("alert_messages_of_root", messages.c.root_id)

channels = Table(
    "alert_channels",
    metadata,
    Column("name", String, primary_key=True),
    Column("channel_id", String),
    Column("next_at", Double, nullable=False, default=0),
)

receipts = Table(
    "alert_receipts",
    metadata,
    Column("marker", String, primary_key=True),  # the message
    Column("target", String, primary_key=True),  # the hash of the address that took it
)

heartbeats = Table(
    "alert_heartbeats",
    metadata,
    Column("name", String, primary_key=True),
    Column("at", Double, nullable=False),
)


def put(connection: Connection, name: Column[str], key: str, **values: Any) -> None:
    """Change the row of a key, or write it where there is none yet.

    Args:
        connection: Within a writing transaction.
        name: The column of the key.
        key: The row's.
        **values: What it is to say.
    """
    if not connection.execute(update(name.table).where(name == key).values(**values)).rowcount:
        connection.execute(insert(name.table).values({name.name: key} | values))


class Outbox:
    """The desk's tables; `transaction` is the only door to write to them.

    Args:
        url: SQLAlchemy URL of the ledger database (SQLite or PostgreSQL).
    """

    def __init__(self, url: str) -> None:
        self._engine = engine_of(url)
        with self.transaction() as connection:
            metadata.create_all(connection)
            for table in metadata.tables.values():
                for index in table.indexes:  # those that came later than their table
                    index.create(connection, checkfirst=True)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One short writing transaction; writers come one after another."""
        with writing(self._engine) as connection:
            if not is_sqlite(self._engine):
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent look that blocks nobody."""
        with snapshot(self._engine) as connection:
            yield connection

"""The ledger's tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

TOMBSTONE = 2
"""What release 0.1 finds in `ledger_version`, so that it refuses a ledger that is newer."""


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Takes an aware time only."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "The ledger takes times with a time zone only; pass datetime.now(UTC)."
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Gives an aware time."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if dialect.name == "sqlite" else moment.astimezone(UTC)


# Keys are compared by code point everywhere: SQLite does by default, PostgreSQL when told to.
_KEY = Text().with_variant(Text(collation="C"), "postgresql")
_ID = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

versions = Table("ledger_version", metadata, Column("version", Integer, primary_key=True))

clients = Table(
    "ledger_client",
    metadata,
    Column("client_id", String, primary_key=True),
    # where a listing that ran out of time goes on, and which pass over all keys it belongs to
    Column("position", _KEY),
    # the greatest key of the pass so far: not every S3 server lists in the order of keys
    Column("high_key", _KEY),
    Column("pass_no", Integer, nullable=False, server_default="1"),
    # raised by each look that writes, so that two looks at once do not mix
    Column("look_no", Integer, nullable=False, server_default="0"),
    Column("throttles", Integer, nullable=False, server_default="0"),
    Column("resting_until", UtcTime),
    Column("batch_no", Integer, nullable=False, server_default="0"),
    # a counter, not a time: evidence that others succeed must not depend on a clock
    Column("successes", Integer, nullable=False, server_default="0"),
    Column("failures_in_a_row", Integer, nullable=False, server_default="0"),
    Column("paused_until", UtcTime),
    # the tier that its data is held at
    Column("held_tier", Integer),
    Column("watched_since", UtcTime),
)

drops = Table(
    "ledger_drop",
    metadata,
    Column("drop_id", _ID, primary_key=True, autoincrement=True),
    Column("client_id", String, nullable=False),
    Column("key", _KEY, nullable=False),
    Column("version", Integer, nullable=False),
    Column("signature", Text, nullable=False),
    Column("file_id", Text),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String),
    Column("feed", Text),
    Column("period", Text),
    Column("state", String, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("settling_since", UtcTime),
    # the newest version of its key
    Column("head", Boolean, nullable=False),
    # a head that the last complete pass saw
    Column("visible", Boolean, nullable=False),
    Column("missing_in_pass", Integer),
    Column("batch_id", String),
    # a person asked for this version again, whatever came after it
    Column("forced", Boolean, nullable=False, server_default=false()),
    Column("repeat_of", _ID),
    Column("code", String),
    Column("reason", Text),
    Column("fix", Text),
    Column("delivered_in", String),
    Column("delivered_at", UtcTime),
    # counts the client's deliveries: which one stands must not depend on a clock
    Column("delivered_no", Integer),
    Index("ledger_drop_identity", "client_id", "key", "version", unique=True),
    Index(
        "ledger_drop_visible",
        "client_id",
        "key",
        "signature",
        sqlite_where=text("visible"),
        postgresql_where=text("visible"),
    ),
    Index("ledger_drop_state", "client_id", "state", "visible", "drop_id"),
    Index("ledger_drop_content", "client_id", "sha256"),
    Index("ledger_drop_feed", "client_id", "feed", "delivered_no"),
    Index("ledger_drop_period", "client_id", "period"),
    sqlite_autoincrement=True,
)

batches = Table(
    "ledger_batch",
    metadata,
    Column("batch_id", String, primary_key=True),
    Column("client_id", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("parent_id", String),
    Column("period", Text),
    Column("trigger", String, nullable=False),
    Column("status", String, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("run_id", String),
    Column("lease_until", UtcTime),
    Column("pending_since", UtcTime),
    Column("retry_at", UtcTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("deaths", Integer, nullable=False, server_default="0"),
    # the client's successes when this batch first failed (or was split off), and when the
    # batch it descends from first failed
    Column("successes_before", Integer),
    Column("successes_before_root", Integer),
    # a run began to publish: what the batch holds must not change any more
    Column("sealed", Boolean, nullable=False, server_default=false()),
    Column("reason", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("delivered_at", UtcTime),
    Column("delivered_no", Integer),
    # what the report of the delivery says on page one; null where none was made
    Column("verdict", String),
    Index("ledger_batch_status", "client_id", "status"),
    Index("ledger_batch_delivered", "client_id", "delivered_at"),
)

members = Table(
    "ledger_batch_drop",
    metadata,
    Column("batch_id", String, primary_key=True),
    Column("drop_id", _ID, primary_key=True),
    # null while the batch holds the drop, then the state it left for ("moved": another batch)
    Column("outcome", String),
    Index("ledger_batch_drop_drop", "drop_id"),
)

events = Table(
    "ledger_event",
    metadata,
    Column("event_id", _ID, primary_key=True, autoincrement=True),
    Column("client_id", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String, nullable=False),
    Column("drop_id", _ID),
    Column("batch_id", String),
    Column("detail", Text, nullable=False, server_default=""),
    Index("ledger_event_client", "client_id", "event_id"),
    Index("ledger_event_drop", "drop_id"),
)

# of a client whose files lie in a bucket: which tree of them counts, and the last checkout of it
trees = Table(
    "ledger_tree",
    metadata,
    Column("client_id", String, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("tree", Text),
)

# where each client's files come from, so that hosts which share the ledger agree
places = Table(
    "ledger_source",
    metadata,
    Column("client_id", String, primary_key=True),
    Column("place", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

# how often a queue told something of a client's place, and what of it the last listing covers
notified = Table(
    "ledger_notified",
    metadata,
    Column("client_id", String, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("listed", Integer, nullable=False),
    Column("listed_at", UtcTime),
)

# when each queue was last read, on any host
queues = Table(
    "ledger_queue",
    metadata,
    Column("queue_url", Text, primary_key=True),
    Column("heard_at", UtcTime, nullable=False),
)

"""What queues told of clients' places: whether one is listed depends on it, never what is taken.

So a notification that is late, lost, doubled or out of order costs a listing or a day, and no file.
Notes are numbered: a listing covers those that were there when it began, whatever the clocks say.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from consulting.database import writing
from consulting.intake.ledger import in_chunks
from consulting.intake.records import Taken
from consulting.intake.schema import notified, places, queues

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from consulting.intake.ledger import Ledger
    from consulting.sources.places import Place
    from consulting.sources.queue import Queue

RECONCILED_AFTER = timedelta(days=1)
"""So long after a listing the next one is made, whatever was told."""
UNHEARD_AFTER = timedelta(hours=1)
"""A queue that nobody could read for so long is not relied on."""


class Told(NamedTuple):
    """How a client stands with the queue of its place.

    Attributes:
        number: How often something was noted for it.
        listed: The number that the last listing covers.
        listed_at: When that listing began; None if there was none.
        heard_at: When the queue was last read, on any host; None if it never was.
    """

    number: int = 0
    listed: int = 0
    listed_at: datetime | None = None
    heard_at: datetime | None = None

    def asks_to_list(self, now: datetime) -> bool:
        """Whether something was told since the last listing, or silence is not to be trusted."""
        return (
            self.number > self.listed
            or _is_past(self.listed_at, RECONCILED_AFTER, now)
            or _is_past(self.heard_at, UNHEARD_AFTER, now)
        )

    def expects_nothing(self, now: datetime) -> bool:
        """Whether the place is listed only for the day that went by, and the queue was read."""
        return (
            self.listed_at is not None
            and self.number <= self.listed
            and _is_past(self.listed_at, RECONCILED_AFTER, now)
            and not _is_past(self.heard_at, UNHEARD_AFTER, now)
        )


def _is_past(moment: datetime | None, most: timedelta, now: datetime) -> bool:
    # far in the future is past, too: the clock was set back
    return moment is None or abs(now - moment) >= most


def told_of(connection: Connection, client_id: str, queue_url: str) -> Told:
    """How a client stands with a queue."""
    heard = connection.scalar(select(queues.c.heard_at).where(queues.c.queue_url == queue_url))
    own = select(notified).where(notified.c.client_id == client_id)
    row = connection.execute(own).first()
    return Told(row.number, row.listed, row.listed_at, heard) if row else Told(heard_at=heard)


def last_heard(ledger: Ledger, urls: Iterable[str]) -> dict[str, datetime]:
    """When each of these queues was last read, on any host; nothing of one that never was."""
    with ledger.engine.connect() as connection:
        found = select(queues).where(queues.c.queue_url.in_([*urls]))
        return {row.queue_url: row.heard_at for row in connection.execute(found)}


def note_listing(connection: Connection, client_id: str, number: int, now: datetime) -> None:
    """Note that a listing covers all that was told up to a number.

    Args:
        connection: In a writing transaction.
        client_id: The client.
        number: As it was read before the listing began.
        now: When it began.
    """
    listed: dict[str, Any] = {"listed": number, "listed_at": now}
    _put(connection, notified, [{"client_id": client_id, "number": number} | listed], listed)


def take(ledger: Ledger, queue: Queue, *, now: datetime, seconds: float) -> Taken:
    """Read a queue until it is empty or the time is over, and note whose places it tells of.

    Messages are removed once their notes are committed. What can not be read is left to the
    queue's own redrive policy.

    Args:
        ledger: Where to note it.
        queue: The queue.
        now: Our own clock.
        seconds: No more messages are asked for after this time.

    Raises:
        QueueError: If it does not answer as it should; what was noted until then stays.
        ConfigurationError: If a credential is not there.
    """
    deadline = time.monotonic() + seconds
    taken = unread = 0
    clients: set[str] = set()
    while messages := queue.receive():
        read = [message for message in messages if message.places is not None]
        changed = {place for message in read for place in message.places or ()}
        if read:  # what nobody can read may be all that comes, again and again
            clients |= _note(ledger, queue.url, changed, now)
            queue.remove(read)
        taken, unread = taken + len(read), unread + len(messages) - len(read)
        if time.monotonic() >= deadline:
            break
    else:
        _note(ledger, queue.url, (), now)
    return Taken(messages=taken, unread=unread, clients=len(clients))


def _note(ledger: Ledger, queue_url: str, changed: Iterable[Place], now: datetime) -> set[str]:
    """Note that the queue was heard, and for which clients something arrived; gives these."""
    around = {json.dumps(place[: n + 1]) for place in changed for n in range(len(place))}
    with writing(ledger.engine) as connection:
        # every client that ever looked has its place here, loaded in this process or not; one that
        # never did lists at its first look
        clients: set[str] = set()
        for chunk in in_chunks(sorted(around)):
            told = select(places.c.client_id).where(places.c.place.in_(chunk))
            clients.update(connection.scalars(told))
        # in order, so that two hosts that note at once do not wait for each other
        rows = [{"client_id": client, "number": 1, "listed": 0} for client in sorted(clients)]
        _put(connection, notified, rows, {"number": notified.c.number + 1})
        heard: dict[str, Any] = {"heard_at": now}
        _put(connection, queues, [{"queue_url": queue_url} | heard], heard)
    return clients


def _put(
    connection: Connection, table: Table, rows: list[dict[str, Any]], changed: dict[str, Any]
) -> None:
    """Insert rows, or change those whose key is there."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for chunk in in_chunks(rows):
        insert = dialect.insert(table).values(chunk)
        connection.execute(
            insert.on_conflict_do_update(index_elements=[*table.primary_key], set_=changed)
        )

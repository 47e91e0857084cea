"""The ledger's database: who may write when, and what every change leaves behind."""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import (
    Connection,
    RowMapping,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from consulting import migrations
from consulting.database import engine_of, locked, reading, usable, writing
from consulting.errors import LedgerError
from consulting.intake.records import BatchStatus, DeliveryFact, State, of_row
from consulting.intake.schema import (
    TOMBSTONE,
    batches,
    clients,
    drops,
    events,
    members,
    metadata,
    versions,
)
from consulting.intake.transitions import TRANSITIONS, Change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

T = TypeVar("T")
_MOST_PARAMETERS = 500
_OF_A_DELIVERY = ("batch_id", "period", "delivered_at", "verdict")


class Transaction:
    """A write to one client's part of the ledger; no other write to it happens meanwhile.

    Attributes:
        connection: To read and write with.
        client_id: The client.
        client: The client's row as it was at the start of the transaction.
    """

    def __init__(self, connection: Connection, client_id: str, client: RowMapping) -> None:
        self.connection = connection
        self.client_id = client_id
        self.client = client
        self._batch_no: int = client["batch_no"]

    def next_batch_number(self) -> int:
        """Counts the client's batches on."""
        self._batch_no += 1
        self.update_client(batch_no=self._batch_no)
        return self._batch_no

    def update_client(self, **values: Any) -> None:
        """Changes the client's row."""
        self.connection.execute(
            update(clients).where(clients.c.client_id == self.client_id).values(**values)
        )

    def update_drops(self, drop_ids: Sequence[int], **values: Any) -> None:
        """Notes something of drops that is not their state."""
        for chunk in in_chunks(drop_ids):
            self.connection.execute(
                update(drops).where(drops.c.drop_id.in_(chunk)).values(**values)
            )

    def change(  # noqa: PLR0913 - what an event is
        self,
        change: Change,
        drop_ids: Sequence[int],
        at: datetime,
        *,
        batch_id: str | None = None,
        detail: str = "",
        stale: bool = False,
        **values: Any,
    ) -> list[int]:
        """Lets something happen to drops: each gets its new state and a line in its history.

        Args:
            change: What happens.
            drop_ids: The drops, of this client.
            at: When (UTC).
            batch_id: The batch that claims them; for any other change, the one that held them and
                does no longer.
            detail: More of it, in words.
            stale: Whether the drops were read before the transaction: those that have moved on
                meanwhile are left as they are.
            **values: What else changes in their rows.

        Returns:
            The drops that it happened to.

        Raises:
            LedgerError: If one is in a state from which the change does not lead.
        """
        before, after, _ = TRANSITIONS[change]
        claimed = change is Change.CLAIMED
        set_to = {"batch_id": batch_id} if claimed else {}
        if after is State.READY:
            set_to = dict.fromkeys(("batch_id", "code", "reason", "fix"))
        changed: list[int] = []
        for chunk in in_chunks(drop_ids):
            mine = (drops.c.client_id == self.client_id, drops.c.drop_id.in_(chunk))
            moved = update(drops).where(*mine, drops.c.state.in_(before))
            changed += self.connection.scalars(
                moved.values(set_to | values | {"state": after}).returning(drops.c.drop_id)
            )
        if len(changed) < len(drop_ids) and not stale:
            left = ", ".join(map(str, sorted(set(drop_ids) - set(changed))))
            raise LedgerError(
                f"{self.client_id}: drop {left} can not be {change} as it stands; nothing was "
                f"changed. `consulting ledger {self.client_id}` tells its state."
            )
        changed.sort()
        if batch_id is not None and not claimed:
            self._leave(batch_id, changed, after)
        self.record(at, change, drop_ids=changed, batch_id=batch_id, detail=detail)
        return changed

    def _leave(self, batch_id: str, drop_ids: Sequence[int], outcome: str) -> None:
        for chunk in in_chunks(drop_ids):
            self.connection.execute(
                update(members)
                .where(members.c.batch_id == batch_id, members.c.drop_id.in_(chunk))
                .values(outcome=outcome)
            )

    def update_batch(self, batch_id: str, **values: Any) -> None:
        """Changes one batch."""
        self.connection.execute(
            update(batches).where(batches.c.batch_id == batch_id).values(**values)
        )

    def dissolve(self, batch_id: str, reason: str, at: datetime) -> None:
        """Ends a batch that no run takes up again."""
        self.update_batch(batch_id, status=BatchStatus.DISSOLVED, lease_until=None, reason=reason)
        self.record(at, "dissolved", batch_id=batch_id, detail=reason)

    def record(
        self,
        at: datetime,
        kind: str,
        *,
        drop_ids: Iterable[int | None] = (None,),
        batch_id: str | None = None,
        detail: str = "",
    ) -> None:
        """Appends a change to the history, once per drop."""
        rows = [
            {
                "client_id": self.client_id,
                "at": at,
                "kind": kind,
                "drop_id": drop_id,
                "batch_id": batch_id,
                "detail": detail,
            }
            for drop_id in drop_ids
        ]
        if rows:
            self.connection.execute(insert(events), rows)


class Ledger:
    """The record of every drop of every client, and of what became of it.

    One database serves all clients: a SQLite file for one machine, PostgreSQL for several.

    Args:
        url: A SQLAlchemy URL: `sqlite:////absolute/ledger.db` or `postgresql://…`.

    Raises:
        LedgerError: If the database can not be used.
    """

    _opened: ClassVar[dict[tuple[int, str], Ledger]] = {}
    _opening: ClassVar[Lock] = Lock()

    def __init__(self, url: str) -> None:
        self.engine = engine_of(url)
        self.url = self.engine.url
        with usable(self.engine):
            self._create_tables()

    @classmethod
    def open(cls, url: str) -> Ledger:
        """The process's one ledger for a URL; connections are shared by its threads."""
        with cls._opening:
            key = (os.getpid(), url)
            if key not in cls._opened:
                cls._opened[key] = cls(url)
            return cls._opened[key]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with; it holds no lock."""
        with reading(self.engine) as connection:
            yield connection

    @contextmanager
    def write(self, client_id: str) -> Iterator[Transaction]:
        """A transaction that alone writes to the client's part of the ledger."""
        with writing(self.engine) as connection:
            yield Transaction(connection, client_id, self._lock_client(connection, client_id))

    def client(self, connection: Connection, client_id: str) -> RowMapping | None:
        """The client's row, or None if nothing was ever recorded for it."""
        return (
            connection.execute(select(clients).where(clients.c.client_id == client_id))
            .mappings()
            .first()
        )

    def deliveries(self, client_id: str) -> list[DeliveryFact]:
        """All batches of a client that were delivered, oldest first."""
        delivered = members.c.outcome == "delivered"
        query = (
            select(
                batches.c.batch_id,
                batches.c.period,
                func.max(drops.c.first_seen).label("first_seen"),
                batches.c.delivered_at,
                batches.c.verdict,
                func.count().label("files"),
                func.count().filter(drops.c.repeat_of.is_(None)).label("new_files"),
            )
            .join(members, members.c.batch_id == batches.c.batch_id)
            .join(drops, drops.c.drop_id == members.c.drop_id)
            .where(batches.c.client_id == client_id, delivered)
            .where(batches.c.status == BatchStatus.DELIVERED)
            .group_by(*(batches.c[name] for name in _OF_A_DELIVERY))
            .order_by(batches.c.delivered_at, batches.c.batch_id)
        )
        with self.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [of_row(DeliveryFact, row) for row in rows]

    def was_delivered(self, client_id: str, hashes: Collection[str]) -> bool:
        """Whether a drop of the client with one of these hashes was ever delivered."""
        with self.read() as connection:
            return any(
                connection.scalar(
                    select(drops.c.drop_id)
                    .where(drops.c.client_id == client_id, drops.c.sha256.in_(chunk))
                    .where(drops.c.delivered_in.is_not(None))
                    .limit(1)
                )
                is not None
                for chunk in in_chunks(sorted(hashes))
            )

    def roots(self, client_id: str, batch_ids: Iterable[str]) -> dict[str, str]:
        """Batch id → the batch it was split off from at the very first, or itself."""
        asked = sorted(batch_ids)
        if not asked:
            return {}
        parents: dict[str, str | None] = {}
        with self.read() as connection:
            unknown = asked
            while unknown:
                for chunk in in_chunks(unknown):
                    query = select(batches.c.batch_id, batches.c.parent_id).where(
                        batches.c.client_id == client_id, batches.c.batch_id.in_(chunk)
                    )
                    found = dict.fromkeys(chunk) | dict(connection.execute(query).all())
                    parents |= found
                unknown = sorted({each for each in parents.values() if each} - set(parents))
        roots = {}
        for batch_id in asked:
            root = batch_id
            while (parent := parents.get(root)) is not None:
                root = parent
            roots[batch_id] = root
        return roots

    def changed_since(self, event_id: int | None) -> tuple[int, set[str]]:
        """The number of the newest change, and the clients with a change after `event_id`."""
        with self.read() as connection:
            newest = connection.scalar(select(func.max(events.c.event_id))) or 0
            if event_id is None or event_id == newest:
                return newest, set()
            query = select(events.c.client_id).where(events.c.event_id > event_id).distinct()
            return newest, set(connection.scalars(query))

    def _lock_client(self, connection: Connection, client_id: str) -> RowMapping:
        # SQLite's BEGIN IMMEDIATE locked everything already; there FOR UPDATE is left out.
        query = select(clients).where(clients.c.client_id == client_id).with_for_update()
        row = connection.execute(query).mappings().first()
        if row is None:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(
                dialect.insert(clients).values(client_id=client_id).on_conflict_do_nothing()
            )
            row = connection.execute(query).mappings().one()
        return row

    def _create_tables(self) -> None:
        with self.read() as connection:
            known = migrations.revision_of(connection)
        if known != migrations.HEAD:
            # another process may be making them, and only under the lock all of it is seen
            with locked(self.engine) as connection:
                if migrations.revision_of(connection) is None:
                    metadata.create_all(connection)
                    connection.execute(insert(versions).values(version=TOMBSTONE))
                    migrations.stamp(connection)
                known = migrations.revision_of(connection)
        if known != migrations.HEAD:
            raise LedgerError(self._of_another_release(str(known)))

    def _of_another_release(self, revision: str) -> str:
        place = f"The ledger at {self.url.render_as_string(hide_password=True)}"
        if migrations.pending(revision) is None:
            return (
                f"{place} was written by a newer release (its tables are at step {revision}, this "
                f"one knows {migrations.HEAD}). Install the release that wrote it, or a newer one."
            )
        return (
            f"{place} is of an earlier release (its tables are at step {revision}, this one needs "
            f"{migrations.HEAD}). Nothing was changed. `consulting upgrade` tells what changes, "
            "saves the ledger and migrates it."
        )


def in_chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cuts a sequence for `IN (…)`: databases bound the number of parameters."""
    for start in range(0, len(values), _MOST_PARAMETERS):
        yield values[start : start + _MOST_PARAMETERS]

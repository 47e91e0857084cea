"""Batches: which drops one run takes, and which run may work on them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, insert, select, update

from consulting.errors import BatchHeldError, BatchSettledError, LedgerError
from consulting.intake.hiding import hide, part_hidden
from consulting.intake.ledger import in_chunks
from consulting.intake.looking import is_due, set_aside
from consulting.intake.matching import BY_CONTENT
from consulting.intake.part import Part
from consulting.intake.records import BatchStatus, State, of_row
from consulting.intake.schema import batches, drops, events, members
from consulting.intake.transitions import Change
from consulting.records import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from consulting.intake.ledger import Transaction
    from consulting.intake.matching import FeedMatcher

_OPEN = (BatchStatus.PENDING, BatchStatus.RUNNING)


def load_batch(connection: Connection, row: RowMapping, matcher: FeedMatcher) -> Batch:
    """A batch with the drops it holds, or delivered."""
    query = (
        select(drops)
        .join(members, members.c.drop_id == drops.c.drop_id)
        .where(members.c.batch_id == row["batch_id"])
        .where(members.c.outcome.is_(None) | (members.c.outcome == State.DELIVERED))
        .order_by(drops.c.drop_id)
    )
    held = connection.execute(query).mappings()
    return of_row(Batch, row, drops=tuple(map(matcher.drop, held)))


def find_batch(connection: Connection, client_id: str, batch_id: str) -> RowMapping:
    """The batch's row.

    Raises:
        LedgerError: If the client has no such batch.
    """
    query = select(batches).where(batches.c.batch_id == batch_id, batches.c.client_id == client_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise LedgerError(
            f"{client_id}: the ledger knows no batch {batch_id!r} of this client. Check the id "
            f"with `consulting ledger {client_id}`."
        )
    return row


def any_ready(connection: Connection, client_id: str) -> bool:
    """Whether a drop of the client waits for a batch."""
    ready = select(drops.c.drop_id).where(
        drops.c.client_id == client_id, drops.c.state == State.READY
    )
    return connection.execute(ready.limit(1)).first() is not None


def find_drops(
    connection: Connection, client_id: str, drop_ids: Sequence[int]
) -> dict[int, RowMapping]:
    """The rows of those drops that the client has, by their numbers."""
    found: dict[int, RowMapping] = {}
    for chunk in in_chunks(drop_ids):
        query = select(drops).where(drops.c.client_id == client_id, drops.c.drop_id.in_(chunk))
        found |= {row["drop_id"]: row for row in connection.execute(query).mappings()}
    return found


def named_drops(
    connection: Connection, client_id: str, drop_ids: Sequence[int]
) -> list[RowMapping]:
    """The rows of drops that a person named, in that order.

    Raises:
        LedgerError: If the client has no such drop.
    """
    found = find_drops(connection, client_id, drop_ids)
    unknown = [str(drop_id) for drop_id in dict.fromkeys(drop_ids) if drop_id not in found]
    if unknown:
        raise LedgerError(
            f"{client_id}: the ledger has no drop {', '.join(unknown)} of this client. Take the "
            f"numbers from `consulting ledger {client_id}`."
        )
    return [found[drop_id] for drop_id in dict.fromkeys(drop_ids)]


def refuse_settled(row: RowMapping) -> None:
    """Raise a `BatchSettledError` if a batch was delivered or split."""
    if row["status"] == BatchStatus.DELIVERED:
        raise BatchSettledError(row["client_id"], row["batch_id"], "was delivered already")
    if row["status"] == BatchStatus.DISSOLVED:
        raise BatchSettledError(
            row["client_id"], row["batch_id"], f"was dissolved ({row['reason']})"
        )


def open_batches(connection: Connection, client_id: str) -> Sequence[RowMapping]:
    """The batches that are requested or running."""
    query = (
        select(batches)
        .where(batches.c.client_id == client_id, batches.c.status.in_(_OPEN))
        .order_by(batches.c.number)
    )
    return connection.execute(query).mappings().all()


def make_batch(
    transaction: Transaction,
    chosen: Sequence[RowMapping],
    *,
    now: datetime,
    trigger: str,
    status: BatchStatus = BatchStatus.PENDING,
    **values: Any,
) -> RowMapping:
    """Writes a batch and hands it the drops.

    The id carries a hash of the drops and the moment, so that a ledger begun anew never repeats
    an id that the orchestrator still remembers.
    """
    client = transaction.client_id
    connection = transaction.connection
    number = transaction.next_batch_number()
    parts = [client, str(number), now.isoformat()]
    parts += [f"{row['key']}\0{row['version']}\0{row['signature']}" for row in chosen]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
    batch_id = f"{client}-{number:05d}-{digest}"
    connection.execute(
        insert(batches).values(
            batch_id=batch_id,
            client_id=client,
            number=number,
            period=chosen[0]["period"],
            trigger=trigger,
            status=status,
            created_at=now,
            pending_since=now,
            **values,
        )
    )
    ids = [row["drop_id"] for row in chosen]
    connection.execute(
        insert(members), [{"batch_id": batch_id, "drop_id": drop_id} for drop_id in ids]
    )
    transaction.change(Change.CLAIMED, ids, now, batch_id=batch_id, detail=trigger)
    return find_batch(connection, client, batch_id)


class Batching(Part):
    """Claims drops for runs and guards that one run at a time works for a client."""

    def claim(
        self,
        *,
        now: datetime,
        trigger: str,
        drop_ids: Sequence[int] | None = None,
        period: str | None = None,
    ) -> Batch | None:
        """Takes ready drops of one period into a batch.

        Args:
            now: Our own clock.
            trigger: Who asks ("sensor", "schedule", a person), for the history.
            drop_ids: These drops and no others, even while another batch is under way.
            period: This period; by default that of the oldest ready drop.

        Returns:
            The batch; None if nothing is ready, another batch of the client is under way, or the
            client is resting after several failures in a row.

        Raises:
            LedgerError: If a named drop is unknown or not ready.
        """
        with self.ledger.read() as connection:  # a quiet tick takes no lock
            if drop_ids is None and not any_ready(connection, self.client_id):
                return None
        with self.ledger.write(self.client_id) as transaction:
            if drop_ids is not None:
                chosen = self._named(transaction, drop_ids)
            elif self._is_busy(transaction, now):
                return None
            else:
                chosen = self._oldest(transaction, period, now)
            if not chosen:
                return None
            row = make_batch(transaction, chosen, now=now, trigger=trigger)
            return load_batch(transaction.connection, row, self.matcher)

    def pending_requests(self) -> list[Batch]:
        """Batches that were claimed and have no run yet: request each again by its run key."""
        with self.ledger.read() as connection:
            return [
                load_batch(connection, row, self.matcher)
                for row in open_batches(connection, self.client_id)
                if row["status"] == BatchStatus.PENDING
            ]

    def live_runs(self, *, now: datetime) -> set[str]:
        """The ids of the runs that hold a batch and gave a sign of life, or settled one, lately."""
        settled = (
            select(batches.c.run_id)
            .join(events, events.c.batch_id == batches.c.batch_id)
            .where(batches.c.client_id == self.client_id, batches.c.run_id.is_not(None))
            .where(events.c.client_id == self.client_id)
            .where(events.c.kind.in_(("delivered", "failed", "interrupted")))
            .where(events.c.at > now - timedelta(seconds=self.policy.lease_seconds))
        )
        with self.ledger.read() as connection:
            holding = {
                row["run_id"]
                for row in open_batches(connection, self.client_id)
                if row["status"] == BatchStatus.RUNNING and row["lease_until"] > now
            }
            return holding | set(connection.scalars(settled))

    def begin(self, batch_id: str, run_id: str, *, now: datetime) -> Batch:
        """Gives the batch to a run; the same run may call it at the start of each of its steps.

        Returns:
            The batch with the drops it still holds. None are left if all were replaced by newer
            versions meanwhile; the run then has nothing to do but to call `delivered`.

        Raises:
            BatchHeldError: If another run holds it, or another batch of the client.
            BatchSettledError: If it was delivered or split.
        """
        with self.ledger.write(self.client_id) as transaction:
            connection = transaction.connection
            row = find_batch(connection, self.client_id, batch_id)
            refuse_settled(row)
            mine = row["status"] == BatchStatus.RUNNING and row["run_id"] == run_id
            if not mine:
                self._refuse_held(connection, batch_id, now)
                if not row["sealed"]:
                    self._drop_superseded(transaction, batch_id, now)
                transaction.record(now, "begun", batch_id=batch_id, detail=f"run {run_id}")
            transaction.update_batch(
                batch_id,
                status=BatchStatus.RUNNING,
                run_id=run_id,
                retry_at=None,
                lease_until=now + timedelta(seconds=self.policy.lease_seconds),
            )
            return load_batch(connection, row, self.matcher)

    def renew(self, batch_id: str, run_id: str, *, now: datetime, seal: bool = False) -> None:
        """Says that the run is alive; `beating` calls it again and again.

        Args:
            batch_id: The batch.
            run_id: The run.
            now: Our own clock.
            seal: As `seal` asks.

        Raises:
            BatchHeldError: If the run lost its hold: it must not publish.
            BatchSettledError: If the batch was delivered or split.
        """
        with self.ledger.write(self.client_id) as transaction:
            row = find_batch(transaction.connection, self.client_id, batch_id)
            refuse_settled(row)
            if row["status"] != BatchStatus.RUNNING or row["run_id"] != run_id:
                raise BatchHeldError(self.client_id, batch_id, _holder(row))
            transaction.update_batch(
                batch_id,
                lease_until=now + timedelta(seconds=self.policy.lease_seconds),
                sealed=bool(row["sealed"] or seal),
            )

    def seal(self, batch_id: str, run_id: str, *, now: datetime) -> None:
        """Fixes what the batch holds; to be called right before the delivery is published.

        From here on a retry delivers the same drops under the same id, whatever arrives
        meanwhile, so that a kill between publishing and `delivered` leaves no stray delivery.

        Raises:
            BatchHeldError: If the run lost its hold: it must not publish.
            BatchSettledError: If the batch was delivered or split.
        """
        self.renew(batch_id, run_id, now=now, seal=True)

    def _is_busy(self, transaction: Transaction, now: datetime) -> bool:
        paused = transaction.client["paused_until"]
        if paused and not is_due(paused, now, self.policy.max_retry_seconds):
            return True
        return bool(open_batches(transaction.connection, self.client_id))

    def _oldest(
        self, transaction: Transaction, period: str | None, now: datetime
    ) -> Sequence[RowMapping]:
        """The oldest ready drop's period, as many drops as a batch may hold."""
        while True:
            query = (
                select(drops)
                .where(drops.c.client_id == self.client_id, drops.c.state == State.READY)
                .order_by(drops.c.drop_id)
                .limit(self.policy.max_files)
            )
            if period is None:
                first = transaction.connection.execute(query.limit(1)).mappings().first()
                if first is None:
                    return []
                query = query.where(drops.c.period.is_not_distinct_from(first["period"]))
            else:
                query = query.where(drops.c.period == period)
            rows = transaction.connection.execute(query).mappings().all()
            hidden, rest = part_hidden(rows, self.temporary)
            hide(transaction, hidden, now)
            moved = [row for row in rest if not self._still_matches(transaction, row, now)]
            if not hidden and not moved:
                return self._within_bytes(rows)

    def _still_matches(self, transaction: Transaction, row: RowMapping, now: datetime) -> bool:
        """Whether the engagement's feeds are still those the drop was sorted by."""
        if row["code"] == BY_CONTENT:
            return True
        match = self.matcher.match(row["key"], row["first_seen"])
        if (match.code, match.feed, match.period) == (None, row["feed"], row["period"]):
            return True
        values = {"feed": match.feed, "period": match.period}
        if match.code is None:
            transaction.update_drops([row["drop_id"]], **values)
        else:
            set_aside(transaction, row["drop_id"], match, now, **values)
        return False

    def _within_bytes(self, rows: Sequence[RowMapping]) -> Sequence[RowMapping]:
        total = 0
        for index, row in enumerate(rows):
            total += row["size_bytes"]
            if total > self.policy.max_bytes and index:
                return rows[:index]
        return rows

    def _named(self, transaction: Transaction, drop_ids: Sequence[int]) -> Sequence[RowMapping]:
        rows = named_drops(transaction.connection, self.client_id, sorted(drop_ids))
        for row in rows:
            if row["state"] != State.READY:
                raise LedgerError(
                    f"{self.client_id}: drop {row['drop_id']} ({row['key']}) is {row['state']}, "
                    "and only a ready drop can be claimed. To deliver it again, reprocess it; to "
                    "take it out of quarantine, release it."
                )
        periods = sorted({row["period"] or "none" for row in rows})
        if len(periods) > 1:
            raise LedgerError(
                f"{self.client_id}: the drops belong to several periods ({', '.join(periods)}), "
                "and a batch holds one. Name the drops of one period at a time."
            )
        return rows

    def _refuse_held(self, connection: Connection, batch_id: str, now: datetime) -> None:
        for row in open_batches(connection, self.client_id):
            held = row["status"] == BatchStatus.RUNNING and row["lease_until"] > now
            if held:
                raise BatchHeldError(self.client_id, batch_id, _holder(row))

    def _drop_superseded(self, transaction: Transaction, batch_id: str, now: datetime) -> None:
        """Lets go of drops that got new bytes while the batch waited for its run."""
        newer = drops.alias()
        query = select(drops.c.drop_id).where(
            drops.c.batch_id == batch_id,
            drops.c.state == State.CLAIMED,
            drops.c.forced.is_(False),
            exists().where(
                and_(
                    newer.c.client_id == drops.c.client_id,
                    newer.c.key == drops.c.key,
                    newer.c.version > drops.c.version,
                )
            ),
        )
        ids: Sequence[int] = transaction.connection.scalars(query).all()
        transaction.change(
            Change.SUPERSEDED, ids, now, batch_id=batch_id, detail="new bytes arrived"
        )


def _holder(row: RowMapping) -> str:
    if row["status"] == BatchStatus.RUNNING:
        return f"run {row['run_id']} holds batch {row['batch_id']} until {row['lease_until']}"
    return f"no run holds it ({row['status']})"


NO_DROP_LEFT = "no drop is left in it"
"""Why a batch ends whose drops were all discarded, or replaced by others."""


def held_drops(connection: Connection, batch_id: str) -> Sequence[RowMapping]:
    """The drops that a batch still answers for."""
    query = (
        select(drops)
        .where(drops.c.batch_id == batch_id, drops.c.state == State.CLAIMED)
        .order_by(drops.c.drop_id)
    )
    return connection.execute(query).mappings().all()


def settle_members(transaction: Transaction, batch_id: str, outcome: str) -> None:
    """Notes the same end for all drops that a batch still holds."""
    transaction.connection.execute(
        update(members)
        .where(members.c.batch_id == batch_id, members.c.outcome.is_(None))
        .values(outcome=outcome)
    )

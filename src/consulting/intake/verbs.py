"""What people ask of the ledger: how things stand, and to take a drop up again or drop it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from consulting.intake.batching import (
    NO_DROP_LEFT,
    find_batch,
    find_drops,
    held_drops,
    load_batch,
    named_drops,
)
from consulting.intake.fate import MENDED
from consulting.intake.landing import Landing
from consulting.intake.ledger import in_chunks
from consulting.intake.records import (
    BatchStanding,
    BatchStatus,
    DropStory,
    LedgerEvent,
    LedgerState,
    State,
    VerbOutcome,
    of_row,
)
from consulting.intake.schema import batches, drops, events, members
from consulting.intake.transitions import TRANSITIONS, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, RowMapping

    from consulting.intake.matching import Share
    from consulting.records import Batch, Drop, QuarantinedFile

_UNSETTLED = (State.SEEN, State.READY, State.CLAIMED)
_OPEN = (BatchStatus.PENDING, BatchStatus.RUNNING, BatchStatus.WAITING)
_MOST_QUARANTINED = 200
_CONFIRMED, _BY = "confirmed", ", by "
_ENDS = ("failed", "died", "interrupted")
"""What the history calls the ways in which a run comes to nothing."""

Judgement = tuple[bool, str]
"""Whether what a verb asks for may happen, and why."""


class Verbs(Landing):
    """Answers and verbs for one client."""

    def state(self) -> LedgerState:
        """How the ledger stands: for metadata and the command line."""
        mine = drops.c.client_id == self.client_id
        counted = select(drops.c.state, func.count()).where(mine).group_by(drops.c.state)
        oldest = select(func.min(drops.c.first_seen)).where(mine, drops.c.state.in_(_UNSETTLED))
        aside = (
            select(drops)
            .where(mine, drops.c.state == State.QUARANTINED)
            .order_by(drops.c.drop_id.desc())
            .limit(_MOST_QUARANTINED)
        )
        with self.ledger.read() as connection:
            counts = dict.fromkeys((str(state) for state in State), 0)
            counts.update((row[0], row[1]) for row in connection.execute(counted))
            return LedgerState(
                client_id=self.client_id,
                counts=counts,
                quarantined=tuple(
                    self._story(row, ()) for row in connection.execute(aside).mappings()
                ),
                oldest_waiting=connection.scalar(oldest),
                batches=self._standings(connection),
            )

    def history(
        self,
        *,
        key: str | None = None,
        drop_ids: Sequence[int] | None = None,
        limit: int = 100,
    ) -> list[DropStory]:
        """Drops with all that happened to them, newest first."""
        query = select(drops).where(drops.c.client_id == self.client_id)
        if key is not None:
            query = query.where(drops.c.key == key)
        if drop_ids is not None:
            query = query.where(drops.c.drop_id.in_(list(drop_ids)))
        query = query.order_by(drops.c.drop_id.desc()).limit(limit)
        with self.ledger.read() as connection:
            rows = connection.execute(query).mappings().all()
            told = _events(connection, [row["drop_id"] for row in rows])
        return [self._story(row, told.get(row["drop_id"], ())) for row in rows]

    def waiting(self, limit: int) -> list[Drop]:
        """The newest files that came and are not delivered, each with the period it is for.

        One that still settles is for the period that its name tells.
        """
        query = (
            select(drops)
            .where(drops.c.client_id == self.client_id)
            .where(drops.c.state.in_((*_UNSETTLED, State.QUARANTINED)))
            .order_by(drops.c.drop_id.desc())
            .limit(limit)
        )
        with self.ledger.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [self.matcher.drop({**row, "period": self._period_of(row)}) for row in rows]

    def _period_of(self, row: RowMapping) -> str | None:
        told: str | None = row["period"]
        if told is None and row["state"] == State.SEEN:
            return self.matcher.match(row["key"], row["first_seen"]).period
        return told

    def set_aside(self, batch_id: str) -> list[QuarantinedFile]:
        """Files that came with those of a batch, and that it does not bring.

        What any attempt at it, or at one that was split off with it, left in quarantine, and what
        others that were split off still hold. Of files with the same bytes the first speaks for
        all.
        """
        root = self.ledger.roots(self.client_id, [batch_id])[batch_id]
        tree = select(batches.c.batch_id).where(batches.c.batch_id == root).cte(recursive=True)
        split = select(batches.c.batch_id).join(tree, batches.c.parent_id == tree.c.batch_id)
        elsewhere = (drops.c.state == State.CLAIMED) & (drops.c.batch_id != batch_id)
        query = (
            select(drops)
            .where(drops.c.client_id == self.client_id)
            .where((drops.c.state == State.QUARANTINED) | elsewhere, drops.c.repeat_of.is_(None))
            .where(drops.c.batch_id.in_(select(tree.union(split).c.batch_id)))
            .order_by(drops.c.drop_id)
        )
        with self.ledger.read() as connection:
            rows = connection.execute(query).mappings()
            return [self._story(row, ()).as_file() for row in rows]

    def true_names(self, drop_ids: Sequence[int]) -> dict[int, str]:
        """Drop id → the name under which the file lies in the source, whatever the tier.

        For a person at a terminal, and for nothing that is stored or sent.
        """
        with self.ledger.read() as connection:
            found = find_drops(connection, self.client_id, drop_ids)
        return {drop_id: row["key"] for drop_id, row in found.items()}

    def replaced(self, drop_ids: Sequence[int]) -> frozenset[int]:
        """Those of the drops under whose name a newer file came."""
        with self.ledger.read() as connection:
            found = find_drops(connection, self.client_id, drop_ids)
        return frozenset(drop_id for drop_id, row in found.items() if not row["head"])

    def awaited(self, batch_id: str) -> frozenset[int]:
        """The drops that the next run of a batch takes: none that was discarded or replaced."""
        with self.ledger.read() as connection:
            held = held_drops(connection, batch_id)
        return frozenset(row["drop_id"] for row in held if row["head"] or row["forced"])

    def sharing(self, drop: Drop) -> list[Share]:
        """The feeds that read a part of the drop's file beside the feed it belongs to."""
        return self.matcher.sharing(self.true_names([drop.drop_id])[drop.drop_id], drop.feed)

    def reprocess(
        self, drop_ids: Sequence[int], *, dry_run: bool, now: datetime | None = None
    ) -> list[VerbOutcome]:
        """Has drops delivered again, or tells what would happen."""
        return self._act(
            Change.REPROCESSED, drop_ids, self._judge_reprocess, dry_run=dry_run, now=now
        )

    def release(self, drop_id: int, *, dry_run: bool, now: datetime | None = None) -> VerbOutcome:
        """Lets a quarantined drop try again, or tells what would happen."""
        (outcome,) = self._act(
            Change.RELEASED, [drop_id], self._judge_release, dry_run=dry_run, now=now
        )
        return outcome

    def discard(self, drop_id: int, *, dry_run: bool, now: datetime | None = None) -> VerbOutcome:
        """Settles a drop without delivering it, or tells what would happen.

        It is one in quarantine, or of a batch that waits to be tried again.
        """
        (outcome,) = self._act(
            Change.DISCARDED, [drop_id], self._judge_discard, dry_run=dry_run, now=now
        )
        return outcome

    def confirm(self, drop_ids: Sequence[int], finding: str, *, by: str, now: datetime) -> None:
        """Notes in the history of drops that somebody found right what had stopped them."""
        with self.ledger.write(self.client_id) as transaction:
            transaction.record(now, _CONFIRMED, drop_ids=drop_ids, detail=f"{finding}{_BY}{by}")

    def confirmed(self, drop_ids: Sequence[int]) -> dict[str, set[int]]:
        """What was found right → of which of these drops."""
        found: dict[str, set[int]] = {}
        with self.ledger.read() as connection:
            for drop_id, told in _events(connection, drop_ids).items():
                for event in told:
                    if event.kind == _CONFIRMED:
                        found.setdefault(event.detail.rpartition(_BY)[0], set()).add(drop_id)
        return found

    def retry(self, batch_ids: Sequence[str], *, now: datetime) -> None:
        """Has batches tried at the next look, as their cause was mended: nothing counts so far.

        The failure of a run that is under way counts for nothing either: it began before.
        """
        with self.ledger.write(self.client_id) as transaction:
            transaction.update_client(paused_until=None)
            for batch_id in batch_ids:
                row = find_batch(transaction.connection, self.client_id, batch_id)
                if row["status"] not in _OPEN:
                    continue
                transaction.update_batch(batch_id, failures=0)
                transaction.record(now, MENDED, batch_id=batch_id)
                if row["status"] == BatchStatus.WAITING:
                    transaction.update_batch(batch_id, retry_at=now, failures=0)

    def last_delivered(
        self, feed: str, *, before_batch: str | None = None, period: str | None = None
    ) -> tuple[Batch, list[Drop]] | None:
        """The newest delivered drops of a feed, to stand in where a batch brings none.

        Args:
            feed: The feed.
            before_batch: Look at deliveries before this batch's only.
            period: Look at this period's deliveries only.
        """
        query = (
            select(batches)
            .join(members, members.c.batch_id == batches.c.batch_id)
            .join(drops, drops.c.drop_id == members.c.drop_id)
            .where(drops.c.client_id == self.client_id)
            .where(drops.c.feed.in_(self.matcher.lenders(feed)))
            .where(members.c.outcome == State.DELIVERED, drops.c.repeat_of.is_(None))
            .where(batches.c.client_id == self.client_id)
            .where(batches.c.status == BatchStatus.DELIVERED)
            .order_by(batches.c.delivered_no.desc())
            .limit(1)
        )
        if period is not None:
            query = query.where(batches.c.period == period)
        with self.ledger.read() as connection:
            if before_batch is not None:
                query = query.where(batches.c.batch_id != before_batch)
                limit = find_batch(connection, self.client_id, before_batch)["delivered_no"]
                if limit is not None:
                    query = query.where(batches.c.delivered_no < limit)
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            batch = load_batch(connection, row, self.matcher)
            joined = select(drops.c.drop_id, drops.c.key).join(
                members, members.c.drop_id == drops.c.drop_id
            )
            mine = joined.where(members.c.batch_id == row["batch_id"])
            keys = {one.drop_id: one.key for one in connection.execute(mine)}
            repeats: set[int] = set(
                connection.scalars(
                    select(drops.c.drop_id)
                    .join(members, members.c.drop_id == drops.c.drop_id)
                    .where(members.c.batch_id == row["batch_id"], drops.c.repeat_of.is_not(None))
                )
            )
        return batch, [
            drop
            for drop in batch.drops
            if drop.drop_id not in repeats
            and feed
            in {drop.feed, *(s.feed for s in self.matcher.sharing(keys[drop.drop_id], drop.feed))}
        ]

    def _story(self, row: RowMapping, told: Sequence[LedgerEvent]) -> DropStory:
        return of_row(DropStory, row, drop=self.matcher.drop(row), events=tuple(told))

    def _standings(self, connection: Connection) -> tuple[BatchStanding, ...]:
        how_it_ended = (
            select(events.c.kind)
            .where(events.c.client_id == self.client_id)
            .where(events.c.batch_id == batches.c.batch_id, events.c.kind.in_(_ENDS))
            .order_by(events.c.event_id.desc())
            .limit(1)
            .scalar_subquery()
        )
        files = func.count(drops.c.drop_id).label("files")
        query = (
            select(batches, files, how_it_ended.label("how_it_ended"))
            .outerjoin(
                drops,
                (drops.c.batch_id == batches.c.batch_id) & (drops.c.state == State.CLAIMED),
            )
            .where(batches.c.client_id == self.client_id, batches.c.status.in_(_OPEN))
            .group_by(batches.c.batch_id)
            .order_by(batches.c.number)
        )
        return tuple(
            of_row(
                BatchStanding,
                row,
                interrupted=row["how_it_ended"] == "interrupted",
                stuck=row["attempt"] > self.policy.max_attempts,
            )
            for row in connection.execute(query).mappings()
        )

    def _act(
        self,
        change: Change,
        drop_ids: Sequence[int],
        judge: Callable[[RowMapping], Judgement],
        *,
        dry_run: bool,
        now: datetime | None,
    ) -> list[VerbOutcome]:
        at = now or datetime.now(UTC)
        with self.ledger.write(self.client_id) as transaction:
            outcomes = []
            for row in named_drops(transaction.connection, self.client_id, drop_ids):
                allowed, sentence = judge(row)
                before = State(row["state"])
                outcome = VerbOutcome(
                    drop_id=row["drop_id"],
                    key=self.matcher.names.told(row["key"]),
                    version=row["version"],
                    before=before,
                    after=TRANSITIONS[change].after if allowed else before,
                    allowed=allowed,
                    sentence=sentence if allowed else f"Refused: {sentence}",
                    done=allowed and not dry_run,
                )
                outcomes.append(outcome)
                if outcome.done:
                    values = {} if change is Change.DISCARDED else _taken_up(change, row)
                    held_by = row["batch_id"] if before is State.CLAIMED else None
                    transaction.change(
                        change,
                        [row["drop_id"]],
                        at,
                        batch_id=held_by,
                        detail=outcome.sentence,
                        **values,
                    )
                    if held_by and held_drops(transaction.connection, held_by):
                        # without it the others may do
                        transaction.update_batch(held_by, retry_at=at, failures=0)
                    elif held_by:
                        transaction.dissolve(held_by, NO_DROP_LEFT, at)
            return outcomes

    def _has_bytes(self, row: RowMapping) -> bool:
        return bool(row["visible"]) or self.has_bytes(row["sha256"])

    def _judge_reprocess(self, row: RowMapping) -> Judgement:
        state = row["state"]
        if state not in TRANSITIONS[Change.REPROCESSED].before:
            if state == State.QUARANTINED:
                return False, "it is in quarantine: release or discard it."
            return False, f"it is {state} and will be delivered anyway."
        if not self._has_bytes(row):
            return False, (
                "its bytes are neither in the source nor in the landing folder any more. Ask the "
                "client to upload the file again."
            )
        if row["feed"] is None and self.matcher.match(row["key"], row["first_seen"]).code:
            return False, "its name matches no feed. Add a feed in the client's defs.yaml first."
        return True, f"A new batch will deliver it again.{self._instead(row)}"

    def _instead(self, row: RowMapping) -> str:
        """What becomes of the version of the name that stands delivered for its period by now."""
        query = (
            select(drops.c.version, drops.c.drop_id)
            .where(drops.c.client_id == self.client_id, drops.c.key == row["key"])
            .where(drops.c.feed.is_not_distinct_from(row["feed"]))
            .where(drops.c.period.is_not_distinct_from(row["period"]))
            .where(drops.c.state == State.DELIVERED, drops.c.repeat_of.is_(None))
            .where(drops.c.drop_id != row["drop_id"])
            .where(drops.c.delivered_no > (row["delivered_no"] or 0))
            .order_by(drops.c.delivered_no.desc())
        )
        with self.ledger.read() as connection:
            standing = connection.execute(query.limit(1)).first()
        if standing is not None:
            where = f" in {row['period']}" if row["period"] else ""
            return (
                f" It takes the place{where} of version {standing[0]} (drop {standing[1]}), which "
                "is delivered; corrections of that one's rows no longer count."
            )
        return "" if row["head"] else " A newer version of this name exists; it is not affected."

    def _judge_release(self, row: RowMapping) -> Judgement:
        if row["state"] not in TRANSITIONS[Change.RELEASED].before:
            return False, f"it is {row['state']}, not in quarantine."
        match = self.matcher.match(row["key"], row["first_seen"])
        if match.code is not None:
            return False, f"{match.reason} {match.fix}"
        if not self._has_bytes(row):
            return False, "its bytes are no longer there. Ask the client to upload the file again."
        return True, "The next batch takes it, as if it had just become ready."

    def _judge_discard(self, row: RowMapping) -> Judgement:
        if row["state"] not in TRANSITIONS[Change.DISCARDED].before:
            return False, f"it is {row['state']}, not in quarantine."
        if row["state"] == State.CLAIMED:
            with self.ledger.read() as connection:
                batch = find_batch(connection, self.client_id, row["batch_id"])
            if batch["status"] != BatchStatus.WAITING or batch["sealed"]:
                return False, "a run has it, or is about to. Discard it once that has failed."
            return True, (
                f"{_given_up(row)} What else its batch holds is tried again at the next look. "
                "Reprocess takes the drop up again."
            )
        return True, (
            f"{_given_up(row)} Its copy in the quarantine folder stays; reprocess takes the drop "
            "up again."
        )


def _given_up(row: RowMapping) -> str:
    """What a drop that is discarded will not be, and what stays of it."""
    if row["delivered_in"] is None:
        return "It will not be delivered."
    return f"It will not be delivered again; its rows in delivery {row['delivered_in']} stay."


def _taken_up(change: Change, row: RowMapping) -> dict[str, Any]:
    # an older version must not be pushed aside by the newer one it is to follow
    return {"repeat_of": None, "forced": change is Change.REPROCESSED or not row["head"]}


def _events(connection: Connection, drop_ids: Sequence[int]) -> dict[int, list[LedgerEvent]]:
    """What happened to drops: to each alone, and to the batches while they held it."""
    told: dict[int, list[LedgerEvent]] = {}
    for chunk in in_chunks(drop_ids):
        query = select(events).where(events.c.drop_id.in_(chunk)).order_by(events.c.event_id)
        for row in connection.execute(query).mappings():
            told.setdefault(row["drop_id"], []).append(of_row(LedgerEvent, row))
    return told

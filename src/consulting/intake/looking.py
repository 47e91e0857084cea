"""Looking at a store: which versions of which files are there now.

A page of the listing is compared with the ledger's versions in the same range of keys, so the
comparison needs neither clocks nor the order of arrival, and where nothing changed nothing is
written. Keys are expected in the order of code points; those that a server shows later than that
(some list folder by folder) are looked up one by one.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from consulting.errors import StoreError, StoreThrottledError
from consulting.intake.claims import claim_place
from consulting.intake.hiding import hide, part_hidden
from consulting.intake.ledger import in_chunks
from consulting.intake.matching import marker_of
from consulting.intake.notifications import note_listing, told_of
from consulting.intake.part import Part
from consulting.intake.records import REMATCHED, Look, State
from consulting.intake.schema import drops
from consulting.intake.transitions import TRANSITIONS, Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from consulting.intake.ledger import Transaction
    from consulting.intake.matching import Match
    from consulting.intake.notifications import Told
    from consulting.sources.store import Listed

_RECONSIDERED = TRANSITIONS[Change.READY].before | TRANSITIONS[Change.RETURNED].before
"""States that each look must reconsider while the file is still there as it was: one waits to
settle, the others were given up because the file had changed or gone when it was read."""
_REPLACED = TRANSITIONS[Change.SUPERSEDED].before - {State.CLAIMED}  # its run lets go of it
_MISSED = TRANSITIONS[Change.VANISHED].before - {State.CLAIMED}
_RESTED: dict[str, Any] = {"throttles": 0, "resting_until": None}


class _InterruptedError(Exception):
    """Another look of the same client wrote meanwhile: this one's listing is out of date."""


class Looking(Part):
    """Looks at one client's store."""

    def look(self, *, now: datetime, budget_seconds: float = 20, if_told: bool = False) -> Look:
        """Lists the store for a while and records what changed; the next look goes on from there.

        Args:
            now: Our own clock.
            budget_seconds: No further page is asked for after this time.
            if_told: Where a queue tells what arrives, list only if there is a reason to.

        Raises:
            StoreError: If the store does not answer as it should; what was listed is recorded.
            ConfigurationError: If the store lies in the place of another client, or holds it.
        """
        if self.place is not None:
            true_place = getattr(self.store, "true_place", None)
            place = true_place() if true_place else self.place
            claim_place(self.ledger.engine, self.client_id, place, now)
        with self.ledger.read() as connection:
            client = self.ledger.client(connection, self.client_id)
            told = told_of(connection, self.client_id, self.queue_url) if self.queue_url else None
        resting = client["resting_until"] if client else None
        if resting and not is_due(resting, now, self.policy.max_retry_seconds):
            return Look(resting_until=resting)
        under_way = client is not None and client["position"] is not None
        if if_told and told and not (under_way or told.asks_to_list(now) or self._waits()):
            return Look(complete=True, spared=True)
        deadline = time.monotonic() + budget_seconds
        step = _Step(self, client, now, told, deadline)
        try:
            while not step.complete:
                step.take_page()
                if time.monotonic() >= deadline:
                    break
            step.finish()
        except _InterruptedError:
            step.complete = False
        except StoreError as error:
            step.rest(throttled=isinstance(error, StoreThrottledError))
            raise
        return step.result()

    def _waits(self) -> bool:
        """Whether a listing could do something with a file that is there as it was."""
        with self.ledger.read() as connection:
            waiting = _reconsidered(connection, self.client_id, [])
        hidden, rest = part_hidden(waiting, self.temporary)
        return bool(hidden) or any(_may_settle(row, self) for row in rest)


class _Step:
    """The work of one look."""

    def __init__(
        self,
        source: Part,
        client: RowMapping | None,
        now: datetime,
        told: Told | None,
        deadline: float,
    ) -> None:
        self._source = source
        self._now = now
        self._told = told
        self._deadline = deadline
        self._started_at: str | None = client["position"] if client else None
        self._position = self._started_at
        self._pass_no: int = client["pass_no"] if client else 1
        self._look_no: int = client["look_no"] if client else 0
        self._throttles: int = client["throttles"] if client else 0
        self._high_key: str | None = client["high_key"] if client else None
        self._missing: set[str] = set()
        self._late: list[str] = []
        self._markers: dict[str, bool] = {}
        self._counts = {"listed": 0, "seen_new": 0, "ready": 0, "quarantined": 0, "vanished": 0}
        self.complete = False

    def result(self) -> Look:
        surprised = self._told is not None and self._told.expects_nothing(self._now)
        untold = self._counts["seen_new"] if surprised else 0
        return Look(**self._counts, complete=self.complete, untold=untold)

    def take_page(self) -> None:
        """Lists one page and records its changes in one transaction."""
        page = self._source.store.list_page(self._position, self._source.store.page_size)
        items = {item.key: item for item in page.items}
        low, high = self._high_key, max(items, default=None)
        late = [] if low is None else [key for key in items if key <= low]
        if high is None or (low is not None and low > high):
            high = low
        span = self._span(low, None if page.next is None else high)
        with self._source.ledger.read() as connection:
            known = _signatures(connection, span)
            self._missing.update(known.keys() - items.keys())
            waiting = _reconsidered(connection, self._source.client_id, span)
            for chunk in in_chunks(late):
                span = [drops.c.client_id == self._source.client_id, drops.c.key.in_(chunk)]
                known |= _signatures(connection, span)
                waiting += _reconsidered(connection, self._source.client_id, span)
        self._missing.difference_update(late)
        self._late.extend(late)
        # Names are judged where something is new only: a pass sees 100,000 that are not.
        differing = [item for item in page.items if known.get(item.key) != item.signature]
        changed = [item for item in differing if not self._source.temporary.covers(item.key)]
        self._counts["listed"] += len(items) - len(differing) + len(changed)
        hidden, rest = part_hidden(waiting, self._source.temporary)
        is_whole = self._position is None and page.next is None
        settled = [row for row in rest if self._has_settled(row, items, is_whole=is_whole)]
        if changed or hidden or settled:
            with self._write() as transaction:
                hide(transaction, hidden, self._now)
                self._record_versions(transaction, changed)
                self._record_settled(transaction, settled)
        self._position, self._high_key = page.next, high
        self.complete = page.next is None

    def finish(self) -> None:
        """Ends the step: remembers the position, or decides what vanished."""
        resumed = self._started_at is not None
        if not self.complete:
            self._save_position(_RESTED)
        elif self._missing or resumed or self._throttles or self._told is not None:
            with self._write() as transaction:
                self._note_listing(transaction)
                self._mark_missing(transaction)
                self._record_vanished(transaction)
                transaction.update_client(
                    position=None, high_key=None, pass_no=self._pass_no + 1, **_RESTED
                )

    def rest(self, *, throttled: bool) -> None:
        """Notes how far the listing came, and leaves a store that asked for it alone a while."""
        values: dict[str, Any] = {}
        if throttled:
            pause = self._source.policy.throttle_seconds * 2 ** min(self._throttles, 30)
            until = self._now + timedelta(seconds=min(pause, self._source.policy.max_retry_seconds))
            values = {"throttles": self._throttles + 1, "resting_until": until}
        with suppress(_InterruptedError):
            self._save_position(values)

    def _save_position(self, values: dict[str, Any]) -> None:
        if not values and self._position == self._started_at:
            return
        with self._write() as transaction:
            self._mark_missing(transaction)
            if self._position is not None:
                self._note_listing(transaction)
            transaction.update_client(position=self._position, high_key=self._high_key, **values)

    def _note_listing(self, transaction: Transaction) -> None:
        """Notes which notifications this pass covers: those from before it began."""
        if self._told is not None and self._started_at is None:
            note_listing(
                transaction.connection, self._source.client_id, self._told.number, self._now
            )

    def _mark_missing(self, transaction: Transaction) -> None:
        """Notes what this pass did not show where it should stand.

        A server that lists folder by folder shows some keys late: they are not missing after all.
        """
        for keys, mark in ((sorted(self._missing), self._pass_no), (self._late, None)):
            for chunk in in_chunks(keys):
                transaction.connection.execute(
                    update(drops)
                    .where(drops.c.client_id == self._source.client_id, drops.c.visible)
                    .where(drops.c.key.in_(chunk))
                    .values(missing_in_pass=mark)
                )

    @contextmanager
    def _write(self) -> Iterator[Transaction]:
        with self._source.ledger.write(self._source.client_id) as transaction:
            if transaction.client["look_no"] != self._look_no:
                raise _InterruptedError
            self._look_no += 1
            transaction.update_client(look_no=self._look_no)
            yield transaction

    def _span(self, after: str | None, last: str | None) -> list[ColumnElement[bool]]:
        span: list[ColumnElement[bool]] = [drops.c.client_id == self._source.client_id]
        if after is not None:
            span.append(drops.c.key > after)
        if last is not None:
            span.append(drops.c.key <= last)
        return span

    def _record_vanished(self, transaction: Transaction) -> None:
        query = (
            select(drops.c.drop_id, drops.c.state)
            .where(drops.c.client_id == self._source.client_id, drops.c.visible)
            .where(drops.c.missing_in_pass == self._pass_no)
        )
        rows = transaction.connection.execute(query).all()
        undelivered = [row.drop_id for row in rows if row.state in _MISSED]
        transaction.update_drops([row.drop_id for row in rows], visible=False)
        transaction.change(Change.VANISHED, undelivered, self._now)
        kept = {row.drop_id for row in rows} - set(undelivered)
        transaction.record(self._now, "left", drop_ids=sorted(kept), detail="no longer in source")
        self._counts["vanished"] += len(rows)

    def _record_versions(self, transaction: Transaction, changed: Sequence[Listed]) -> None:
        heads = _heads(
            transaction.connection, self._source.client_id, [item.key for item in changed]
        )
        fresh: list[dict[str, Any]] = []
        for item in changed:
            head = heads.get(item.key)
            if head is not None and head["signature"] == item.signature:
                self._record_return(transaction, head)
                continue
            if head is not None:
                self._replace(transaction, head)
            fresh.append(self._new_version(item, head["version"] + 1 if head else 1))
        if not fresh:
            return
        ids = transaction.connection.scalars(
            insert(drops).returning(drops.c.drop_id, sort_by_parameter_order=True), fresh
        ).all()
        transaction.record(self._now, Change.SEEN, drop_ids=ids)
        self._counts["seen_new"] += len(ids)
        if self._source.store.atomic and self._source.policy.done_marker is None:
            rows = [{**row, "drop_id": drop_id} for row, drop_id in zip(fresh, ids, strict=True)]
            self._record_settled(transaction, rows)

    def _new_version(self, item: Listed, version: int) -> dict[str, Any]:
        return {
            "client_id": self._source.client_id,
            "key": item.key,
            "version": version,
            "signature": item.signature,
            "file_id": item.file_id,
            "size_bytes": item.size_bytes,
            "state": TRANSITIONS[Change.SEEN].after,
            "first_seen": self._now,
            "settling_since": self._now,
            "head": True,
            "visible": True,
        }

    def _replace(self, transaction: Transaction, head: RowMapping) -> None:
        ids: list[int] = [head["drop_id"]]
        gone: dict[str, Any] = {"head": False, "visible": False}
        if head["state"] in _REPLACED:
            transaction.change(
                Change.SUPERSEDED, ids, self._now, detail="new bytes arrived", **gone
            )
        else:
            transaction.update_drops(ids, **gone)

    def _record_return(self, transaction: Transaction, head: RowMapping) -> None:
        drop_id: int = head["drop_id"]
        seen: dict[str, Any] = {"visible": True, "missing_in_pass": None}
        if head["state"] in TRANSITIONS[Change.RETURNED].before:
            self._return(transaction, drop_id, **seen)
        else:
            transaction.update_drops([drop_id], **seen)
            transaction.record(self._now, Change.RETURNED, drop_ids=[drop_id])

    def _return(self, transaction: Transaction, drop_id: int, **values: Any) -> None:
        transaction.change(
            Change.RETURNED, [drop_id], self._now, stale=True, settling_since=self._now, **values
        )

    def _has_settled(self, row: RowMapping, listed: dict[str, Listed], *, is_whole: bool) -> bool:
        item = listed.get(row["key"])
        if item is None or item.signature != row["signature"]:
            return False
        if row["state"] != State.SEEN:
            return _may_settle(row, self._source)
        waited = (self._now - row["settling_since"]).total_seconds()
        # A clock set back starts the window anew; it must not wait until the clock caught up.
        if 0 <= waited < self._source.policy.settle_seconds and not self._source.store.atomic:
            return False
        if self._source.policy.done_marker is None:
            return True
        marker = marker_of(row["key"], self._source.policy.done_marker)
        return marker in listed or (not is_whole and self._is_there(marker))

    def _is_there(self, marker: str) -> bool:
        """Whether a marker that is not in the page is there; not asked once time is over."""
        if marker not in self._markers:
            if time.monotonic() >= self._deadline:
                return False
            self._markers[marker] = self._source.store.exists(marker)
        return self._markers[marker]

    def _record_settled(
        self, transaction: Transaction, rows: Sequence[RowMapping | dict[str, Any]]
    ) -> None:
        ready: dict[tuple[str | None, str | None], list[int]] = {}
        for row in rows:
            drop_id = row["drop_id"]
            if row["state"] in TRANSITIONS[Change.RETURNED].before:
                self._return(transaction, drop_id)
            elif row["settling_since"] > self._now:
                transaction.update_drops([drop_id], settling_since=self._now)
            else:
                match = self._source.matcher.match(row["key"], row["first_seen"])
                if match.code is None:
                    ready.setdefault((match.feed, match.period), []).append(drop_id)
                else:
                    set_aside(transaction, drop_id, match, self._now, feed=match.feed)
                    self._counts["quarantined"] += 1
        for (feed, period), ids in ready.items():
            changed = transaction.change(
                Change.READY, ids, self._now, stale=True, feed=feed, period=period
            )
            self._counts["ready"] += len(changed)


def set_aside(
    transaction: Transaction, drop_id: int, match: Match, now: datetime, **values: Any
) -> None:
    """Quarantines a drop that no feed takes.

    Args:
        transaction: Of the drop's client.
        drop_id: The drop.
        match: Why no feed takes it.
        now: When (UTC).
        **values: What else changes in its row.
    """
    transaction.change(
        Change.QUARANTINED,
        [drop_id],
        now,
        detail=match.reason or "",
        stale=True,
        code=match.code,
        reason=match.reason,
        fix=match.fix,
        **values,
    )


def _may_settle(row: RowMapping, source: Part) -> bool:
    """Whether a drop that was set aside, given up or seen can go on, if its file is as it was."""
    if row["state"] != State.QUARANTINED:
        return True
    return (
        row["code"] in REMATCHED
        and source.matcher.match(row["key"], row["first_seen"]).code is None
    )


def is_due(moment: datetime, now: datetime, longest_seconds: float) -> bool:
    """Whether a planned moment has come.

    A moment further away than any pause can be means that the clock was set back: it counts as
    come, for nothing may wait until the clock has caught up.
    """
    return not 0 < (moment - now).total_seconds() <= longest_seconds


def _signatures(connection: Connection, span: list[ColumnElement[bool]]) -> dict[str, str]:
    query = select(drops.c.key, drops.c.signature).where(drops.c.visible, *span)
    return dict(connection.execute(query).all())


def _reconsidered(
    connection: Connection, client_id: str, span: list[ColumnElement[bool]]
) -> list[RowMapping]:
    query = (
        select(drops)
        .where(drops.c.client_id == client_id, drops.c.state.in_(_RECONSIDERED))
        .where(drops.c.visible, *span)
        .order_by(drops.c.drop_id)
    )
    return list(connection.execute(query).mappings().all())


def _heads(connection: Connection, client_id: str, keys: Sequence[str]) -> dict[str, RowMapping]:
    heads: dict[str, RowMapping] = {}
    for chunk in in_chunks(keys):
        query = select(drops).where(
            drops.c.client_id == client_id, drops.c.key.in_(chunk), drops.c.head
        )
        for row in connection.execute(query).mappings():
            heads[row["key"]] = row
    return heads

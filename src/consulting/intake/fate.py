"""What becomes of a batch once its run has ended.

A failed batch is tried again after a pause, then halved until the file that fails stands alone.
That file is quarantined only after it failed alone and another batch of the client succeeded since
it was parted from its neighbours: in an outage nothing succeeds, so nothing is quarantined. Runs
that died without a verdict (killed, out of memory, a lost machine) are counted apart; a run that
was told to stop is not counted at all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from consulting.errors import BatchHeldError
from consulting.intake.batching import (
    NO_DROP_LEFT,
    any_ready,
    find_batch,
    held_drops,
    make_batch,
    open_batches,
    refuse_settled,
    settle_members,
)
from consulting.intake.looking import is_due
from consulting.intake.part import Part
from consulting.intake.records import BatchStatus, RunVerdict
from consulting.intake.schema import batches, events
from consulting.intake.transitions import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from consulting.intake.ledger import Transaction
    from consulting.intake.records import FailureCause
    from consulting.records import VerdictLevel

POISON = "run_failed"
"""The code of a file that is set aside because runs with it failed."""
MENDED = "mended"
"""What the history calls it that somebody mended what a batch failed for."""
_STREAK_OF_AN_OUTAGE = 3
_FAILURES_OF_A_HALF = 3
_TRIES_BEFORE_NEW = 2


class Fate(Part):
    """Settles batches by the fate of their runs."""

    def reconcile(
        self,
        verdict_of: Callable[[str], RunVerdict],
        *,
        now: datetime,
        verdict_of_request: Callable[[str], RunVerdict] | None = None,
        claims: bool = False,
    ) -> None:
        """Settles batches whose runs ended, and brings back those whose pause is over.

        Args:
            verdict_of: Run id → what the orchestrator knows of the run.
            now: Our own clock.
            verdict_of_request: Run key → the same for the run that a request led to, UNKNOWN if
                there is none yet. Without it a request that led to nothing is renewed after
                `start_seconds`.
            claims: Whether what is ready is claimed right after. Where nothing succeeds it then
                goes before batches that failed more than once: they would keep it back for ever,
                and its success alone tells a file that fails from an outage.
        """
        with self.ledger.read() as connection:
            client = self.ledger.client(connection, self.client_id)
            live = open_batches(connection, self.client_id)
            waiting = self._due(connection, now)
            new = claims and any_ready(connection, self.client_id)
        if client is None:
            return
        for row in live:
            ended = (
                self._end_of_run(row, verdict_of, now)
                if row["status"] == BatchStatus.RUNNING
                else self._end_of_request(row, verdict_of_request, now)
            )
            if ended is not None:
                self._settle(row, *ended, now=now)
        paused = client["paused_until"]
        if waiting and (not paused or is_due(paused, now, self.policy.max_retry_seconds)):
            self._bring_back(now, most_tries=_TRIES_BEFORE_NEW if paused and new else None)

    def failed(
        self,
        batch_id: str,
        run_id: str,
        *,
        reason: str,
        now: datetime,
        cause: FailureCause = "unknown",
    ) -> None:
        """Records that the run failed; idempotent, and ignored if the run holds nothing.

        Args:
            batch_id: The batch.
            run_id: The run.
            reason: Why, without rows of data.
            now: Our own clock.
            cause: "data" if the run found the data itself wrong (a blocking check): no other
                batch then has to succeed before the file that fails alone is quarantined.
                "outage" if a store or a database did not answer: the batch is tried again later
                and never counted against its files. "interrupted" if the run was told to stop:
                it is tried again soon and counted against nobody. Else "unknown".
        """
        with self.ledger.write(self.client_id) as transaction:
            row = find_batch(transaction.connection, self.client_id, batch_id)
            if row["status"] != BatchStatus.RUNNING or row["run_id"] != run_id:
                return
            if cause == "interrupted":
                self._interrupt(transaction, row, reason, now)
            else:
                self._fail(transaction, row, reason, now, cause=cause)

    def delivered(
        self, batch_id: str, run_id: str, *, now: datetime, verdict: VerdictLevel | None = None
    ) -> None:
        """Records that the delivery is complete and durable: a run's last act; idempotent.

        Args:
            batch_id: The batch.
            run_id: The run.
            now: Our own clock.
            verdict: What the report says on page one; None where none was made.

        Raises:
            BatchHeldError: If another run took the batch over.
            BatchSettledError: If the batch was split meanwhile.
        """
        with self.ledger.write(self.client_id) as transaction:
            row = find_batch(transaction.connection, self.client_id, batch_id)
            if row["status"] == BatchStatus.DELIVERED:
                return
            refuse_settled(row)
            # A run that was given up for dead may still finish, if no other took its place.
            if row["run_id"] != run_id:
                raise BatchHeldError(
                    self.client_id, batch_id, f"run {row['run_id']} took it over from run {run_id}"
                )
            self._deliver(transaction, batch_id, now, verdict)

    def _deliver(
        self,
        transaction: Transaction,
        batch_id: str,
        now: datetime,
        verdict: VerdictLevel | None = None,
    ) -> None:
        held = [row["drop_id"] for row in held_drops(transaction.connection, batch_id)]
        number = transaction.client["successes"] + 1
        transaction.change(
            Change.DELIVERED,
            held,
            now,
            batch_id=batch_id,
            delivered_in=batch_id,
            delivered_at=now,
            delivered_no=number,
            forced=False,
        )
        transaction.update_batch(
            batch_id,
            status=BatchStatus.DELIVERED,
            delivered_at=now,
            delivered_no=number,
            verdict=verdict,
            lease_until=None,
            retry_at=None,
            reason=None,
        )
        if held:
            transaction.update_client(
                successes=number,
                failures_in_a_row=0,
                paused_until=None,
            )

    def _end_of_run(
        self, row: RowMapping, verdict_of: Callable[[str], RunVerdict], now: datetime
    ) -> tuple[RunVerdict, str] | None:
        verdict = verdict_of(row["run_id"])
        if verdict is RunVerdict.FAILED:
            return verdict, f"run {row['run_id']} failed"
        if verdict is RunVerdict.SUCCEEDED:
            return RunVerdict.DIED, f"run {row['run_id']} ended without recording a delivery"
        if verdict is RunVerdict.DIED:
            return verdict, f"run {row['run_id']} died"
        if verdict is RunVerdict.CANCELED:
            return verdict, f"run {row['run_id']} was canceled"
        if row["lease_until"] <= now:
            return RunVerdict.DIED, f"run {row['run_id']} gave no sign of life"
        return None

    def _end_of_request(
        self,
        row: RowMapping,
        verdict_of_request: Callable[[str], RunVerdict] | None,
        now: datetime,
    ) -> tuple[RunVerdict, str] | None:
        """A requested run can end before it began to work; its key would never run again."""
        if verdict_of_request is None:
            waited = (now - row["pending_since"]).total_seconds()
            if 0 <= waited < self.policy.start_seconds:
                return None
            return RunVerdict.DIED, "the requested run did not begin in time"
        verdict = verdict_of_request(f"{row['batch_id']}-{row['attempt']}")
        if verdict in (RunVerdict.RUNNING, RunVerdict.UNKNOWN):
            return None
        end = RunVerdict.CANCELED if verdict is RunVerdict.CANCELED else RunVerdict.DIED
        return end, f"the requested run {verdict} before it took the batch"

    def _settle(self, row: RowMapping, verdict: RunVerdict, reason: str, *, now: datetime) -> None:
        with self.ledger.write(self.client_id) as transaction:
            current = find_batch(transaction.connection, self.client_id, row["batch_id"])
            same = ("status", "run_id", "attempt", "lease_until")
            if any(current[name] != row[name] for name in same):
                return  # it moved on while the orchestrator was asked
            if verdict is RunVerdict.FAILED:
                self._fail(transaction, current, reason, now, cause="unknown")
            elif verdict is RunVerdict.CANCELED:
                self._interrupt(transaction, current, reason, now)
            else:
                self._die(transaction, current, reason, now)

    def _interrupt(
        self, transaction: Transaction, row: RowMapping, reason: str, now: datetime
    ) -> None:
        """Says nothing of the files: they are taken again, as they were."""
        transaction.record(now, "interrupted", batch_id=row["batch_id"], detail=reason)
        self._wait(transaction, row, reason, now, self._pause(1))

    def _die(self, transaction: Transaction, row: RowMapping, reason: str, now: datetime) -> None:
        deaths = row["deaths"] + 1
        transaction.update_batch(row["batch_id"], deaths=deaths)
        transaction.record(now, "died", batch_id=row["batch_id"], detail=reason)
        if deaths % self.policy.max_deaths == 0:
            self._fail(transaction, row, f"{reason}, the {deaths}th time", now, cause="unknown")
        else:
            self._wait(transaction, row, reason, now, self._pause(deaths))

    def _fail(
        self,
        transaction: Transaction,
        row: RowMapping,
        reason: str,
        now: datetime,
        *,
        cause: FailureCause,
    ) -> None:
        if _is_mended(transaction.connection, row["batch_id"]):
            transaction.record(now, "failed", batch_id=row["batch_id"], detail=reason)
            self._wait(transaction, row, reason, now, timedelta())
            return
        failures = row["failures"] + (cause != "outage")
        successes = transaction.client["successes"]
        marks = {
            name: successes if row[name] is None else row[name]
            for name in ("successes_before", "successes_before_root")
        }
        streak = transaction.client["failures_in_a_row"] + 1
        pause = self._pause(streak)
        transaction.update_client(
            failures_in_a_row=streak,
            paused_until=now + pause if streak >= _STREAK_OF_AN_OUTAGE else None,
        )
        transaction.update_batch(row["batch_id"], failures=failures, **marks)
        transaction.record(now, "failed", batch_id=row["batch_id"], detail=reason)
        held = held_drops(transaction.connection, row["batch_id"])
        if not held:
            transaction.dissolve(row["batch_id"], NO_DROP_LEFT, now)
        elif cause == "outage" or row["sealed"]:
            # Once a run publishes, its files have passed: something else is wrong.
            self._wait(transaction, row, reason, now, pause)
        elif len(held) == 1:
            others_succeeded = cause == "data" or successes > marks["successes_before"]
            if failures >= self.policy.solo_failures and others_succeeded:
                self._quarantine(transaction, row, held[0], reason, now)
            else:
                self._wait(transaction, row, reason, now, pause)
        elif self._should_split(
            row, failures, evident=cause == "data" or successes > marks["successes_before_root"]
        ):
            self._split(transaction, row, held, marks["successes_before_root"], now)
        else:
            self._wait(transaction, row, reason, now, pause)

    def _should_split(self, row: RowMapping, failures: int, *, evident: bool) -> bool:
        """Halves fail at once where something else succeeded; else it may be an outage."""
        if row["parent_id"] is None:
            return failures >= self.policy.tries_before_split
        return evident or failures >= _FAILURES_OF_A_HALF

    def _pause(self, times: int) -> timedelta:
        seconds = self.policy.retry_seconds * 2 ** min(times - 1, 30)
        return timedelta(seconds=min(seconds, self.policy.max_retry_seconds))

    def _wait(
        self,
        transaction: Transaction,
        row: RowMapping,
        reason: str,
        now: datetime,
        pause: timedelta,
    ) -> None:
        transaction.update_batch(
            row["batch_id"],
            status=BatchStatus.WAITING,
            attempt=row["attempt"] + 1,
            retry_at=now + pause,
            lease_until=None,
            reason=reason,
        )

    def _split(
        self,
        transaction: Transaction,
        row: RowMapping,
        held: Sequence[RowMapping],
        successes_before_root: int,
        now: datetime,
    ) -> None:
        settle_members(transaction, row["batch_id"], "moved")
        middle = len(held) // 2
        for half in (held[:middle], held[middle:]):
            make_batch(
                transaction,
                half,
                now=now,
                trigger="split",
                status=BatchStatus.WAITING,
                parent_id=row["batch_id"],
                retry_at=now,
                successes_before=transaction.client["successes"],
                successes_before_root=successes_before_root,
            )
        transaction.dissolve(row["batch_id"], "split in halves to find the file that fails", now)

    def _quarantine(
        self,
        transaction: Transaction,
        row: RowMapping,
        drop: RowMapping,
        reason: str,
        now: datetime,
    ) -> None:
        last = reason.rstrip(".")
        sentence = f"Runs with this file alone failed, others succeeded. The last one: {last}."
        transaction.change(
            Change.QUARANTINED,
            [drop["drop_id"]],
            now,
            batch_id=row["batch_id"],
            detail=sentence,
            code=POISON,
            reason=sentence,
            fix="Look at the run's error. If the shape of the file changed, `consulting accept` "
            "takes it as it is. Else release the drop once the cause is mended, ask the client for "
            "a corrected file, or discard the drop.",
        )
        transaction.dissolve(row["batch_id"], "its last file was quarantined", now)

    def _bring_back(self, now: datetime, *, most_tries: int | None) -> None:
        """Asks for a run of the batch that has been due longest, if no other is under way."""
        with self.ledger.write(self.client_id) as transaction:
            connection = transaction.connection
            if open_batches(connection, self.client_id):
                return
            for row in self._due(connection, now):
                if most_tries is not None and row["attempt"] > most_tries:
                    continue
                if not held_drops(connection, row["batch_id"]):
                    transaction.dissolve(row["batch_id"], NO_DROP_LEFT, now)
                    continue
                transaction.update_batch(
                    row["batch_id"],
                    status=BatchStatus.PENDING,
                    pending_since=now,
                    retry_at=None,
                )
                transaction.record(now, "retried", batch_id=row["batch_id"])
                return

    def _due(self, connection: Connection, now: datetime) -> list[RowMapping]:
        """The batches whose pause is over, the longest due first."""
        waiting = (
            select(batches)
            .where(batches.c.client_id == self.client_id)
            .where(batches.c.status == BatchStatus.WAITING)
            .order_by(batches.c.retry_at, batches.c.number)
        )
        longest, rows = self.policy.max_retry_seconds, connection.execute(waiting).mappings()
        return [row for row in rows if is_due(row["retry_at"], now, longest)]


def _is_mended(connection: Connection, batch_id: str) -> bool:
    """Whether somebody mended what a batch failed for after its run had begun."""
    last = (
        select(events.c.kind)
        .where(events.c.batch_id == batch_id, events.c.kind.in_(("begun", MENDED)))
        .order_by(events.c.event_id.desc())
        .limit(1)
    )
    return connection.scalar(last) == MENDED

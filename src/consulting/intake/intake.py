"""The intake of one client: what the sensor, the run and the command line use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from consulting.intake.batching import Batching
from consulting.intake.claims import claim_place
from consulting.intake.fate import Fate
from consulting.intake.landing import Landing
from consulting.intake.looking import Source, look
from consulting.intake.matching import FeedMatcher
from consulting.intake.records import BatchPolicy
from consulting.intake.verbs import Verbs
from consulting.privacy.masking import KEY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from consulting.intake.ledger import Ledger
    from consulting.intake.matching import Share
    from consulting.intake.records import (
        DeliveryFact,
        DropStory,
        FailureCause,
        FeedPattern,
        LandedFile,
        LedgerState,
        Look,
        PeriodOf,
        RunVerdict,
        VerbOutcome,
    )
    from consulting.layout import ClientFolder
    from consulting.privacy import Names
    from consulting.records import Batch, Drop, QuarantinedFile, VerdictLevel
    from consulting.sources.places import Place
    from consulting.sources.store import Store


class Intake:
    """A client's files, from the first sight to the delivery.

    A sensor's tick is `reconcile`, `look`, `claim`, and a request for each of
    `pending_requests`. A run is `begin`, `land` for each drop, its work, `seal`, publishing,
    `delivered`. Between any two of these calls the process may be killed; calling them again goes
    on from there.

    Args:
        ledger: The record shared by all clients.
        store: Where the client puts files.
        folder: Where the client's things are held; its `client_id` is the client's.
        feeds: Which files belong to which feed; the first that matches wins.
        policy: How long to wait, how much to take, how often to try.
        period_of: Gives the partition of a drop; None where the engagement has no partitions.
        sealed: Whether what is landed may not lie on the disk in clear, nor stay: below tier 3.
        names: How the names of files are told; as they are, where it is not given.
        place: Where the store is, so that no two clients look at one place.
    """

    def __init__(  # noqa: PLR0913 - by name only; each is a part of its own
        self,
        *,
        ledger: Ledger,
        store: Store,
        folder: ClientFolder,
        feeds: Sequence[FeedPattern],
        policy: BatchPolicy | None = None,
        period_of: PeriodOf | None = None,
        sealed: bool = False,
        place: Place | None = None,
        names: Names | None = None,
    ) -> None:
        self.ledger = ledger
        self._place = place
        self.store = store
        self.folder = folder
        self.client_id = folder.client_id
        self.policy = policy or BatchPolicy()
        matcher = self._matcher = FeedMatcher(feeds, period_of, names)
        self._source = Source(ledger, store, self.client_id, matcher, self.policy)
        self._batching = Batching(ledger, self.client_id, matcher, self.policy)
        self._fate = Fate(ledger, self.client_id, self.policy)
        self._landing = Landing(ledger, store, folder, self.policy, matcher=matcher, sealed=sealed)
        self._verbs = Verbs(ledger, self.client_id, self._landing, matcher, self.policy)

    def look(self, *, now: datetime, budget_seconds: float = 20) -> Look:
        """Lists the store for a while and records what changed; the next look goes on from there.

        Raises:
            StoreError: If the store does not answer as it should; what was listed is recorded.
            ConfigurationError: If the store lies in the place of another client, or holds it.
        """
        if self._place is not None:
            claim_place(self.ledger.engine, self.client_id, self._place, now)
        return look(self._source, now=now, budget_seconds=budget_seconds)

    def reconcile(
        self,
        verdict_of: Callable[[str], RunVerdict],
        *,
        now: datetime,
        verdict_of_request: Callable[[str], RunVerdict] | None = None,
    ) -> None:
        """Settles batches whose runs ended, and brings back those whose pause is over.

        Args:
            verdict_of: Run id → what the orchestrator knows of the run.
            now: Our own clock.
            verdict_of_request: Run key → the same for the run that a request led to, UNKNOWN if
                there is none yet. Without it a request that led to nothing is renewed after
                `start_seconds`.
        """
        self._fate.reconcile(verdict_of, now=now, verdict_of_request=verdict_of_request)

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
        return self._batching.claim(now=now, trigger=trigger, drop_ids=drop_ids, period=period)

    def pending_requests(self) -> list[Batch]:
        """Batches that were claimed and have no run yet: request each again by its run key."""
        return self._batching.pending_requests()

    def live_runs(self, *, now: datetime) -> set[str]:
        """The ids of the runs that hold a batch and gave a sign of life, or settled one, lately."""
        return self._batching.live_runs(now=now)

    def begin(self, batch_id: str, run_id: str, *, now: datetime) -> Batch:
        """Gives the batch to a run; the same run may call it at the start of each of its steps.

        Returns:
            The batch with the drops it still holds. None are left if all were replaced by newer
            versions meanwhile; the run then has nothing to do but to call `delivered`.

        Raises:
            BatchHeldError: If another run holds it, or another batch of the client.
            BatchSettledError: If it was delivered or split.
        """
        return self._batching.begin(batch_id, run_id, now=now)

    def renew(self, batch_id: str, run_id: str, *, now: datetime) -> None:
        """Says that the run is alive; `beating` calls it again and again.

        Raises:
            BatchHeldError: If the run lost its hold: it must not publish.
            BatchSettledError: If the batch was delivered or split.
        """
        self._batching.renew(batch_id, run_id, now=now, seal=False)

    def seal(self, batch_id: str, run_id: str, *, now: datetime) -> None:
        """Fixes what the batch holds; to be called right before the delivery is published.

        From here on a retry delivers the same drops under the same id, whatever arrives
        meanwhile, so that a kill between publishing and `delivered` leaves no stray delivery.

        Raises:
            BatchHeldError: If the run lost its hold: it must not publish.
            BatchSettledError: If the batch was delivered or split.
        """
        self._batching.renew(batch_id, run_id, now=now, seal=True)

    def sharing(self, drop: Drop) -> list[Share]:
        """The feeds that read a part of the drop's file beside the feed it belongs to."""
        return self._verbs.sharing(drop)

    def land(self, batch: Batch, drop: Drop) -> LandedFile:
        """Copies exactly the listed version to `landing/<sha256>/`, and verifies it.

        Raises:
            DropChangedError: If it changed since; the batch lets go of it. Go on without it.
            DropGoneError: If it is gone; the batch lets go of it. Go on without it.
            StoreError: If the store does not answer; the run is to fail and will be retried.
        """
        return self._landing.land(batch, drop)

    def sort_by_content(
        self, batch: Batch, drop: Drop, *, feed: str, period: str | None, now: datetime
    ) -> None:
        """Gives a corrections file the feed and period that its content names.

        A drop of another period leaves the batch, ready for a batch of its own period.
        """
        self._landing.sort_by_content(batch, drop, feed=feed, period=period, now=now)

    def quarantine(  # noqa: PLR0913 - by name only; what a person needs to know
        self,
        batch: Batch,
        drop: Drop,
        *,
        code: str,
        reason: str,
        fix: str,
        now: datetime,
        keep_copy: bool = True,
    ) -> QuarantinedFile:
        """Sets a file of the batch aside; the batch goes on without it.

        Args:
            batch: The batch that holds it.
            drop: The drop.
            code: A stable reason code.
            reason: What is wrong, for a person.
            fix: What that person can do.
            now: Our own clock.
            keep_copy: Copies the landed bytes to the quarantine folder; False where the tier
                forbids to keep them. The reason is written in any case.
        """
        return self._landing.quarantine(
            batch, drop, code=code, reason=reason, fix=fix, now=now, keep_copy=keep_copy
        )

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
        self._fate.delivered(batch_id, run_id, now=now, verdict=verdict)

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
        self._fate.failed(batch_id, run_id, reason=reason, now=now, cause=cause)

    def true_names(self, drop_ids: Sequence[int]) -> dict[int, str]:
        """Drop id → the name under which the file lies in the source, whatever the tier.

        For a person at a terminal, and for nothing that is stored or sent.
        """
        return self._verbs.true_names(drop_ids)

    def told(self, name: str) -> str:
        """The name of a file as the tier tells it."""
        return self._matcher.names.told(name)

    def told_before(self, names: Iterable[str]) -> set[str]:
        """Names of files as they may have been told at another tier, or by an earlier release."""
        hidden = self._matcher.names.model_copy(update={"hidden": True})
        given = set(names)
        if not (self.folder.path / KEY_FILE).exists():
            return given  # no name was ever hidden
        return given | {hidden.told(name) for name in given}

    def held_tier(self) -> int | None:
        """The tier that the client's data is held at; None if none was ever noted."""
        with self.ledger.read() as connection:
            client = self.ledger.client(connection, self.client_id)
        return None if client is None else client["held_tier"]

    def hold_tier(self, tier: int) -> None:
        """Note the tier that the client's data is held at from now on."""
        with self.ledger.write(self.client_id) as transaction:
            transaction.update_client(held_tier=tier)

    def watched_since(self, now: datetime) -> datetime:
        """When the client was first looked at; noted now, if it never was."""
        with self.ledger.read() as connection:
            client = self.ledger.client(connection, self.client_id)
        if client is not None and client["watched_since"] is not None:
            return cast("datetime", client["watched_since"])
        with self.ledger.write(self.client_id) as transaction:
            since: datetime = transaction.client["watched_since"] or now
            transaction.update_client(watched_since=since)
        return since

    def state(self) -> LedgerState:
        """How the ledger stands: for metadata and the command line."""
        return self._verbs.state()

    def history(
        self,
        *,
        key: str | None = None,
        drop_ids: Sequence[int] | None = None,
        limit: int = 100,
    ) -> list[DropStory]:
        """Drops with all that happened to them, newest first."""
        return self._verbs.history(key=key, drop_ids=drop_ids, limit=limit)

    def reprocess(
        self, drop_ids: Sequence[int], *, dry_run: bool, now: datetime | None = None
    ) -> list[VerbOutcome]:
        """Has drops delivered again, or tells what would happen."""
        return self._verbs.reprocess(drop_ids, dry_run=dry_run, now=now or datetime.now(UTC))

    def release(self, drop_id: int, *, dry_run: bool, now: datetime | None = None) -> VerbOutcome:
        """Lets a quarantined drop try again, or tells what would happen."""
        return self._verbs.release(drop_id, dry_run=dry_run, now=now or datetime.now(UTC))

    def retry(self, batch_ids: Sequence[str], *, now: datetime) -> None:
        """Has waiting batches tried at the next look, as their cause was mended."""
        self._verbs.retry(batch_ids, now=now)

    def discard(self, drop_id: int, *, dry_run: bool, now: datetime | None = None) -> VerbOutcome:
        """Settles a quarantined drop without delivering it, or tells what would happen."""
        return self._verbs.discard(drop_id, dry_run=dry_run, now=now or datetime.now(UTC))

    def last_delivered(
        self, feed: str, *, before_batch: str | None = None, period: str | None = None
    ) -> tuple[Batch, list[Drop]] | None:
        """The newest delivered drops of a feed, to stand in where a batch brings none.

        Args:
            feed: The feed.
            before_batch: Look at deliveries before this batch's only.
            period: Look at this period's deliveries only.
        """
        return self._verbs.last_delivered(feed, before_batch=before_batch, period=period)

    def was_delivered(self, hashes: Collection[str]) -> bool:
        """Whether a file of one of these contents was ever delivered."""
        return self.ledger.was_delivered(self.client_id, hashes)

    def roots(self, batch_ids: Iterable[str]) -> dict[str, str]:
        """Batch id → the batch it was split off from at the very first, or itself."""
        return self.ledger.roots(self.client_id, batch_ids)

    def deliveries(self) -> list[DeliveryFact]:
        """The client's delivered batches, oldest first."""
        return self.ledger.deliveries(self.client_id)

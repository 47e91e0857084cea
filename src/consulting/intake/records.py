"""The words of intake: settings that come in, answers that go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field

from consulting.config_model import ConfigModel
from consulting.records import Drop, QuarantinedFile, Record, VerdictLevel
from consulting.sealed import SealedFile


class NoPeriod(Record):
    """Why a file can be put in no period, and what a person can do."""

    reason: str
    fix: str


PeriodOf = Callable[[str, datetime], str | NoPeriod | None]
"""(key, first seen in UTC) → the partition the drop belongs to, or None if its name tells none."""


FailureCause = Literal["unknown", "data", "outage", "interrupted"]


class State(StrEnum):
    """Where a drop stands. GLOSSARY: `seen → ready → claimed → delivered`, or set aside."""

    SEEN = "seen"
    READY = "ready"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"
    VANISHED = "vanished"
    DISCARDED = "discarded"


class BatchStatus(StrEnum):
    """Where a batch stands.

    `pending` has no run yet, `running` is held by one, `waiting` is to be tried again later,
    `delivered` is done, `dissolved` was split into smaller batches or lost its last drop.
    """

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    DELIVERED = "delivered"
    DISSOLVED = "dissolved"


class RunVerdict(StrEnum):
    """What the orchestrator knows of a run.

    `failed` means that its work failed; a run that ended without a verdict `died`, one that was
    told to stop is `canceled`.
    """

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DIED = "died"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


class FeedPattern(Record):
    """Which files belong to a feed.

    Attributes:
        name: The feed.
        glob: `*`, `?` and `[…]`; compared without regard to case. Without a `/` it is matched
            against the file's name in whatever subfolder, with one against the whole key.
        member: What it reads of an archive; feeds share a file of which each reads its own part.
        sheet: What it reads of a workbook.
        period_of: Overrides the intake's own `period_of` for this feed.
    """

    name: str
    glob: str
    member: str | None = None
    sheet: str | int | None = None
    period_of: PeriodOf | None = None


class BatchPolicy(ConfigModel):
    """How long to wait, how much to take, how often to try.

    Attributes:
        settle_seconds: A file in a folder is taken when two looks this far apart saw it unchanged.
        temp_patterns: Names of files and folders that are not (yet) a client's file.
        done_marker: A file that must be there too: "{name}.done" beside each file, or one name
            ("_SUCCESS") per folder. None: no marker is awaited.
        max_files: The most files in one batch.
        max_bytes: The most bytes in one batch (one larger file still makes a batch of its own).
        repeats: Bytes that already stand delivered for the same feed and period: "note" them
            without delivering them again, or "deliver" them like any other.
        retry_seconds: The pause after a first failure; doubled by each further one in a row.
        max_retry_seconds: The longest pause.
        tries_before_split: Failures of a batch before it is halved to find the poison file.
        solo_failures: Failures of a file alone before it is quarantined.
        max_deaths: Runs of a batch that may die without a verdict before it counts as a failure.
        max_attempts: Attempts after which `consulting ledger` and the alert call a batch stuck;
            it is still retried.
        lease_seconds: How long a run holds its batch without a sign of life. While a stage works
            it gives one every minute, or four times in this time if that is shorter.
        start_seconds: How long a requested run may take to begin before it is asked for anew,
            where the orchestrator can not be asked.
        throttle_seconds: The pause after the store asked for patience; doubled each time.
    """

    settle_seconds: float = Field(default=10, ge=0)
    temp_patterns: tuple[str, ...] = (
        ".*",
        "~$*",
        "*~",
        "*.part",
        "*.partial",
        "*.tmp",
        "*.temp",
        "*.filepart",
        "*.crdownload",
        "*.swp",
        "thumbs.db",
        "desktop.ini",
    )
    done_marker: str | None = Field(default=None, examples=["{name}.done"])
    max_files: int = Field(default=256, ge=1)
    max_bytes: int = Field(default=2 * 1024**3, ge=1)
    repeats: Literal["note", "deliver"] = "note"
    retry_seconds: float = Field(default=60, ge=0)
    max_retry_seconds: float = Field(default=6 * 3600, ge=0)
    tries_before_split: int = Field(default=2, ge=1)
    solo_failures: int = Field(default=2, ge=1)
    max_deaths: int = Field(default=4, ge=1)
    max_attempts: int = Field(default=8, ge=1)
    lease_seconds: float = Field(default=600, gt=0)
    start_seconds: float = Field(default=3600, gt=0)
    throttle_seconds: float = Field(default=30, ge=0)


class Look(Record):
    """What one listing step found.

    Attributes:
        listed: Files looked at, temp names left out.
        seen_new: Versions recorded for the first time.
        ready: Drops that became ready to be claimed.
        quarantined: Drops set aside because they match no feed or tell no period.
        vanished: Drops that are no longer in the source, decided after a complete pass.
        complete: Whether the pass over all keys was finished in this step.
        resting_until: The store asked for patience: nothing was listed before this time.
        spared: Nothing was listed, for no notification came since the last listing.
        untold: New versions that only the daily listing found, though the queue was read.
    """

    listed: int = 0
    seen_new: int = 0
    ready: int = 0
    quarantined: int = 0
    vanished: int = 0
    complete: bool = False
    resting_until: datetime | None = None
    spared: bool = False
    untold: int = 0


class Taken(Record):
    """What was read of a queue.

    Attributes:
        messages: Notifications that were read and removed.
        unread: Messages that are no notification, and were left.
        clients: In how many clients' places something changed.
    """

    messages: int = 0
    unread: int = 0
    clients: int = 0


class LandedFile(Record):
    """A drop's bytes in their immutable place.

    Attributes:
        drop: With its hash.
        path: `landing/<sha256>/<safe name>`; where no file is kept, a sealed one that is to be
            unlinked once it is read.
        sha256: Of the bytes at `path`, computed while copying.
        repeat_of: The drop whose bytes are the same and stand for this one: delivered before, or
            earlier in this batch. Such a file is not to be loaded a second time.
    """

    drop: Drop
    path: Path | SealedFile
    sha256: str
    repeat_of: int | None = None


class LedgerEvent(Record):
    """One line of the ledger's history."""

    at: datetime
    kind: str
    drop_id: int | None = None
    batch_id: str | None = None
    detail: str = ""


NO_FEED, NO_PERIOD = "no_feed", "no_period"
_SET_ASIDE = ("quarantined", "It was set aside.", "Release or discard it.")
_HELD_BACK = (
    "held_back",
    "It came with these files, the run of all of them failed, and it is not delivered yet.",
    "It is tried again; its run says what is wrong. Until then this delivery is without it.",
)
REMATCHED = (NO_FEED, NO_PERIOD)
"""The codes of files that a look takes up by itself, once a feed and a period take their names."""


class DropStory(Record):
    """A drop, where it stands and how it came there."""

    drop: Drop
    state: State
    batch_id: str | None = None
    code: str | None = None
    reason: str | None = None
    fix: str | None = None
    repeat_of: int | None = None
    delivered_in: str | None = None
    delivered_at: datetime | None = None
    visible: bool = True
    events: tuple[LedgerEvent, ...] = ()

    @property
    def waits_for_release(self) -> bool:
        """Whether it stays in quarantine until a person says otherwise."""
        return self.state == State.QUARANTINED and self.code not in REMATCHED

    def as_file(self) -> QuarantinedFile:
        """The file that is not delivered, for the people who have to fix it."""
        code, reason, fix = _HELD_BACK if self.state == State.CLAIMED else _SET_ASIDE
        return QuarantinedFile(
            filename=self.drop.key,
            feed=self.drop.feed,
            sha256=self.drop.sha256,
            size_bytes=self.drop.size_bytes,
            code=self.code or code,
            reason=self.reason or reason,
            fix=self.fix or fix,
        )


class BatchStanding(Record):
    """A batch that is not settled yet.

    Attributes:
        batch_id: The batch.
        status: Where it stands.
        attempt: Which try it is at.
        files: The drops that it holds.
        period: Their partition, if the engagement has partitions.
        run_id: The last run that held it.
        retry_at: When it is tried again.
        reason: Why its last run came to nothing.
        interrupted: Whether that run was merely told to stop, so that nothing is wrong with it.
        stuck: Whether it was tried more often than it should take.
    """

    batch_id: str
    status: BatchStatus
    attempt: int
    files: int
    period: str | None = None
    run_id: str | None = None
    retry_at: datetime | None = None
    reason: str | None = None
    interrupted: bool = False
    stuck: bool = False


class LedgerState(Record):
    """A client's ledger at a glance; for metadata and the command line, without client rows.

    Attributes:
        client_id: Whose.
        counts: Drops per state; every state is named.
        quarantined: Files set aside and waiting for a person, newest first.
        oldest_waiting: When the oldest drop that is not settled was first seen.
        batches: Batches that are not settled.
    """

    client_id: str
    counts: dict[str, int]
    quarantined: tuple[DropStory, ...] = ()
    oldest_waiting: datetime | None = None
    batches: tuple[BatchStanding, ...] = ()


class VerbOutcome(Record):
    """What a verb of a person did to a drop, or would do.

    Attributes:
        drop_id: The drop.
        key: Its name.
        version: Its version.
        before: Its state.
        after: Its state afterwards; the same as `before` where the verb is refused.
        allowed: Whether the verb applies.
        sentence: What happens and why, for a person.
        done: False for a dry run or a refusal.
    """

    drop_id: int
    key: str
    version: int
    before: State
    after: State
    allowed: bool
    sentence: str
    done: bool = False


class DeliveryFact(Record):
    """A batch that was delivered.

    Attributes:
        batch_id: Also the delivery's id.
        period: The partition, if any.
        first_seen: When its newest drop was first seen.
        delivered_at: When the ledger recorded it.
        files: How many drops it delivered.
        new_files: How many of them were no repeats. With none there was nothing to hand over, and
            no folder of a delivery was made.
        verdict: What its report says on page one; None where no report was made.
    """

    batch_id: str
    period: str | None
    first_seen: datetime
    delivered_at: datetime
    files: int
    new_files: int
    verdict: VerdictLevel | None = None


R = TypeVar("R", bound=Record)


def of_row(kind: type[R], row: Mapping[Any, Any], **more: Any) -> R:
    """A record of a row of the ledger: of those columns that it has fields for.

    Args:
        kind: The record.
        row: The row.
        **more: The fields that are no columns.
    """
    return kind(**{name: row[name] for name in kind.model_fields if name in row}, **more)

"""`file_received`: claim the batch, check, land and read its files, load them as text."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.apart import child_of
from consulting.chain.attempt import attempt
from consulting.chain.carried import carry_forward, no_longer_held
from consulting.chain.corrected import (
    feed_of_corrections,
    read_drop,
    told,
    with_corrections,
    without_base,
)
from consulting.chain.loaded import load_files
from consulting.chain.tier import hold_tier, tell_of_partial_files
from consulting.corrections import is_corrections
from consulting.delivery import read_delivery
from consulting.errors import (
    DropChangedError,
    DropGoneError,
    DropMovedError,
    DropRefusedError,
    NothingArrivedError,
    NothingNewError,
    StoreAccessError,
    UnreadableFileError,
)
from consulting.intake import State
from consulting.intake.reading import ReadingApart
from consulting.intake.reading.encoding_names import encoding_in_words
from consulting.privacy.tiers import FULL_TIER
from consulting.records import CorrectionsFile
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from consulting.chain.carried import Carried
    from consulting.chain.engagement import Engagement
    from consulting.delivery import Delivery
    from consulting.intake import DropStory
    from consulting.intake.matching import Share
    from consulting.records import Batch, Drop, FileReading

_PART_MISSING = frozenset({"sheet_missing", "archive_member_missing", "part_taken"})

MOST_DROPS = 10_000
"""A person's run looks back over this many drops."""


def receive(
    engagement: Engagement,
    *,
    run_id: str,
    batch_id: str | None,
    period: str | None,
    log: Callable[[str], None],
) -> artifacts.Intake:
    """Take a batch and read its files.

    Args:
        engagement: Whose files.
        run_id: The run that takes the batch.
        batch_id: The batch a sensor or schedule claimed; without one, whatever is ready is taken.
        period: The partition the run is for, if it is for one.
        log: Told of each file.

    Raises:
        TierLoweredError: If its tier was lowered and nobody has confirmed that.
        NothingArrivedError: If no batch was named and no file is ready.
        BatchHeldError: If another run works on the batch.
        NothingNewError: If its files bring nothing new; the batch is settled.
    """
    hold_tier(engagement)
    if batch_id is None:
        batch_id = _claim(engagement, period)
    with attempt(engagement, batch_id, run_id) as batch:
        _settle_what_is_written(engagement, batch, run_id, log)
        run_folder = engagement.folder.run(batch_id)
        # an earlier attempt may have left half of it
        shutil.rmtree(run_folder, ignore_errors=True)
        run_folder.mkdir(parents=True)
        readings, returned, aside = _read_all(engagement, batch, run_id, log)
        carried = list(carry_forward(engagement, batch, readings))
        base = {r.feed for r in readings} | {c.feed for c in carried if c.readings}
        for file in [file for file in returned if file.feed not in base]:
            returned.remove(file)
            drop = next(drop for drop in batch.drops if drop.key == file.filename)
            _set_aside(engagement, batch, drop, without_base(file), log)
            aside = True
        if not readings and not returned and not aside:
            engagement.intake.delivered(batch_id, run_id, now=datetime.now(UTC))
            raise NothingNewError(engagement.client_id, batch_id)
        _tell_what_stands_in(engagement, batch, readings, carried, log)
        received = artifacts.Intake(
            batch=batch,
            readings=tuple(readings),
            quarantined=tuple(engagement.intake.set_aside(batch_id)),
            carried={one.feed: one.batch_id for one in carried if one.batch_id is not None},
            carried_readings=tuple(reading for one in carried for reading in one.readings),
            corrections=_in_force(batch, carried, returned),
            confirmed=tuple(_confirmed(engagement, batch)),
            earlier=tuple(
                each.batch_id
                for each in engagement.intake.deliveries()
                if each.batch_id != batch_id
            ),
        )
        received = with_corrections(engagement, received, run_folder)
        for line in told(received.own_corrections):
            log(line)
        load_files(engagement, received)
    return received


def _settle_what_is_written(
    engagement: Engagement, batch: Batch, run_id: str, log: Callable[[str], None]
) -> None:
    """Let a delivery stand that is written whole, and can not be made again.

    Raises:
        NothingNewError: If there is one; the batch is settled.
    """
    written = _written_from_files_gone(engagement, batch)
    if written is None:
        return
    log(
        f"{batch.batch_id} was delivered by an earlier attempt that ended before it could say "
        "so, and its files are gone since: the delivery stands as it was written"
    )
    now, verdict = datetime.now(UTC), written.summary.verdict
    engagement.intake.delivered(batch.batch_id, run_id, now=now, verdict=verdict)
    raise NothingNewError(engagement.client_id, batch.batch_id)


def _tell_what_stands_in(
    engagement: Engagement,
    batch: Batch,
    readings: Sequence[FileReading],
    carried: Sequence[Carried],
    log: Callable[[str], None],
) -> None:
    """Tell which files were delivered before, and which of those are kept in part or no more."""
    for one in carried:
        if one.batch_id is None and one.readings:
            names = ", ".join(reading.filename for reading in one.readings)
            log(f"{one.feed}: {batch.period} holds {names} as well, delivered before")
    for feed in no_longer_held(engagement, batch, readings, carried):
        log(
            f"{feed}: files that were delivered before should stand in, and what was kept of "
            "them is gone (the tier was lowered, or `runs/` was cleared): this delivery is "
            f"without them. Reprocess them (`consulting ledger {engagement.client_id}` has "
            "their numbers) to have all; the same bytes dropped again are a repeat"
        )
    tell_of_partial_files(engagement, carried, log)


def _written_from_files_gone(engagement: Engagement, batch: Batch) -> Delivery | None:
    """The batch's delivery, if one was written whole and can't be made again.

    Below tier 3 no copy of a file is kept, so one that was removed or replaced can't be read anew.
    """
    if engagement.config.security_tier == FULL_TIER:
        return None
    written = read_delivery(engagement.folder, batch.batch_id)
    if written is None:
        return None
    held = [drop.drop_id for drop in batch.drops]
    names = engagement.intake.true_names(held).values()
    gone = not all(map(engagement.store.exists, names)) or engagement.intake.replaced(held)
    return written if gone else None


def _confirmed(engagement: Engagement, batch: Batch) -> Iterator[str]:
    """What somebody found right of all files that the batch has of a feed."""
    found = engagement.intake.confirmed([drop.drop_id for drop in batch.drops])
    for finding, drop_ids in sorted(found.items()):
        feed = finding.split(" ")[1]
        if all(drop.drop_id in drop_ids for drop in batch.drops if drop.feed == feed):
            yield finding


def _in_force(
    batch: Batch, carried: Sequence[Carried], returned: Sequence[FileReading]
) -> tuple[CorrectionsFile, ...]:
    """Earlier corrections, then the batch's own; the same bytes again change nothing."""
    earlier = [file for one in carried for file in one.corrections]
    known = {(file.reading.feed, file.reading.sha256) for file in earlier}
    own = [
        CorrectionsFile(reading=reading, since=batch.batch_id)
        for reading in returned
        if (reading.feed, reading.sha256) not in known
    ]
    return (*earlier, *own)


def _claim(engagement: Engagement, period: str | None) -> str:
    """The batch of a run that a person started.

    Whatever is ready; else what is claimed already, be it waiting for its first run or for another
    try; else, for a period, its delivered files again.
    """
    intake = engagement.intake
    intake.look(now=datetime.now(UTC))
    if intake.state().counts.get("seen"):
        # whoever starts a run by hand has just dropped a file
        time.sleep(engagement.config.intake.settle_seconds)
        intake.look(now=datetime.now(UTC))
    now = datetime.now(UTC)
    batch = intake.claim(now=now, trigger="person", period=period)
    if batch is not None:
        return batch.batch_id
    stories = [s for s in intake.history(limit=MOST_DROPS) if s.drop.period == period]
    # by name, for a batch that waits for its run or another try would keep all others from a claim
    ready = [s.drop.drop_id for s in stories if s.state is State.READY]
    claimed = [s.batch_id for s in stories if s.state is State.CLAIMED and s.batch_id]
    if not ready and claimed:
        return claimed[-1]
    if not ready and period is not None:
        ready = _delivered_last(stories)
        intake.reprocess(ready, dry_run=False, now=now)
    batch = intake.claim(now=now, trigger="replay", drop_ids=ready) if ready else None
    if batch is None:
        raise NothingArrivedError(engagement.client_id, engagement.store.describe(), period)
    return batch.batch_id


def _delivered_last(stories: Sequence[DropStory]) -> list[int]:
    """The delivered files of a period as they stand now: of each name its newest version."""
    newest: dict[str, int] = {}
    for story in stories:  # the newest come first
        if story.delivered_in and story.repeat_of is None:
            newest.setdefault(story.drop.key, story.drop.drop_id)
    return sorted(newest.values())


def _read_all(
    engagement: Engagement, batch: Batch, run_id: str, log: Callable[[str], None]
) -> tuple[list[FileReading], list[FileReading], bool]:
    """Each file read, as a feed's or as corrections, and whether any was set aside.

    One never stops the others.
    """
    readings: list[FileReading] = []
    returned: list[FileReading] = []
    refused: list[tuple[Drop, DropRefusedError]] = []
    aside = given = False
    reader = ReadingApart(child_of())
    for drop in batch.drops:
        try:
            found = _read_one(engagement, reader, batch, drop, run_id)
        except (DropChangedError, DropGoneError, DropMovedError) as error:
            log(f"{drop.key} is left to a later batch: {error}")
            continue
        except DropRefusedError as error:
            refused.append((drop, error))
            continue
        except UnreadableFileError as error:
            _set_aside(engagement, batch, drop, error, log)
            aside = True
            continue
        given = given or drop.sha256 is None  # else it may lie here since an earlier attempt
        if not found:
            log(f"{drop.key} holds bytes that were delivered before; it is noted, not repeated")
        for reading in found:
            columns = counted(len(reading.columns), "column")
            size = f"{counted(reading.received_rows, 'row')}, {columns}"
            log(
                f"{drop.key}: {size} "
                f"for feed {reading.feed} ({reading.format}, "
                f"{encoding_in_words(reading.encoding) or 'binary'})"
            )
            (returned if is_corrections(reading.columns) else readings).append(reading)
    if refused and not given:
        _refuse(engagement, batch, refused)
    for drop, why in refused:
        fix = f"{why.fix} If it is not taken by itself then, release it."
        said = UnreadableFileError(drop.key, "refused", why.reason, fix)
        _set_aside(engagement, batch, drop, said, log)
        aside = True
    return readings, returned, aside


def _refuse(
    engagement: Engagement, batch: Batch, refused: Sequence[tuple[Drop, DropRefusedError]]
) -> NoReturn:
    """Say that none of a batch's files is given; of several that is the place's fault."""
    drop, error = refused[0]
    if len(batch.drops) == 1:
        raise error
    raise StoreAccessError(
        engagement.client_id,
        engagement.store.describe(),
        f"none of the batch's files is given. Of {drop.key!r}: {error.reason}",
        error.fix,
    ) from error


def _set_aside(
    engagement: Engagement,
    batch: Batch,
    drop: Drop,
    error: UnreadableFileError,
    log: Callable[[str], None],
) -> None:
    log(f"{drop.key} goes to quarantine: {error}")
    engagement.intake.quarantine(
        batch,
        drop,
        code=error.code,
        reason=error.reason,
        fix=error.fix,
        now=datetime.now(UTC),
        keep_copy=engagement.config.security_tier == FULL_TIER,
        kept=engagement.checked_out.put_back,
    )


def _with_shares(
    reading: FileReading, shares: Sequence[Share], read: Callable[[str, Sequence[str]], FileReading]
) -> list[FileReading]:
    """A file's reading for its own feed, and those for the feeds that share it.

    A part that is not there is told in the first reading, where only the feed's glob said that it
    might be.
    """
    readings = [reading]
    missing: list[str] = []
    for share in shares:
        try:
            readings.append(read(share.feed, [each.feed for each in readings]))
        except UnreadableFileError as error:
            if share.required or error.code not in _PART_MISSING:
                reason = f"For feed {share.feed!r}: {error.reason}"
                raise UnreadableFileError(error.filename, error.code, reason, error.fix) from error
            missing.append(f"Nothing was read for feed {share.feed!r}: {error.reason}")
    told = reading.model_copy(update={"warnings": (*reading.warnings, *missing)})
    return [told, *readings[1:]]


def _read_one(
    engagement: Engagement, reader: ReadingApart, batch: Batch, drop: Drop, run_id: str
) -> list[FileReading]:
    """One file read, for each feed that has a part in it; nothing where it stands delivered."""
    landed = engagement.intake.land(batch, drop)
    try:
        if landed.repeat_of is not None:
            return []
        record_access(engagement, by=run_id, operation="read file", subject=drop.key)
        run_folder = engagement.folder.run(batch.batch_id)

        def read(feed: str, others: Sequence[str] = ()) -> FileReading:
            return read_drop(
                engagement,
                reader,
                landed.path,
                filename=drop.key,
                feed=feed,
                sha256=landed.sha256,
                run_folder=run_folder,
                others=others,
            )

        reading = read(drop.feed or "")
        if is_corrections(reading.columns):
            feed = feed_of_corrections(engagement, batch, drop, reading, run_folder)
            return [reading if feed == reading.feed else read(feed)]
        return _with_shares(reading, engagement.intake.sharing(drop), read)
    finally:
        if engagement.config.security_tier < FULL_TIER:
            # what is kept is the sample or the header, never the client's file
            landed.path.unlink()

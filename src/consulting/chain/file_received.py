"""`file_received`: claim the batch, check, land and read its files, load them as text."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.attempt import attempt
from consulting.chain.loaded import load_files
from consulting.chain.tier import FULL_TIER, forget_what_the_tier_forbids
from consulting.errors import (
    DropChangedError,
    DropGoneError,
    NothingArrivedError,
    NothingNewError,
    UnreadableFileError,
)
from consulting.intake import State
from consulting.intake.reading import read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.intake import DropStory
    from consulting.records import Batch, Drop, FileReading, QuarantinedFile

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
        NothingArrivedError: If no batch was named and no file is ready.
        BatchHeldError: If another run works on the batch.
        NothingNewError: If its files bring nothing new; the batch is settled.
    """
    if batch_id is None:
        batch_id = _claim(engagement, period)
    with attempt(engagement, batch_id, run_id) as batch:
        run_folder = engagement.folder.run(batch_id)
        forget_what_the_tier_forbids(engagement, log)
        # an earlier attempt may have left half of it
        shutil.rmtree(run_folder, ignore_errors=True)
        run_folder.mkdir(parents=True)
        readings, quarantined = _read_all(engagement, batch, run_id, log)
        if not readings and not quarantined:
            engagement.intake.delivered(batch_id, run_id, now=datetime.now(UTC))
            raise NothingNewError(engagement.client_id, batch_id)
        carried = dict(_carry_forward(engagement, batch, {r.feed for r in readings}))
        stand_ins = [reading for earlier in carried.values() for reading in earlier.readings]
        received = artifacts.Intake(
            batch=batch,
            readings=tuple(readings),
            quarantined=tuple(quarantined),
            carried={feed: earlier.batch.batch_id for feed, earlier in carried.items()},
            carried_readings=tuple(stand_ins),
            earlier=tuple(
                each.batch_id
                for each in engagement.intake.deliveries()
                if each.batch_id != batch_id
            ),
        )
        load_files(engagement, received)
    return received


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
) -> tuple[list[FileReading], list[QuarantinedFile]]:
    """Each file read, or set aside with its reason; one never stops the others."""
    readings: list[FileReading] = []
    quarantined: list[QuarantinedFile] = []
    for drop in batch.drops:
        try:
            reading = _read_one(engagement, batch, drop, run_id)
        except (DropChangedError, DropGoneError) as error:
            log(f"{drop.key} is left to a later batch: {error}")
        except UnreadableFileError as error:
            log(f"{drop.key} goes to quarantine: {error}")
            quarantined.append(
                engagement.intake.quarantine(
                    batch,
                    drop,
                    code=error.code,
                    reason=error.reason,
                    fix=error.fix,
                    now=datetime.now(UTC),
                    keep_copy=engagement.config.security_tier == FULL_TIER,
                )
            )
        else:
            if reading is None:
                log(f"{drop.key} holds bytes that were delivered before; it is noted, not repeated")
            else:
                log(
                    f"{drop.key}: {reading.received_rows} rows, {len(reading.columns)} columns "
                    f"({reading.format}, {reading.encoding or 'binary'})"
                )
                readings.append(reading)
    return readings, quarantined


def _read_one(engagement: Engagement, batch: Batch, drop: Drop, run_id: str) -> FileReading | None:
    """One file read; None where its bytes stand delivered already."""
    landed = engagement.intake.land(batch, drop)
    try:
        if landed.repeat_of is not None:
            return None
        feed = engagement.feed(drop.feed or "")
        record_access(engagement, by=run_id, operation="read file", subject=drop.key)
        return read_file(
            landed.path,
            filename=drop.key,
            feed=feed.name,
            sha256=landed.sha256,
            run_folder=engagement.folder.run(batch.batch_id),
            options=engagement.read_options(feed),
            door=engagement.door,
        )
    finally:
        if engagement.config.security_tier < FULL_TIER:
            # what is kept is the sample or the header, never the client's file
            shutil.rmtree(landed.path.parent, ignore_errors=True)


def _carry_forward(
    engagement: Engagement, batch: Batch, present: set[str]
) -> Iterator[tuple[str, artifacts.Intake]]:
    """For each feed this batch brought no file for: the files of its last delivery stand in."""
    run_folder = engagement.folder.run(batch.batch_id)
    for feed in engagement.config.feeds:
        if feed.name in present:
            continue
        last = engagement.intake.last_delivered(
            feed.name, before_batch=batch.batch_id, period=batch.period
        )
        if last is None:
            continue
        earlier_folder = engagement.folder.run(last[0].batch_id)
        if not (earlier_folder / artifacts.INTAKE).exists():
            continue
        earlier = artifacts.read(earlier_folder / artifacts.INTAKE, artifacts.Intake)
        readings = tuple(r for r in earlier.readings if r.feed == feed.name)
        if any(r.rows_path and not (earlier_folder / r.rows_path).exists() for r in readings):
            continue
        for path in (p for r in readings for p in (r.rows_path, r.rejects_path) if p):
            (run_folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(earlier_folder / path, run_folder / path)
        yield feed.name, earlier.model_copy(update={"readings": readings})

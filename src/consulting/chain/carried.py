"""What earlier deliveries lend a batch: the files of feeds it brings none for, and corrections."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.config.naming import varies
from consulting.intake.reading import SheetsBefore
from consulting.privacy.common_words import month_names
from consulting.privacy.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from consulting.chain.engagement import Engagement
    from consulting.records import Batch, CorrectionsFile, FileReading

_LOOK_BACK = 12
"""Deliveries of which it is known what sheets they read: a year of months."""


@dataclass(frozen=True)
class Carried:
    """What stands in for one feed.

    Attributes:
        feed: The feed.
        batch_id: The delivery whose files they are; None where the batch has files of its own.
        readings: The files, as they were read.
        corrections: The corrections files in force with them, in order.
    """

    feed: str
    batch_id: str | None
    readings: tuple[FileReading, ...]
    corrections: tuple[CorrectionsFile, ...]


def carry_forward(
    engagement: Engagement, batch: Batch, own: Sequence[FileReading]
) -> Iterator[Carried]:
    """For each feed the batch brings no file for: the files of its last delivery, corrected.

    For a feed it brings files for: with periods, the period's other files, for a file that comes
    late adds to its period; and those that were delivered of the batch it was split off. And the
    corrections of those files, where they were delivered before (a file that is delivered again
    brings its corrections again).
    """
    for feed in (feed.name for feed in engagement.config.feeds):
        mine = [reading for reading in own if reading.feed == feed]
        if not mine:
            carried = _last(engagement, batch, feed)
        else:
            carried = _others(engagement, batch, feed, mine) or _again(
                engagement, batch, feed, {reading.sha256 for reading in mine}
            )
        if carried is not None:
            yield carried


def no_longer_held(
    engagement: Engagement, batch: Batch, own: Sequence[FileReading], carried: Sequence[Carried]
) -> Iterator[str]:
    """Feeds of which files should stand in and can not: what was kept of them is gone."""
    held = {one.feed for one in carried if one.readings}
    for feed in (feed.name for feed in engagement.config.feeds if feed.name not in held):
        mine = [reading for reading in own if reading.feed == feed]
        if mine and batch.period is None:
            continue
        last = engagement.intake.last_delivered(
            feed, before_batch=batch.batch_id, period=batch.period
        )
        if last is None:
            continue
        earlier = _received(engagement, last[0].batch_id)
        before: Sequence[tuple[str, str | None]] = (
            [(drop.key, drop.sha256) for drop in last[1]]
            if earlier is None
            else [(r.filename, r.sha256) for r in earlier.base if r.feed == feed]
        )
        names = engagement.intake.told_before(r.filename for r in mine)
        hashes = {r.sha256 for r in mine}
        if any(
            names.isdisjoint(engagement.intake.told_before([name])) and sha256 not in hashes
            for name, sha256 in before
        ):
            yield feed


def _last(engagement: Engagement, batch: Batch, feed: str) -> Carried | None:
    earlier = _received_last(engagement, feed, batch.batch_id, batch.period)
    if earlier is None:
        return None
    readings = tuple(reading for reading in earlier.base if reading.feed == feed)
    corrections = _corrections(earlier, feed)
    everything = (*readings, *(file.reading for file in corrections))
    if not readings or not _copied(engagement, earlier.batch, batch, everything):
        return None
    batch_id = earlier.carried.get(feed, earlier.batch.batch_id)
    return Carried(feed, batch_id, readings, corrections)


def sheets_before(engagement: Engagement, feed: str, batch_id: str) -> SheetsBefore:
    """Which sheets a feed and those that share its files read before, where all go by numbers.

    Of a name that says a time nothing is known, for the next sheet has another.

    Args:
        engagement: Whose files.
        feed: The feed whose file is read now.
        batch_id: The batch it is of: what was delivered after it is not looked at.
    """
    files = engagement.feed(feed).files
    sharing = {each.name for each in engagement.config.feeds if each.files == files}
    earlier = [fact.batch_id for fact in engagement.intake.deliveries()]
    if batch_id in earlier:
        del earlier[earlier.index(batch_id) :]
    readers: dict[str, str] = {}
    last: str | None = None
    for each in reversed(earlier[-_LOOK_BACK:]):
        path = engagement.folder.run(each) / artifacts.INTAKE
        for sheet, reader in _sheets_read(path) if path.exists() else ():
            if reader in sharing:
                readers.setdefault(sheet, reader)
                last = sheet if last is None and reader == feed else last
    return SheetsBefore(feed=feed, last=last, readers=readers)


@lru_cache(maxsize=4 * _LOOK_BACK)
def _sheets_read(path: Path) -> tuple[tuple[str, str], ...]:
    """The sheets whose names say no time, and the feeds that read them, of one delivery."""
    read = ((each.sheet, each.feed) for each in artifacts.read(path, artifacts.Intake).base)
    return tuple((sheet, feed) for sheet, feed in read if sheet and not _says_a_time(sheet))


def _says_a_time(sheet: str) -> bool:
    name = sheet.partition("~")[0].replace("*", "")
    said = re.findall(r"[^\W\d_]+", plain(name))
    return varies(name) or not month_names().isdisjoint(said)


def _others(
    engagement: Engagement, batch: Batch, feed: str, own: Sequence[FileReading]
) -> Carried | None:
    """The files that the period's last delivery held beside those the batch brings.

    Without periods, those of a delivery that was split off the same batch.
    """
    earlier = _received_last(engagement, feed, batch.batch_id, batch.period)
    if earlier is None:
        return None
    both = [earlier.batch.batch_id, batch.batch_id]
    if batch.period is None and len({*engagement.intake.roots(both).values()}) > 1:
        return None
    before = [reading for reading in earlier.base if reading.feed == feed]
    names = engagement.intake.told_before(r.filename for r in own)
    hashes = {r.sha256 for r in own}
    anew = [r for r in before if names & engagement.intake.told_before([r.filename])]
    others = [r for r in before if r not in anew and r.sha256 not in hashes]
    replaced = {r.sha256 for r in anew} - hashes
    corrections = tuple(
        file.model_copy(update={"replaced": tuple(sorted(replaced.union(file.replaced)))})
        for file in _corrections(earlier, feed)
    )
    everything = (*others, *(file.reading for file in corrections))
    if not others or not _copied(engagement, earlier.batch, batch, everything):
        return None
    return Carried(feed, None, tuple(others), corrections)


def _again(engagement: Engagement, batch: Batch, feed: str, hashes: set[str]) -> Carried | None:
    """The corrections of the newest delivery that used one of these files."""
    if not engagement.intake.was_delivered(hashes):
        return None
    for fact in reversed(engagement.intake.deliveries()):
        if fact.batch_id == batch.batch_id:
            continue
        earlier = _received(engagement, fact.batch_id)
        if earlier is None or not hashes & {r.sha256 for r in earlier.base if r.feed == feed}:
            continue
        corrections = _corrections(earlier, feed)
        files = [file.reading for file in corrections]
        if files and _copied(engagement, earlier.batch, batch, files):
            return Carried(feed, None, (), corrections)
        return None
    return None


def _received(engagement: Engagement, batch_id: str) -> artifacts.Intake | None:
    return artifacts.find(engagement.folder.run(batch_id) / artifacts.INTAKE, artifacts.Intake)


def _received_last(
    engagement: Engagement, feed: str, batch_id: str, period: str | None = None
) -> artifacts.Intake | None:
    """What was received for a feed's last delivery before a batch, of any period or of this one."""
    last = engagement.intake.last_delivered(feed, before_batch=batch_id, period=period)
    return _received(engagement, last[0].batch_id) if last else None


def _corrections(earlier: artifacts.Intake, feed: str) -> tuple[CorrectionsFile, ...]:
    return tuple(file for file in earlier.corrections if file.reading.feed == feed)


def _copied(
    engagement: Engagement, earlier: Batch, batch: Batch, readings: Sequence[FileReading]
) -> bool:
    """Copy what was read into this run's folder; False if any of it is gone."""
    source = engagement.folder.run(earlier.batch_id)
    target = engagement.folder.run(batch.batch_id)
    paths = [path for reading in readings for path in reading.paths]
    if not all((source / path).exists() for path in paths):
        return False
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)
    return True

"""The earlier deliveries of a feed that its files are held against."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from consulting.chain import artifacts
from consulting.chain.earlier import earlier_runs, files_of, sample_of
from consulting.profiling import Held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from consulting.chain.engagement import Engagement
    from consulting.records import FileReading

    Change = tuple[str, str | None]
    """The kind of what changed, and the column."""

T = TypeVar("T")


class Earlier(NamedTuple):
    """What a feed's files held in an earlier delivery, and what was said of them.

    Attributes:
        held: What they held.
        replaced: Whether the files at hand take the place of that delivery's.
        confirmed: Kind and column of what somebody found right in its files.
        told: Kind and column of all that was told of its files.
        files: Its files, each by its hash.
        names: What its files are called.
        folder: Its run folder.
    """

    held: Held
    replaced: bool
    confirmed: frozenset[Change]
    told: frozenset[Change]
    files: frozenset[str]
    names: tuple[str, ...]
    folder: Path

    def asked(self, kind: str) -> frozenset[str]:
        """Its period, else its files, where somebody had to find a kind of change right in them."""
        if all(kind != one for one, _ in self.confirmed):
            return frozenset()
        return frozenset({self.held.period}) if self.held.period else self.files


def earlier_profiles(engagement: Engagement, feed: str, batch_id: str) -> Iterator[Earlier]:
    """The deliveries of the feed before a batch, the last first, as far as profiles are kept."""
    own = artifacts.find(engagement.folder.run(batch_id) / artifacts.INTAKE, artifacts.Intake)
    for folder in earlier_runs(engagement, feed, batch_id):
        earlier = artifacts.find(folder / artifacts.PROFILE, artifacts.Profile)
        found = [one for one in earlier.profiles if one.feed == feed] if earlier else []
        if not earlier or not found:
            return
        received = artifacts.find(folder / artifacts.INTAKE, artifacts.Intake)
        of_sample = folder == sample_of(engagement)
        replaces = own and received and not of_sample and _is_replaced(received, own, feed)
        changes = [change for change in earlier.drift if change.feed == feed]
        yield Earlier(
            Held(found[0], received.batch.period if received else None, of_sample),
            bool(replaces),
            frozenset((c.kind, c.column) for c in changes if c.is_confirmed),
            frozenset((c.kind, c.column) for c in changes),
            files_of(folder, feed),
            tuple(r.filename for r in readings_of(received, feed)) if received else (),
            folder,
        )


def readings_of(received: artifacts.Intake, feed: str) -> list[FileReading]:
    """A feed's files, but for corrections, which are none of the client's own."""
    mine = (reading for reading in received.to_profile if reading.feed == feed)
    return [reading for reading in mine if reading.corrections is None]


def that_measure(earlier: Iterable[T], confirmed: Callable[[T], frozenset[str]]) -> Iterator[T]:
    """The deliveries that files are held against, of all: none that somebody confirmed once.

    That was said of its own files. What was confirmed twice running is how files are by now.

    Args:
        earlier: A feed's deliveries, the last first.
        confirmed: The files of one that somebody had to find right; none where nobody had to.
    """
    for asked, several in groupby(earlier, key=lambda one: bool(confirmed(one))):
        if not asked:
            yield from several
            continue
        running = [*several]
        newest = confirmed(running[0])
        if any(newest.isdisjoint(confirmed(one)) for one in running):
            yield from running


def _is_replaced(earlier: artifacts.Intake, own: artifacts.Intake, feed: str) -> bool:
    """Whether a batch takes an earlier delivery's place: of its period, or by corrections of it."""
    if own.batch.period is not None:
        return earlier.batch.period == own.batch.period
    if feed in own.carried and feed not in {file.feed for file in own.own_corrections}:
        return False  # its files stand in, and were told of when they came
    before, now = ({r.sha256 for r in one.base if r.feed == feed} for one in (earlier, own))
    return not before.isdisjoint(now)

"""`profiled`: what the files hold, and what changed since the last delivery."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.another_period import dates_of_another_period, kept_to_periods
from consulting.chain.apart import within
from consulting.chain.attempt import attempt
from consulting.chain.earlier import earlier_runs, sample_of, that_measure
from consulting.profiling import (
    FeedProfile,
    Issue,
    compare,
    mixed_columns,
    profile_across,
    profile_each,
    profile_feed,
    quality_score,
    unclear_columns,
)
from consulting.profiling.accepted import without_accepted
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from consulting.chain.another_period import Kept
    from consulting.chain.engagement import Engagement
    from consulting.profiling import DriftFinding, Part
    from consulting.records import FileReading, ReadColumn

    Change = tuple[str, str | None]


class Earlier(NamedTuple):
    """The profile of a feed in an earlier delivery.

    Attributes:
        profile: The profile.
        replaced: Whether the files at hand take the place of that delivery's.
        confirmed: Kind and column of what somebody found right in its files.
        told: Kind and column of all that was told of its files.
        of_sample: Whether it is no delivery, but the sample by which the models were made.
        period: The period of its files, where the client has periods.
    """

    profile: FeedProfile
    replaced: bool
    confirmed: frozenset[Change]
    of_sample: bool = False
    period: str | None = None
    told: frozenset[Change] = frozenset()

    def outside(self) -> frozenset[str]:
        """Its period, where somebody found dates right that lay outside of it."""
        asked = any(kind == "another_period" for kind, _ in self.confirmed)
        return frozenset({self.period or ""} if asked else ())


def profile(
    engagement: Engagement, *, batch_id: str, run_id: str, log: Callable[[str], None]
) -> artifacts.Profile:
    """Profile the files of the batch, feed by feed and across feeds."""
    with attempt(engagement, batch_id, run_id):
        record_access(engagement, by=run_id, operation="profile rows", subject=batch_id)
        received = artifacts.read(
            engagement.folder.run(batch_id) / artifacts.INTAKE, artifacts.Intake
        )
        return profile_files(
            engagement,
            received,
            before=lambda feed: earlier_profiles(engagement, feed, batch_id),
            log=log,
        )


def profile_files(
    engagement: Engagement,
    received: artifacts.Intake,
    *,
    before: Callable[[str], Iterator[Earlier]],
    log: Callable[[str], None],
) -> artifacts.Profile:
    """Profile what was received, and leave the record of it.

    Args:
        engagement: Whose files.
        received: What `file_received` left.
        before: Feed → its earlier deliveries, the last first, to tell what changed.
        log: Told of each feed.
    """
    run_folder = engagement.folder.run(received.batch.batch_id)
    profiles: list[FeedProfile] = []
    drift: list[DriftFinding] = []
    for declared in engagement.config.feeds:
        feed = declared.name
        readings = [reading for reading in received.to_profile if reading.feed == feed]
        if not readings:
            continue
        reads = engagement.models.reads(feed)
        found = within(
            engagement,
            engagement.limits(declared),
            f"profiling feed {feed!r}",
            FeedProfile,
            profile_feed,
            feed,
            readings,
            run_folder,
            declared=_lacking(reads, readings),
            privacy=engagement.models.declared_privacy(feed),
            marks=engagement.models.decimal_marks(feed),
            **engagement.answered(feed),
        )
        right = sum(one.rows > 0 for one in found.accepted)
        spared = f", {right} accepted before" if right else ""
        said = f"{counted(len(found.columns), 'column')}, {counted(len(found.issues), 'issue')}"
        log(f"{feed}: {said}{spared}")
        profiles.append(found)
        carried = feed in received.carried
        changes = drift_of(
            engagement,
            partial(before, feed),
            found,
            readings,
            run_folder=run_folder,
            carried=carried,
            period=received.batch.period,
        )
        drift += (f.confirmed() if f.to_confirm in received.confirmed else f for f in changes)
    across = within(
        engagement,
        engagement.config.limits,
        "comparing the feeds with each other",
        tuple[Issue, ...],
        profile_across,
        profiles,
        run_folder,
        received.to_profile,
    )
    profiles, left = without_accepted(profiles, across)
    result = artifacts.Profile(
        profiles=tuple(profiles),
        across=left,
        drift=tuple(drift),
        score=quality_score(profiles) if profiles else None,
    )
    artifacts.write(run_folder / artifacts.PROFILE, result)
    return result


def drift_of(  # noqa: PLR0913 - by name only
    engagement: Engagement,
    before: Callable[[], Iterator[Earlier]],
    found: FeedProfile,
    readings: Sequence[FileReading],
    *,
    run_folder: Path,
    carried: bool = False,
    period: str | None = None,
) -> list[DriftFinding]:
    """What changed in the files of a feed, against its last delivery and its models as they are.

    Of files that are carried forward it is what they prove against the models alone. Where values
    could be read in two ways, each of several files is looked at by itself, too. Files that take
    others' place are held against those before these, too: what was told then may be unanswered.

    Args:
        engagement: Whose files.
        before: Begins the feed's earlier deliveries, the last first.
        found: The profile of the files.
        readings: The files, with their rows in `run_folder`.
        run_folder: `ClientFolder.run(batch_id)`.
        carried: Whether they stand in from an earlier delivery.
        period: Theirs, where the client has periods.
    """
    models, feed = engagement.models, engagement.feed(found.feed)
    reads = models.reads(feed.name)
    mine = [reading for reading in readings if reading.corrections is None]
    since = " (carried forward)" if carried else ""
    sheets = [f", sheet “{r.sheet}”" if isinstance(feed.sheet, int) else "" for r in mine]
    plain = [(f"{r.filename}{s}", r.columns) for r, s in zip(mine, sheets, strict=True)]
    named = [(f"{name}{since}", columns) for name, columns in plain]
    # only a file that lacks something can be another feed's
    lacks = any(read.is_lacking(columns) for _, columns in named for read in reads)
    others = [f.name for f in engagement.config.feeds if lacks and f.name != feed.name]

    def compared(
        profile: FeedProfile,
        part: Part | None,
        *files: tuple[str, Sequence[str]],
        history: Iterator[Earlier],
    ) -> list[DriftFinding]:
        last = next(history, None)
        return compare(
            last.profile if last else None,
            profile,
            reads,
            known=models.declared_columns().get(feed.name, ()),
            files=dict(files),
            others={name: models.reads(name) for name in others},
            models_yaml=models.yaml_of(feed.name),
            part=part,
            earlier=(each.profile for each in history),
            of_sample=last is not None and last.of_sample,
            period=last.period if last else None,
        )

    part: Part | None = "carried" if carried else None
    history = before()
    newest = next(history, None)
    known = chain([newest], history) if newest else history
    changes = compared(found, part, *named, history=known)
    if newest is not None and newest.replaced:
        its = newest.period or ""
        standing = (e for e in before() if not e.replaced and (e.period or "") <= its)
        then = compared(found, None, *plain, history=standing)
        changes += _still_open(then, changes, newest)
    kept: list[Kept] = []
    if period is not None and not carried:
        measures = that_measure(before(), Earlier.outside)
        earlier = ((each.profile, each.period) for each in measures if each.period)
        kept = kept_to_periods((found, period), earlier, reads, files=len(mine))
        changes += dates_of_another_period((found, period), kept, [name for name, _ in named])
    names = {*unclear_columns(found, reads), *(one.column for one in kept)} if mine[1:] else set()
    if mine[1:] and newest is not None:
        names |= {*mixed_columns(newest.profile, found, reads)}
        names |= {c.column or "" for c in changes if c.severity == "block"}
    if names:
        alone = within(
            engagement,
            engagement.limits(feed),
            f"comparing the files of feed {feed.name!r}",
            tuple[FeedProfile, ...],
            profile_each,
            found,
            [c.name for c in found.columns if c.name in names],
            mine,
            run_folder,
            models.decimal_marks(feed.name),
        )
        each_alone = [
            [
                *compared(one, part or "one file", file, history=before()),
                *dates_of_another_period((one, period or ""), kept, [file[0]]),
            ]
            for file, one in zip(named, alone, strict=True)
        ]
        changes = [*_of_all(changes, each_alone)]
        told = {(change.kind, change.column) for change in changes}
        stops = {(c.kind, c.column) for c in changes if c.severity == "block"}
        # what stops is told of one file, too, where of all it is a note
        changes += (
            each
            for some in each_alone
            for each in some
            if (each.kind, each.column) not in (stops if each.severity == "block" else told)
        )
    return changes


def _of_all(
    changes: Iterable[DriftFinding], alone: Sequence[Collection[DriftFinding]]
) -> Iterator[DriftFinding]:
    """What stops all files; what only some show is told of these, with a patch that there is."""
    for change in changes:
        key = change.kind, change.column, "block"
        some = [c for of in alone for c in of if (c.kind, c.column, c.severity) == key]
        if change.severity != "block" or len(some) in {0, len(alone)}:
            yield change
        elif not all(one.patch for one in some):
            yield change.model_copy(update={"detail": " ".join(one.detail for one in some)})


def _lacking(reads: Sequence[ReadColumn], readings: Sequence[FileReading]) -> list[str]:
    """The columns that the models can not do without, and no file has."""
    present = {name for reading in readings for name in reading.columns}
    return [read.names[0] for read in reads if read.is_lacking(present)]


def _still_open(
    then: Iterable[DriftFinding], told: Iterable[DriftFinding], replaced: Earlier
) -> Iterator[DriftFinding]:
    """What was told of the files whose place others take, and is so still: it stops no more."""
    known = {(change.kind, change.column) for change in told}
    for change in then:
        key = change.kind, change.column
        if key in known or change.kind == "another_feed":
            continue
        again = change.model_copy(update={"told_before": key in replaced.told})
        if key in replaced.confirmed:
            yield again.confirmed()
        elif change.severity == "block":
            yield again.model_copy(update={"severity": "warn"})
        else:
            yield again


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
            found[0],
            bool(replaces),
            frozenset((c.kind, c.column) for c in changes if c.is_confirmed),
            of_sample,
            received.batch.period if received else None,
            frozenset((c.kind, c.column) for c in changes),
        )


def _is_replaced(earlier: artifacts.Intake, own: artifacts.Intake, feed: str) -> bool:
    """Whether a batch takes an earlier delivery's place: of its period, or by corrections of it."""
    if own.batch.period is not None:
        return earlier.batch.period == own.batch.period
    if feed in own.carried and feed not in {file.feed for file in own.own_corrections}:
        return False  # its files stand in, and were told of when they came
    before, now = ({r.sha256 for r in one.base if r.feed == feed} for one in (earlier, own))
    return not before.isdisjoint(now)

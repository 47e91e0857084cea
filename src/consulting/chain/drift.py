"""What changed in the files of a feed: of all of them, of each by itself, and what is accepted."""

from __future__ import annotations

from functools import cached_property
from itertools import tee
from operator import methodcaller
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.another_period import dates_of_another_period, kept_to_periods
from consulting.chain.apart import within
from consulting.chain.measure import Earlier, that_measure
from consulting.profiling import (
    FeedProfile,
    Held,
    compare,
    mixed_columns,
    profile_each,
    unclear_columns,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from consulting.chain.another_period import Kept
    from consulting.chain.engagement import Engagement
    from consulting.profiling import DriftFinding, Part
    from consulting.records import ReadColumn

    File = tuple[str, Sequence[str]]
    """What a file is called, and its columns."""

_OF_ALL_FILES = ("null_jump", "volume_collapse")
"""What some of the files that came together may show for being some."""


def drift_of(
    engagement: Engagement,
    received: artifacts.Intake,
    found: FeedProfile,
    before: Iterator[Earlier],
    run_folder: Path,
) -> list[DriftFinding]:
    """What changed in the files of a feed, against its last delivery and its models as they are.

    Of files that are carried forward it is what they prove against the models alone. Where values
    could be read in two ways, each of several files is looked at by itself, too. Files that take
    others' place are held against those before these, too: what was told then may be unanswered.
    What somebody found right in them is told, and stops nothing.

    Args:
        engagement: Whose files.
        received: What `file_received` left.
        found: The profile of the feed's files.
        before: The feed's earlier deliveries, the last first.
        run_folder: Where the rows of the files lie.
    """
    files = _Files(engagement, received, found, before)
    changes = files.together()
    if doubtful := files.doubtful(changes):
        changes = _told_once(changes, files.each_alone(doubtful, run_folder))
    right = received.confirmed
    return [change.confirmed() if change.to_confirm in right else change for change in changes]


class _Files:
    """The files of a feed, held against its earlier deliveries and its models as they are.

    Args:
        engagement: As `drift_of`.
        received: As `drift_of`.
        found: As `drift_of`.
        before: As `drift_of`.
    """

    def __init__(
        self,
        engagement: Engagement,
        received: artifacts.Intake,
        found: FeedProfile,
        before: Iterator[Earlier],
    ) -> None:
        self._engagement = engagement
        self._feed = engagement.feed(found.feed)
        self._reads = engagement.models.reads(found.feed)
        self._found = found
        self._period = received.batch.period
        self._batch_id = received.batch.batch_id
        self._is_carried = found.feed in received.carried
        self._readings = [
            reading
            for reading in received.to_profile
            if reading.feed == found.feed and reading.corrections is None
        ]
        self._deliveries = before

    def together(self) -> list[DriftFinding]:
        """What all of them show, as one."""
        part: Part | None = "carried" if self._is_carried else None
        changes = self._compared(self._found, self._files, self._earlier, part)
        changes = [*map(self._of_a_half, changes)]
        if self._last is not None and self._last.replaced:
            changes += _still_open(self._then(self._last), changes, self._last)
        return [*changes, *self._of_another_period(self._found, self._files)]

    def doubtful(self, changes: Iterable[DriftFinding]) -> list[str]:
        """The columns that one of several files may write otherwise than the others."""
        if len(self._readings) <= 1:
            return []
        names: set[str | None] = {*unclear_columns(self._found, self._reads)}
        names |= {one.column for one in self._kept}
        if placed := next(_placed(self._earlier), None):
            names |= {*mixed_columns(placed.profile, self._found, self._reads)}
        if self._last is not None:
            names |= {change.column for change in changes if change.severity == "block"}
        return [column.name for column in self._found.columns if column.name in names]

    def each_alone(self, names: Sequence[str], run_folder: Path) -> list[list[DriftFinding]]:
        """What each of them shows in some columns."""
        profiles = within(
            self._engagement,
            self._engagement.limits(self._feed),
            f"comparing the files of feed {self._feed.name!r}",
            tuple[FeedProfile, ...],
            profile_each,
            self._found,
            names,
            self._readings,
            run_folder,
            self._engagement.models.decimal_marks(self._feed.name),
        )
        part: Part = "carried" if self._is_carried else "one file"
        return [
            [
                *self._compared(profile, [file], self._earlier, part),
                *self._of_another_period(profile, [file]),
            ]
            for file, profile in zip(self._files, profiles, strict=True)
        ]

    @property
    def _earlier(self) -> Iterator[Earlier]:
        """The earlier deliveries from the last one on; each is read once, when it is come to."""
        self._deliveries, again = tee(self._deliveries)
        return again

    @cached_property
    def _last(self) -> Earlier | None:
        return next(self._earlier, None)

    def _of_a_half(self, change: DriftFinding) -> DriftFinding:
        """A change as a half of a batch shows it: that it is one is told, and stops nothing."""
        by_size = change.kind in _OF_ALL_FILES and change.severity == "block"
        if not by_size or self._whole is None or (change.kind, change.column) in self._whole:
            return change
        return change.model_copy(update={"severity": "warn"})

    @cached_property
    def _whole(self) -> Collection[tuple[str, str | None]] | None:
        """Of a half: kind and column of what stopped all files of the batch together."""
        root = self._engagement.intake.roots([self._batch_id])[self._batch_id]
        folder = self._engagement.folder.run(root)
        looked = artifacts.find(folder / artifacts.PROFILE, artifacts.Profile)
        if root == self._batch_id or looked is None:
            return None
        return {
            (change.kind, change.column)
            for change in looked.drift
            if change.feed == self._feed.name and change.severity == "block"
        }

    @cached_property
    def _files(self) -> list[File]:
        since = " (carried forward)" if self._is_carried else ""
        return [(f"{name}{since}", columns) for name, columns in self._unmarked]

    @cached_property
    def _unmarked(self) -> list[File]:
        """The files, whether they are carried forward or not."""
        by_place = isinstance(self._feed.sheet, int)
        return [
            (f"{r.filename}, sheet “{r.sheet}”" if by_place else r.filename, r.columns)
            for r in self._readings
        ]

    @cached_property
    def _others(self) -> dict[str, list[ReadColumn]]:
        """What the models of other feeds read: a file that lacks something can be another's."""
        lacks = any(read.is_lacking(columns) for _, columns in self._files for read in self._reads)
        feeds = [feed.name for feed in self._engagement.config.feeds if lacks]
        return {
            name: self._engagement.models.reads(name) for name in feeds if name != self._feed.name
        }

    @cached_property
    def _kept(self) -> list[Kept]:
        """The columns whose dates lay in their period, if some do not in these files."""
        if self._period is None or self._is_carried:
            return []
        measures = that_measure(self._earlier, methodcaller("asked", "another_period"))
        earlier = ((each.profile, each.period) for each in measures if each.period)
        now = self._found, self._period
        return kept_to_periods(now, earlier, self._reads, files=len(self._readings))

    def _of_another_period(
        self, profile: FeedProfile, files: Iterable[File]
    ) -> Iterator[DriftFinding]:
        now = profile, self._period or ""
        return dates_of_another_period(now, self._kept, [name for name, _ in files])

    def _then(self, replaced: Earlier) -> list[DriftFinding]:
        """What all of them show, held against the deliveries before one that they replace."""
        its = replaced.period or ""
        stood = (e for e in self._earlier if not e.replaced and (e.period or "") <= its)
        return self._compared(self._found, self._unmarked, stood, None)

    def _compared(
        self,
        profile: FeedProfile,
        files: Iterable[File],
        earlier: Iterator[Earlier],
        part: Part | None,
    ) -> list[DriftFinding]:
        models, name = self._engagement.models, self._feed.name
        earlier, again = tee(earlier)
        last = next(earlier, None)
        return compare(
            last.profile if last else None,
            profile,
            self._reads,
            known=models.declared_columns().get(name, ()),
            files=dict(files),
            others=self._others,
            models_yaml=models.yaml_of(name),
            part=part,
            earlier=(each.profile for each in earlier),
            of_sample=last is not None and last.of_sample,
            period=last.period if last else None,
            placed=_placed(again),
        )


def _placed(earlier: Iterable[Earlier]) -> Iterator[Held]:
    """The deliveries that show which column holds what: none in which two changed places once."""
    for each in that_measure(earlier, methodcaller("asked", "swapped_columns")):
        yield Held(each.profile, each.period, each.of_sample)


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


def _told_once(
    together: Iterable[DriftFinding], alone: Sequence[Collection[DriftFinding]]
) -> list[DriftFinding]:
    """What all files show, and of each alone what is not told so already."""
    changes = [*_of_all(together, alone)]
    told = {(change.kind, change.column) for change in changes}
    stops = {(c.kind, c.column) for c in changes if c.severity == "block"}
    # what stops is told of one file, too, where of all it is a note
    more = (
        each
        for some in alone
        for each in some
        if (each.kind, each.column) not in (stops if each.severity == "block" else told)
    )
    return [*changes, *more]


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

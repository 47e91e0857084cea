"""What changed in the files of a feed: of all of them, of each by itself, and what is accepted."""

from __future__ import annotations

from functools import cached_property
from itertools import chain, tee
from operator import methodcaller
from typing import TYPE_CHECKING, NamedTuple

from consulting.chain import artifacts
from consulting.chain.apart import within
from consulting.chain.measure import Earlier, readings_of, that_measure
from consulting.chain.namesakes import namesake_in, namesakes
from consulting.chain.of_period import OfPeriod
from consulting.chain.told_once import Alone, told_once
from consulting.profiling import (
    FeedProfile,
    compare,
    mixed_columns,
    profile_each,
    unclear_columns,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from consulting.chain.engagement import Engagement
    from consulting.profiling import DriftFinding, Part
    from consulting.records import ReadColumn

    File = tuple[str, Sequence[str]]
    """What a file is called, and its columns."""

_MOST_COLUMNS = 1_000
"""Columns of all files together that are profiled for each file."""
_OF_ALL_FILES = ("null_jump", "volume_collapse")
"""What some of the files that came together may show for being some."""


class Drift(NamedTuple):
    """What changed in the files of a feed.

    Attributes:
        findings: The changes, the gravest of all files first.
        by_file: The profile of each of several files, by its name.
    """

    findings: list[DriftFinding]
    by_file: dict[str, FeedProfile]


def drift_of(
    engagement: Engagement,
    received: artifacts.Intake,
    found: FeedProfile,
    before: Iterator[Earlier],
    run_folder: Path,
) -> Drift:
    """What changed in the files of a feed, against its last delivery and its models as they are.

    Of files that are carried forward it is what they prove against the models alone. Each of
    several files is held against the one of its name in an earlier delivery, too; one without,
    where its values could be read in two ways, against all of the last. Files that take others'
    place are held against those before these, too: what was told then may be unanswered. What
    somebody found right in them is told, and stops nothing.

    Args:
        engagement: Whose files.
        received: What `file_received` left.
        found: The profile of the feed's files.
        before: The feed's earlier deliveries, the last first.
        run_folder: Where the rows of the files lie.
    """
    files = _Files(engagement, received, found, before)
    changes = files.together()
    profiles = files.by_file(changes, run_folder)
    alone = [*files.each_alone(changes, profiles)]
    right = received.confirmed
    told = told_once(changes, alone, by_itself=received.batch.period is None)
    return Drift(
        [change.confirmed() if change.to_confirm in right else change for change in told],
        files.named(profiles),
    )


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
        self._readings = readings_of(received, found.feed)
        self._own = {reading.sha256 for reading in received.readings}
        self._deliveries = before
        self._of_period = OfPeriod(engagement, received, found, lambda: self._earlier)

    def together(self) -> list[DriftFinding]:
        """What all of them show, as one."""
        part: Part | None = "carried" if self._is_carried else None
        changes = self._compared(self._found, self._files, self._earlier, part)
        changes = [*map(self._as_a_part, changes)]
        if self._last is not None and self._last.replaced:
            changes += _still_open(self._then(self._last), changes, self._last)
        names = [name for name, _ in self._files]
        missing = [*self._of_period.missing_files()]
        return [
            *changes,
            *(missing if missing and self._whole is None else ()),
            *self._of_period.another(self._found, names),
            *self._of_period.part(self._found, names, self._earlier),
        ]

    def by_file(self, changes: Iterable[DriftFinding], run_folder: Path) -> tuple[FeedProfile, ...]:
        """The profile of each of several; of many, of the columns that ask for it alone."""
        if len(self._readings) <= 1:
            return (self._found,)[: len(self._readings)]
        if self._found.basis == "headers":
            return ()
        names = [column.name for column in self._found.columns]
        if self._are_many:
            doubtful = self._doubtful(changes)
            names = [name for name in names if name in doubtful]
        return within(
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

    def named(self, profiles: Iterable[FeedProfile]) -> dict[str, FeedProfile]:
        """The profiles of several files, by name; none of so many that these are not whole."""
        if len(self._readings) <= 1 or self._found.basis == "headers" or self._are_many:
            return {}
        return dict(zip(self._names, profiles, strict=True))

    def each_alone(
        self, changes: Iterable[DriftFinding], profiles: Iterable[FeedProfile]
    ) -> Iterator[Alone]:
        """What each shows by itself; of one that came as the last did, all is told already."""
        if len(self._readings) == 1 and self._is_as_the_last:
            return
        doubtful = self._doubtful(changes) if len(self._readings) > 1 else ()
        for reading, file, profile in zip(self._readings, self._files, profiles, strict=False):
            is_own = reading.sha256 in self._own and not self._is_carried
            past = namesakes(reading.filename, self._names, self._earlier) if is_own else iter(())
            some = [column for column in profile.columns if column.name in doubtful]
            of_these = profile.model_copy(update={"columns": (*some,)})
            found = [*self._of_period.another(of_these, [file[0]])]
            first = next(past, None)
            if first is not None:
                past, of_name, of_period = tee(chain([first], past), 3)
                # where all of its name are no measure of which column holds what, the others are
                placed = chain(_placed(of_name), _placed(self._earlier))
                found += self._compared(profile, [file], past, "namesake", placed)
                found += self._of_period.part(profile, [file[0]], of_period)
            else:
                part: Part = "carried" if self._is_carried else "one file"
                found += self._compared(of_these, [file], self._earlier, part)
            yield Alone(found, is_known=first is not None or not is_own)

    @property
    def _is_as_the_last(self) -> bool:
        """Whether the one file that came is called as the one before it, or there was none."""
        before = self._last.names if self._last else ()
        (name,) = self._names
        return not before or (len(before) == 1 and namesake_in(before, name, [name]) is not None)

    def _doubtful(self, changes: Iterable[DriftFinding]) -> Collection[str | None]:
        """The columns that one of several files may write otherwise than the others."""
        names: set[str | None] = {*unclear_columns(self._found, self._reads)}
        names |= {one.column for one in self._of_period.kept}
        if placed := next(_placed(self._earlier), None):
            names |= {*mixed_columns(placed.held.profile, self._found, self._reads)}
        if self._last is not None:
            names |= {change.column for change in changes if change.severity == "block"}
        return names

    @property
    def _names(self) -> list[str]:
        return [reading.filename for reading in self._readings]

    @property
    def _are_many(self) -> bool:
        return len(self._readings) * len(self._found.columns) > _MOST_COLUMNS

    @property
    def _earlier(self) -> Iterator[Earlier]:
        """The earlier deliveries from the last one on; each is read once, when it is come to."""
        self._deliveries, again = tee(self._deliveries)
        return again

    @cached_property
    def _last(self) -> Earlier | None:
        return next(self._earlier, None)

    def _as_a_part(self, change: DriftFinding) -> DriftFinding:
        """A change as a part of what came shows it: that it is one is told, and stops nothing."""
        if change.kind not in _OF_ALL_FILES or change.severity != "block":
            return change
        of_the_whole = (change.kind, change.column) in (self._whole or ())
        if of_the_whole or (self._whole is None and not self._of_period.others_wait):
            return change
        waits = "" if self._whole else f" Other files of {self._period} wait for a run of theirs."
        return change.model_copy(update={"severity": "warn", "detail": f"{change.detail}{waits}"})

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

    def _then(self, replaced: Earlier) -> list[DriftFinding]:
        """What all of them show, held against the deliveries before one that they replace."""
        its = replaced.held.period or ""
        stood = (e for e in self._earlier if not e.replaced and (e.held.period or "") <= its)
        return self._compared(self._found, self._unmarked, stood, None)

    def _compared(
        self,
        profile: FeedProfile,
        files: Iterable[File],
        earlier: Iterator[Earlier],
        part: Part | None,
        placed: Iterator[Earlier] | None = None,
    ) -> list[DriftFinding]:
        models, name = self._engagement.models, self._feed.name
        earlier, again = tee(earlier)
        last = next(earlier, None)
        return compare(
            last.held if last else None,
            profile,
            self._reads,
            known=models.declared_columns().get(name, ()),
            files=dict(files),
            others=self._others,
            models_yaml=models.yaml_of(name),
            part=part,
            earlier=(each.held.profile for each in earlier),
            placed=(each.held for each in placed or _placed(again)),
        )


def _placed(earlier: Iterable[Earlier]) -> Iterator[Earlier]:
    """The deliveries that show which column holds what: none in which two changed places once."""
    return that_measure(earlier, methodcaller("asked", "swapped_columns"))


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

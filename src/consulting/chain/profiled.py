"""`profiled`: what the files hold, and what changed since the last delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.apart import within
from consulting.chain.attempt import attempt
from consulting.chain.drift import drift_of
from consulting.chain.measure import earlier_profiles
from consulting.profiling import FeedProfile, Issue, profile_across, profile_feed, quality_score
from consulting.profiling.accepted import without_accepted
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.chain.measure import Earlier
    from consulting.profiling import DriftFinding
    from consulting.records import FileReading, ReadColumn


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
    by_file: dict[str, dict[str, FeedProfile]] = {}
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
        changes = drift_of(engagement, received, found, before(feed), run_folder)
        drift += changes.findings
        by_file[feed] = changes.by_file
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
    (run_folder / artifacts.FILES).unlink(missing_ok=True)  # of a try with other files
    if any(by_file.values()):
        artifacts.write(run_folder / artifacts.FILES, artifacts.Files(of=by_file))
    artifacts.write(run_folder / artifacts.PROFILE, result)
    return result


def _lacking(reads: Sequence[ReadColumn], readings: Sequence[FileReading]) -> list[str]:
    """The columns that the models can not do without, and no file has."""
    present = {name for reading in readings for name in reading.columns}
    return [read.names[0] for read in reads if read.is_lacking(present)]

"""The run folders of a feed's earlier deliveries, and what is kept of the sample before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.timekeeping import nearest_first
from consulting.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consulting.chain.engagement import Engagement


def earlier_runs(engagement: Engagement, feed: str, batch_id: str) -> Iterator[Path]:
    """The run folders of the feed's deliveries before a batch, the nearest first, then a sample's.

    Of a client with periods these are the ones of its own, of those before it, and of those after
    it, of each the last made first; else the last made first. A first delivery is held against the
    files by which the models were made.
    """
    seen: set[str] = set()
    for period in _nearest_first(engagement, batch_id):
        before = batch_id
        while last := engagement.intake.last_delivered(feed, before_batch=before, period=period):
            before = last[0].batch_id
            if before not in seen:
                seen.add(before)
                yield engagement.folder.run(before)
    sample = sample_of(engagement)
    if sample.is_dir():
        yield sample


def _nearest_first(engagement: Engagement, batch_id: str) -> list[str | None]:
    """The periods of deliveries as a batch is held against them; last None, which is any."""
    received = artifacts.find(engagement.folder.run(batch_id) / artifacts.INTAKE, artifacts.Intake)
    own = received.batch.period if received else None
    if own is None:
        return [None]
    known = (fact.period for fact in engagement.intake.deliveries())
    return [*nearest_first(own, filter(None, known)), None]


def files_of(folder: Path, feed: str) -> frozenset[str]:
    """The files that a run had of a feed, each by its hash; at least the run's own name."""
    received = artifacts.find(folder / artifacts.INTAKE, artifacts.Intake)
    mine = (r.sha256 for r in (received.base if received else ()) if r.feed == feed)
    return frozenset({folder.name, *mine})


def sample_of(engagement: Engagement) -> Path:
    """What is kept of the sample by which a client's models were made, at its present tier."""
    return engagement.folder.sample(engagement.config.security_tier)


def keep_sample(engagement: Engagement, run_folder: Path) -> None:
    """Keep what the stages of a sample's run left: how values are written, and no file."""
    for name in (artifacts.INTAKE, artifacts.PROFILE, artifacts.FILES, artifacts.CLEANING):
        if (run_folder / name).is_file():
            write_whole(sample_of(engagement) / name, [(run_folder / name).read_bytes()])

"""The run folders of a feed's earlier deliveries, and what is kept of the sample before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consulting.chain.engagement import Engagement


def earlier_runs(engagement: Engagement, feed: str, batch_id: str) -> Iterator[Path]:
    """The run folders of the feed's deliveries before a batch, the last first, then a sample's.

    A first delivery is held against the files by which the models were made.
    """
    before = batch_id
    while last := engagement.intake.last_delivered(feed, before_batch=before):
        before = last[0].batch_id
        yield engagement.folder.run(before)
    sample = sample_of(engagement)
    if sample.is_dir():
        yield sample


def sample_of(engagement: Engagement) -> Path:
    """What is kept of the sample by which a client's models were made, at its present tier."""
    return engagement.folder.sample(engagement.config.security_tier)


def keep_sample(engagement: Engagement, run_folder: Path) -> None:
    """Keep what the stages of a sample's run left: how values are written, and no file."""
    for name in (artifacts.INTAKE, artifacts.PROFILE, artifacts.CLEANING):
        if (run_folder / name).is_file():
            write_whole(sample_of(engagement) / name, [(run_folder / name).read_bytes()])

"""The run folders of a feed's earlier deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consulting.chain.engagement import Engagement


def earlier_runs(engagement: Engagement, feed: str, batch_id: str) -> Iterator[Path]:
    """The run folders of the feed's deliveries before a batch, the last first."""
    before = batch_id
    while last := engagement.intake.last_delivered(feed, before_batch=before):
        before = last[0].batch_id
        yield engagement.folder.run(before)

"""What the files of a feed show as those of a period: their dates, and which of them came."""

from __future__ import annotations

from functools import cached_property
from operator import methodcaller
from typing import TYPE_CHECKING

from consulting.chain.another_period import (
    dates_of_a_part,
    dates_of_another_period,
    kept_to_periods,
)
from consulting.chain.file_received import MOST_DROPS
from consulting.chain.measure import readings_of, that_measure
from consulting.chain.namesakes import without_namesake
from consulting.intake import State
from consulting.profiling import DriftFinding
from consulting.profiling.reads import in_files
from consulting.timekeeping import period_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from consulting.chain import artifacts
    from consulting.chain.another_period import Kept
    from consulting.chain.engagement import Engagement
    from consulting.chain.measure import Earlier
    from consulting.profiling import FeedProfile


class OfPeriod:
    """The files of a feed as those of the batch's period; of a client without periods, of none.

    Args:
        engagement: Whose files.
        received: What `file_received` left.
        found: The profile of the feed's files.
        earlier: The feed's earlier deliveries, the last first; each call begins anew.
    """

    def __init__(
        self,
        engagement: Engagement,
        received: artifacts.Intake,
        found: FeedProfile,
        earlier: Callable[[], Iterator[Earlier]],
    ) -> None:
        self._engagement = engagement
        self._batch = received.batch
        self._found = found
        self._earlier = earlier
        self._reads = engagement.models.reads(found.feed)
        self._names = [reading.filename for reading in readings_of(received, found.feed)]
        # files that are carried forward were looked at when they came
        self._period = None if found.feed in received.carried else received.batch.period

    @cached_property
    def kept(self) -> list[Kept]:
        """The columns whose dates lay in their period, if some do not in these files."""
        if self._period is None:
            return []
        measures = that_measure(self._earlier(), methodcaller("asked", "another_period"))
        earlier = ((h.profile, h.period) for h in (each.held for each in measures) if h.period)
        now = self._found, self._period
        return kept_to_periods(now, earlier, self._reads, files=len(self._names))

    def another(self, profile: FeedProfile, files: Sequence[str]) -> Iterator[DriftFinding]:
        """Dates of all files, or of some, that lie in another period."""
        return dates_of_another_period((profile, self._period or ""), self.kept, files)

    def part(
        self, profile: FeedProfile, files: Sequence[str], earlier: Iterable[Earlier]
    ) -> Iterator[DriftFinding]:
        """Dates that reach but a part of the period, if it was over when the last file came."""
        came = max(drop.first_seen for drop in self._batch.drops)
        if self._period is None or came < period_window(self._period)[1]:
            return iter(())
        before = ((e.held.profile, e.held.period) for e in earlier if e.held.period)
        return dates_of_a_part((profile, self._period), before, self._reads, files)

    def missing_files(self) -> Iterator[DriftFinding]:
        """Files that each period had, and this one has not, but for those that wait."""
        if self._period is None:
            return
        missing = without_namesake(self._names, self._earlier(), self._period)
        if missing and not self.others_wait:
            yield DriftFinding(
                feed=self._found.feed, kind="missing_file", severity="warn",
                detail=f"No file is called like {in_files(missing, last='or')}; the last two "
                "deliveries had such files.",
                recommendation="Ask the client whether it is still to come, or is called otherwise "
                "now.",
            )  # fmt: skip

    @cached_property
    def others_wait(self) -> bool:
        """Whether other files of the same period came that wait for a run of theirs."""
        if self._period is None:
            return False
        own = {drop.key for drop in self._batch.drops}
        return any(
            (story.drop.period, story.drop.feed) == (self._period, self._found.feed)
            and story.state in {State.SEEN, State.READY, State.CLAIMED}
            and story.batch_id != self._batch.batch_id
            and story.drop.key not in own
            for story in self._engagement.intake.history(limit=MOST_DROPS)
        )

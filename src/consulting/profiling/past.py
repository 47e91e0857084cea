"""What earlier deliveries of a feed held, column by column."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from consulting.profiling.notations import mostly
from consulting.shown import on_one_line

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator

    from consulting.profiling.model import ColumnProfile, FeedProfile
    from consulting.profiling.reads import Reads

UNTYPED = frozenset({"empty", "unknown"})
ENOUGH = 20
"""What fewer values show of a column is held against more of them, too."""
_LOOK_BACK = 12
"""Deliveries before the last one that are looked at: a year of months."""


class Held(NamedTuple):
    """What a delivery held.

    Attributes:
        profile: Its profile.
        period: Its period, where the client has periods.
        of_sample: Whether it is no delivery, but the sample by which the models were made.
        file: The file, if the profile is of one of several alone.
    """

    profile: FeedProfile
    period: str | None = None
    of_sample: bool = False
    file: str = ""


class Past:
    """The profiles of a feed's earlier deliveries whose rows were read.

    Args:
        reads: What the models read, and the files of now.
        last: The last delivery; None for a first one.
        earlier: The profiles of the deliveries before it, the newest first; read where one is
            needed.
    """

    def __init__(self, reads: Reads, last: Held | None, earlier: Iterable[FeedProfile]) -> None:
        self.previous = last.profile if last else None
        self.of_sample = last is not None and last.of_sample
        self._reads = reads
        self._earlier = earlier

        named = f"the delivery of {last.period}" if last and last.period else "the last delivery"
        named = "the sample" if self.of_sample else named
        self._name = on_one_line(last.file) if last and last.file else named

    def named(self, column: ColumnProfile | None = None) -> str:
        """What the last delivery is called in a sentence; that which a column is of, if given."""
        columns = self.previous.columns if self.previous else ()
        known = column is None or any(each is column for each in columns)
        return self._name if known else "an earlier delivery"

    def last(self, now: ColumnProfile, least: int) -> tuple[ColumnProfile, FeedProfile] | None:
        """A column in the last delivery in which it had so many values."""
        for profile in self.delivered() if now.inferred_type not in UNTYPED else ():
            column = self.find(now, profile)
            if column is not None and profile.row_count - missing(column) >= least:
                return column, profile
        return None

    def last_that(
        self, shows: Callable[[ColumnProfile], bool], now: ColumnProfile
    ) -> ColumnProfile | None:
        """A column in the last delivery in which it showed something."""
        columns = (self.find(now, profile) for profile in self.delivered())
        return next((column for column in columns if column and shows(column)), None)

    def named_last(
        self,
        named: Callable[[ColumnProfile], Counter[str]],
        before: ColumnProfile,
        now: ColumnProfile,
    ) -> str | None:
        """The currency or unit of most of a column's numbers when one was last named.

        Where none is named now either it is that of the last delivery: its lack was told once.
        """
        if mostly(named(before), before) or not named(now):
            return mostly(named(before), before)
        one = self.last_that(lambda column: mostly(named(column), column) is not None, now)
        return mostly(named(one), one) if one else None

    @cached_property
    def with_rows(self) -> FeedProfile | None:
        """The last delivery with rows enough to tell a share, else with any."""
        for least in (ENOUGH, 1):
            for profile in self.delivered():
                if profile.row_count >= least:
                    return profile
        return None

    def find(self, now: ColumnProfile, profile: FeedProfile | None) -> ColumnProfile | None:
        """A column of now in an earlier profile, under any of its names."""
        read = self._reads.of(now.name)
        names = {now.name.casefold(), *map(str.casefold, read.names if read else ())}
        columns = profile.columns if profile else ()
        return next((each for each in columns if each.name.casefold() in names), None)

    def delivered(self) -> Iterator[FeedProfile]:
        """The profiles, the newest first."""
        if self.previous is not None and self._reads.current.basis != "headers":
            # those before the last one are read from disk, and most runs need none of them
            for several in ([self.previous], self._looked_back):
                yield from (each for each in several if each.basis != "headers")

    @cached_property
    def _looked_back(self) -> list[FeedProfile]:
        return [*islice(self._earlier, _LOOK_BACK)]


def missing(column: ColumnProfile) -> int:
    """Rows without a value, or with a word for none."""
    return column.null_count + column.null_like_count

"""Files whose dates lie in another period than theirs: an export with last month's filter."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from consulting.profiling import DriftFinding
from consulting.profiling.past import missing
from consulting.profiling.reads import in_files
from consulting.profiling.shift import chance_of_rise
from consulting.timekeeping import period_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from consulting.profiling import ColumnProfile, FeedProfile
    from consulting.records import ReadColumn

    OfPeriod = tuple[FeedProfile, str]
    """A profile, and the period of its files."""

_MOST, _HARDLY_ANY = 0.9, 0.1
"""The share of the dates that lay in their period, and lie there now at most."""
_ALL, _PART, _CHANCE = 0.99, 1 / 3, 0.001
"""Where nearly all lay there it is told, too, if more than this part does not, and not by chance.
"""
_FEW, _TIMES, _DAYS = 5, 2, 4
"""Fewer dates show nothing, nor do those of one other period, nor fewer days: such a column says
when a file was made."""


class Kept(NamedTuple):
    """A column whose dates lay in the period of their files again and again.

    Attributes:
        column: The column.
        least: The least share that lay there.
        dates: How many there were.
    """

    column: str
    least: float
    dates: int


def kept_to_periods(
    now: OfPeriod, before: Iterable[OfPeriod], reads: Iterable[ReadColumn], *, files: int
) -> list[Kept]:
    """The columns whose dates lay in their period in the last deliveries, if some do not now.

    That they lay there once says nothing: a list of all customers may have been made that month.

    Args:
        now: The profile of the files, and their period.
        before: Those of the deliveries before, the last first; read where dates lie elsewhere.
        reads: What the feed's models read.
        files: How many there are: of one of several, few dates may lie elsewhere.
    """
    profile, period = now
    enough = 1 - _PART if files == 1 else 1 - _HARDLY_ANY / 2
    read = {name.casefold() for each in reads for name in each.names}
    found = {
        column.name: Kept(column.name, 1.0, 0)
        for column in profile.columns
        if column.name.casefold() in read
    }
    shares = {c.name: _share(c, profile, period) for c in profile.columns if c.name in found}
    lie = {name for name, share in shares.items() if share is not None and share <= enough}
    if not lie:
        return []
    seen = {period}
    for earlier, its in before:
        if its in seen:
            continue
        seen.add(its)
        found = {
            name: Kept(name, min(one.least, share), one.dates + _dates(column, earlier))
            for name, one in found.items()
            if (column := earlier.column(name)) and len({*_days(column)}) >= _DAYS
            if (share := _share(column, earlier, its) or 0.0) >= _MOST
        }
        if lie.isdisjoint(found):
            return []
        if len(seen) > _TIMES:
            return [*found.values()]
    return []


def dates_of_another_period(
    now: OfPeriod, kept: Iterable[Kept], files: Sequence[str]
) -> Iterator[DriftFinding]:
    """The columns whose dates do not lie in the period of their files; none where others' do.

    Args:
        now: The profile of the files, or of some, and their period.
        kept: Those whose dates lay in theirs.
        files: The names of the files.
    """
    profile, period = now
    known = ((one, profile.column(one.column)) for one in kept)
    shares = [(one, c, _share(c, profile, period)) for one, c in known if c]
    if any(share is not None and share >= _ALL for _, _, share in shares):
        return  # the rows are of this period
    for one, column, share in shares:
        if share is None:
            continue
        rows = _dates(column, profile)
        outside = (round((1 - one.least) * one.dates), one.dates), (round((1 - share) * rows), rows)
        some = one.least >= _ALL and 1 - share >= _PART and chance_of_rise(*outside) <= _CHANCE
        if share > _HARDLY_ANY and not some:
            continue
        most = share <= _HARDLY_ANY
        of = f"in “{one.column}”{in_files(files, ' of ')}"
        lie = f"The dates {of} lie outside of" if most else f"Only some dates {of} lie in"
        yield DriftFinding(
            feed=profile.feed, kind="another_period", severity="block", column=one.column,
            detail=f"{lie} {period}, the period of these files; those of the last ones lay in "
            "theirs.",
            measure="share of the dates in the period", value=round(share, 4),
            threshold=_HARDLY_ANY if most else round(1 - _PART, 4),
            recommendation="Ask the client whether the export is of another period, or of several, "
            "and have the right one sent. If it is right so, `consulting accept` delivers these "
            "files.",
        )  # fmt: skip


def _share(column: ColumnProfile, profile: FeedProfile, period: str) -> float | None:
    """The share of a column's dates that lie in a period; None where it has few."""
    days = _days(column)
    if not days or _dates(column, profile) < _FEW:
        return None
    first, following = (moment.date() for moment in period_window(period))
    return sum(first <= day < following for day in days) / len(days)


def _days(column: ColumnProfile) -> list[date]:
    return [date.fromisoformat(day[:10]) for day in column.date_quantiles]


def _dates(column: ColumnProfile, profile: FeedProfile) -> int:
    return profile.row_count - missing(column)

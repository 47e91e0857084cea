"""Files whose dates lie in another period, or in a part of theirs: a filter, a cut export."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from consulting.profiling import DriftFinding
from consulting.profiling.past import ENOUGH, missing
from consulting.profiling.reads import in_files
from consulting.profiling.shift import chance_of_rise
from consulting.timekeeping import period_window
from consulting.wording import counted

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

_REACHED, _SHORT = 0.1, 0.25
"""How far before the end of a period dates ended that reached it, and how far they end now: parts
of it."""


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
    looked_at = 0
    for earlier, its in _of_others(before, period):
        looked_at += 1
        found = {
            name: Kept(name, min(one.least, share), one.dates + _dates(column, earlier))
            for name, one in found.items()
            if (column := earlier.column(name)) and len({*_days(column)}) >= _DAYS
            if (share := _share(column, earlier, its) or 0.0) >= _MOST
        }
        if lie.isdisjoint(found):
            return []
    return [*found.values()] if looked_at == _TIMES else []


def _of_others(before: Iterable[OfPeriod], period: str) -> Iterator[OfPeriod]:
    """The last deliveries of the two other periods that come first, read as they are come to."""
    seen = {period}
    for earlier, its in before:
        if its not in seen:
            seen.add(its)
            yield earlier, its
            if len(seen) > _TIMES:
                return


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


def dates_of_a_part(
    now: OfPeriod,
    before: Iterable[OfPeriod],
    reads: Iterable[ReadColumn],
    files: Sequence[str],
) -> Iterator[DriftFinding]:
    """The column whose dates end long before their period, or begin long after it does.

    Where all columns do so that reached both ends in the last deliveries of two other periods, and
    chance would not bring it: of rows by all days of a period, some lie near its end.

    Args:
        now: The profile of the files, or of some, and their period, which was over as they came.
        before: Those of the deliveries before, the last first; read where dates end early.
        reads: What the feed's models read.
        files: The names of the files.
    """
    profile, period = now
    read = {name.casefold() for each in reads for name in each.names}
    columns = [
        c for c in profile.columns if c.name.casefold() in read and _gaps(c, profile, period)
    ]
    short = {column.name for column in columns if _are_short(column, profile, period)}
    reached, looked_at = {column.name for column in columns}, 0
    for earlier, its in _of_others(before, period) if short else ():
        looked_at += 1
        then = {name: earlier.column(name) for name in reached}
        reached = {
            name
            for name, column in then.items()
            if column and len({*_days(column)}) >= _DAYS
            if (_share(column, earlier, its) or 0.0) >= _MOST
            if max(_gaps(column, earlier, its) or (1.0,)) <= _REACHED
        }
        if reached.isdisjoint(short):
            return
    if looked_at < _TIMES or reached - short:
        return
    name = next(column.name for column in columns if column.name in reached)
    begin, end = _gaps(profile.column(name), profile, period) or (0.0, 0.0)
    days = (period_window(period)[1] - period_window(period)[0]).days
    part = f"end {counted(round(end * days), 'day')} before {period} does"
    if begin > end:
        part = f"begin {counted(round(begin * days), 'day')} after {period} does"
    yield DriftFinding(
        feed=profile.feed, kind="part_of_period", severity="warn", column=name,
        detail=f"The dates in “{name}”{in_files(files, ' of ')} {part}; those of the last two "
        "deliveries reached both ends of their period.",
        measure="part of the period without dates", value=round(max(begin, end), 4),
        threshold=_SHORT,
        recommendation="Ask the client whether the export was made too early, or was cut.",
    )  # fmt: skip


def _are_short(column: ColumnProfile, profile: FeedProfile, period: str) -> bool:
    gap = max(_gaps(column, profile, period) or (0.0,))
    by_chance = (1 - gap) ** _dates(column, profile)
    enough = _dates(column, profile) >= ENOUGH and by_chance <= _CHANCE
    return enough and gap > _SHORT and (_share(column, profile, period) or 0.0) >= _MOST


def _gaps(
    column: ColumnProfile | None, profile: FeedProfile, period: str
) -> tuple[float, float] | None:
    """For how long a period has no date at its beginning, and at its end: parts of it."""
    if column is None or _share(column, profile, period) is None:
        return None
    first, following = (moment.date() for moment in period_window(period))
    days = [day for day in _days(column) if first <= day < following]
    if not days:
        return None
    length = (following - first).days
    return (min(days) - first).days / length, ((following - max(days)).days - 1) / length


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

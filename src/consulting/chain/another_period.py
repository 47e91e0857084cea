"""Files whose dates lie in another period than theirs: an export with last month's filter."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from consulting.profiling import DriftFinding
from consulting.profiling.past import missing
from consulting.profiling.reads import in_files
from consulting.timekeeping import period_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from consulting.profiling import FeedProfile
    from consulting.records import ReadColumn

    OfPeriod = tuple[FeedProfile, str]
    """A profile, and the period of its files."""

_MOST, _HARDLY_ANY = 0.9, 0.1
"""The share of the dates that lay in their period, and lie there now at most."""
_FEW, _TIMES = 5, 2
"""Fewer dates show nothing, nor do those of one other period."""


def dates_of_another_period(
    now: OfPeriod, before: Iterable[OfPeriod], reads: Iterable[ReadColumn], files: Sequence[str]
) -> Iterator[DriftFinding]:
    """The columns whose dates lay in the period of their files again and again, and do not now.

    That they lay there once says nothing: a list of all customers may have been made that month.

    Args:
        now: The profile of the files, and their period.
        before: Those of the deliveries before, the last first; read where dates lie elsewhere.
        reads: What the feed's models read.
        files: The names of the files.
    """
    profile, period = now
    read = {name.casefold() for each in reads for name in each.names}
    shares = {c.name: _share(profile, c.name, period) for c in profile.columns}
    lie = {
        name: share
        for name, share in shares.items()
        if name.casefold() in read and share is not None and share <= _HARDLY_ANY
    }
    if not lie:
        return
    seen = {period}
    for earlier, its in before:
        if its in seen:
            continue
        seen.add(its)
        lay = {name: _share(earlier, name, its) for name in lie}
        lie = {name: share for name, share in lie.items() if (lay[name] or 0) >= _MOST}
        if not lie or len(seen) > _TIMES:
            break
    else:
        return
    for name, share in lie.items():
        yield DriftFinding(
            feed=profile.feed, kind="another_period", severity="block", column=name,
            detail=f"The dates in “{name}”{in_files(files, ' of ')} lie outside of {period}, the "
            "period of these files; those of the last ones lay in theirs.",
            measure="share of the dates in the period", value=round(share, 4),
            threshold=_HARDLY_ANY,
            recommendation="Ask the client whether the export is of another period, and have the "
            "right one sent. If it is right so, `consulting accept` delivers these files.",
        )  # fmt: skip


def _share(profile: FeedProfile, name: str, period: str) -> float | None:
    """The share of a column's dates that lie in a period; None where it has few."""
    column = profile.column(name)
    if column is None or profile.row_count - missing(column) < _FEW:
        return None
    days = [date.fromisoformat(day[:10]) for day in column.date_quantiles]
    if not days:
        return None
    first, following = (moment.date() for moment in period_window(period))
    return sum(first <= day < following for day in days) / len(days)

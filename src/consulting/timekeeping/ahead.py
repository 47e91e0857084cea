"""The calendar ahead: what runs when, what is due when, and why then."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from consulting.records import Record
from consulting.timekeeping.calendar import WEEKEND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.timekeeping.calendar import Calendar
    from consulting.timekeeping.cron import Timetable
    from consulting.timekeeping.periods import Partitioning
    from consulting.timekeeping.sla import Sla

_LONGEST_DAYS = 400


class Ahead(Record):
    """One thing to come.

    Attributes:
        at: When; of a day, its first moment in the client's timezone.
        what: A run, a delivery that is due, one that would be late, a day off, a period's end.
        why: Why then, for people.
    """

    at: datetime
    what: Literal["run", "no run", "due", "not due", "warning", "breach", "day off", "period ends"]
    why: str


def ahead(
    now: datetime,
    *,
    schedule: Timetable | None,
    sla: Sla | None,
    partitions: Partitioning | None,
    count: int,
) -> list[Ahead]:
    """What comes next, in the order of time.

    Args:
        now: The present moment.
        schedule: When runs are due, where they are.
        sla: What is promised, where something is.
        partitions: The periods, where there are some.
        count: How many of each kind.
    """
    found: list[Ahead] = []
    if schedule is not None:
        found += _due_times(schedule, now, count, "run", "no run")
    if sla is not None:
        found += _owed(sla, partitions, now, count)
    if partitions is not None:
        _, end = partitions.window(period := partitions.current(now))
        found.append(Ahead(at=end, what="period ends", why=f"{period}, in {partitions.timezone}"))
    until = max((each.at for each in found), default=now)
    for table in (schedule, sla and sla.timetable):
        if table is not None and table.calendar is not None:
            found += _days_off(table.calendar, ZoneInfo(table.timezone), now, until)
    return sorted(dict.fromkeys(found), key=lambda each: (each.at, each.what))


def _due_times(
    table: Timetable,
    now: datetime,
    count: int,
    what: Literal["run", "due"],
    not_what: Literal["no run", "not due"],
) -> Iterator[Ahead]:
    """A timetable's next times, and those that its calendar skips."""
    for wall, due in table.coming(now, count):
        said = f"`{table.cron}` in {table.timezone}"
        off = table.calendar and table.calendar.closed_because(wall.date())
        if due is None:
            moment = wall.replace(tzinfo=ZoneInfo(table.timezone))
            yield Ahead(at=moment, what=not_what, why=f"{said}, but it is skipped: {off}")
        elif off:
            yield Ahead(at=due, what=what, why=f"{said}, moved from {wall:%a %d %b}: {off}")
        else:
            yield Ahead(at=due, what=what, why=said)


def _owed(sla: Sla, partitions: Partitioning | None, now: datetime, count: int) -> Iterator[Ahead]:
    """What is promised next: what by when, and when its absence is told."""
    why = {each.at: each.why for each in _due_times(sla.timetable, now, count, "due", "not due")}
    coming = sla.due_periods(now, since=now, partitioning=partitions, limit=1, coming=count)
    for each in coming:
        if each.due_at <= now:
            continue
        at = {
            name: getattr(each, f"{name}_at").astimezone(ZoneInfo(sla.timezone))
            for name in ("due", "warn", "fail")
        }
        what = f"delivery {each.key}" if each.period else "the delivery"
        if each.waived:
            yield Ahead(at=at["due"], what="not due", why=f"{what}: {each.waived}")
            continue
        yield Ahead(at=at["due"], what="due", why=f"{what}: {why.get(at['due'], sla.due)}")
        missing = f"if {what}, due {at['due']:%a %d %b}, is missing then"
        yield Ahead(at=at["warn"], what="warning", why=missing)
        yield Ahead(at=at["fail"], what="breach", why=missing)


def _days_off(
    calendar: Calendar, zone: ZoneInfo, now: datetime, until: datetime
) -> Iterator[Ahead]:
    """Holidays and closed days from now on; weekends go without saying."""
    day = now.astimezone(zone).date()
    for _ in range(min((until - now).days, _LONGEST_DAYS) + 1):
        reason = calendar.closed_because(day)
        if reason not in {None, WEEKEND}:
            yield Ahead(
                at=datetime.combine(day, time(), tzinfo=zone), what="day off", why=str(reason)
            )
        day += timedelta(days=1)

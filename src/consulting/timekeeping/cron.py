"""Cron due times in a client's timezone, moved by the client's calendar.

Wall-clock rules, both ways over daylight saving time: a fixed time that the clock skips in spring
("30 2 * * *" in New York) is due at the first minute that exists; one that the clock repeats in
autumn is due once, the first time. Hourly and more frequent crons follow real time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, model_validator

from consulting.config_model import ConfigModel
from consulting.errors import ConfigurationError
from consulting.timekeeping.calendar import LONGEST_CLOSURE, Calendar

if TYPE_CHECKING:
    from collections.abc import Iterator

_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_SEARCH_WINDOWS = tuple(timedelta(days=days) for days in (2, 40, 400, 3700))
_YEARS_AHEAD = 12
_FIELDS = 5


def check_cron(cron: str) -> str:
    """Return the five-field form of a cron, or raise a `ConfigurationError` that explains it."""
    expression = _NICKNAMES.get(cron.strip().lower(), cron.strip())
    try:
        if len(expression.split()) != _FIELDS:
            raise CronSimError("Wrong number of fields")  # noqa: TRY301 - joins cronsim's own
        CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        why = "no such day in its months" if "day-of-month" in str(error) else error
        raise ConfigurationError(
            f"{cron!r} is not a cron schedule ({why}). It has five fields: minute, hour, day of "
            'month, month, day of week. "0 6 * * 1" is every Monday at 06:00; the last day of the '
            'month is L in the third field: "0 6 L * *".'
        ) from error
    return expression


def check_comes_due(cron: str, calendar: Calendar | None) -> None:
    """Raise a `ConfigurationError` if the calendar skips every day of a cron."""
    if calendar is None or calendar.rule != "skip":
        return
    first = datetime(2026, 1, 1)  # noqa: DTZ001 - a wall clock; the zone changes nothing
    for due in CronSim(cron, first):
        if calendar.is_business_day(due.date()):
            return
        if due.year > first.year + _YEARS_AHEAD:
            break
    raise ConfigurationError(
        f"nothing would ever be due: every day of {cron!r} is a weekend, a holiday or closed, and "
        "the calendar's rule is `skip`. Use `rule: next_business_day`, or other days."
    )


def check_timezone(timezone: str) -> str:
    """Return a timezone's name, or raise a `ConfigurationError` that suggests the nearest."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        from difflib import get_close_matches

        nearest = get_close_matches(timezone, available_timezones(), n=1, cutoff=0.5)
        hint = f" Did you mean {nearest[0]}?" if nearest else ""
        raise ConfigurationError(
            f"{timezone!r} is not a timezone.{hint} Use an IANA name such as America/New_York or "
            "Europe/Berlin."
        ) from error
    return timezone


Cron = Annotated[str, AfterValidator(check_cron)]
Timezone = Annotated[str, AfterValidator(check_timezone)]


class Timetable(ConfigModel):
    """When something is due: a cron, read in a timezone, moved by a calendar.

    Attributes:
        cron: Five cron fields, or a nickname such as "@weekly".
        timezone: IANA name; the cron's wall clock.
        calendar: Moves or skips due days that are no business days.
    """

    cron: Cron = Field(examples=["0 6 * * 1"])
    timezone: Timezone = Field(default="UTC", examples=["America/New_York"])
    calendar: Calendar | None = Field(default=None, examples=[{"country": "US"}])

    @model_validator(mode="after")
    def _comes_due(self) -> Timetable:
        check_comes_due(self.cron, self.calendar)
        return self

    @property
    def ticks(self) -> str:
        """The cron at which a scheduler has to wake; ask `is_due` at each tick.

        The cron itself, or, where a calendar moves due days, the same times of every day.
        """
        if self.calendar is None or self.calendar.rule == "skip":
            return self.cron
        minute, hour, *_ = self.cron.split()
        return f"{minute} {hour} * * *"

    def due_times(self, start: datetime, end: datetime) -> list[datetime]:
        """All due times from `start` (included) to `end` (excluded), rising, none twice.

        Args:
            start: An aware time.
            end: An aware time.
        """
        zone = ZoneInfo(self.timezone)
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        found = {due for _, due in self._placed(start, end) if due is not None}
        # in UTC, for Python compares two times of one zone by their wall clocks
        return [due.astimezone(zone) for due in sorted(found) if start <= due < end]

    def is_due(self, at: datetime) -> bool:
        """Whether the minute of `at` is a due time."""
        minute = at.replace(second=0, microsecond=0)
        return bool(self.due_times(minute, minute + timedelta(minutes=1)))

    def next_due(self, after: datetime) -> datetime | None:
        """The first due time after a moment; None if there is none in the next ten years."""
        for window in _SEARCH_WINDOWS:
            just_after = after + timedelta(microseconds=1)
            found = self.due_times(just_after, after + window)
            if found:
                return found[0]
        return None

    def last_due(self, before: datetime) -> datetime | None:
        """The last due time at or before a moment; None if there was none in ten years."""
        just_after = before + timedelta(microseconds=1)
        for window in _SEARCH_WINDOWS:
            found = self.due_times(before - window, just_after)
            if found:
                return found[-1]
        return None

    def coming(self, after: datetime, count: int) -> list[tuple[datetime, datetime | None]]:
        """The next due times, with those that the calendar skips before the last of them.

        Args:
            after: An aware time.
            count: How many due times.

        Returns:
            For each, the wall-clock time that the cron names, and when it is due after the
            calendar's rule; None where it is skipped. In the order of the wall clock.
        """
        last, zone = after, ZoneInfo(self.timezone)
        for _ in range(count):
            last = self.next_due(last) or last
        return [
            (wall, due and due.astimezone(zone))
            for wall, due in self._placed(after, last + timedelta(minutes=1))
            if after < (due or _real(wall, zone)) <= last
        ]

    def _placed(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime | None]]:
        """The cron's times in [start, end) and somewhat beyond: as written, and when due (UTC)."""
        if self.calendar is None:
            yield from self._walk(start, end)
            return
        zone = ZoneInfo(self.timezone)
        for wall, due in self._walk(start - LONGEST_CLOSURE, end + LONGEST_CLOSURE):
            day = self.calendar.place(wall.date())
            if day == wall.date():
                yield wall, due
            else:
                yield wall, None if day is None else _real(datetime.combine(day, wall.time()), zone)

    def _walk(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The cron's own times from a little before `start` to `end`: as written, and in UTC.

        Fixed times are walked on the bare wall clock and then made real; the others are walked in
        real time.
        """
        zone = ZoneInfo(self.timezone)
        minute, hour, *_ = self.cron.split()
        fixed = not minute.startswith("*") and not hour.startswith("*")
        first = start.astimezone(zone) - timedelta(hours=3)
        for due in CronSim(self.cron, first.replace(tzinfo=None) if fixed else first):
            real = _real(due, zone) if fixed else due.astimezone(UTC)
            if real >= end:
                return
            yield due.replace(tzinfo=None), real


def _real(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) at or after a wall-clock time that the zone's clock shows."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while moment.astimezone(zone).replace(tzinfo=None) != wall:
        wall += timedelta(minutes=1)
        moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment

"""Periods: the day, week or month a file belongs to, and the keys they go by.

Keys sort in time: "2026-01" (month), "2026-W03" (ISO week), "2026-01-05" (day).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from consulting.config_model import ConfigModel
from consulting.errors import ConfigurationError
from consulting.records import Record
from consulting.regex import LONGEST, find_groups, groups_of, mistake_in
from consulting.rules.months import months_of
from consulting.timekeeping.cron import Timezone, check_timezone
from consulting.yaml_files import typed

if TYPE_CHECKING:
    from collections.abc import Iterable

Every = Literal["day", "week", "month"]

_CENTURY = 100
_GROUPS: dict[Every, tuple[frozenset[str], ...]] = {
    "day": (frozenset({"year", "month", "day"}),),
    "week": (frozenset({"year", "week"}), frozenset({"year", "month", "day"})),
    "month": (frozenset({"year", "month"}),),
}
_KEYS: dict[Every, re.Pattern[str]] = {
    "day": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "week": re.compile(r"\d{4}-W\d{2}"),
    "month": re.compile(r"\d{4}-\d{2}"),
}
_EXAMPLES: dict[Every, str] = {"day": "2026-01-05", "week": "2026-W03", "month": "2026-01"}


class Placement(Record):
    """Which period a file was put in, and why.

    Attributes:
        period: The period's key; None where it lies before the first period of the engagement.
        by: "name" if the file's name or path says so, "arrival" if the time it came does.
        note: What a person should know: a name that could not be used, a period before the start.
    """

    period: str | None
    by: Literal["name", "arrival"]
    note: str | None = None


class Partitioning(ConfigModel):
    """How an engagement's files fall into periods.

    Attributes:
        every: "day", "week" (ISO, Monday to Sunday) or "month".
        start: The first period: its key ("2026-01") or any date in it.
        period_from: A regular expression (RE2) searched in the file's path, with the named groups
            `year` and `month` (month), `year` and `week` or `year`, `month` and `day` (week),
            `year`, `month` and `day` (day). A month may be a number or a name, in each
            language that dates are read in; a year may have two digits. Without it, or where it
            does not match, the time of arrival decides.
        timezone: In which a period begins at midnight, and in which arrival is read.
    """

    every: Every = Field(examples=["month"])
    start: str = Field(examples=["2026-01"])
    period_from: str | None = Field(default=None, examples=[r"(?P<year>\d{4})-(?P<month>\d{2})"])
    timezone: Timezone = Field(default="UTC", examples=["America/New_York"])

    @model_validator(mode="before")
    @classmethod
    def _start_is_a_key(cls, values: object) -> object:
        if isinstance(values, dict) and isinstance(values.get("start"), date | str):
            every = values.get("every")
            if every in _GROUPS:
                return values | {"start": _start_key(values["start"], every)}
        return values

    @model_validator(mode="after")
    def _period_from_names_a_period(self) -> Partitioning:
        if self.period_from is not None:
            _check_pattern(self.period_from, self.every)
        return self

    def key(self, day: date) -> str:
        """The key of the period a date lies in."""
        return _key(day, self.every)

    def placement(self, key: str, seen: datetime) -> Placement:
        """The period of a file, and why it is that one.

        Args:
            key: The file's path below the source.
            seen: When it was first seen; an aware time.
        """
        found = find_groups(self.period_from, key) if self.period_from else None
        arrived = self.key(seen.astimezone(ZoneInfo(self.timezone)).date())
        if found is None:
            return self._placed(arrived, "arrival")
        try:
            return self._placed(self.key(_named_day(found)), "name")
        except ValueError as error:
            given = ", ".join(f"{name} {text!r}" for name, text in found.items() if text)
            note = f"its name gives {given or 'nothing'}, but {error}; placed by its arrival"
            return self._placed(arrived, "arrival", note)

    def _placed(
        self, period: str, by: Literal["name", "arrival"], note: str | None = None
    ) -> Placement:
        if period < self.start:
            before = f"{period} lies before {self.start}, the first period of the engagement"
            return Placement(period=None, by=by, note=before)
        return Placement(period=period, by=by, note=note)

    def window(self, period: str) -> tuple[datetime, datetime]:
        """First moment of a period and first moment after it, in the timezone."""
        return period_window(period, self.timezone)

    def current(self, now: datetime) -> str:
        """The period that `now` lies in."""
        return self.key(now.astimezone(ZoneInfo(self.timezone)).date())

    def last_complete(self, now: datetime) -> str | None:
        """The newest period that is over; None before the first one is."""
        first_day = period_start(self.current(now))
        key = self.key(first_day - timedelta(days=1))
        return key if key >= self.start else None


def period_start(period: str) -> date:
    """The first day of a period.

    Raises:
        ConfigurationError: If `period` is no key of a day, an ISO week or a month.
    """
    try:
        match _every(period):
            case "week":
                return date.fromisocalendar(int(period[:4]), int(period[6:]), 1)
            case "month":
                return date(int(period[:4]), int(period[5:]), 1)
            case "day":
                return date.fromisoformat(period)
    except ValueError as error:
        raise _bad_key(period) from error


def period_window(period: str, timezone: str = "UTC") -> tuple[datetime, datetime]:
    """First moment of a period and first moment after it, at midnight in a timezone."""
    zone = ZoneInfo(check_timezone(timezone))
    first = period_start(period)
    following = _next_start(first, _every(period))
    return (
        datetime.combine(first, time(), tzinfo=zone),
        datetime.combine(following, time(), tzinfo=zone),
    )


def nearest_first(period: str, others: Iterable[str]) -> list[str]:
    """Periods as one is held against them: itself, the last before it, and the next after it."""
    known = sorted({*others})
    return [*reversed([p for p in known if p <= period]), *(p for p in known if p > period)]


def periods_between(first: str, last: str) -> list[str]:
    """The keys from `first` to `last`, both included; empty if `last` comes before `first`."""
    every = _every(first)
    if _every(last) != every:
        raise ConfigurationError(
            f"{first!r} and {last!r} are periods of different length. Use two of the same."
        )
    end = period_start(last)
    keys, day = [], period_start(first)
    while day <= end:
        keys.append(_key(day, every))
        day = _next_start(day, every)
    return keys


def _key(day: date, every: Every) -> str:
    if every == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return day.isoformat() if every == "day" else f"{day.year:04d}-{day.month:02d}"


def _next_start(first: date, every: Every) -> date:
    if every == "month":
        return (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if every == "week" else 1)


def _every(period: str) -> Every:
    for every, pattern in _KEYS.items():
        if pattern.fullmatch(period):
            return every
    raise _bad_key(period)


def _bad_key(period: str) -> ConfigurationError:
    return ConfigurationError(
        f"{period!r} is not a period. A day is written 2026-01-05, an ISO week 2026-W03, a month "
        "2026-01."
    )


def _start_key(start: date | str, every: Every) -> str:
    """The first period's key, from a key, a date or a date's text."""
    if isinstance(start, datetime):
        start = start.date()
    if isinstance(start, date):
        return _key(start, every)
    try:
        return _key(period_start(start), every)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"partitions: start {start!r} is not a {every}. Write the first period, for example "
            f"{_EXAMPLES[every]}, or any date in it."
        ) from error


def _check_pattern(pattern: str, every: Every) -> None:
    """Raise a `ConfigurationError` unless the pattern compiles and names a period."""
    allowed = " or ".join(
        " + ".join(name for name in ("year", "month", "week", "day") if name in names)
        for names in _GROUPS[every]
    )
    example = {
        "day": r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})",
        "week": r"(?P<year>\d{4})-?W(?P<week>\d{2})",
        "month": r"(?P<year>\d{4})-(?P<month>\d{2})",
    }[every]
    mistake = mistake_in(pattern)
    if mistake is not None:
        raise ConfigurationError(
            f"partitions: period_from {pattern[:LONGEST]!r} {mistake}. "
            f"For every: {every}, write for example {typed(example)}"
        )
    groups = groups_of(pattern)
    unknown = groups - {"year", "month", "week", "day"}
    if unknown or not any(needed <= groups for needed in _GROUPS[every]):
        wrong = f"group {min(unknown)!r}" if unknown else f"the groups {sorted(groups)}"
        raise ConfigurationError(
            f"partitions: period_from {pattern!r} has {wrong}, but every: {every} needs the named "
            f"groups {allowed}. Write for example {typed(example)}"
        )


def _named_day(groups: dict[str, str]) -> date:
    """The day that a name's groups tell, but for empty ones; the first of its week or month.

    Raises:
        ValueError: If there is no such day, in words that follow "but".
    """
    year = _number(groups.get("year"), "year")
    year += 2000 if year < _CENTURY else 0
    if groups.get("week"):
        week = _number(groups["week"], "week")
        try:
            return date.fromisocalendar(year, week, 1)
        except ValueError:
            raise ValueError(f"{year} has no week {week}") from None
    month = _month(groups.get("month"))
    day = _number(groups["day"], "day") if groups.get("day") else 1
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"there is no day {year}-{month:02d}-{day:02d}") from None


def _month(text: str | None) -> int:
    named = months_of(text or "")
    return named[0] if len(named) == 1 else _number(text, "month")


def _number(text: str | None, what: str) -> int:
    if not text or not text.isdecimal():
        raise ValueError(f"{text!r} is no {what}")
    return int(text)

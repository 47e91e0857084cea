"""Lengths of time as people write them: "8d", "36h", "1d12h"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from consulting.errors import ConfigurationError

_PATTERN = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")
_HOUR = 3600
_DAY = 24 * _HOUR


def parse_duration(value: str | timedelta) -> timedelta:
    """Read a length of time such as "8d", "36h", "90m", "2w" or "1d12h".

    Raises:
        ConfigurationError: If it is anything else.
    """
    if isinstance(value, timedelta):
        return value
    found = _PATTERN.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        raise ConfigurationError(
            f"{value!r} is not a length of time. Write a number and a unit: w (weeks), d (days), "
            'h (hours) or m (minutes), largest first: "8d", "36h", "1d12h".'
        )
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
"""A pydantic field that takes "8d" and holds a `timedelta`."""


def say_duration(length: timedelta) -> str:
    """A length of time as one would say it, in its largest sensible unit ("3 days", "5 hours")."""
    seconds = max(0, int(length.total_seconds()))
    if seconds >= 2 * _DAY:
        return f"{seconds // _DAY} days"
    if seconds >= 2 * _HOUR:
        return f"{seconds // _HOUR} hours"
    minutes = seconds // 60
    return "less than a minute" if minutes == 0 else f"{minutes} minute{'s'[: minutes != 1]}"


def write_duration(length: timedelta) -> str:
    """A length of time as `parse_duration` reads it, exact to the minute: "8d", "1d12h"."""
    minutes = int(length.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0m"

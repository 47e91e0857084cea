"""Working days: public holidays, weekends, and where a due day moves when it falls on one."""

from __future__ import annotations

from datetime import date, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from consulting.config_model import ConfigModel
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from holidays import HolidayBase

Rule = Literal["next_business_day", "previous_business_day", "skip"]

WEEKEND = "weekend"

LONGEST_CLOSURE = timedelta(days=31)
"""How far a due day may move; a calendar that is closed for longer is a mistake."""


class Calendar(ConfigModel):
    """Which days are business days for a client, and what happens to a due day that is none.

    Attributes:
        country: ISO 3166 country code ("US", "DE"); None knows weekends only.
        subdivision: State or province as the `holidays` library names it ("NY", "BY").
        rule: `next_business_day` (the default) or `previous_business_day` move a due day that
            falls on a holiday or weekend; `skip` drops it.
        closed: Further days the client does not work, such as a company holiday.
    """

    country: str | None = Field(default=None, examples=["US"])
    subdivision: str | None = Field(default=None, examples=["NY"])
    rule: Rule = "next_business_day"
    closed: frozenset[date] = Field(default=frozenset(), examples=[["2026-12-24"]])

    @model_validator(mode="after")
    def _country_and_subdivision_exist(self) -> Calendar:
        if self.country is None and self.subdivision is not None:
            raise ConfigurationError(
                f"calendar: subdivision {self.subdivision!r} needs a country, for example "
                "`country: US`."
            )
        if self.country is not None:
            _check_country(self.country, self.subdivision)
        return self

    def is_business_day(self, day: date) -> bool:
        """Whether the client works on that day: no weekend, holiday or day listed as closed."""
        return self.closed_because(day) is None

    def closed_because(self, day: date) -> str | None:
        """Why the client does not work on that day: a holiday's name, `WEEKEND` or "closed"."""
        if day in self.closed:
            return "closed"
        if self.country is None:
            return WEEKEND if day.weekday() in {5, 6} else None
        public = _holidays(self.country, self.subdivision)
        holiday = public.get(day)
        return holiday or (WEEKEND if day.weekday() in public.weekend else None)

    def place(self, day: date) -> date | None:
        """The day on which something due on `day` is due after the rule; None if it is skipped."""
        if self.is_business_day(day):
            return day
        if self.rule == "skip":
            return None
        step = timedelta(days=1 if self.rule == "next_business_day" else -1)
        moved = day + step
        while not self.is_business_day(moved):
            moved += step
            if abs(moved - day) > LONGEST_CLOSURE:
                raise ConfigurationError(
                    f"calendar: there is no business day within {LONGEST_CLOSURE.days} days of "
                    f"{day}. Check `closed`."
                )
        return moved


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None) -> HolidayBase:
    """The library's calendar of a country, shared by all clients that use it."""
    import holidays  # 0.2 s, and only clients with a calendar need it

    # the names in English, whatever language the machine speaks
    return holidays.country_holidays(country, subdiv=subdivision, language="en_US")


def _check_country(country: str, subdivision: str | None) -> None:
    """Raise a `ConfigurationError` for a country or subdivision the library does not know."""
    import holidays

    supported = holidays.list_supported_countries(include_aliases=True)
    if country not in supported:
        raise ConfigurationError(
            f"calendar: country {country!r} is not known.{_nearest(country.upper(), supported)} "
            "Use a two-letter ISO country code such as US, GB or DE."
        )
    if subdivision is not None and subdivision not in supported[country]:
        allowed = ", ".join(supported[country]) or "none"
        raise ConfigurationError(
            f"calendar: {country} has no subdivision {subdivision!r}."
            f"{_nearest(subdivision.upper(), supported[country])} Allowed: {allowed}."
        )


def _nearest(word: str, allowed: object) -> str:
    matches = get_close_matches(word, [str(each) for each in allowed], n=1)  # type: ignore[attr-defined]
    return f" Did you mean {matches[0]}?" if matches else ""

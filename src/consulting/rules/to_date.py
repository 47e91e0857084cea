"""Days."""

from __future__ import annotations

import re
from datetime import date
from typing import ClassVar

from pydantic import Field, model_validator

from consulting.rules import dates
from consulting.rules.rule import OUT_OF_BOUNDS, Bounded, Evidence, Proposal

AMBIGUOUS = {"ambiguous_date": "{} could be two different days"}
_PARTS = re.compile("%.").findall


class WithFormats(Bounded):
    """What dates and timestamps have in common."""

    what: ClassVar[str] = "date"
    grammar: ClassVar = dates.GRAMMAR
    bare: ClassVar = "bare_date"

    formats: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="strptime formats; the first that fits is taken. `?/?/%Y` is day and month in "
        "either order, and `ambiguous_date` where that is two days. `%z` is any zone (Z, UTC, "
        "-0500, +01:00), `%f` one to nine digits, `%p` also a.m., `%b` and `%B` months in eleven "
        "languages",
    )

    @model_validator(mode="after")
    def _are_formats(self) -> WithFormats:
        for pattern in self.formats or ():
            if "%" not in pattern:
                raise ValueError(f"the format {pattern!r} has no directive; write it like %d/%m/%Y")
            ordered = {"%d", "%m"} & {*_PARTS(pattern)}
            if "?" in pattern and (pattern.count("?") != 2 or ordered):  # noqa: PLR2004 - day, month
                raise ValueError(
                    f"in the format {pattern!r}, two question marks stand for the day and the "
                    "month; write it like ?/?/%Y"
                )
        return self

    def conversion(self) -> str:
        """What it makes of a value."""
        written = map(dates.date_format, self.formats or ("%Y-%m-%d",))
        return f"{self.what}, written {' or '.join(dict.fromkeys(written))}"

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal | None:
        """With all formats of the column; day or month first as it shows, or either if not."""
        order = {None: ("?", "?"), True: ("%d", "%m"), False: ("%m", "%d")}[column.day_first]
        formats = [
            found.format.replace("?", order[0], 1).replace("?", order[1])
            if order[0] != "?"
            else found.format
            for found in column.formats
        ]
        return (cls.name, {"formats": formats}) if formats else None


class ToDate(WithFormats):
    """The day; a time and a zone are read and left out."""

    name: ClassVar = "to_date"
    makes: ClassVar = "date"
    types: ClassVar = ("date",)
    reasons: ClassVar = {"not_a_date": "{} is not a date", **AMBIGUOUS, **OUT_OF_BOUNDS}
    sql: ClassVar = ("dates.sql", "to_date.sql")
    of_bare: ClassVar = "date_of"
    cases: ClassVar = (
        ({}, "2024-02-29", date(2024, 2, 29)),
        ({}, "2023-02-29", "not_a_date"),
        ({"formats": ["%Y%m%d"]}, "20240302", date(2024, 3, 2)),
        ({"formats": ["%Y%m%d"]}, "2024032", "not_a_date"),
        ({"formats": ["?/?/%Y"]}, "03/04/2024", "ambiguous_date"),
        ({"formats": ["?/?/%Y"]}, "13/04/2024", date(2024, 4, 13)),
        ({"formats": ["?/?/%Y"]}, "04/13/2024", date(2024, 4, 13)),
        ({"formats": ["?/?/%Y"]}, "04/04/2024", date(2024, 4, 4)),
        ({"formats": ["?/?/%Y"]}, "13/13/2024", "not_a_date"),
        ({"formats": ["?/?/%Y", "%Y-%m-%d"]}, "2024-03-04", date(2024, 3, 4)),
        ({"formats": ["%d %b %Y"]}, "2 Feb. 2024", date(2024, 2, 2)),
        ({"formats": ["%d %b %Y"]}, "2 Sept 2024", date(2024, 9, 2)),
        ({"formats": ["%d. %B %Y"]}, "2. März 2024", date(2024, 3, 2)),
        ({"formats": ["%d%b%Y"]}, "02FEB2024", date(2024, 2, 2)),
        ({"formats": ["%Y-%m-%dT%H:%M:%S%z"]}, "2024-01-01T23:30:00-05:00", date(2024, 1, 1)),
    )

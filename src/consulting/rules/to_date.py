"""Days."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import Field, model_validator

from consulting.rules import dates
from consulting.rules.rule import OUT_OF_BOUNDS, Bounded, Evidence, Proposal


class WithFormats(Bounded):
    """What dates and timestamps have in common."""

    what: ClassVar[str] = "date"
    grammar: ClassVar = dates.GRAMMAR
    bare: ClassVar = "bare_date"

    formats: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="strptime formats; the first that fits is taken. `%z` is any zone (Z, UTC, "
        "-0500, +01:00), `%f` one to nine digits, `%p` also a.m., `%b` and `%B` months in eleven "
        "languages",
    )

    @model_validator(mode="after")
    def _are_formats(self) -> WithFormats:
        for pattern in self.formats or ():
            if "%" not in pattern:
                raise ValueError(f"the format {pattern!r} has no directive; write it like %d/%m/%Y")
        return self

    def conversion(self) -> str:
        """What it makes of a value."""
        written = map(dates.date_format, self.formats or ("%Y-%m-%d",))
        return f"{self.what}, written {' or '.join(dict.fromkeys(written))}"

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal | None:
        """With all formats of the column, day or month first as it shows."""
        first, second = ("%m", "%d") if column.day_first is False else ("%d", "%m")
        formats = [
            dates.COMPACT
            if found.format == "plain"
            else found.format.replace("?", first, 1).replace("?", second, 1)
            for found in column.formats
        ]
        return (cls.name, {"formats": formats}) if formats else None


class ToDate(WithFormats):
    """The day; a time and a zone are read and left out."""

    name: ClassVar = "to_date"
    makes: ClassVar = "date"
    types: ClassVar = ("date",)
    reasons: ClassVar = {"not_a_date": "{} is not a date", **OUT_OF_BOUNDS}
    sql: ClassVar = ("dates.sql", "to_date.sql")
    of_bare: ClassVar = "date_of"
    cases: ClassVar = (
        ({}, "2024-02-29", date(2024, 2, 29)),
        ({}, "2023-02-29", "not_a_date"),
        ({"formats": ["%Y%m%d"]}, "20240302", date(2024, 3, 2)),
        ({"formats": ["%Y%m%d"]}, "2024032", "not_a_date"),
        ({"formats": ["%d %b %Y"]}, "2 Feb. 2024", date(2024, 2, 2)),
        ({"formats": ["%d %b %Y"]}, "2 Sept 2024", date(2024, 9, 2)),
        ({"formats": ["%d. %B %Y"]}, "2. März 2024", date(2024, 3, 2)),
        ({"formats": ["%d%b%Y"]}, "02FEB2024", date(2024, 2, 2)),
        ({"formats": ["%Y-%m-%dT%H:%M:%S%z"]}, "2024-01-01T23:30:00-05:00", date(2024, 1, 1)),
    )

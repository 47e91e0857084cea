"""Days."""

# ruff: noqa: RUF001 - letters of any alphabet

from __future__ import annotations

import re
from datetime import date
from typing import ClassVar

from pydantic import Field, model_validator

from consulting.records import Written
from consulting.rules import dates, months
from consulting.rules.rule import OUT_OF_BOUNDS, Bounded, Evidence, Proposal

AMBIGUOUS = {"ambiguous_date": "{} could be two different days"}
_PARTS = re.compile("%.").findall


class WithFormats(Bounded):
    """What dates and timestamps have in common."""

    what: ClassVar[str] = "date"
    bound: ClassVar = (r"\d{1,4}-\d\d?-\d\d?([T ].+)?", "a day, such as 2000-01-01")
    grammar: ClassVar = dates.GRAMMAR
    bare: ClassVar = "bare_date"

    formats: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="strptime formats; the first that fits is taken. `?/?/%Y` is day and month in "
        "either order, `?-?-?` with the year of two digits at either end, and `ambiguous_date` "
        "where that is more than one day. `%z` is any zone (Z, UTC, -0500, +01:00), `%f` one to "
        "nine digits, `%p` a.m., `%b` and `%B` months in some thirty languages. Numbers: `excel` "
        "is days as Excel counts them, `epoch`, `epoch_ms` and `epoch_us` what passed since 1970. "
        "ISO 8601 (`2024-02-29`), as dates of workbooks and databases are read, is tried at the "
        "end, unless a format is `%Y-%d-%m`",
    )
    language: str | None = Field(
        default=None,
        description="`hr`: whose months are meant where a name is two of them, as `listopada` is "
        "October in Croatian and November in Polish; `ambiguous_date` without it",
    )

    @model_validator(mode="after")
    def _are_formats(self) -> WithFormats:
        for pattern in self.formats or ():
            if "%" not in pattern and "?" not in pattern and pattern not in dates.COUNTED:
                raise ValueError(f"the format {pattern!r} has no directive; write it like %d/%m/%Y")
            ordered = [part for part in ("%d", "%m", "%y", "%Y") if part in _PARTS(pattern)]
            if "?" in pattern and pattern.count("?") + len(ordered) != 3:  # noqa: PLR2004 - a day's
                raise ValueError(
                    f"in the format {pattern!r}, two question marks stand for the day and the "
                    "month, three for a year of two digits, too; write it like ?/?/%Y or ?-?-?"
                )
        if self.language not in {None, *months.LANGUAGES}:
            known = ", ".join(sorted(months.LANGUAGES))
            raise ValueError(f"no months are known of the language {self.language!r}; of {known}")
        return self

    def conversion(self) -> str:
        """What it makes of a value."""
        told = map(self.in_words, self.written().formats)
        return f"{self.what}, written {' or '.join(dict.fromkeys(told))}"

    def written(self) -> Written:
        """In its formats."""
        return Written(formats=self.formats or dates.ISO[:1])

    def in_words(self, pattern: str) -> str:
        """One of its formats as people write it."""
        return dates.date_format(pattern)

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal | None:
        """With all formats of the column; day or month first as it shows, or either if not."""
        first = column.day_first
        formats = [
            dates.with_order(found.format, day_first=first)
            if first is not None and found.format.count("?") == 2  # noqa: PLR2004 - day and month
            else found.format
            for found in column.formats
        ]
        language = {"language": column.month_language} if column.month_language else {}
        return (cls.name, {"formats": formats, **language}) if formats else None


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
        ({"formats": ["%d.%m.%Y"]}, "2024-03-02", date(2024, 3, 2)),
        ({"formats": ["%d.%m.%Y"]}, "2024-03-02 10:30:00", date(2024, 3, 2)),
        ({"formats": ["%d.%m.%Y"]}, "2024-13-02", "not_a_date"),
        ({"formats": ["%d.%m.%Y", "%Y-%d-%m"]}, "2024-03-02", date(2024, 2, 3)),
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
        ({"formats": ["?-?-?"]}, "24-01-31", "ambiguous_date"),
        ({"formats": ["?-?-?"]}, "98-01-31", date(1998, 1, 31)),
        ({"formats": ["?-?-?"]}, "31-12-69", date(1969, 12, 31)),
        ({"formats": ["?-?-?"]}, "04-04-04", date(2004, 4, 4)),
        ({"formats": ["%y-%m-%d"]}, "24-01-31", date(2024, 1, 31)),
        ({"formats": ["%d. %B %Y"]}, "2. listopada 2024", "ambiguous_date"),
        ({"formats": ["%d. %B %Y"], "language": "hr"}, "2. listopada 2024", date(2024, 10, 2)),
        ({"formats": ["%d. %B %Y"], "language": "pl"}, "2. listopada 2024", date(2024, 11, 2)),
        ({"formats": ["%Y. %B %d."]}, "2024. február 2.", date(2024, 2, 2)),
        ({"formats": ["%d %B %Y г."]}, "2 февраля 2024 г.", date(2024, 2, 2)),
        ({"formats": ["%d de %B de %Y"]}, "2 de febrero de 2024", date(2024, 2, 2)),
        ({"formats": ["%d %B %Y"]}, "2 Φεβρουαρίου 2024", date(2024, 2, 2)),
        ({"formats": ["excel"]}, "45352", date(2024, 3, 1)),
        ({"formats": ["excel"]}, "12", "not_a_date"),
        ({"formats": ["%d.%m.%Y", "excel"]}, "02.03.2024", date(2024, 3, 2)),
    )

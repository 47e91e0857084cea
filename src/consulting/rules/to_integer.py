"""Whole numbers."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from consulting.records import Written
from consulting.rules import numbers, units
from consulting.rules.rule import OUT_OF_BOUNDS, Bounded, Evidence, Proposal

_LONGEST = 18
"""Digits that any engine's whole numbers hold; longer ones are labels."""

_BETWEEN_THOUSANDS: dict[str | None, Literal["point", "comma"]] = {",": "point", ".": "comma"}


class ToInteger(Bounded):
    """Whole numbers; signs, parentheses, and blanks or apostrophes between thousands are read."""

    name: ClassVar = "to_integer"
    makes: ClassVar = (
        "whole number; “12.0”, “12,0”, “1 234” and “1'234” are such, “(9)”, “9-” and “\u22129” are "
        "negative"
    )
    types: ClassVar = ("integer",)
    reasons: ClassVar = {"not_an_integer": "{} is not a whole number", **OUT_OF_BOUNDS}
    grammar: ClassVar = numbers.GRAMMAR
    sql: ClassVar = ("numbers.sql", "to_integer.sql")
    bare: ClassVar = "bare_number"
    of_bare: ClassVar = "integer_of"
    cases: ClassVar = (
        ({}, "12", 12),
        ({}, "(9)", -9),
        ({}, "9-", -9),
        ({}, "\u22129", -9),
        ({}, "1\u00a0234\u00a0567", 1234567),
        ({}, "1'234", 1234),
        ({}, "12 34", "not_an_integer"),
        ({}, "()5", "not_an_integer"),
        ({}, "12E5", "not_an_integer"),
        ({}, "12.0", 12),
        ({}, "12.00000", 12),
        ({}, "12,00", 12),
        ({}, "12.000", "not_an_integer"),
        ({}, "12,000", "not_an_integer"),
        ({}, "12,50", "not_an_integer"),
        ({"thousands": ","}, "12.000", 12),
        ({"unit": "day"}, "12 days", 12),
        ({"unit": "Stunden"}, "1 Stunde", 1),
        ({"thousands": ","}, "1,234,567", 1234567),
        ({"thousands": ","}, "12,34,567", 1234567),
        ({"thousands": ","}, "1,2", "not_an_integer"),
        ({"thousands": "."}, "-2.107.201", -2107201),
    )

    thousands: str | None = Field(
        default=None, description='`","` or `"."`: the mark between thousands to accept'
    )
    unit: str | tuple[str, ...] | None = Field(
        default=None, min_length=1, description="the text after the number, or its spellings"
    )

    def conversion(self) -> str:
        """What it makes of a value."""
        return f"whole number{units.unit_in_words(self.unit)}"

    def written(self) -> Written:
        """With its units, and the decimal mark beside the one between thousands."""
        return Written(
            decimal=_BETWEEN_THOUSANDS.get(self.thousands), units=units.several_units(self.unit)
        )

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal | None:
        """With the mark of thousands that is proven; where none is, the number is asked for."""
        notations = {f.format: f.count for f in column.formats}
        bare = set(notations) == {"plain"} and not column.units
        if bare and (column.max_length or 0) > _LONGEST:
            return None
        mark = numbers.decimal_mark(notations)
        if mark in {"either", "unclear"}:
            return "to_decimal", {"decimal": "either", "scale": 0}
        grouped = mark == "comma" or any(notations.get(n) for n in ("grouped", "lakh", "unclear"))
        return cls.name, {"thousands": "." if mark == "comma" else ","} if grouped else {}

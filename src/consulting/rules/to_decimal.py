"""Numbers with a fraction."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import Field

from consulting.records import Written
from consulting.rules import numbers, units
from consulting.rules.rule import OUT_OF_BOUNDS, Bounded, Evidence, Proposal

MARKS = {"point": "decimal point", "comma": "decimal comma", "either": "either decimal mark"}
LONGEST_SCALE = 12


class WithMark(Bounded):
    """What numbers and amounts have in common."""

    usual_scale: ClassVar[int] = 4
    grammar: ClassVar = numbers.GRAMMAR
    bare: ClassVar = "bare_number"
    of_bare: ClassVar = "decimal_of"

    decimal: Literal["point", "comma", "either"] = Field(
        default="point",
        description="`point`, `comma`, or `either`: read where the text tells which, and "
        "`ambiguous_number` where it does not",
    )
    scale: int | None = Field(
        default=None, ge=0, le=LONGEST_SCALE, description="digits kept after the mark"
    )

    @property
    def digits(self) -> int:
        """The digits kept after the mark."""
        return self.usual_scale if self.scale is None else self.scale

    def written(self) -> Written:
        """With its mark and its digits."""
        return Written(decimal=self.decimal, scale=self.digits)

    @classmethod
    def mark_and_scale(cls, column: Evidence) -> dict[str, Any]:
        """The arguments that read all digits of a column."""
        mark = numbers.decimal_mark({f.format: f.count for f in column.formats})
        found: dict[str, Any] = {}
        if mark not in {None, "point"}:
            found["decimal"] = "comma" if mark == "comma" else "either"
        if column.fraction_digits > cls.usual_scale:
            found["scale"] = min(column.fraction_digits, LONGEST_SCALE)
        return found


class ToDecimal(WithMark):
    """Numbers with a fraction, with or without marks between thousands."""

    name: ClassVar = "to_decimal"
    makes: ClassVar = "decimal(18, scale), more digits where the scale is above 4"
    types: ClassVar = ("decimal",)
    reasons: ClassVar = {
        "not_a_number": "{} is not a number",
        "ambiguous_number": "{} could be read as two different numbers",
        **OUT_OF_BOUNDS,
    }
    sql: ClassVar = ("numbers.sql", "to_decimal.sql")
    cases: ClassVar = (
        ({"replace": {"12.5": ["12.5 or so"]}}, "12.5 or so", Decimal("12.5")),
        ({}, "1,234.50", Decimal("1234.5")),
        ({}, "12,34,567.5", Decimal("1234567.5")),
        ({}, "(9.50)", Decimal("-9.5")),
        ({}, "2.15E-02", Decimal("0.0215")),
        ({}, "12E5", "not_a_number"),
        ({"scale": 8}, "0.12345678", Decimal("0.12345678")),
        ({"decimal": "comma"}, "3\u202f109,51", Decimal("3109.51")),
        ({"decimal": "comma"}, "2.107", Decimal(2107)),
        ({"decimal": "either"}, "2.107", "ambiguous_number"),
        ({"decimal": "either"}, "2,107", "ambiguous_number"),
        ({"unit": ["oz", "oz."]}, "12 oz.", Decimal(12)),
        ({"unit": ["m2", "g"]}, "5 m2", Decimal(5)),
        ({"unit": "x-1"}, "5 x-1", Decimal(5)),
        ({"unit": "oz"}, "12 OZ.", Decimal(12)),
        ({"unit": "m"}, "12 ms", "not_a_number"),
        ({"unit": "m."}, "12 ms", "not_a_number"),
        ({"unit": "min"}, "12 mi", "not_a_number"),
        ({"unit": "mi"}, "12 min", "not_a_number"),
        ({"unit": "to"}, "12 toe", "not_a_number"),
        ({"unit": "kg"}, "12 kgs", Decimal(12)),
    )

    unit: str | tuple[str, ...] | None = Field(
        default=None, min_length=1, description="the text after the number, or its spellings"
    )

    def conversion(self) -> str:
        """What it makes of a value."""
        unit = units.unit_in_words(self.unit)
        return f"number{unit}, {MARKS[self.decimal]}, {self.digits} digits after it"

    def written(self) -> Written:
        """With its units."""
        return super().written().model_copy(update={"units": units.several_units(self.unit)})

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal | None:
        """With its mark, its digits and its unit; several units can not be one number."""
        written = [unit.format for unit in column.units]
        if len(units.spelled_alike(dict.fromkeys(written, 1))) > 1:
            return None
        arguments = cls.mark_and_scale(column)
        if written:
            arguments["unit"] = written[0] if len(written) == 1 else written
        return cls.name, arguments

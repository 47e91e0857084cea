"""Amounts of money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from consulting.rules import currencies, numbers
from consulting.rules.rule import OUT_OF_BOUNDS, Evidence, Proposal
from consulting.rules.to_decimal import MARKS, WithMark

if TYPE_CHECKING:
    from consulting.records import Written


class ToMoney(WithMark):
    """Amounts, with or without a currency before or after them, which is taken off."""

    usual_scale: ClassVar = 2
    name: ClassVar = "to_money"
    makes: ClassVar = (
        "decimal(18, scale), currency taken off; “(5)” and “5-” are negative, “5,-” is five"
    )
    types: ClassVar = ("money",)
    reasons: ClassVar = {
        "not_an_amount": "{} is not an amount of money",
        "ambiguous_number": "{} could be read as two different numbers",
        **OUT_OF_BOUNDS,
    }
    grammar: ClassVar = {**numbers.GRAMMAR, **currencies.GRAMMAR}
    sql: ClassVar = ("numbers.sql", "to_decimal.sql", "to_money.sql")
    cases: ClassVar = (
        ({}, "12.50 SEK", Decimal("12.50")),
        ({}, "₹ 12,34,567.50", Decimal("1234567.50")),
        ({}, "($12.50)", Decimal("-12.50")),
        ({}, "-12.50 kr", Decimal("-12.50")),
        ({}, "$ (1,212.50)", Decimal("-1212.50")),
        ({}, "$(12.50", "not_an_amount"),
        ({}, "1USD2", "not_an_amount"),
        ({}, "-$-5", "not_an_amount"),
        ({}, "Rs.500", Decimal(500)),
        ({}, "$.50", Decimal("0.50")),
        ({}, "1.2E+02 EUR", Decimal(120)),
        ({}, "12 xyz", "not_an_amount"),
        ({"decimal": "comma"}, "3 109,51 €", Decimal("3109.51")),
        ({"decimal": "comma"}, "1,50 zł", Decimal("1.50")),
        ({"decimal": "comma"}, "R$ 2.107,50", Decimal("2107.50")),
        ({"decimal": "comma"}, "5,- €", Decimal(5)),
        ({}, "CHF 12'000.\u2013", Decimal(12000)),
        ({}, "5.\u2014", Decimal(5)),
        ({}, "CHF 5.\u2212", Decimal(5)),
        ({}, "5\u2013", Decimal(-5)),
        ({"decimal": "either"}, "€1.234", "ambiguous_number"),
    )

    currencies: tuple[str, ...] | None = Field(
        default=None,
        description="the signs and codes to take off, in place of all of ISO 4217 and the usual "
        "signs",
    )

    def conversion(self) -> str:
        """What it makes of a value."""
        return f"amount, currency taken off, {MARKS[self.decimal]}, {self.digits} digits after it"

    def written(self) -> Written:
        """With a currency."""
        return super().written().model_copy(update={"currency": True})

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal | None:
        """With its mark and its digits."""
        return cls.name, cls.mark_and_scale(column)

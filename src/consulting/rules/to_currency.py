"""The currency that is written beside an amount."""

from __future__ import annotations

from typing import ClassVar

from consulting.records import Written
from consulting.rules import currencies, numbers
from consulting.rules.rule import ColumnRule


class ToCurrency(ColumnRule):
    """The code of the currency; no value where none is written."""

    name: ClassVar = "to_currency"
    makes: ClassVar = (
        "the ISO 4217 code of the currency beside an amount; empty where none is written"
    )
    grammar: ClassVar = {**numbers.GRAMMAR, **currencies.GRAMMAR}
    sql: ClassVar = ("numbers.sql", "to_currency.sql")
    bare: ClassVar = "bare_currency"
    of_bare: ClassVar = "currency_of"
    cases: ClassVar = (
        ({}, "12.50 SEK", "SEK"),
        ({}, "($12.50)", "USD"),
        ({}, "3\u202f109,51 €", "EUR"),
        ({}, "R$ 2.107,50", "BRL"),
        ({}, "12.50", None),
    )

    def conversion(self) -> str:
        """What it makes of a value."""
        return "currency written beside the amount, as its code"

    def written(self) -> Written:
        """With a currency."""
        return Written(currency=True)

"""Number plates of cars."""

from __future__ import annotations

from typing import ClassVar

from consulting.rules import ColumnRule


class ToPlate(ColumnRule):
    """Plates in capitals, without blanks and hyphens."""

    name: ClassVar = "to_plate"
    makes: ClassVar = "number plate in capitals, without blanks and hyphens"
    reasons: ClassVar = {"not_a_plate": "{} is not a number plate"}
    sql: ClassVar = ("to_plate.sql",)
    cases: ClassVar = (
        ({}, "hh-ab 123", "HHAB123"),
        ({}, "???", "not_a_plate"),
    )

    def conversion(self) -> str:
        """What it makes of a value."""
        return "number plate"

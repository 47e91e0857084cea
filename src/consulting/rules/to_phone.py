"""Telephone numbers."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from consulting.rules.rule import ColumnRule


class ToPhone(ColumnRule):
    """Numbers in international form, extensions taken off."""

    name: ClassVar = "to_phone"
    makes: ClassVar = "“+”, country code, number; extensions taken off"
    types: ClassVar = ("phone",)
    reasons: ClassVar = {"not_a_phone": "{} is not a phone number"}
    sql: ClassVar = ("to_phone.sql",)
    bare: ClassVar = "bare_phone"
    of_bare: ClassVar = "phone_of"
    cases: ClassVar = (
        ({"country_code": "1", "national_length": 10}, "(555) 123-4567", "+15551234567"),
        ({"country_code": "1", "national_length": 10}, "1 555 123 4567 ext. 9", "+15551234567"),
        ({"country_code": "44"}, "020 7946 0000", "+442079460000"),
        ({}, "0049 30 123456", "+4930123456"),
        ({}, "(+49) 30 123456", "+4930123456"),
        ({}, "+49 (0)30 123456", "+4930123456"),
        ({}, "0044(0)20 7946 0000", "+442079460000"),
        ({}, "(+49) (0) 30 123456", "+4930123456"),
        ({}, "+39 (0)6 1234567", "+39061234567"),
        ({}, "030 123456", "030123456"),
        ({}, "+1 23", "not_a_phone"),
        ({}, "12", "not_a_phone"),
    )

    country_code: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{0,2}$",
        description='`"1"`: of numbers that are written without one',
    )
    national_length: int | None = Field(
        default=None, ge=4, le=12, description="`10`: the digits without the country code"
    )

    def conversion(self) -> str:
        """What it makes of a value."""
        assumed = f", +{self.country_code} where none is written" if self.country_code else ""
        return f"phone number in international form{assumed}"

"""Telephone numbers."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from pydantic import Field

from consulting.rules.rule import ColumnRule, Evidence, Proposal

_LEAST = 20
_NEARLY_ALL = 0.99


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
        ({"national_length": 10}, "205 325 8100 x12", "2053258100"),
        ({"national_length": 10}, "2568453x50", "not_a_phone"),
        ({"national_length": 10}, "030 12345678", "03012345678"),
        ({"national_length": 10}, "+49 30 123456", "+4930123456"),
        ({}, "+1 23", "not_a_phone"),
        ({}, "12", "not_a_phone"),
    )

    country_code: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{0,2}$",
        description='`"1"`: of numbers that are written without one',
    )
    national_length: int | None = Field(
        default=None,
        ge=4,
        le=12,
        description="`10`: the digits without the country code; any other number of them is none",
    )

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal:
        """With the digits that all have: what is shorter is a part of one, however it ends."""
        plain = [found for found in column.shapes if "a" not in found.value.casefold()]
        abroad = any(found.value.lstrip("( ").startswith("+") for found in plain)
        lengths: Counter[int] = Counter()
        for found in plain:
            lengths[found.value.count("9")] += found.count
        length, count = max(lengths.items(), key=lambda pair: pair[1], default=(0, 0))
        sure = count >= max(_LEAST, _NEARLY_ALL * lengths.total())
        fits = sure and 7 <= length <= 12 and not abroad  # noqa: PLR2004 - as they are dialled
        return cls.name, {"national_length": length} if fits else {}

    def conversion(self) -> str:
        """What it makes of a value."""
        if self.country_code:
            return f"phone number in international form, +{self.country_code} where none is written"
        digits = f", of {self.national_length} digits" if self.national_length else ""
        return f"phone number in digits{digits}, its extension taken off"

"""Texts, as they are but for what is asked for."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from consulting.rules import missing
from consulting.rules.rule import ColumnRule
from consulting.wording import counted


class ToText(ColumnRule):
    """Blanks are trimmed; the rest stays, unless the arguments say otherwise."""

    name: ClassVar = "to_text"
    makes: ClassVar = "text"
    reasons: ClassVar = {
        "too_long": "{} is longer than agreed",
        "wrong_format": "{} is not of the agreed form",
    }
    grammar: ClassVar = missing.GRAMMAR
    sql: ClassVar = ("missing.sql", "to_text.sql")
    cases: ClassVar = (
        ({}, "  Ann Lee \t", "Ann Lee"),
        ({}, "\\N", None),
        ({}, "unknown", None),
        ({}, '="00123"', "00123"),
        ({"null_tokens": []}, "NA", "NA"),
        ({"pad_zeros": 5}, "1234", "01234"),
        ({"replace": {"Bonn": ["Bon", "bonn"], "": ["tbd"]}}, " Bon", "Bonn"),
        ({"replace": {"": ["tbd"]}}, "tbd", None),
    )

    case: Literal["upper", "lower", "capital"] | None = Field(
        default=None, description="`upper`, `lower` or `capital` (the first letter)"
    )
    collapse: bool = Field(default=False, description="`true`: inner blanks become one space")
    max_length: int | None = Field(default=None, ge=1, description="longer is `too_long`")
    pattern: str | None = Field(
        default=None,
        description="the regular expression of the whole value; else it is `wrong_format`",
    )
    pad_zeros: int | None = Field(
        default=None,
        ge=2,
        le=30,
        description="`5`: numbers get back the leading zeros a spreadsheet took off",
    )

    @classmethod
    def unfit_reason(cls) -> str | None:
        """None: any text is one."""
        return None

    def conversion(self) -> str:
        """What it makes of a value."""
        words = ["blanks trimmed, words for “no value” made empty"]
        if self.collapse:
            words.append("inner blanks collapsed")
        if self.pad_zeros:
            words.append(f"numbers filled with zeros to {self.pad_zeros} digits")
        if self.case:
            words.append("first letter capital" if self.case == "capital" else f"{self.case} case")
        if self.max_length:
            words.append(f"at most {counted(self.max_length, 'character')}")
        if self.pattern:
            words.append(f"of the form {self.pattern}")
        return ", ".join(words)

    @property
    def rejects(self) -> bool:
        """Only where a length or a form is agreed."""
        return bool(self.max_length or self.pattern)

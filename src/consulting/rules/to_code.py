"""Values of a closed list."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator

from consulting.rules.rule import ColumnRule


class ToCode(ColumnRule):
    """One of a list, compared without case."""

    name: ClassVar = "to_code"
    makes: ClassVar = "one of a list"
    reasons: ClassVar = {"not_in_list": "{} is not on the agreed list"}
    sql: ClassVar = ("missing.sql", "to_code.sql")
    cases: ClassVar = (
        ({"codes": {"US": ["USA"], "DE": []}}, "usa", "US"),
        ({"codes": ["US"]}, "France", "not_in_list"),
        ({"codes": ["US"], "otherwise": "other"}, "France", "other"),
    )

    codes: tuple[str, ...] | dict[str, tuple[str | int, ...] | None] | None = Field(
        default=None, description="a list, or each code with its other spellings"
    )
    otherwise: str | None = Field(
        default=None, description="the code of all other texts, in place of rejecting them"
    )

    @model_validator(mode="after")
    def _has_codes(self) -> ToCode:
        if not self.codes:
            raise ValueError("to_code needs `codes`: a list, or each code with its other spellings")
        return self

    @model_validator(mode="after")
    def _spells_a_text_once(self) -> ToCode:
        spelt: dict[str, str] = {}
        for code, texts in self.codes.items() if isinstance(self.codes, dict) else ():
            for text in {str(text).casefold() for text in (code, *(texts or ()))}:
                if spelt.setdefault(text, code) != code:
                    raise ValueError(
                        f"`codes` has one text for two codes: {spelt[text]} and {code}"
                    )
        return self

    def conversion(self) -> str:
        """What it makes of a value."""
        other = f", all others {self.otherwise}" if self.otherwise else ""
        return f"one of {', '.join(map(str, self.codes or ()))}{other}"

    @property
    def rejects(self) -> bool:
        """Not where all other texts have a code."""
        return not self.otherwise

"""E-mail addresses."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from consulting.rules.rule import ColumnRule


class ToEmail(ColumnRule):
    """Addresses in lower case."""

    name: ClassVar = "to_email"
    makes: ClassVar = "address in lower case"
    types: ClassVar = ("email",)
    reasons: ClassVar = {
        "not_an_email": "{} is not an e-mail address",
        "too_long": "{} is longer than agreed",
    }
    sql: ClassVar = ("to_email.sql",)
    cases: ClassVar = (
        ({}, "Ann.Lee@Example.COM", "ann.lee@example.com"),
        ({}, "a@b", "not_an_email"),
    )

    max_length: int | None = Field(default=None, ge=1, description="longer is `too_long`")

    def conversion(self) -> str:
        """What it makes of a value."""
        return "e-mail address in lower case"

"""Yes and no."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from consulting.records import Written
from consulting.rules.rule import ColumnRule, Evidence, Proposal

USUAL_TRUE = ("true", "t", "yes", "y", "1")
USUAL_FALSE = ("false", "f", "no", "n", "0")
TRUE = (
    *USUAL_TRUE,
    "ja",
    "j",
    "oui",
    "si",
    "sí",
    "sì",
    "sim",
    "tak",
    "vrai",
    "wahr",
    "verdadero",
    "vero",
    "on",
)
FALSE = (*USUAL_FALSE, "nein", "nee", "nej", "non", "não", "nie", "faux", "falsch", "falso", "off")
WORDS = frozenset({*TRUE, *FALSE} - {"0", "1"})
"""What says yes or no by itself; 0 and 1 do so in a column that is named like a flag."""


class ToBoolean(ColumnRule):
    """Words for yes and no, compared without case."""

    name: ClassVar = "to_boolean"
    makes: ClassVar = "true or false"
    types: ClassVar = ("boolean",)
    reasons: ClassVar = {"not_a_boolean": "{} is neither yes nor no"}
    grammar: ClassVar = {"means_true": list(USUAL_TRUE), "means_false": list(USUAL_FALSE)}
    sql: ClassVar = ("missing.sql", "to_boolean.sql")
    cases: ClassVar = (
        ({}, "Yes", True),
        ({}, "ja", "not_a_boolean"),
        ({"means_true": ["sí"], "means_false": ["no"]}, "SÍ", True),
        ({"means_true": ["on"], "means_false": ["off"]}, "Off", False),
        ({"means_true": ["ja"], "means_false": ["nein"]}, "TRUE", True),
        ({"means_true": ["false"], "means_false": ["nein"]}, "false", True),
    )

    means_true: tuple[str | int | bool, ...] | None = Field(
        default=None, description="`[ja]`: the texts that mean it, beside `true`"
    )
    means_false: tuple[str | int | bool, ...] | None = Field(
        default=None, description="`[nein]`: the texts that mean it, beside `false`"
    )

    def written(self) -> Written:
        """In its words for yes and no."""
        said = (*(self.means_true or USUAL_TRUE), *(self.means_false or USUAL_FALSE))
        return Written(texts=frozenset(str(text).casefold() for text in (*said, "true", "false")))

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal | None:
        """With the words of the column, where they are not the usual ones."""
        seen = {v.value.strip().casefold(): None for v in column.top_values}
        if len(column.top_values) < column.distinct_count or not seen.keys() & {*TRUE, *FALSE}:
            seen = dict.fromkeys([*TRUE, *FALSE])  # not all of them are known
        true, false = ([w for w in seen if w in words] for words in (TRUE, FALSE))
        if {*true, *false} <= {*USUAL_TRUE, *USUAL_FALSE}:
            return cls.name, {}
        return cls.name, {"means_true": sorted(true or TRUE), "means_false": sorted(false or FALSE)}

"""Findings that a person looked at and found right: the marks in a column's `meta`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypedDict

from pydantic import BeforeValidator, WithJsonSchema

from consulting.records import Record

OF_A_ROW = frozenset(
    "broken_dependency unusual_combination disputed_values blank_but_known broken_law "  # noqa: SIM905 - words
    "moved_cells".split()
)
"""What contradicts other cells of its row: right may be a value, or a combination."""
OF_A_COLUMN = frozenset(
    "missing_values empty_column constant_column mixed_types orphan_values".split()  # noqa: SIM905 - words
)
"""What is about the column, or about cells without a value: marked as a whole."""
OF_VALUES = frozenset(
    "null_like_values placeholder_values duplicate_key type_mismatch leading_zeros "  # noqa: SIM905 - words
    "digits_lost ambiguous_dates mixed_date_order mixed_date_formats dates_as_numbers "
    "two_digit_years impossible_dates implausible_dates mixed_number_formats decimal_comma "
    "ambiguous_numbers units_in_values mixed_units mixed_currencies currency_in_values outliers "
    "imputed_values untrimmed_values inner_white_space invisible_characters garbled_text "
    "escape_residue foreign_digits formula_like_values odd_shapes other_marks lone_values "
    "out_of_order truncated_values casing_variants similar_values subtotal_rows".split()
)
REPLACEABLE = OF_VALUES | {"broken_dependency"}
"""What is told of values that hardly stand elsewhere rightly: a rule may put another in place."""
ACCEPTABLE = OF_A_ROW | OF_A_COLUMN | OF_VALUES
"""The issue types that may be marked."""


class Mark(Record):
    """One kind of issue of a column that is right as it is, for some values or for all.

    Attributes:
        issue: The issue type.
        values: The values, without blanks at their ends; of `OF_A_ROW` also combinations, header →
            value. All of them where none is named.
        by: Who found it right.
    """

    issue: str
    values: tuple[str | dict[str, str], ...] = ()
    by: str


class Answered(TypedDict):
    """What people answered about the findings of a feed.

    Attributes:
        accepted: Column → what was found right.
        replaced: Column → texts that are wrong → the right ones, by which its rules replace them.
        suspected: Column → issue type that was suspected there → whether it is wrong.
    """

    accepted: Mapping[str, Sequence[Mark]]
    replaced: Mapping[str, Mapping[str, str]]
    suspected: Mapping[str, Mapping[str, bool]]


def read_marks(said: Any) -> tuple[Mark, ...]:
    """The marks as they stand in a `meta`.

    Raises:
        ValueError: If they are none; says what a mark is made of.
    """
    listed = _listed(said, "marks, each like {issue: lone_values, by: Jane Doe}")
    return tuple(one if isinstance(one, Mark) else _mark(one) for one in listed)


def _listed(said: Any, of: str) -> Sequence[Any]:
    if not isinstance(said, list | tuple):
        raise ValueError(f"is a list of {of}")  # noqa: TRY004 - pydantic takes no other
    return said


def _mark(said: Any) -> Mark:
    if not isinstance(said, Mapping) or not {"issue", "by"} <= {*said} <= {"issue", "values", "by"}:
        raise ValueError(
            "a mark has an `issue`, `by` (who found it right) and, where it is not about all of "
            "the column, `values`"
        )
    issue, values, by = _known(said["issue"]), said.get("values", ()), _named(said["by"])
    if not isinstance(values, list | tuple) or ("values" in said and not values):
        raise ValueError("`values` is a list; leave it out where all values are right")
    if values and issue in OF_A_COLUMN:
        raise ValueError(f"{issue} is about the whole column: it takes no `values`")
    for value in values:
        combined = value.values() if isinstance(value, Mapping) and issue in OF_A_ROW else (value,)
        if not all(isinstance(text, str) for text in combined):
            raise ValueError(f"{value!r} is no text: write it in quotes, as it stands in the file")
    return Mark(issue=issue, values=tuple(values), by=by)


def _known(issue: Any) -> str:
    if not isinstance(issue, str) or issue not in ACCEPTABLE:
        close = difflib.get_close_matches(str(issue), ACCEPTABLE, n=1)
        nearest = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"{issue!r} is no issue of a column that can be marked{nearest}")
    return issue


def _named(by: Any) -> str:
    if not isinstance(by, str) or not by.strip():
        raise ValueError("`by` says who said so: a name")
    return by


class Suspicion(Record):
    """What the profile does not tell of a column, or as a note only, and somebody looked at.

    Attributes:
        issue: The issue type.
        wrong: Whether all that may be of it is wrong, and a warning from now on.
        by: Who said so.
    """

    issue: str
    wrong: bool
    by: str


def read_suspicions(said: Any) -> tuple[Suspicion, ...]:
    """The suspicions as they stand in a `meta`.

    Raises:
        ValueError: If they are none; says what a suspicion is made of.
    """
    listed = _listed(said, "suspicions, each like {issue: outliers, wrong: true, by: Jane Doe}")
    return tuple(one if isinstance(one, Suspicion) else _suspicion(one) for one in listed)


def _suspicion(said: Any) -> Suspicion:
    if not isinstance(said, Mapping) or {*said} != {"issue", "wrong", "by"}:
        raise ValueError("a suspicion has an `issue`, `wrong` (true or false), and `by`")
    issue, by = _known(said["issue"]), _named(said["by"])
    if not isinstance(said["wrong"], bool):
        raise ValueError("`wrong` is true or false")  # noqa: TRY004
    return Suspicion(issue=issue, wrong=said["wrong"], by=by)


class Said(NamedTuple):
    """One thing that somebody said of a column.

    Attributes:
        key: Of its `meta`, where that stands: `accepted`, `suspected` or `replace`; empty of what
            is wrong and stands nowhere, for no rule puts it right.
        issue: The issue type; empty of a text that is replaced.
        value: The value or combination that it is about; None for all.
        became: Whether what was suspected is wrong, or the right text.
    """

    key: str
    issue: str = ""
    value: str | dict[str, str] | None = None
    became: bool | str | None = None

    def contradicts(self, other: Said) -> bool:
        """Whether only one of the two can be meant; a value may be other than all are."""
        keys = {self.key, other.key}
        if self.value != other.value or (self.value is None and self.issue != other.issue):
            return False
        if len(keys) == 1:
            return self.became != other.became
        right = "accepted" in keys
        return (
            right if self.value is not None else right and False not in {self.became, other.became}
        )


def what_was_said(meta: Mapping[str, Any]) -> list[Said]:
    """What people said of a column, as its `meta` keeps it.

    Raises:
        ValueError: If it keeps it otherwise.
    """
    marks = read_marks(meta.get("accepted") or ())
    replaced = meta.get("replace") or {}
    return [
        *(Said("accepted", one.issue, value) for one in marks for value in one.values or (None,)),
        *(
            Said("suspected", one.issue, became=one.wrong)
            for one in read_suspicions(meta.get("suspected") or ())
        ),
        *(
            Said("replace", value=wrong, became=right)
            for right, texts in replaced.items()
            for wrong in texts
        ),
    ]


_VALUE = {"anyOf": [{"type": "string"}, {"type": "object"}]}
_BY = {"type": "string", "pattern": r"\S"}
MARKS_SCHEMA = {
    "description": "What was looked at and is right: no profile tells it again.",
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "issue": {"enum": sorted(ACCEPTABLE)},
            "values": {"type": "array", "minItems": 1, "items": _VALUE},
            "by": _BY,
        },
        "required": ["issue", "by"],
        "additionalProperties": False,
    },
}
Marks = Annotated[tuple[Mark, ...], BeforeValidator(read_marks), WithJsonSchema(MARKS_SCHEMA)]
SUSPICIONS_SCHEMA = {
    "description": "What may be wrong and is not told, or as a note, and what somebody said of it.",
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "issue": {"enum": sorted(ACCEPTABLE)},
            "wrong": {"type": "boolean"},
            "by": _BY,
        },
        "required": ["issue", "wrong", "by"],
        "additionalProperties": False,
    },
}
Suspicions = Annotated[
    tuple[Suspicion, ...],
    BeforeValidator(read_suspicions),
    WithJsonSchema(SUSPICIONS_SCHEMA),
]

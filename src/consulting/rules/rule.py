"""What a cleaning rule is: one class that holds all that is known of a kind of value.

Its fields are what a column's `meta` may say, and the class says the rest: the words, the reasons
to reject, the SQL, when the profile proposes it, and cases that the tests try.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import BeforeValidator, Field, StrictBool, StringConstraints, model_validator

from consulting.plugins import Answer, PlugIn
from consulting.raised import WrongAnswerError
from consulting.records import Record, Written
from consulting.rules.accepted import Marks, Suspicions


class Counted(Protocol):
    """A format, a unit, a currency, and how many rows are written with it."""

    @property
    def format(self) -> str: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102


class Listed(Protocol):
    """A value and how many rows hold it."""

    @property
    def value(self) -> str: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102


class Evidence(Protocol):
    """What the profile found in a column, as far as rules are proposed from it."""

    @property
    def inferred_type(self) -> str: ...  # noqa: D102
    @property
    def formats(self) -> Sequence[Counted]: ...  # noqa: D102
    @property
    def units(self) -> Sequence[Counted]: ...  # noqa: D102
    @property
    def currencies(self) -> Sequence[Counted]: ...  # noqa: D102
    @property
    def top_values(self) -> Sequence[Listed]: ...  # noqa: D102
    @property
    def distinct_count(self) -> int: ...  # noqa: D102
    @property
    def day_first(self) -> bool | None: ...  # noqa: D102
    @property
    def month_language(self) -> str | None: ...  # noqa: D102
    @property
    def fraction_digits(self) -> int: ...  # noqa: D102
    @property
    def max_length(self) -> int | None: ...  # noqa: D102
    @property
    def shapes(self) -> Sequence[Listed]: ...  # noqa: D102


Proposal = tuple[str, dict[str, Any]]
"""A rule's name and its arguments."""

NotEmpty = Annotated[str, StringConstraints(min_length=1)]
REQUIRED = {"missing": "{} is empty, and a value is required"}
"""The reason of any rule where the column is required."""


def headers_of(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """The headers that a column is read from, the present one first; none without a `from`."""
    return _as_several(meta.get("from") or ())


def _as_several(source: str | Sequence[str]) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else tuple(source)


def _one_or_several(source: Any) -> Any:
    if not isinstance(source, str | list | tuple) or not source:
        raise ValueError("a header is a text; several names of one column are a list of texts")
    return _as_several(source)


def _is_proposal(_plugin: type, found: Any) -> Proposal | None:
    match found:
        case None | (str(), dict()):
            return found
    raise WrongAnswerError(found)


class ColumnRule(PlugIn, Record):
    """One column's `meta`: where it is read from, and what happens to it.

    A subclass is a rule. Its `sql` files define a macro of the rule's name that takes the SQL of a
    trimmed text and the column's meta, and gives the SQL of the value: NULL where the text can not
    be one. Where texts are first brought into one form, `bare` and `of_bare` name two macros for
    the two steps, and the form becomes a column of its own.

    Attributes:
        name: The rule's name.
        makes: What it makes, for the documentation.
        types: The types of a profile's columns that it reads.
        reasons: Each reason code with its sentence, `{}` for the column; the first is that of a
            text that can not be such a value. Without any, every text fits.
        grammar: Patterns and words that its macros read as `grammar('…')`, or functions that make
            them, where that takes its time.
        sql: The files beside the class's module that hold its macros.
        bare: The macro of the first step.
        of_bare: The macro of the second.
        cases: Arguments, text, and the value or the reason code that must become of it.
    """

    name: ClassVar[str] = ""
    makes: ClassVar[str] = ""
    types: ClassVar[tuple[str, ...]] = ()
    reasons: ClassVar[Mapping[str, str]] = {}
    grammar: ClassVar[Mapping[str, Any]] = {}
    sql: ClassVar[tuple[str, ...]] = ()
    bare: ClassVar[str | None] = None
    of_bare: ClassVar[str | None] = None
    cases: ClassVar[Sequence[tuple[Mapping[str, Any], str, Any]]] = ()
    answers: ClassVar[Mapping[str, Answer]] = {
        "arguments": dict,
        "unfit_reason": (str, NoneType),
        "macro_files": list,
        "proposed": _is_proposal,
        "conversion": str,
        "limits": (str, NoneType),
        "written": Written,
        "rejects": bool,
    }

    sources: Annotated[
        tuple[NotEmpty, ...],
        BeforeValidator(_one_or_several, json_schema_input_type=str | list[str]),
    ] = Field(
        alias="from",
        description="the header in the client's file; where it was called otherwise before, the "
        "list of its names, the present one first",
    )
    rule: str = Field(default="to_text", description="one of the rules below")
    required: bool = Field(
        default=False, description="a row without a value is rejected: `missing`"
    )
    null_tokens: tuple[str | int | float, ...] | None = Field(
        default=None,
        description="the texts that mean “no value” in this column, in place of the usual ones",
    )
    on_invalid: Literal["reject", "blank"] = Field(
        default="reject",
        description="`blank`: a value that does not fit is emptied, noted in `_blanked` and "
        "counted; its row is kept",
    )
    contains_pii: StrictBool | None = Field(
        default=None,
        description="below tier 3: `false` keeps the column's texts and masks only what is found "
        "in them, `true` hides the column; left out, its values decide",
    )
    optional: bool = Field(
        default=False, description="the client may leave the column out of a file"
    )
    replace: dict[str, Annotated[tuple[NotEmpty, ...], Field(min_length=1)]] = Field(
        default={},
        description="each right text with the texts in whose place it is put, as they stand in "
        "the file but for blanks around; an empty one empties the value",
    )
    accepted: Marks = Field(
        default=(),
        description="findings that were looked at and are right, each with `issue`, `values` (left "
        "out: all) and `by`; the profile does not tell them again",
    )
    suspected: Suspicions = Field(
        default=(),
        description="what `consulting ask` suspected and somebody answered, each with `issue`, "
        "`wrong` and `by`; where it is wrong, all that may be of it is a warning",
    )

    @model_validator(mode="after")
    def _has_names_of_its_own(self) -> ColumnRule:
        if len({name.casefold() for name in self.sources}) < len(self.sources):
            raise ValueError("`from` names a header twice; case does not tell two apart")
        return self

    @model_validator(mode="after")
    def _replaces_a_text_once(self) -> ColumnRule:
        wrong = [text for texts in self.replace.values() for text in texts]
        if len({*wrong, *self.replace}) < len(wrong) + len(self.replace):
            raise ValueError(
                "`replace` names a text twice: it puts it right where it is right, or in two ways"
            )
        return self

    @model_validator(mode="after")
    def _is_not_required_and_blank(self) -> ColumnRule:
        if self.required and self.on_invalid == "blank":
            raise ValueError("a required column can not have `on_invalid: blank`")
        return self

    @classmethod
    def arguments(cls) -> dict[str, str]:
        """The arguments of this rule alone, with their meaning."""
        return {
            field.alias or name: field.description or ""
            for name, field in cls.model_fields.items()
            if name not in ColumnRule.model_fields
        }

    @classmethod
    def unfit_reason(cls) -> str | None:
        """The reason code of a text that can not be such a value; None where any can."""
        return next(iter(cls.reasons), None)

    @classmethod
    def macro_files(cls) -> list[Path]:
        """The files of its macros."""
        folder = Path(inspect.getfile(cls)).parent
        return [folder / name for name in cls.sql]

    @classmethod
    def proposed(cls, column: Evidence) -> Proposal | None:  # noqa: ARG003 - for those that look
        """The rule and arguments that read this column; None where it is better kept as text."""
        return cls.name, {}

    def conversion(self) -> str:
        """What it makes of a value, in words for the client."""
        return self.makes

    def written(self) -> Written:
        """How the values that it reads are written, as far as its arguments say so."""
        return Written()

    def limits(self) -> str | None:
        """Which values are allowed, in words, if not all are."""
        return None

    @property
    def rejects(self) -> bool:
        """Whether there are texts that do not fit."""
        return self.unfit_reason() is not None


class Bounded(ColumnRule):
    """A rule for values that have an order.

    Attributes:
        bound: What a bound looks like, and what it is called.
    """

    bound: ClassVar[tuple[str, str]] = (
        r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", "a number, such as 0"
    )  # fmt: skip
    min: str | int | float | None = Field(
        default=None, description="the least value; less is `below_minimum`"
    )
    max: str | int | float | None = Field(
        default=None, description="the greatest value; more is `above_maximum`"
    )

    @model_validator(mode="after")
    def _bounds_can_be_compared(self) -> Bounded:
        pattern, called = self.bound
        for name, given in (("min", self.min), ("max", self.max)):
            if given is not None and not re.fullmatch(pattern, str(given).strip()):
                raise ValueError(f"`{name}` is {given!r}; it is {called}")
        return self

    def limits(self) -> str | None:
        """The bounds in words."""
        if self.min is None and self.max is None:
            return None
        if self.min is None:
            return f"at most {self.max}"
        return f"at least {self.min}" if self.max is None else f"from {self.min} to {self.max}"


OUT_OF_BOUNDS = {
    "below_minimum": "{} is below the smallest value allowed",
    "above_maximum": "{} is above the largest value allowed",
}
"""The further reasons of a `Bounded` rule."""


def _but_for_none(rule: ColumnRule) -> str:
    """Which texts leave the value empty where others reject the row."""
    if rule.required or rule.null_tokens == ():
        return ""
    told = ", ".join(map(str, rule.null_tokens or ("a word for “no value”, such as -",)))
    return f"left empty: {told}"


def describe_rule(rule: ColumnRule) -> str:
    """What a rule does to a value, in words for the client."""
    words = [rule.conversion()]
    if count := sum(map(len, rule.replace.values())):
        words.insert(0, f"{count} wrong {'text' if count == 1 else 'texts'} put right")
    if len(rule.sources) > 1:
        names = " or ".join(f"“{name}”" for name in rule.sources)
        words.append(f"read from {names}, the first that is not empty")
    if limits := rule.limits():
        words.append(limits)
    if rule.required:
        words.append("a row without it is rejected")
    if rule.rejects and rule.on_invalid == "blank":
        words.append("a value that does not fit is left empty")
    elif rule.rejects:
        empty = _but_for_none(rule)
        words += [empty] if empty else []
        words.append(f"{'any other' if empty else 'a'} value that does not fit rejects the row")
    return "; ".join(words)

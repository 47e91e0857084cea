"""The base of all YAML models: strict, and helpful about mistakes."""

from __future__ import annotations

import inspect
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticUndefined

from consulting.wording import counted
from consulting.yaml_files import typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import ModelWrapValidatorHandler
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails


NAME_PATTERN = r"^[a-z][a-z0-9_]*$"


_SHAPES = {
    "string_type": "one text",
    "tuple_type": "a list",
    "model_type": "several fields",
    "model_attributes_type": "several fields",
}
"""Errors of pydantic's that tell a value of another shape, and the shape that is right."""


_LIMITS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "at most {}"),
}
_LENGTHS = {
    "string_too_short": ("min_length", "at least {}", "character"),
    "string_too_long": ("max_length", "at most {}", "character"),
    "too_short": ("min_length", "at least {}", "item"),
    "too_long": ("max_length", "at most {}", "item"),
}
_KINDS = {
    "int": "a whole number, such as 5",
    "float": "a number, such as 1.5",
    "finite_number": "a number, such as 1.5",
    "bool": "true or false",
    "date": "a date, such as 2026-01-31",
}
"""The kinds of values that pydantic's errors begin with."""


def nearest(word: object, allowed: Iterable[str]) -> str:
    """A " Did you mean 'x'?" for the allowed word that is closest to `word`, or nothing."""
    close = _closest(word, allowed)
    return f" Did you mean {close!r}?" if close else ""


def _closest(word: object, allowed: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(str(word), list(allowed), n=1, cutoff=0.6)), None)


class ConfigModel(BaseModel):
    """A part of `defs.yaml`: immutable, and strict about unknown fields.

    Its errors keep pydantic's location (Dagster adds file and line to it) and say what is allowed
    and which right spelling is nearest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:
        """Take descriptions from the docstring, and a default as example, where none is given."""
        told = _attributes(cls.__doc__ or "")
        for name, field in cls.model_fields.items():
            field.description = field.description or told.get(name)
            if field.examples is None and field.default not in (None, PydanticUndefined, ""):
                field.examples = [field.default]
        cls.model_rebuild(force=True)

    @model_validator(mode="wrap")
    @classmethod
    def _explain_mistakes(cls, value: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                error.title, [cls._explain(details) for details in cls._to_tell(error.errors())]
            ) from None

    @classmethod
    def _to_tell(cls, found: list[ErrorDetails]) -> list[ErrorDetails]:
        """Misspelt fields first, and without the fields that are missing because of them."""
        fields = cls._names()
        misspelt = [e for e in found if e["type"] == "extra_forbidden" and len(e["loc"]) == 1]
        meant = [("missing", (_closest(e["loc"][0], fields),)) for e in misspelt]
        others = [e for e in found if e not in misspelt and (e["type"], e["loc"]) not in meant]
        return misspelt + others

    @classmethod
    def _names(cls) -> list[str]:
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def _explain(cls, details: ErrorDetails) -> InitErrorDetails:
        """Word one error for people; a nested model has worded its own."""
        kind, location, given = details["type"], details["loc"], details["input"]
        fields = cls._names()
        message = None
        if kind == "extra_forbidden" and len(location) == 1:
            message = (
                f"{location[0]!r} is not a field here.{nearest(location[0], fields)} "
                f"Allowed: {', '.join(fields)}."
            )
        elif kind == "missing" and len(location) == 1:
            field = cls.model_fields.get(str(location[0]))
            example = f", for example {field.examples[0]!r}" if field and field.examples else ""
            message = f"{location[0]!r} is required here{example}."
        elif kind == "string_pattern_mismatch" and details["ctx"]["pattern"] == NAME_PATTERN:
            example = re.sub(r"\W+", "_", str(given).strip().lower()).lstrip("_0123456789")
            message = (
                f"{given!r} is not a name. Use a lower-case letter, then lower-case letters, "
                f"digits and underscores, for example {example or 'orders'!r}."
            )
        elif kind == "literal_error":
            allowed = details["ctx"]["expected"]
            words = [word.strip(" ") for word in allowed.replace(" or ", ",").split(",")]
            plain = [word.strip("'") for word in words]
            hint = nearest(given, plain)
            if isinstance(given, str) and given in words:
                hint = f" Write it without quotes: {given}."
            message = f"{given!r} is not allowed.{hint} Allowed: {allowed}."
        elif kind == "union_tag_invalid":
            tag, allowed = details["ctx"]["tag"], details["ctx"]["expected_tags"]
            words = [word.strip(" '") for word in allowed.split(",")]
            message = f"type {tag!r} is not known.{nearest(tag, words)} Allowed types: {allowed}."
        elif kind == "union_tag_not_found":
            message = "'type' is required here."
        else:
            message = cls._of_a_value(details)
        if message is None:
            return _as_line_error(details)
        return InitErrorDetails(
            type="value_error", ctx={"error": message}, loc=location, input=given
        )

    @classmethod
    def _of_a_value(cls, details: ErrorDetails) -> str | None:
        """What a field's value may be, and is not."""
        kind, location = details["type"], details["loc"]
        field = cls.model_fields.get(str(location[0])) if location else None
        if field and kind in _SHAPES:
            return _of_another_shape(kind, location, details["input"], field)
        named = [str(step) for step in location if not isinstance(step, int)]
        return wrong_value(named[-1] if named else "It", details)


def wrong_value(name: str, details: Mapping[str, Any]) -> str | None:
    """What a field may be and the value given is not; None of what pydantic finds beside that.

    Args:
        name: The field, as it is called where the sentence stands.
        details: An error of pydantic's.
    """
    kind, given, ctx = details["type"], details["input"], details.get("ctx", {})
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        return f"{name} is {words.format(ctx[limit])}, not {given!r}."
    if kind in _LENGTHS:
        limit, words, unit = _LENGTHS[kind]
        return f"{name} has {words.format(counted(ctx[limit], unit))}, not {len(given):,}."
    of = next((of for of in _KINDS if kind == of or kind.startswith(f"{of}_")), None)
    return f"{name} is {_KINDS[of]}, not {given!r}." if of else None


def _of_another_shape(
    kind: str, location: tuple[str | int, ...], given: object, field: FieldInfo
) -> str | None:
    """What to write where one kind of thing is given for another; None of what lies deeper."""
    name, *below = location
    example = field.examples[0] if field.examples else None
    if below:
        if not isinstance(below[0], int) or len(below) > 1:
            return None
        example = example[0] if isinstance(example, list) else None
        name = f"An item of {name}"
    if kind == "string_type" and isinstance(given, int | float):
        example = str(given).lower() if isinstance(given, bool) else str(given)
        said = f"{name} is a text: write it in quotes"
    elif given is None:
        out = "" if field.is_required() else ", or leave the line out"
        said = f"{name} is empty: write a value{out}"
    else:
        said = f"{name} is {_SHAPES[kind]}"
    written = typed(example) if below else typed({location[0]: example})[1:-1]
    return f"{said}{'' if example is None else f', for example `{written}`'}."


def _attributes(docstring: str) -> dict[str, str]:
    """The "Attributes:" of a docstring: name → its text on one line."""
    _, _, listed = inspect.cleandoc(docstring).partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n {8,}.*)*)", listed, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def _as_line_error(details: ErrorDetails) -> InitErrorDetails:
    """The same error, unchanged, in the form pydantic takes it back."""
    kind: str | PydanticCustomError = details["type"]
    return InitErrorDetails(
        type=kind, ctx=details.get("ctx", {}), loc=details["loc"], input=details["input"]
    )

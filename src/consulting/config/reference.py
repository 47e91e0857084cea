"""The reference of all fields of `defs.yaml`, written from the models themselves."""

from __future__ import annotations

import json
import types
import typing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from consulting.config.engagement import EngagementConfig
from consulting.config_model import ConfigModel
from consulting.yaml_files import typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

INTRODUCTION = """\
# Fields of `defs.yaml`

Everything below `attributes:`. Written by `make docs` from the code; a test keeps it true.
What all engagements share can stand in `src/consulting/defs/clients/defaults.yaml` instead; a
client's own value wins.
"""


def field_reference() -> str:
    """The reference as Markdown: a table for the engagement, then one for each of its parts."""
    sections = [INTRODUCTION]
    for model in _models(EngagementConfig, {}).values():
        title = "An engagement" if model is EngagementConfig else f"`{model.__name__}`"
        summary = (model.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
        rows = "\n".join(_row(name, field) for name, field in model.model_fields.items())
        sections.append(
            f"## {title}\n\n{summary}\n\n"
            f"| field | type | default | what | example |\n|---|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(sections)


def _models(
    model: type[BaseModel], found: dict[str, type[BaseModel]]
) -> dict[str, type[BaseModel]]:
    """The model and all that its fields hold, in order of first use."""
    found.setdefault(model.__name__, model)
    for field in model.model_fields.values():
        for part in _parts(field.annotation):
            if issubclass(part, ConfigModel) and part.__name__ not in found:
                _models(part, found)
    return found


def _parts(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _parts(argument)


def _row(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else _said(field.default)
    example = _said(field.examples[0]) if field.examples else ""
    cells = (
        f"`{field.alias or name}`",
        _type(field.annotation),
        default,
        field.description or "",
        example,
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(annotation: Any) -> str:
    """A type as people say it."""
    names = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        date: "date",
        timedelta: "duration",
        types.NoneType: "",
    }
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (tuple, frozenset):
        return f"list of {_type(arguments[0])}"
    if arguments:
        return " or ".join(filter(None, (_type(argument) for argument in arguments)))
    return names.get(annotation, f"`{getattr(annotation, '__name__', annotation)}`")


def _said(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_unset=True)
        return f"`{json.dumps(value)}`" if value else "its defaults"
    if isinstance(value, timedelta):
        return f"`{int(value.total_seconds())}s`"
    if isinstance(value, tuple | frozenset):
        value = list(value)
    return f"`{typed(value) if isinstance(value, str) else json.dumps(value, default=str)}`"

"""What a client's configuration comes to: each value, and the line that says so."""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import make_url

from consulting.bounded_memory import MEMORY_LIMIT_VARIABLE, memory_limit
from consulting.config.defaults import is_inherited, read_defaults, said_at
from consulting.config.reading import FILENAME
from consulting.intake.reading import Limits
from consulting.layout import data_root, data_url, ledger_url
from consulting.records import Record
from consulting.regular_files import read_regular
from consulting.timekeeping import write_duration
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consulting.config.engagement import EngagementConfig
    from consulting.project import Project
    from consulting.yaml_files import Document, YamlPath

_TOP = ("attributes",)


class Setting(Record):
    """One value in force.

    Attributes:
        field: Where it belongs: `feeds.orders.files`.
        value: What it is.
        source: Who says so: the client's own file, what all clients inherit, the library, or the
            project's environment.
        where: File, line and column, or the variable; None of a default.
        written: What stands there, where it is a template or a word for several values.
    """

    field: str
    value: Any
    source: Literal["own", "inherited", "default", "project"]
    where: str | None = None
    written: str | None = None


def settings_of(folder: Path, config: EngagementConfig) -> list[Setting]:
    """Every value of a client's configuration, in the order of the fields.

    Args:
        folder: The client's folder, whose `defs.yaml` was read.
        config: What was read.
    """
    own = parse_yaml(read_regular(folder / FILENAME, within=folder), folder / FILENAME)[0]
    inherited = read_defaults(folder.parent)
    given = own.value["attributes"]
    return [
        _setting(path, value, own, given, inherited)
        for path, value in _leaves(config.model_dump(by_alias=True))
        # what a feed does not limit itself, `limits` does
        if path[0] != "feeds" or path[-1] not in Limits.model_fields or said_at(given, path)
    ]


def project_settings(project: Project) -> list[Setting]:
    """What the project and its environment say for all clients.

    Args:
        project: The project.
    """
    given = {
        "CONSULTING_DATA": data_url() or str(data_root()),
        **({"CONSULTING_SCRATCH": str(data_root())} if data_url() is not None else {}),
        "CONSULTING_LEDGER_URL": make_url(ledger_url()).render_as_string(hide_password=True),
        MEMORY_LIMIT_VARIABLE: memory_limit(),
    }
    places = {"clients": project.clients, "dbt": project.dbt}
    return [
        *(
            Setting(
                field=name,
                value=value,
                source="project" if os.environ.get(name) else "default",
                where=f"environment variable {name}" if os.environ.get(name) else None,
            )
            for name, value in given.items()
        ),
        *(Setting(field=n, value=str(path), source="project") for n, path in places.items()),
    ]


def _setting(
    path: YamlPath, value: Any, own: Document, given: Any, inherited: Document | None
) -> Setting:
    told: dict[str, Any] = {"field": _named(path, given), "value": _plain(value)}
    told["source"] = "default"
    if (said := said_at(given, path)) is not None:
        told |= {"source": "own", "where": own.where((*_TOP, *path))}
        found, in_a_word = said
        if in_a_word or "{{" in str(found):
            told["written"] = str(found)
    elif inherited is not None and is_inherited(inherited.value, given, path):
        told |= {"source": "inherited", "where": inherited.where(path)}
    return Setting(**told)


def _leaves(value: Any, path: YamlPath = ()) -> Iterator[tuple[YamlPath, Any]]:
    """The values below one, each with its path; a list of plain values is one."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    elif isinstance(value, list | tuple) and any(isinstance(each, dict) for each in value):
        for index, below in enumerate(value):
            yield from _leaves(below, (*path, index))
    else:
        yield path, value


def _plain(value: Any) -> Any:
    """A value as JSON has it and people write it."""
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(map(_plain, value)) if isinstance(value, frozenset) else [*map(_plain, value)]
    return value.isoformat() if isinstance(value, date) else value


def _named(path: YamlPath, given: Any) -> str:
    """A path for people: an item of a list goes by its name, where it has one."""
    parts: list[str] = []
    for position, key in enumerate(path):
        item = said_at(given, path[: position + 1]) if isinstance(key, int) else None
        named = item[0].get("name") if item and isinstance(item[0], dict) else None
        parts.append(str(named or key))
    return ".".join(parts)

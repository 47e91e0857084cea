"""What all engagements inherit: `defs/clients/defaults.yaml`.

It holds any fields of an engagement; a client's own value wins, and mappings are merged field by
field (`alerts: {channel: ...}` in the client keeps the default's `deliveries`).
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeGuard

from pydantic import ValidationError

from consulting.config.engagement import EngagementConfig
from consulting.errors import ConfigurationError
from consulting.regular_files import read_regular
from consulting.sources import all_sources
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from consulting.yaml_files import Document, YamlPath

FILENAME = "defaults.yaml"


def with_defaults(attributes: Mapping[str, Any], clients_dir: Path) -> dict[str, Any]:
    """A client's attributes laid over the project's defaults.

    Args:
        attributes: What the client's `defs.yaml` says.
        clients_dir: The folder that holds the clients and, maybe, `defaults.yaml`.

    Raises:
        ConfigurationError: If the defaults are not a mapping of known fields.
    """
    defaults = read_defaults(clients_dir)
    return dict(attributes) if defaults is None else _merge(defaults.value, attributes)


def read_defaults(clients_dir: Path) -> Document | None:
    """The project's defaults, with their places; None where there are none.

    Args:
        clients_dir: As for `with_defaults`.

    Raises:
        ConfigurationError: If they are not a mapping of known fields.
    """
    path = clients_dir / FILENAME
    return _read(path, path.lstat().st_mtime_ns) if os.path.lexists(path) else None


def is_inherited(below: Mapping[Any, Any], above: Mapping[Any, Any], path: YamlPath) -> bool:
    """Whether a value of the merged configuration comes from the defaults.

    Args:
        below: The defaults.
        above: What the client says.
        path: Where the value stands.
    """
    for position, key in enumerate(path):
        if key not in above:
            return said_at(below, path[position:]) is not None
        if not _mergeable(below.get(key), above[key]):
            return False
        below, above = below[key], above[key]
    return False


def said_at(value: Any, path: YamlPath) -> tuple[Any, bool] | None:
    """What a document says at a path, and whether that is one word for several values.

    (`sla: weekly` says `sla.due`.) None where it says nothing.
    """
    for key in path:
        if isinstance(value, str):
            return value, True
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value, False


@lru_cache(maxsize=8)
def _read(path: Path, _modified: int) -> Document | None:
    """The defaults; cached by modification time, for a thousand clients read the same file."""
    documents = parse_yaml(read_regular(path, within=path.parent), path)
    if not documents or documents[0].value is None:
        return None
    values, where = documents[0].value, documents[0].where
    if not isinstance(values, dict) or len(documents) > 1:
        raise ConfigurationError(f"{path} must hold fields of an engagement, such as `owners:`.")
    if "{{" in str(values):
        raise ConfigurationError(
            f"{path} holds a template, and none is read here: a variable belongs to one client. "
            "Write the field in each client's defs.yaml."
        )
    probe = _merge({"client_name": "x", "feeds": [{"name": "x", "files": "x"}]}, values)
    if isinstance(probe.get("source"), dict):
        kind = all_sources().get(str(probe["source"].get("type")))
        probe["source"] = {**(kind.own_fields if kind else {}), **probe["source"]}
    try:
        EngagementConfig.model_validate(probe)
    except ValidationError as error:
        problem = error.errors()[0]
        said = problem["msg"].removeprefix("Value error, ")
        field = ".".join(str(part) for part in problem["loc"])
        raise ConfigurationError(f"{where(problem['loc'])}, field {field}: {said}") from None
    return documents[0]


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if _mergeable(old, value) else value
    return merged


def _mergeable(old: Any, new: Any) -> TypeGuard[dict[str, Any]]:
    """Two mappings, unless they are of different `type`: those share no fields."""
    both = isinstance(old, dict) and isinstance(new, dict)
    return both and new.get("type", old.get("type")) == old.get("type")

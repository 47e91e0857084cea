"""What installed packages add: found by entry point, ours registered in the same way as theirs."""

from __future__ import annotations

import functools
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from importlib.metadata import EntryPoint

KINDS = {
    "consulting.rules": "cleaning rule",
    "consulting.sources": "source",
    "consulting.formats": "format",
    "consulting.deliverables": "deliverable",
    "consulting.channels": "channel",
    "consulting.templates": "template",
}
"""The groups of entry points, and what one of each is called."""
_OWN = "consulting"
_WITHOUT_OURS = frozenset({"consulting.templates"})


@functools.cache
def _installed() -> Mapping[str, Collection[EntryPoint]]:
    """The entry points of each group; one look goes through all packages."""
    found = entry_points()
    return {group: found.select(group=group) for group in KINDS}


@functools.cache
def plugins(group: str) -> Mapping[str, Any]:
    """What is registered in a group, by name and in the order of the names.

    Args:
        group: One of `KINDS`.

    Raises:
        RuntimeError: If nothing is and we bring some ourselves, or two packages use one name.
    """
    found: dict[str, Any] = {}
    for entry in sorted(_installed()[group], key=lambda entry: entry.name):
        plugin = entry.load()
        if found.setdefault(entry.name, plugin) is not plugin:
            raise RuntimeError(f"Two packages have a {KINDS[group]} {entry.name}: uninstall one.")
    if not found and group not in _WITHOUT_OURS:
        raise RuntimeError(
            f"No {KINDS[group]} is registered: the package is not installed as it is now. "
            "Install it again (`make setup`)."
        )
    return found


def one_of(group: str) -> Any:
    """The type of a field that holds any of a group, told apart by `type`.

    Args:
        group: One of `KINDS`, whose plugins are models.
    """
    return Annotated[Union[tuple(plugins(group).values())], Field(discriminator="type")]  # noqa: UP007


@functools.cache
def others() -> Mapping[str, str]:
    """The packages of others that add something, with their versions."""
    added = (entry.dist for group in KINDS for entry in _installed()[group])
    return {dist.name: dist.version for dist in added if dist is not None and dist.name != _OWN}


@functools.cache
def version_of(package: str) -> str:
    """The installed version of a package; all that is said of it is read for that, 25 ms of dbt.

    Args:
        package: Its name.
    """
    return version(package)

"""Where a project's things lie. Dagster's load context says so, and nothing else knows a path."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


_REGISTRY = "dagster_dg_cli.registry_modules"


class Loaded(Protocol):
    """What knows the project: Dagster's `ComponentLoadContext` and `ComponentTree`."""

    @property
    def project_root(self) -> Path:
        """The folder of its pyproject.toml."""

    @property
    def defs_module_path(self) -> Path:
        """The folder of its definitions."""


@dataclass(frozen=True)
class Project:
    """A consultancy's project.

    Attributes:
        root: The folder of its pyproject.toml.
        defs: The folder of its definitions, `src/<package>/defs`.
    """

    root: Path
    defs: Path

    @classmethod
    def of(cls, loaded: Loaded) -> Project:
        """The project that Dagster loads."""
        return cls(loaded.project_root, loaded.defs_module_path)

    @property
    def source(self) -> Path:
        """The folder that its package is imported from: `src`, or the root."""
        return self.defs.parent.parent

    @property
    def clients(self) -> Path:
        """One folder per client, and `defaults.yaml`."""
        return self.defs / "clients"

    @property
    def dbt(self) -> Path:
        """The dbt project of all clients."""
        return self.root / "dbt"

    @property
    def engagements_read(self) -> Path:
        """Where it is remembered which defs.yaml was read."""
        return self.dbt / "target" / "engagements"

    def client_folders(self) -> list[Path]:
        """The folders of all clients, by id."""
        if not self.clients.is_dir():
            return []
        return sorted(p for p in self.clients.iterdir() if p.is_dir() and p.name[0] not in "._")

    def registry(self) -> tuple[str, ...]:
        """The modules whose components its YAML may name, as `dg` knows them; `*` is any name."""
        return _registry(self.root, self.defs.parent.name)


@cache
def _registry(root: Path, package: str) -> tuple[str, ...]:
    own: list[str] = []
    for name in ("pyproject.toml", "dg.toml"):
        path = root / name
        said = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        said = said.get("tool", {}).get("dg", {}) if name == "pyproject.toml" else said
        own += said.get("project", {}).get("registry_modules", [])
    installed = [each.value for each in entry_points(group=_REGISTRY)]
    found = own or [f"{package}.components.*"]
    packages = [each.removesuffix(".*") for each in found if each.endswith(".*")]
    return (*found, *packages, *installed)

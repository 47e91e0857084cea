"""Loading the project with Dagster's own loader, once a process."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import dagster as dg

from consulting.components.clients import ClientsComponent
from consulting.components.consultancy.on_time import build_on_time_checks
from consulting.components.locations import Shard
from consulting.errors import ConfigurationError
from consulting.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@cache
def load_project(path_within_project: Path) -> dg.Definitions:
    """All definitions of a project, as `dg.load_from_defs_folder` makes them.

    They are made once: Dagster asks up to five times in one process, and a reload starts a new one.
    What Dagster would add is left out: the schemas of all component types that are installed, for
    which it imports every library there is.

    Args:
        path_within_project: Any path of the project.

    Raises:
        Exception: If anything but a client is broken.
    """
    with _quiet():
        tree = dg.ComponentTree.for_project(path_within_project)
        return tree.build_defs(tree.defs_module_path)


@cache
def load_shard(path_within_project: Path, number: int, *, of: int) -> dg.Definitions:
    """The definitions of a part of the clients: those of one of several code locations.

    Args:
        path_within_project: Any path of the project.
        number: Which of the parts, from 1.
        of: How many parts there are. A client's part depends on its id and this number alone.

    Raises:
        ConfigurationError: If no `ClientsComponent` loads the clients.
        Exception: If anything but a client is broken.
    """
    with _quiet():
        tree = _location(path_within_project)
        component = _clients_component(tree)
        component.define(Shard(number, of))
        # the resources and the executor are the project's; all else stands in `load_consultancy`
        whole = tree.build_defs(tree.defs_module_path)
        clients = tree.build_defs(Project.of(tree).clients)
        loaded = component.clients(tree.load_context).loaded
        known = clients.resources or {}
        shared = dg.Definitions(
            asset_checks=build_on_time_checks(loaded),
            resources={k: v for k, v in (whole.resources or {}).items() if k not in known},
            loggers=whole.loggers,
            executor=whole.executor,
        )
        return dg.Definitions.merge(clients, shared)


@cache
def load_consultancy(path_within_project: Path) -> dg.Definitions:
    """All definitions of a project but its clients': alerts, portfolio, and what is its own.

    What looks at all clients knows their configurations; their definitions are in `load_shard`.

    Args:
        path_within_project: Any path of the project.

    Raises:
        ConfigurationError: If no `ClientsComponent` loads the clients.
        Exception: If anything else is broken.
    """
    with _quiet():
        tree = _location(path_within_project)
        _clients_component(tree).define(None)
        return tree.build_defs(tree.defs_module_path)


def find_project(path_within_project: Path) -> Project:
    """The project that a path lies in.

    Raises:
        Exception: If it lies in none.
    """
    return Project.of(dg.ComponentTree.for_project(path_within_project))


def _location(path_within_project: Path) -> dg.ComponentTree:
    """The project as one of several locations, none of which has the name pyproject.toml gives."""
    whole = dg.ComponentTree.for_project(path_within_project)
    return dg.ComponentTree.from_module(whole.defs_module, whole.project_root)


def _clients_component(tree: dg.ComponentTree) -> ClientsComponent:
    project = Project.of(tree)
    file = project.clients / "defs.yaml"
    if not file.is_file():
        raise ConfigurationError(
            f"{file} is not there, so there are no clients to split over code locations. Write: "
            "`type: consulting.components.ClientsComponent`"
        )
    return tree.load_component(project.clients, ClientsComponent)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # Dagster's own loader silences what it says of itself, too
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.simplefilter("ignore", category)
        yield

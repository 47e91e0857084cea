"""Loading the project so that one client's broken `defs.yaml` never stops another's.

`dg check defs` refuses a project with a broken client and names each of them. A code location that
serves (`dg dev`, production) loads all the others, and shows the broken one as an asset and as a
sensor whose every tick fails with the same explanation.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import logging
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import ValidationError
from yaml import MarkedYAMLError

from consulting.components.border import bordered
from consulting.components.engagement import roster
from consulting.components.engagement.component import EngagementComponent
from consulting.components.on_time import build_on_time_checks
from consulting.config_model import nearest
from consulting.errors import ConfigurationError, ConsultingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consulting.components.engagement.client import Client

logger = logging.getLogger("dagster")

VALIDATION = "DAGSTER_IS_DEFS_VALIDATION_CLI"
"""Dagster sets it to 1 while `dg check defs` runs."""
ONLY = "CONSULTING_CLIENTS"
"""The clients to load, with commas between them; all where it is not set."""


def load_project(path_within_project: Path) -> dg.Definitions:
    """All definitions below `defs/`, as `dg.load_from_defs_folder` makes them.

    Args:
        path_within_project: Any path of the project.

    Raises:
        ConfigurationError: While `dg check defs` runs, if any client is broken; names each of them
            with file, line, field, value and what is allowed. If `CONSULTING_CLIENTS` names a
            client that has no folder.
        Exception: If what all clients share is broken.
    """
    with _uncollected(), warnings.catch_warnings():
        # Dagster's own loader silences what it says of itself, too
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.simplefilter("ignore", category)
        return _load(dg.ComponentTree.for_project(path_within_project))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Definitions live as long as their process: searching them for garbage is time lost.

    Many clients make millions of objects; without this, the collector walks them again and again
    while they are built, and once more for every snapshot made of them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        # what stays frozen is never torn down, and DuckDB's bindings print each leak at the end
        atexit.register(gc.unfreeze)
        if enabled:
            gc.enable()


def _load(tree: dg.ComponentTree) -> dg.Definitions:
    roster.dismiss()
    wanted = _wanted(tree.defs_module_path / "clients")
    if wanted is not None:
        return _load_each(tree.defs_module_path, wanted)
    try:
        # a path is given, for without one Dagster imports every plug-in it finds (seconds)
        defs = tree.build_defs(tree.defs_module_path)
        _refuse_duplicates(defs, tree.defs_module_path)
    except Exception as error:  # noqa: BLE001 - it is told below, with all others
        first_error = error
    else:
        checks = build_on_time_checks(roster.enrolled())
        return dg.Definitions.merge(defs, dg.Definitions(asset_checks=checks)) if checks else defs
    # outside of the `except`: this error is not what each client's error came from
    return _load_each(tree.defs_module_path, first_error=first_error)


def _wanted(clients: Path) -> frozenset[str] | None:
    """The clients that `CONSULTING_CLIENTS` names; None where it names none, so all are loaded."""
    names = frozenset(name.strip() for name in os.environ.get(ONLY, "").split(",") if name.strip())
    if not names:
        return None
    known = [folder.name for folder in _folders(clients)]
    for name in sorted(names.difference(known)):
        hint = nearest(name, known) or f" Clients are the folders in {clients}."
        raise ConfigurationError(f"{ONLY} names {name!r}, which is no client.{hint}")
    return names


def _load_each(
    defs_dir: Path,
    wanted: frozenset[str] | None = None,
    first_error: Exception | None = None,
) -> dg.Definitions:
    """Client by client: the broken ones are shown, and stop no other.

    Args:
        defs_dir: The folder `defs/`.
        wanted: The clients to load; None for all.
        first_error: Why the folder as a whole did not load; raised if no client is to blame.
    """
    parts, broken = _parts(defs_dir, wanted)
    if first_error is not None and not broken:
        raise first_error
    if broken and os.environ.get(VALIDATION):
        raise ConfigurationError("\n\n".join(broken.values()))
    for client_id, explanation in broken.items():
        logger.error("%s is not loaded, all other clients are.\n%s", client_id, explanation)
    parts.append(dg.Definitions(asset_checks=build_on_time_checks(roster.enrolled())))
    return dg.Definitions.merge(*parts, *(_stand_in(*item) for item in broken.items()))


def load_client(folder: Path) -> Client:
    """One client, without loading any other.

    Args:
        folder: The client's folder in `defs/clients/`.

    Raises:
        ConfigurationError: If its `defs.yaml` is broken; says where.
    """
    try:
        component = _part(folder).load_component(folder, EngagementComponent)
        return component.client_in(folder)
    except Exception as error:
        raise ConfigurationError(explain(folder.name, folder, error)) from error


def load_client_defs(folder: Path) -> dg.Definitions:
    """The definitions of one client and of what all share, without loading any other client.

    Raises:
        ConfigurationError: If its `defs.yaml` is broken; says where.
    """
    try:
        own = _part(folder).build_defs(folder)
    except Exception as error:
        raise ConfigurationError(explain(folder.name, folder, error)) from error
    shared = folder.parents[1] / "shared"
    mine = [client for client in roster.enrolled() if client.client_id == folder.name]
    checks = dg.Definitions(asset_checks=build_on_time_checks(mine))
    return dg.Definitions.merge(_part(shared).build_defs(shared), own, checks)


def _part(folder: Path) -> dg.ComponentTree:
    """A tree of one folder below `defs/` alone: nothing else is read, nothing else can break it."""
    whole = dg.ComponentTree.for_project(folder)
    below = folder.relative_to(whole.defs_module_path).parts
    module = importlib.import_module(".".join((whole.defs_module_name, *below)))
    return dg.ComponentTree(defs_module=module, project_root=whole.project_root)


def _parts(
    defs_dir: Path, wanted: frozenset[str] | None
) -> tuple[list[dg.Definitions], dict[str, str]]:
    """The definitions of what loads, and the explanation for each client that does not."""
    parts: list[dg.Definitions] = []
    broken: dict[str, str] = {}
    for folder in _folders(defs_dir):
        if folder.name != "clients":
            parts.append(_part(folder).build_defs(folder))
            continue
        for client in _folders(folder):
            if wanted is not None and client.name not in wanted:
                continue
            try:
                part = _part(client).build_defs(client)
                _refuse_duplicates(part, client)
            except Exception as error:  # noqa: BLE001 - whatever it is, it stays this client's
                roster.dismiss(client.name)
                broken[client.name] = explain(client.name, client, error)
            else:
                parts.append(part)
    return parts, broken


def _folders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.iterdir() if p.is_dir() and p.name[0] not in "_.")


def explain(client_id: str, folder: Path, error: BaseException) -> str:
    """Say which client is broken, where, and how to mend it.

    Args:
        client_id: The client.
        folder: Its folder.
        error: What Dagster raised; the first cause in its chain that people can act on is told.
    """
    file = folder / "defs.yaml"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ValidationError):
            return "\n".join(
                f"{client_id}: {'.'.join(map(str, problem['loc'])) or file}: "
                f"{problem['msg'].removeprefix('Value error, ')} (given: {problem['input']!r})"
                for problem in cause.errors()
            )
        if isinstance(cause, MarkedYAMLError):
            line = cause.problem_mark.line + 1 if cause.problem_mark else 1
            return f"{client_id}: {file}:{line} is not valid YAML: {cause.context} {cause.problem}"
        if isinstance(cause, ConsultingError):
            return f"{client_id}: {file}: {cause}"
        cause = cause.__cause__ or cause.__context__
    return f"{client_id}: {file}: {error}"


def _refuse_duplicates(defs: dg.Definitions, folder: Path) -> None:
    """Two engagements of one id would overwrite each other's files."""
    assets = [asset for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition)]
    keys = [key for asset in assets for key in asset.keys]
    if len(keys) > len(set(keys)):
        raise ConfigurationError(
            f"two engagements have the id {folder.name!r}. The id is the name of the client's "
            f"folder, and a folder holds one: keep one `---` document in {folder / 'defs.yaml'}."
        )


def _stand_in(client_id: str, explanation: str) -> dg.Definitions:
    """What the UI shows in place of a client whose `defs.yaml` is broken."""

    @dg.sensor(
        name=f"{client_id}_configuration_error",
        description=f"{client_id} is not loaded: {explanation}",
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        asset_selection=dg.AssetSelection.assets(dg.AssetKey([client_id, "configuration"])),
    )
    @bordered()
    def configuration_error(_context: dg.SensorEvaluationContext) -> None:
        raise ConfigurationError(explanation)

    return dg.Definitions(
        assets=[
            dg.AssetSpec(
                [client_id, "configuration"],
                group_name=client_id,
                description=f"**This client is not loaded.**\n\n{explanation}",
                kinds={"yaml"},
            )
        ],
        sensors=[configuration_error],
    )

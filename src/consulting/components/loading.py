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

from consulting.components.border import bordered
from consulting.components.engagement import roster
from consulting.components.engagement.component import build_client, client_of, variables_of
from consulting.components.on_time import build_on_time_checks
from consulting.config.reading import read_engagement
from consulting.config_model import nearest
from consulting.errors import ConfigurationError, ConsultingError
from consulting.layout import ClientFolder, data_root
from consulting.resources.consultancy import DBT_DIR
from consulting.shared_child import end_shared_child
from consulting.sources.local import folder_place
from consulting.sources.places import overlaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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
    """Client by client: the broken ones are shown, and stop no other."""
    roster.dismiss()
    defs_dir = tree.defs_module_path
    wanted = _wanted(defs_dir / "clients")
    try:
        parts, broken = _parts(defs_dir, wanted)
    finally:
        end_shared_child()
    if broken and os.environ.get(VALIDATION):
        raise ConfigurationError("\n\n".join(broken.values()))
    for client_id, explanation in broken.items():
        logger.error("%s is not loaded, all other clients are.\n%s", client_id, explanation)
    parts.append(dg.Definitions(asset_checks=build_on_time_checks(roster.enrolled())))
    return dg.Definitions.merge(*parts, *(_stand_in(*item) for item in broken.items()))


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


def load_client(folder: Path) -> Client:
    """One client, without loading any other.

    Args:
        folder: The client's folder in `defs/clients/`.

    Raises:
        ConfigurationError: If its `defs.yaml` is broken; says where.
    """
    try:
        config = read_engagement(folder, variables_of(folder), DBT_DIR / "target" / "engagements")
        return client_of(folder, config)
    except Exception as error:
        raise ConfigurationError(explain(folder, error)) from error


def load_client_defs(folder: Path) -> dg.Definitions:
    """The definitions of one client and of what all share, without loading any other client.

    Raises:
        ConfigurationError: If its `defs.yaml` is broken; says where.
    """
    own = _build(folder, load_client(folder))
    shared = folder.parents[1] / "shared"
    mine = [client for client in roster.enrolled() if client.client_id == folder.name]
    checks = dg.Definitions(asset_checks=build_on_time_checks(mine))
    return dg.Definitions.merge(_part(shared).build_defs(shared), own, checks)


def _build(folder: Path, client: Client) -> dg.Definitions:
    try:
        return build_client(client)
    except Exception as error:
        roster.dismiss(folder.name)
        raise ConfigurationError(explain(folder, error)) from error


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
    parts = [_part(f).build_defs(f) for f in _folders(defs_dir) if f.name != "clients"]
    folders = [
        folder
        for folder in _folders(defs_dir / "clients")
        if wanted is None or folder.name in wanted
    ]
    clients, broken = load_clients(folders)
    for folder in folders:
        if folder.name in clients:
            try:
                parts.append(_build(folder, clients[folder.name]))
            except ConfigurationError as error:
                broken[folder.name] = str(error)
    return parts, broken


def load_clients(folders: Iterable[Path]) -> tuple[dict[str, Client], dict[str, str]]:
    """Clients by their ids, and why each of the others is broken, be it by another's fault.

    Args:
        folders: Their folders in `defs/clients/`.
    """
    clients: dict[str, Client] = {}
    broken: dict[str, str] = {}
    for folder in folders:
        try:
            clients[folder.name] = load_client(folder)
        except ConfigurationError as error:
            broken[folder.name] = str(error)
    root = data_root()
    places = {
        client_id: client.config.source.place(ClientFolder(root, client_id).incoming)
        for client_id, client in clients.items()
    }
    own = {client_id: folder_place(ClientFolder(root, client_id).path) for client_id in clients}
    for client_id, why in overlaps(places, own).items():
        broken[client_id] = why
        del clients[client_id]
    return clients, broken


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(p for p in parent.iterdir() if p.is_dir() and p.name[0] not in "_.")


def explain(folder: Path, error: Exception) -> str:
    """Say which client is broken, where, and how to mend it.

    Args:
        folder: The client's folder.
        error: What was raised; the first cause in its chain that people can act on is told.
    """
    client_id = folder.name
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ConsultingError):
        cause = cause.__cause__ or cause.__context__
    told = str(cause or f"{folder / 'defs.yaml'}: {type(error).__name__}: {error}")
    return "\n".join(
        line if line.startswith(f"{client_id}: ") else f"{client_id}: {line}"
        for line in told.splitlines()
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

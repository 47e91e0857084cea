"""`ClientsComponent`: all clients of a project, so that a broken one never stops another.

`dg check defs` refuses a project with a broken client and names each of them. A code location that
serves (`dg dev`, production) loads all the others, and shows the broken one as an asset and as a
sensor whose every tick fails with the same explanation.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg
from pydantic import PrivateAttr

from consulting.cleaning import ClientModels
from consulting.components.border import bordered
from consulting.components.engagement.client import JOB_SUFFIX
from consulting.components.engagement.component import (
    EngagementComponent,
    client_of,
    variables_of,
)
from consulting.components.locations import Shard
from consulting.config.reading import COMPONENT, kind_named, read_engagement
from consulting.config_model import nearest
from consulting.errors import ConfigurationError, ConsultingError
from consulting.foreign import ErrorLog, in_our_words
from consulting.layout import ClientFolder, data_root
from consulting.plugins import blamed
from consulting.project import Project
from consulting.raised import chain_of
from consulting.resources.run_scope import RUN_CLIENTS, RUN_JOB
from consulting.shared_child import each_apart, end_shared_child
from consulting.sources.local import data_places
from consulting.sources.places import Place, overlaps
from consulting.writing import keep_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from consulting.components.engagement.client import Client

logger = logging.getLogger("dagster")

VALIDATION = "DAGSTER_IS_DEFS_VALIDATION_CLI"
"""Dagster sets it to 1 while `dg check defs` runs."""
WATCHES_ALL = "consultancy"
"""The first word of the key of what looks at all clients, and the group it stands in."""
ONLY = "CONSULTING_CLIENTS"
"""The clients to load, with commas between them; all where it is not set."""


class LoadedClient(NamedTuple):
    """A client, the component that its `defs.yaml` makes, and where its files come from."""

    client: Client
    component: EngagementComponent
    place: Place


@dataclass(frozen=True)
class Clients:
    """What came of loading all clients.

    Attributes:
        defs: The definitions of those that load, and what stands in place of the others.
        loaded: Those that load, by id.
        elsewhere: Whether they are only looked at, and defined in other code locations.
    """

    defs: dg.Definitions
    loaded: tuple[Client, ...]
    elsewhere: bool = False


class ClientsComponent(dg.Component, dg.Model, dg.Resolvable):
    """All clients: each folder beside this file with a `defs.yaml` of an engagement.

    One client whose files are broken stops no other. `CONSULTING_CLIENTS` names those to load,
    where it is set.
    """

    _clients: Clients | None = PrivateAttr(default=None)
    _shard: Shard | None = PrivateAttr(default=None)
    _looks: bool = PrivateAttr(default=False)

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """How `dg list components` describes it."""
        return dg.ComponentTypeSpec(
            description="All clients of the project; a broken one stops no other."
        )

    @classmethod
    def get_code_references_for_yaml(
        cls,
        yaml_path: Path,  # noqa: ARG003 - Dagster's signature
        source_position: Any,  # noqa: ARG003
        context: dg.ComponentLoadContext,  # noqa: ARG003
    ) -> list[dg.LocalFileCodeReference]:
        """None: no client's asset comes from this component's file."""
        return []

    def define(self, shard: Shard | None) -> None:
        """Define the clients of a shard alone; without one, none, for all are only looked at.

        To be said before anything is loaded.
        """
        self._shard, self._looks = shard, shard is None

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of all clients.

        Raises:
            ConfigurationError: While `dg check defs` runs, if any client is broken; names each of
                them with file, line, field, value and what is allowed. If `CONSULTING_CLIENTS`
                names a client that has no folder.
        """
        return self.clients(context).defs

    def clients(self, context: dg.ComponentLoadContext) -> Clients:
        """All clients, loaded once.

        Raises:
            ConfigurationError: As `build_defs`.
        """
        if self._clients is None:
            # what this process and the runs it starts write is the clients', and no other's to read
            keep_private()
            project = Project.of(context)
            if str(project.source) not in sys.path:
                # Dagster looks there while it imports the project, and a child that reads later not
                sys.path.append(str(project.source))
            with _uncollected():
                looks = self._looks or _clients_of_run() == {WATCHES_ALL}
                self._clients = _look(project) if looks else _build(project, context, self._shard)
        return self._clients


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


def _look(project: Project) -> Clients:
    """All clients' configurations, and no definitions: theirs stand in other code locations."""
    try:
        found, _ = load_clients(project, _wanted(project))
    finally:
        end_shared_child()
    return Clients(dg.Definitions(), tuple(each.client for each in found.values()), elsewhere=True)


def _build(
    project: Project, context: dg.ComponentLoadContext, shard: Shard | None = None
) -> Clients:
    """Client by client: the broken ones are shown, and stop no other."""
    try:
        wanted = _wanted(project)
        own = [folder for folder in wanted if shard is None or shard.has(folder.name)]
        found, broken = load_clients(project, own, models=True, beside=set(wanted) - set(own))
        parts: dict[str, dg.Definitions] = {}
        for client_id, (_, component, _) in found.items():
            folder = project.clients / client_id
            try:
                parts[client_id] = component.build_defs(context.for_path(folder))
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are loaded
                broken[client_id] = _explain(folder, error)
    finally:
        end_shared_child()
    if broken and os.environ.get(VALIDATION):
        raise ConfigurationError("\n\n".join(broken.values()))
    for client_id, explanation in broken.items():
        logger.error("%s is not loaded, all other clients are.\n%s", client_id, explanation)
    stand_ins = (_stand_in(*item) for item in broken.items())
    return Clients(
        dg.Definitions.merge(*parts.values(), *stand_ins),
        tuple(found[client_id].client for client_id in parts),
    )


def _wanted(project: Project) -> list[Path]:
    """The folders of the clients to load: the run's, those `CONSULTING_CLIENTS` names, or all."""
    folders = {folder.name: folder for folder in project.client_folders()}
    run = _clients_of_run()
    if run and run <= folders.keys():  # what looks at all clients is none of them
        return [folders[name] for name in sorted(run)]
    names = sorted({name.strip() for name in os.environ.get(ONLY, "").split(",")} - {""})
    for name in names:
        if name not in folders:
            hint = nearest(name, list(folders))
            hint = hint or f" Clients are the folders in {project.clients}."
            raise ConfigurationError(f"{ONLY} names {name!r}, which is no client.{hint}")
    return [folder for name, folder in folders.items() if not names or name in names]


def _clients_of_run() -> set[str]:
    """The clients that the run of this process is for; none where it is for no run."""
    job = os.environ.get(RUN_JOB, "")
    if job.endswith(JOB_SUFFIX):
        return {job.removesuffix(JOB_SUFFIX)}
    # a key that begins otherwise belongs to no client, and may stand for what looks at all
    return {word for word in os.environ.get(RUN_CLIENTS, "").split(",") if word}


def load_client(project: Project, client_id: str) -> LoadedClient:
    """One client, without loading any other.

    Raises:
        ConfigurationError: If its `defs.yaml` is broken; says where.
    """
    folder = project.clients / client_id
    try:
        registry = project.registry()
        read = read_engagement(folder, variables_of(folder), project.engagements_read, registry)
        kind = EngagementComponent
        if read.type_name != COMPONENT:
            kind = _subclass(read.type_name, registry)
        client = client_of(folder, read.config, project)
        # what is asked of all clients together is asked here first: what fails stops its own alone
        read.config.source.told_by()
        read.config.alerts.written()
        place = read.config.source.place(ClientFolder(data_root(), client_id).incoming)
        return LoadedClient(client, kind.of(read.config, client), place)
    except Exception as error:
        raise ConfigurationError(_explain(folder, error)) from error


def _subclass(name: str, registry: tuple[str, ...]) -> type[EngagementComponent]:
    kind = kind_named(name, registry)
    if not (isinstance(kind, type) and issubclass(kind, EngagementComponent)):
        raise ConfigurationError(f"`type: {name}` is no subclass of EngagementComponent.")
    return kind


def load_clients(
    project: Project,
    folders: Iterable[Path],
    *,
    models: bool = False,
    beside: Iterable[Path] = (),
) -> tuple[dict[str, LoadedClient], dict[str, str]]:
    """Clients by their ids, and why each of the others is broken, be it by another's fault.

    Args:
        project: The project.
        folders: The clients' folders.
        models: Whether their dbt models have to be prepared, too.
        beside: The folders of clients that are loaded elsewhere; their places are theirs.
    """
    names = [folder.name for folder in folders]
    others = sorted(folder.name for folder in beside)
    each = _load_apart(project, names, models=models) | _load_apart(project, others)
    found = {name: one for name, one in each.items() if isinstance(one, LoadedClient)}
    broken = {name: str(one) for name, one in each.items() if isinstance(one, Exception)}
    own = {client_id: ClientFolder(data_root(), client_id) for client_id in found}
    places = {client_id: one.place for client_id, one in found.items()}
    data = {client_id: data_places(folder) for client_id, folder in own.items()}
    for each_of in zip(*data.values(), strict=True):
        broken |= overlaps(places, dict(zip(data, each_of, strict=True)))
    return (
        {name: found[name] for name in names if name not in broken},
        {name: broken[name] for name in names if name in broken},
    )


def _load_apart(
    project: Project, client_ids: Sequence[str], *, models: bool = False
) -> dict[str, LoadedClient | ConfigurationError]:
    """Each client, or why it is broken; as many are read at once as there are processors."""

    def load(client_id: str) -> LoadedClient | ConfigurationError:
        try:
            loaded = load_client(project, client_id)
            if models:
                _prepare(loaded.client, project.clients / client_id)
        except ConfigurationError as error:
            return error
        return loaded

    return dict(zip(client_ids, each_apart(load, client_ids), strict=True))


def _prepare(client: Client, folder: Path) -> None:
    try:
        ClientModels(client.project.dbt, client.client_id).prepare()
    except Exception as error:
        raise ConfigurationError(_explain(folder, error)) from error


def _explain(folder: Path, error: Exception) -> str:
    """Say which client is broken, where, and how to mend it.

    Args:
        folder: The client's folder.
        error: What was raised; the first cause in its chain that people can act on is told.
    """
    client_id = folder.name
    cause = next((one for one in chain_of(error) if isinstance(one, ConsultingError)), None)
    if cause is None and blamed(error):
        cause = in_our_words(error, client_id, ErrorLog())
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

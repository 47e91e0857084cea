"""Loading the project so that one client's broken `defs.yaml` never stops another's.

`dg check defs` refuses a project with a broken client and names each of them. A code location that
serves (`dg dev`, production) loads all the others, and shows the broken one as an asset and as a
sensor whose every tick fails with the same explanation.
"""

from __future__ import annotations

import importlib
import logging
import os
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import ValidationError
from yaml import MarkedYAMLError

from consulting.errors import ConfigurationError, ConsultingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger("dagster")

VALIDATION = "DAGSTER_IS_DEFS_VALIDATION_CLI"
"""Dagster sets it to 1 while `dg check defs` runs."""


def load_project(path_within_project: Path) -> dg.Definitions:
    """All definitions below `defs/`.

    Args:
        path_within_project: Any path of the project.

    Raises:
        ConfigurationError: While `dg check defs` runs, if any client is broken; names each of them
            with file, line, field, value and what is allowed.
        Exception: If what all clients share is broken.
    """
    tree = dg.ComponentTree.for_project(path_within_project)
    try:
        # a path is given, for without one Dagster imports every plug-in it finds (seconds)
        defs = tree.build_defs(tree.defs_module_path)
        _refuse_duplicates(defs)
    except Exception:
        parts, broken = _load_each(tree)
        if not broken:
            raise
    else:
        return dg.Definitions.merge(defs, dg.Definitions(component_tree=tree))
    if os.environ.get(VALIDATION):
        raise ConfigurationError("\n\n".join(broken.values()))
    for client_id, explanation in broken.items():
        logger.error("%s is not loaded, all other clients are.\n%s", client_id, explanation)
    return dg.Definitions.merge(*parts, *(_stand_in(*item) for item in broken.items()))


def _load_each(tree: dg.ComponentTree) -> tuple[list[dg.Definitions], dict[str, str]]:
    """The definitions of what loads, and the explanation for each client that does not."""
    parts: list[dg.Definitions] = []
    broken: dict[str, str] = {}
    taken: set[dg.AssetKey] = set()
    for module_name, path in _modules(tree):
        module = importlib.import_module(module_name)
        part_tree = dg.ComponentTree(defs_module=module, project_root=tree.project_root)
        try:
            part = part_tree.build_defs(path)
            keys = {spec.key for spec in part.get_all_asset_specs()}
            _refuse_taken(keys & taken, path)
        except Exception as error:
            if "clients" not in module_name:
                raise
            broken[path.name] = explain(path.name, path, error)
        else:
            taken |= keys
            parts.append(part)
    return parts, broken


def _modules(tree: dg.ComponentTree) -> Iterator[tuple[str, Path]]:
    """The parts that load on their own: each folder of `defs/`, and each client's."""
    for path in _folders(tree.defs_module_path):
        name = f"{tree.defs_module_name}.{path.name}"
        if path.name == "clients":
            for client in _folders(path):
                yield f"{name}.{client.name}", client
        else:
            yield name, path


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


def _refuse_duplicates(defs: dg.Definitions) -> None:
    """Two engagements of one id would overwrite each other's files."""
    seen: set[dg.AssetKey] = set()
    for spec in defs.get_all_asset_specs():
        if spec.key in seen:
            raise ConfigurationError(f"asset {spec.key.to_user_string()} is defined twice.")
        seen.add(spec.key)


def _refuse_taken(keys: set[dg.AssetKey], folder: Path) -> None:
    if keys:
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

"""What the process of a run is told, so that it loads the clients of its run and no others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

RUN_JOB = "DAGSTER_RUN_JOB_NAME"
"""Dagster's launchers of containers set it to the job of the run that the process is for."""
RUN_CLIENTS = "CONSULTING_RUN_CLIENTS"
"""The first word of the key of each asset that a run is for, with commas between them."""
_KUBERNETES, _ECS = "dagster-k8s/config", "ecs/container_overrides"
"""Run tags by which those launchers take variables for one run."""


def variables_of(run: dg.DagsterRun) -> dict[str, str]:
    """What tells the process of a run what to load."""
    checks = {key.asset_key for key in run.asset_check_selection or ()}
    words = {key.path[0] for key in {*(run.asset_selection or ()), *checks}}
    return {RUN_JOB: run.job_name, RUN_CLIENTS: ",".join(sorted(words))}


def tags_for(launcher: object, run: dg.DagsterRun) -> dict[str, str]:
    """The tags that have a launcher of containers tell it, which by itself names the job alone.

    Args:
        launcher: The instance's.
        run: The run; a tag that it has already stays.
    """
    clients = variables_of(run)[RUN_CLIENTS]
    if not clients:
        return {}
    told = [{"name": RUN_CLIENTS, "value": clients}]
    tags = {
        "K8sRunLauncher": (_KUBERNETES, {"container_config": {"env": told}}),
        "EcsRunLauncher": (_ECS, {"environment": told}),
    }
    kinds = (tags[kind.__name__] for kind in type(launcher).__mro__ if kind.__name__ in tags)
    return {tag: json.dumps(value) for tag, value in kinds if tag not in run.tags}

"""The queue: a job's run is queued as it is, without a look at the assets of all clients."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from consulting.resources.run_queue import ClientRunCoordinator

TAGS = {"client_id": "acme_corp", "engagement_type": "recurring"}


@dg.job
def empty() -> None:
    """Of no assets."""


@pytest.mark.parametrize("tags", [TAGS, {**TAGS, "period": "2026-01"}])
def test_a_run_that_has_its_client_s_tags_needs_no_graph(tags: dict[str, str]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        coordinator = ClientRunCoordinator()
        coordinator.register_instance(instance)
        # going on already, so that Dagster itself needs no workspace either
        run = instance.create_run_for_job(empty, tags=tags, status=dg.DagsterRunStatus.STARTED)
        workspace = cast("Any", SimpleNamespace())  # to ask it for its graph would fail
        queued = coordinator.submit_run(dg.SubmitRunContext(run, workspace))
        assert queued.tags.items() >= tags.items()

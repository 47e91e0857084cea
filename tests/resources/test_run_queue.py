"""The queue: a job's run is queued as it is, without a look at the assets of all clients."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from consulting.resources.run_queue import ClientRunCoordinator
from consulting.resources.run_scope import tags_for

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


def run_of(*keys: tuple[str, str], **tags: str) -> dg.DagsterRun:
    selection = frozenset(dg.AssetKey(key) for key in keys)
    return dg.DagsterRun("__ASSET_JOB", asset_selection=selection, tags=tags)


def test_a_container_is_told_whose_assets_a_backfill_s_run_makes() -> None:
    """As Dagster's launchers read it, of the tags of the run."""
    from dagster_aws.ecs import EcsRunLauncher
    from dagster_k8s import K8sRunLauncher
    from dagster_k8s.job import get_user_defined_k8s_config

    run = run_of(("globex", "delivered"), ("acme", "delivered"))
    told = [{"name": "CONSULTING_RUN_CLIENTS", "value": "acme,globex"}]
    kubernetes, ecs = (kind.__new__(kind) for kind in (K8sRunLauncher, EcsRunLauncher))
    tagged = run.with_tags(tags_for(kubernetes, run))
    assert get_user_defined_k8s_config(tagged.tags).container_config == {"env": told}
    tagged = run.with_tags(tags_for(ecs, run))
    assert ecs._get_container_overrides(tagged) == {"environment": told}


def test_no_other_launcher_is_told_by_tags_and_what_a_run_says_itself_stays() -> None:
    from dagster_k8s import K8sRunLauncher

    kubernetes = K8sRunLauncher.__new__(K8sRunLauncher)
    assert tags_for(dg.DefaultRunLauncher(), run_of(("acme", "delivered"))) == {}
    assert tags_for(kubernetes, run_of()) == {}
    said = run_of(("acme", "delivered"), **{"dagster-k8s/config": "{}"})
    assert tags_for(kubernetes, said) == {}

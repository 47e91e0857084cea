"""Kill -9 of the real daemon, code server and run processes: no file is lost, none delivered twice.

One Dagster, three clients: one whose processes die, one whose files lie in S3 and whose run is
terminated, one whose S3 keys are wrong. Many random kills, by hand: tests/long/dagster_kills.py.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType

if TYPE_CHECKING:
    from warm_python import WarmPython


def _load_world() -> Any:
    """The world of `tests/services`, which is no package."""
    name = "services_dagster_world"
    path = Path(__file__).parents[1] / "services" / "dagster_world.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


pytestmark = pytest.mark.slow
WORLD = _load_world()
WRONG_SECRET = "delta-wrong-secret-0815"


class Ended:
    """What is left when all is quiet again."""

    def __init__(self, world: Any, terminated: dg.DagsterRun) -> None:
        self.world = world
        self.terminated = terminated
        self.log = list(world.instance.all_logs(terminated.run_id))

    def failed(self, client_id: str) -> list[dg.DagsterRun]:
        runs = self.world.runs(dg.DagsterRunStatus.FAILURE)
        return [run for run in runs if run.tags["client_id"] == client_id]


@pytest.fixture(scope="module")
def ended(
    tmp_path_factory: pytest.TempPathFactory, s3_server: Any, warm_python: WarmPython
) -> Ended:
    """A day at the consultancy on which everything dies."""
    s3 = s3_server.client()
    s3.create_bucket(Bucket="kills")
    source = {"type": "s3", "bucket": "kills", "endpoint_url": s3_server.endpoint_url}
    world = WORLD.World(
        tmp_path_factory.mktemp("kills") / "world",
        {
            "beta": None,
            "gamma": {**source, "prefix": "gamma", "credentials_prefix": "GAMMA"},
            "delta": {**source, "prefix": "delta", "credentials_prefix": "DELTA"},
        },
        environment={
            "GAMMA_ACCESS_KEY_ID": s3_server.access_key,
            "GAMMA_SECRET_ACCESS_KEY": s3_server.secret_key,
            "DELTA_ACCESS_KEY_ID": s3_server.access_key,
            "DELTA_SECRET_ACCESS_KEY": WRONG_SECRET,
        },
        python=warm_python,
    )
    world.flag("gamma", "long_model")
    world.drop("gamma", "orders_1.csv", s3=s3)
    with world.running():
        world.await_that("gamma's run is in dbt", lambda: not world.flags_up())
        (run,) = world.runs(dg.DagsterRunStatus.STARTED)
        assert world.instance.run_launcher.terminate(run.run_id)
        world.await_that(
            "gamma's run has ended",
            lambda: run.run_id not in {going.run_id for going in world.runs(*WORLD.UNFINISHED)},
        )
        # beta: the code server dies in a tick, and when it has claimed, before a run is launched;
        # then a run that has just landed a file, together with the daemon that watches over it,
        # and one alone whose delivery lies there unrecorded. test_warm_kills.py: all other stages
        world.flag("beta", "ticking", "claimed", "landed_all", "published")
        world.drop("beta", "orders_1.csv")
        world.await_that("every part has died once", lambda: not world.flags_up())
        world.await_that("a run goes on", world.run_processes)
        assert world.kill("daemon")
        world.await_that("all is delivered and quiet", world.is_quiet)
        run = world.instance.get_run_by_id(run.run_id) or run
    return Ended(world, run)


def test_whatever_part_of_dagster_is_killed_every_drop_is_delivered_once_without_a_hand(
    ended: Ended,
) -> None:
    assert ended.world.check() == {
        "drops": 2,
        "deliveries": 2,
        "lost": 0,
        "doubled": 0,
        "strays": 0,
        "left over": 0,
        "rows lost": 0,
    }


def test_a_run_that_died_is_no_failure_of_its_files(ended: Ended) -> None:
    assert len(ended.failed("beta")) >= 2
    (story,) = ended.world.intake("beta").history()
    assert {"failed", "quarantined", "dissolved"}.isdisjoint(e.kind for e in story.events)


def test_a_run_that_died_with_its_daemon_is_found_by_the_next_one(ended: Ended) -> None:
    runs = ended.failed("beta")
    said = [entry.message for run in runs for entry in ended.world.instance.all_logs(run.run_id)]
    assert any("its process is gone" in each for each in said)


def test_a_terminated_run_is_canceled_and_says_what_became_of_its_files(ended: Ended) -> None:
    assert ended.terminated.status is dg.DagsterRunStatus.CANCELED
    failures = [entry.dagster_event for entry in ended.log if entry.dagster_event]
    (failure,) = [event for event in failures if event.is_step_failure]
    assert failure.step_failure_data.error is not None
    said = failure.step_failure_data.error.message
    assert "gamma: the run was interrupted while it worked on batch gamma-00001-" in said
    assert "It delivered nothing, and no file is at fault." in said
    assert "dbt stopped" not in "\n".join(str(entry) for entry in ended.log)


def test_files_of_an_s3_bucket_are_delivered_by_a_sensor_and_its_run(ended: Ended) -> None:
    (run,) = [
        run for run in ended.world.runs(dg.DagsterRunStatus.SUCCESS)
        if run.tags["client_id"] == "gamma"
    ]  # fmt: skip
    assert run.tags["dagster/sensor_name"] == "gamma_files"
    (delivery,) = ended.world.folder("gamma").deliverables.iterdir()
    assert delivery.name == run.tags["consulting/batch"]


def test_wrong_s3_keys_of_one_client_fail_its_own_ticks_with_client_and_fix(ended: Ended) -> None:
    failed, others = [], []
    instance = ended.world.instance
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id)
        errors = [tick.error.to_string() for tick in ticks if tick.error]
        (failed if state.name == "delta_files" else others).extend(errors)
        assert state.name == "delta_files" or any(not tick.error for tick in ticks)
    assert any(
        "consulting.errors.StoreAccessError: delta: s3://kills/delta/: " in each
        and "Check DELTA_ACCESS_KEY_ID and DELTA_SECRET_ACCESS_KEY" in each
        for each in failed
    )
    assert [each for each in others if "delta" in each] == []


def test_no_secret_stands_in_anything_that_dagster_or_the_project_wrote(
    ended: Ended, s3_server: Any
) -> None:
    secrets = [s3_server.secret_key.encode(), WRONG_SECRET.encode()]
    searched = 0
    for folder, _, names in os.walk(ended.world.root):
        for path in (Path(folder, name) for name in names):
            content = path.read_bytes() if path.is_file() else b""
            assert not any(secret in content for secret in secrets), path
            searched += len(content)
    assert searched > 1_000_000

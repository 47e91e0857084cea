"""How Dagster's runs ended, and which of them are only said to be running."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, JobFailureData, RunFailureReason
from dagster._core.test_utils import create_run_for_test

from consulting.components.engagement import runs
from consulting.intake import RunVerdict


@dg.job(tags={"client_id": "acme"})
def acme_cleaning() -> None:
    @dg.op
    def stage() -> None:
        raise dg.Failure

    stage()


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def started(instance: dg.DagsterInstance, client_id: str = "acme") -> str:
    run = create_run_for_test(
        instance,
        job_name="__ASSET_JOB",
        tags={"client_id": client_id},
        status=dg.DagsterRunStatus.NOT_STARTED,
    )
    event = DagsterEvent("PIPELINE_START", job_name="__ASSET_JOB")
    instance.report_dagster_event(event, run_id=run.run_id)
    return run.run_id


def bury(instance: dg.DagsterInstance, *alive: str, seconds: float = 600) -> None:
    later = datetime.now(UTC) + timedelta(seconds=700)
    runs.bury_silent_runs(instance, "acme", alive=lambda: alive, silent_seconds=seconds, now=later)


def test_a_run_with_a_failed_step_failed(instance: dg.DagsterInstance) -> None:
    result = acme_cleaning.execute_in_process(instance=instance, raise_on_error=False)
    assert runs.verdicts(instance)(result.run_id) is RunVerdict.FAILED


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        (RunFailureReason.UNKNOWN, RunVerdict.DIED),
        (RunFailureReason.START_TIMEOUT, RunVerdict.DIED),
        (RunFailureReason.JOB_INITIALIZATION_FAILURE, RunVerdict.DIED),
        (RunFailureReason.UNEXPECTED_TERMINATION, RunVerdict.CANCELED),
    ],
)
def test_a_run_that_ended_without_a_failed_step_says_nothing_of_its_files(
    instance: dg.DagsterInstance, reason: RunFailureReason, verdict: RunVerdict
) -> None:
    run_id = started(instance)
    run = instance.get_run_by_id(run_id)
    assert run
    assert runs.verdict_on(run) is RunVerdict.RUNNING
    instance.report_run_failed(run, "gone", JobFailureData(error=None, failure_reason=reason))
    assert runs.verdicts(instance)(run_id) is verdict


def test_a_canceled_run_was_told_to_stop_and_an_unknown_one_is_unknown(
    instance: dg.DagsterInstance,
) -> None:
    run_id = started(instance)
    run = instance.get_run_by_id(run_id)
    assert run
    instance.report_run_canceled(run)
    assert runs.verdicts(instance)(run_id) is RunVerdict.CANCELED
    assert runs.verdicts(instance)("nobody") is RunVerdict.UNKNOWN
    assert runs.request_verdicts(instance)("acme-00001-1f3a9c77-1") is RunVerdict.UNKNOWN


def test_only_a_silent_run_of_the_client_is_marked_failed(instance: dg.DagsterInstance) -> None:
    silent, alive, other = started(instance), started(instance), started(instance, "globex")
    bury(instance, alive, seconds=800)
    assert runs.verdicts(instance)(silent) is RunVerdict.RUNNING, "it began a moment ago"
    bury(instance, alive)
    verdict_of = runs.verdicts(instance)
    assert verdict_of(silent) is RunVerdict.DIED
    assert verdict_of(alive) is verdict_of(other) is RunVerdict.RUNNING
    said = [entry.message for entry in instance.all_logs(silent)]
    assert any(each.startswith("No sign of life for 600 s") for each in said)

"""What became of a client's runs, as the ledger asks Dagster for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from consulting.intake.records import RunVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

RUN_KEY_TAG = "dagster/run_key"
"""Dagster tags the run of a request with its run key."""

CLIENT_TAG = "client_id"
"""The tag by which one run of a client at a time is let in."""

FAILURE_REASON_TAG = "dagster/failure_reason"
"""Dagster tags a failed run with the reason, where it knows one."""

_ENDED = {
    dg.DagsterRunStatus.SUCCESS: RunVerdict.SUCCEEDED,
    dg.DagsterRunStatus.CANCELED: RunVerdict.CANCELED,
}
_FAILED = {
    "STEP_FAILURE": RunVerdict.FAILED,
    # its process was told to stop, and not by Dagster: a machine that is shut down
    "UNEXPECTED_TERMINATION": RunVerdict.CANCELED,
}


def verdict_on(run: dg.DagsterRun | None) -> RunVerdict:
    """How a run ended; one that failed without a failed step has died."""
    if run is None:
        return RunVerdict.UNKNOWN
    if run.status is dg.DagsterRunStatus.FAILURE:
        return _FAILED.get(run.tags.get(FAILURE_REASON_TAG, ""), RunVerdict.DIED)
    return _ENDED.get(run.status, RunVerdict.RUNNING)


def verdicts(instance: dg.DagsterInstance) -> Callable[[str], RunVerdict]:
    """How a run ended, by its id."""
    return lambda run_id: verdict_on(instance.get_run_by_id(run_id))


def request_verdicts(instance: dg.DagsterInstance) -> Callable[[str], RunVerdict]:
    """How the run ended that a request led to; UNKNOWN if it led to none yet."""

    def verdict_of_request(run_key: str) -> RunVerdict:
        runs = instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: run_key}), limit=1)
        return verdict_on(next(iter(runs), None))

    return verdict_of_request


def bury_silent_runs(
    instance: dg.DagsterInstance,
    client_id: str,
    *,
    alive: Callable[[], Collection[str]],
    silent_seconds: float,
    now: datetime,
) -> None:
    """Mark runs failed whose process is gone, though Dagster counts them as running.

    Where a run's process and the code server that watched over it both die, Dagster learns of
    neither: the run stays STARTED for ever, and no other run of the client is let in. A run that
    works gives the ledger signs of life.

    Args:
        instance: Dagster's.
        client_id: Whose runs; each carries its tag, whoever started it.
        alive: Gives the ids of the runs that gave a sign of life lately.
        silent_seconds: How long a run may run without one.
        now: Our own clock.
    """
    started = instance.get_run_records(
        dg.RunsFilter(tags={CLIENT_TAG: client_id}, statuses=[dg.DagsterRunStatus.STARTED])
    )
    silent = [
        record.dagster_run
        for record in started
        if record.start_time is not None and now.timestamp() - record.start_time > silent_seconds
    ]
    living = alive() if silent else ()
    for run in silent:
        if run.run_id not in living:
            instance.report_run_failed(
                run,
                f"No sign of life for {silent_seconds:.0f} s: the run's process is gone (killed, "
                "out of memory, or its machine was lost). Nothing to do: what it had not "
                "delivered, the next run takes again.",
            )

"""The Celery app of a worker: `celery --app consulting.resources.celery_worker worker`.

Dagster's own app runs a task in the worker's process, where what one client's run has loaded stays
for the next one's. Here each run has a process, as with `ClientRunLauncher`: it is told what its
run is for, loads no other client, and is gone when the run is.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import unpack_value
from dagster_celery.config import DEFAULT_CONFIG, TASK_EXECUTE_JOB_NAME
from dagster_celery.make_app import make_app

from consulting.resources.celery_launcher import ClientCeleryRunLauncher
from consulting.resources.run_launcher import (
    await_end,
    interrupt,
    let_go,
    mark_of,
    start_process,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKER_VARIABLE = "CONSULTING_BROKER_URL"
"""Where broker and results are: a URL of Redis."""

_url = os.environ.get(BROKER_VARIABLE, "redis://localhost:6379/0")
app = make_app({"broker": _url, "backend": _url, "config_source": DEFAULT_CONFIG})


@app.task(name=TASK_EXECUTE_JOB_NAME, track_started=True)  # type: ignore[untyped-decorator]
def execute_job(execute_job_args_packed: Any) -> str:
    """Run one run in a process of its own, and wait for its end.

    Args:
        execute_job_args_packed: What Dagster's launcher sends.
    """
    sent = unpack_value(execute_job_args_packed, as_type=ExecuteRunArgs)
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(sent.run_id)
        if run is None or run.is_finished:
            return f"{sent.run_id} is over"
        ref = instance.get_ref()
        arguments = ExecuteRunArgs(sent.job_origin, run.run_id, ref)
        launcher = instance.run_launcher
        warm = isinstance(launcher, ClientCeleryRunLauncher) and launcher.warm
        process = start_process(run, sys.executable, arguments, instance, warm=warm)
    with _interrupting(mark_of(process.pid)):
        let_go(process)
        ended = await_end(process, run.run_id, ref)
    return f"{run.run_id} {ended}"


@contextmanager
def _interrupting(mark: str) -> Iterator[None]:
    """Whoever tells the task to stop means the run's process."""
    before = signal.signal(signal.SIGTERM, lambda *_: interrupt(mark))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

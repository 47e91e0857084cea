"""Runs on several machines: Celery takes each to a worker, which gives it a process of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from consulting.resources.run_launcher import ClientRunLauncher

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_SECONDS = 2.0
"""How long one question to a worker may take."""


class ClientCeleryRunLauncher(CeleryRunLauncher):  # type: ignore[misc]
    """Dagster's Celery run launcher, which also asks a run's worker whether it is at work on it.

    Celery writes down that a worker began a task, and nobody writes down that the worker was
    killed: by that alone the run would go on for ever.
    """

    def __init__(self, *, patience_seconds: float = 60, warm: bool = False, **given: Any) -> None:
        super().__init__(**given)
        self.warm = warm
        self._patience_seconds = patience_seconds
        self._silent_since: dict[str, float] = {}

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """What `dagster.yaml` may say in `config`: what Dagster's own takes, and two things."""
        said = "How long a worker may leave questions unanswered until its runs count as dead."
        patience = dg.Field(float, default_value=60.0, description=said)
        own = {"patience_seconds": patience, **ClientRunLauncher.config_type()}
        return {**super().config_type(), **own}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> Any:
        """The launcher that `dagster.yaml` describes."""
        return cls(inst_data=inst_data, **config_value)

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run's process, through its worker; it ends its run itself."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            return False
        self._instance.report_run_canceling(run)
        return bool(super().terminate(run_id))

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process is at work, as far as its worker says."""
        task_id = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if task_id is None:  # the daemon died before it could note it
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        result = self.celery.AsyncResult(task_id)
        state, worker = result.state, (result.info or {}) if result.state == "STARTED" else {}
        if state != "STARTED" or "hostname" not in worker:
            return super().check_run_worker_health(run)  # type: ignore[no-any-return]
        return self._asked(run, task_id, worker["hostname"])

    def _asked(self, run: dg.DagsterRun, task_id: str, worker: str) -> CheckRunHealthResult:
        inspect = self.celery.control.inspect(destination=[worker], timeout=ANSWER_SECONDS)
        answer = (inspect.active() or {}).get(worker)
        if answer is not None:
            self._silent_since.pop(run.run_id, None)
            at_work = any(task["id"] == task_id for task in answer)
            if at_work or self.celery.AsyncResult(task_id).state != "STARTED":
                return CheckRunHealthResult(WorkerStatus.RUNNING)
            said = f"worker {worker} was started anew, and knows nothing of it"
            return CheckRunHealthResult(WorkerStatus.FAILED, said)
        since = self._silent_since.setdefault(run.run_id, time.monotonic())
        silent = time.monotonic() - since
        if silent < self._patience_seconds:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        del self._silent_since[run.run_id]
        return CheckRunHealthResult(
            WorkerStatus.FAILED, f"worker {worker} has not answered for {silent:.0f} s"
        )

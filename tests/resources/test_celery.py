"""A run that a Celery worker was given: interrupted, ended badly, or taken from a worker anew."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import dagster as dg
import psutil
import pytest
import yaml
from dagster._core.launcher import WorkerStatus
from patience import await_that

from .test_run_launcher import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("CI") and shutil.which("redis-server") is None,
        reason="needs a Redis server (apt: redis-server)",
    ),
]
LAUNCHER = {
    "module": "consulting.resources.celery_launcher",
    "class": "ClientCeleryRunLauncher",
}


class Celery(Instance):
    """The instance of the other launcher's tests, with a broker and one worker."""

    def __init__(self, root: Path, url: str) -> None:
        super().__init__(root)
        self.environment = {**os.environ, "CONSULTING_BROKER_URL": url, "DAGSTER_HOME": str(root)}
        config = {"broker": url, "backend": url, "patience_seconds": 3, "warm": True}
        settings = {"run_launcher": {**LAUNCHER, "config": config}}
        (root / "dagster.yaml").write_text(yaml.safe_dump(settings))
        self.dagster = dg.DagsterInstance.from_config(str(root))
        self.left: list[psutil.Process] = []
        self.worker = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        app = "consulting.resources.celery_worker"
        words = ["--queues", "dagster", "--concurrency", "1", "--hostname", "w@%h"]
        command = [sys.executable, "-m", "celery", "--app", app, "worker", *words]
        with (self.root / "worker.log").open("ab") as log:
            return subprocess.Popen(command, cwd="/", env=self.environment, stdout=log, stderr=log)

    def lose_worker(self) -> None:
        """Kill the worker alone; the runs it was at work on are others' to end."""
        self.left += psutil.Process(self.worker.pid).children(recursive=True)
        self.worker.kill()
        self.worker.wait()

    def health(self, run: dg.DagsterRun) -> Any:
        return self.dagster.run_launcher.check_run_worker_health(self.run(run))

    def await_(self, run: dg.DagsterRun, *statuses: dg.DagsterRunStatus) -> dg.DagsterRun:
        await_that(lambda: self.run(run).status in statuses, (self.root / "worker.log").read_text)
        return self.run(run)


@pytest.fixture(scope="module")
def celery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Celery]:
    root = tmp_path_factory.mktemp("celery")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    words = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with (root / "redis.log").open("wb") as log:
        redis = subprocess.Popen(["redis-server", *words], stdout=log, cwd=root)
    celery = Celery(root, f"redis://127.0.0.1:{port}/0")
    yield celery
    celery.lose_worker()
    for process in (*celery.left, redis):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    redis.wait()


def test_a_run_that_ends_badly_is_told_by_its_worker(celery: Celery) -> None:
    run = celery.await_(celery.launch("dying"), dg.DagsterRunStatus.FAILURE)
    said = "".join(entry.message for entry in celery.dagster.all_logs(run.run_id))
    assert "ended with code 7 before the run had" in said


def test_a_worker_forks_its_runs_from_one_warm_parent(celery: Celery) -> None:
    def warm() -> set[int]:
        found = set()
        for each in psutil.Process(celery.worker.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "consulting.resources.warm" in each.cmdline():
                    found.add(each.pid)
        return found

    seen = []
    for _ in range(2):
        run = celery.await_(celery.launch("ending"), dg.DagsterRunStatus.SUCCESS)
        assert not [
            e for e in celery.dagster.all_logs(run.run_id) if "No warm process" in e.message
        ]
        # A run that is told as done may still be ending; the worker's one parent stays.
        await_that(lambda: len(warm()) == 1, lambda: f"processes that fork or run: {warm()}")
        seen.append(warm())
    assert seen[0] == seen[1]


def test_a_run_is_told_what_it_is_for_and_interrupted_through_its_worker(celery: Celery) -> None:
    run = celery.await_(celery.launch("lasting"), dg.DagsterRunStatus.STARTED)
    assert celery.health(run).status is WorkerStatus.RUNNING
    assert celery.dagster.run_launcher.terminate(run.run_id)
    celery.await_(run, dg.DagsterRunStatus.CANCELED)
    assert not celery.dagster.run_launcher.terminate(run.run_id), "it is over"


def test_a_worker_that_is_gone_is_asked_for_a_while_and_a_new_one_of_its_name_knows_nothing(
    celery: Celery,
) -> None:
    run = celery.await_(celery.launch("lasting"), dg.DagsterRunStatus.STARTED)
    assert celery.health(run).status is WorkerStatus.RUNNING
    celery.lose_worker()
    assert celery.health(run).status is WorkerStatus.RUNNING, "it may be slow"
    time.sleep(3)
    silent = celery.health(run)
    assert silent.status is WorkerStatus.FAILED
    assert "has not answered for" in silent.msg
    celery.worker = celery.start()
    await_that(
        lambda: "was started anew" in (celery.health(run).msg or ""),
        lambda: str(celery.health(run)),
    )
    assert celery.health(run).status is WorkerStatus.FAILED


def test_a_run_whose_task_was_never_noted_counts_as_running(celery: Celery) -> None:
    run = celery.dagster.create_run_for_job(celery.jobs["ending"])
    assert celery.health(run).status is WorkerStatus.RUNNING
    assert not celery.dagster.run_launcher.terminate(run.run_id)

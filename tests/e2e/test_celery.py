"""`deploy/celery`: workers that share no disk; one is killed whole, and the other delivers.

Redis, PostgreSQL, an S3 server, daemon, code server and workers are real ones. A worker's scratch
folder is a disk of its own: at one path for all, and mounted for that worker alone (as root).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg
import psutil
import pytest
import yaml

from consulting.bucket import Objects, WorkingCopy
from consulting.intake import FeedPattern, Intake, Ledger
from consulting.layout import ClientFolder

from .test_kills import WORLD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from warm_python import WarmPython

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="mount namespaces are Linux's"),
    pytest.mark.skipif(
        not os.environ.get("CI") and shutil.which("redis-server") is None,
        reason="needs a Redis server (apt: redis-server)",
    ),
]
DEPLOYED = WORLD.PROJECT / "deploy/celery"
BUCKET = "machines-of-celery"
OWN_DISK = 'mount --make-rprivate / && mount -t tmpfs tmpfs "$0" && exec "$@"'
CAN_MOUNT = os.geteuid() == 0 and subprocess.call(["unshare", "-m", "true"]) == 0


class Machines(WORLD.World):  # type: ignore[misc]
    """The world of the kills, with workers on machines of their own."""

    def __init__(self, root: Path, server: Any, new_database: Any, **more: Any) -> None:
        self.s3, self.ledger_url = server.client(), new_database()
        self.s3.create_bucket(Bucket=BUCKET)
        (redis,) = WORLD._load_conftest().free_ports(1)
        self.redis_port = redis
        variables = {
            "CONSULTING_DATA": f"s3://{BUCKET}/data",
            "CONSULTING_SCRATCH": str(root / "scratch"),
            "CONSULTING_LEDGER_URL": self.ledger_url,
            "DAGSTER_POSTGRES_URL": new_database().replace("://", "+psycopg2://", 1),
            "CONSULTING_BROKER_URL": f"redis://127.0.0.1:{redis}/0",
            "AWS_ENDPOINT_URL_S3": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        with pytest.MonkeyPatch.context() as patch:  # the instance reads them where it is made
            for name, value in variables.items():
                patch.setenv(name, value)
            super().__init__(root, {"acme": None}, environment=variables, **more)

    def _write_instance(self) -> None:
        settings = yaml.safe_load((DEPLOYED / "dagster.yaml").read_text())
        settings["run_coordinator"]["config"]["dequeue_interval_seconds"] = 1
        settings["run_launcher"]["config"]["patience_seconds"] = 4
        settings["run_monitoring"]["poll_interval_seconds"] = 2
        (self.root / "home/dagster.yaml").write_text(yaml.safe_dump(settings))
        workspace = yaml.safe_load((DEPLOYED / "workspace.yaml").read_text())
        workspace["load_from"][0]["grpc_server"] |= {"port": self._port, "host": "127.0.0.1"}
        (self.root / "workspace.yaml").write_text(yaml.safe_dump(workspace))

    def drop(self, client_id: str, name: str, *, rows: int = 3, s3: Any = None) -> None:
        lines = [f"{name}-{number},{number}" for number in range(rows)]
        self.uploaded[client_id, name] = "\n".join(["id,amount", *lines, ""]).encode()
        key = f"data/{client_id}/incoming/{name}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=self.uploaded[client_id, name])

    @cached_property
    def looked_at(self) -> ClientFolder:
        """What is stored of the client, brought to a machine that never worked for it."""
        folder = ClientFolder(self.root / "looked at", "acme")
        copy = WorkingCopy(folder.path, Objects(self.s3, BUCKET, "data/").of("acme"))
        copy.bring(self.intake("acme").stored_tree())
        return folder

    def folder(self, client_id: str) -> ClientFolder:
        nothing_yet = not hasattr(self, "instance") or not self.uploaded
        return ClientFolder(self.root / "scratch", client_id) if nothing_yet else self.looked_at

    def intake(self, client_id: str) -> Intake:
        return Intake(
            ledger=Ledger.open(self.ledger_url),
            store=None,
            folder=ClientFolder(self.root / "scratch", client_id),
            feeds=[FeedPattern(name="orders", glob="orders*.csv")],
        )

    @contextmanager
    def broker(self) -> Iterator[None]:
        words = ["--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""]
        with (self.root / "redis.log").open("wb") as log:
            redis = subprocess.Popen(["redis-server", *words], stdout=log, cwd=self.root)
        try:
            yield
        finally:
            for name in list(self.workers):
                self.kill_worker(name)
            redis.kill()
            redis.wait()

    def start_worker(self, name: str) -> None:
        """A machine is switched on."""
        python = str(WORLD.PROJECT / ".venv/bin/python")
        words = ["--queues", "dagster", "--concurrency", "1", "--hostname", f"{name}@%h"]
        app = "consulting.resources.celery_worker"
        command = [python, "-m", "celery", "--app", app, "worker", *words]
        scratch = self.root / ("scratch" if CAN_MOUNT else f"scratch {name}")
        scratch.mkdir(exist_ok=True)
        if CAN_MOUNT:
            command = ["unshare", "-m", "sh", "-c", OWN_DISK, str(scratch), *command]
        with (self.root / f"worker {name}.log").open("wb") as log:
            self.workers[name] = subprocess.Popen(
                command,
                cwd=self.root,
                env=self._environment | {"CONSULTING_SCRATCH": str(scratch)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill_worker(self, name: str) -> None:
        """A machine loses its power: all of its processes are gone at once."""
        worker = self.workers.pop(name)
        with suppress(psutil.NoSuchProcess):
            victims = psutil.Process(worker.pid).children(recursive=True)
            for victim in [psutil.Process(worker.pid), *victims]:
                with suppress(psutil.NoSuchProcess):
                    victim.kill()
        worker.wait()


@pytest.fixture(scope="module")
def ended(
    tmp_path_factory: pytest.TempPathFactory,
    s3_server: Any,
    postgres_server: Callable[[], str],
    warm_python: WarmPython,
) -> Machines:
    """A delivers, and dies in its next run; B takes that, with an empty disk, and delivers."""
    machines = Machines(
        tmp_path_factory.mktemp("celery") / "world", s3_server, postgres_server, python=warm_python
    )
    with machines.broker(), machines.running():
        machines.flag("acme", "profiling")
        machines.start_worker("a")
        machines.drop("acme", "orders_1.csv")
        machines.await_that("A's run died, and the next delivered", machines.is_quiet)
        machines.flag("acme", "long_model")
        machines.drop("acme", "orders_2.csv")
        machines.await_that("A's run is in a model", lambda: not machines.flags_up())
        machines.kill_worker("a")
        machines.start_worker("b")
        machines.await_that("B has delivered", machines.is_quiet)
    return machines


def test_whatever_dies_each_file_is_delivered_once_and_all_is_stored(ended: Machines) -> None:
    assert ended.check() == {
        "drops": 2,
        "deliveries": 2,
        "lost": 0,
        "doubled": 0,
        "strays": 0,
        "left over": 0,
        "rows lost": 0,
    }


def test_each_run_that_died_was_failed_for_what_became_of_it(ended: Machines) -> None:
    failed = reversed(ended.runs(dg.DagsterRunStatus.FAILURE))
    said = [
        "".join(entry.message for entry in ended.instance.all_logs(run.run_id)) for run in failed
    ]
    assert [
        next(each for each in ("signal 9", "has not answered for") if each in text) for text in said
    ] == ["signal 9", "has not answered for"]


def test_nothing_but_the_code_servers_machine_has_a_folder_that_all_see(ended: Machines) -> None:
    """Ticks need no client's files."""
    seen = [path.name for path in (ended.root / "scratch").rglob("*") if path.is_file()]
    assert seen == [".bucket"], "which says whose working copies these would be"

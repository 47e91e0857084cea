"""Real Dagster over small clients: daemon, code server and runs, each a process of its own.

A supervisor starts a killed daemon or code server again, as systemd or a container platform does;
nobody else helps. The instance is the project's own `dagster.yaml`, with shorter waits.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import psutil
import yaml
from parsed_once import take_macros
from patience import await_that

from consulting.intake import FeedPattern, Intake, Ledger, State
from consulting.layout import ClientFolder
from consulting.resources.run_launcher import PROCESS_TAG, mark_of
from consulting.sources.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from warm_python import Program, WarmPython

PROJECT = Path(__file__).parents[2]
LOCATION = Path(__file__).with_name("kill_location.py")
RESTART_SECONDS = 0.5
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError)
UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
FEED = """
version: 2
sources:
  - {name: raw, schema: raw, tables: [{name: orders, description: Orders.}]}
models:
  - name: orders
    description: One row per order.
    meta: {dedupe: {key: [order_id]}}
    columns:
      - {name: order_id, description: Its number., meta: {from: id, rule: to_text, required: true},
         data_tests: [unique]}
      - {name: amount, description: Its sum., meta: {from: amount, rule: to_integer}}
"""
MODELS = {
    "staging/stg_orders": "{{ stage(source('raw', 'orders')) }}",
    "intermediate/int_orders": "{{ clean(ref('stg_orders')) }}",
    "intermediate/merged_orders": "{{ merged(ref('stg_orders')) }}",
    "rejects/rejects_orders": "{{ rejects(source('raw', 'orders'), ref('stg_orders')) }}",
    "marts/orders": "{{ deliver(ref('int_orders')) }}",
}


class World:
    """Clients, their files, and the Dagster that works for them.

    Args:
        root: An empty folder.
        clients: Their ids, and the `source` of those whose files do not arrive in a folder.
        lease_seconds: After how long a silent run is given up.
        environment: Variables for daemon, code server and runs.
        python: Starts daemon and code server.
        warm: Whether runs are forked from a warm parent.
    """

    def __init__(  # noqa: PLR0913 - by name only
        self,
        root: Path,
        clients: dict[str, dict[str, str] | None],
        *,
        lease_seconds: float = 12,
        environment: dict[str, str] | None = None,
        python: WarmPython,
        warm: bool = False,
    ) -> None:
        self.root = root
        self.warm = warm
        self.clients = {name: source or {"type": "local"} for name, source in clients.items()}
        self.uploaded: dict[tuple[str, str], bytes] = {}
        self.kills: Counter[str] = Counter()
        self._python = python
        self._processes: dict[str, Program] = {}
        self._stopping = threading.Event()
        for name in ("kill_at", "killed", "home"):
            (root / name).mkdir(parents=True)
        for client_id in clients:
            self.folder(client_id).incoming.mkdir(parents=True)
        self._write_dbt()
        self._port = _load_conftest().free_ports(1)[0]
        self._write_instance()
        self._environment = os.environ | {
            "PYTHONPATH": str(PROJECT / "src"),
            "DAGSTER_HOME": str(root / "home"),
            "CONSULTING_DATA": str(root / "data"),
            "KILLS_ROOT": str(root),
            "KILLS_CLIENTS": json.dumps(self.clients),
            "KILLS_LEASE": str(lease_seconds),
            "PYTHONWARNINGS": "ignore",
            **(environment or {}),
        }
        self.instance = dg.DagsterInstance.from_config(str(root / "home"))

    # --- what a client and an operator do -----------------------------------------------------

    def folder(self, client_id: str) -> ClientFolder:
        """The client's places."""
        return ClientFolder(self.root / "data", client_id)

    def drop(self, client_id: str, name: str, *, rows: int = 3, s3: Any = None) -> None:
        """A client uploads a file no other is like, to its folder or with a client of S3."""
        lines = [f"{name}-{number},{number}" for number in range(rows)]
        content = "\n".join(["id,amount", *lines, ""]).encode()
        if s3 is not None:
            source = self.clients[client_id]
            s3.put_object(Bucket=source["bucket"], Key=f"{source['prefix']}/{name}", Body=content)
        else:
            incoming = self.folder(client_id).incoming
            (incoming / f".{name}.part").write_bytes(content)
            (incoming / f".{name}.part").rename(incoming / name)
        self.uploaded[client_id, name] = content

    def flag(self, client_id: str, *points: str) -> None:
        """Have the processes kill themselves at these points, once each."""
        for point in points:
            (self.root / "kill_at" / f"{client_id}.{point}").touch()

    def flags_up(self) -> list[str]:
        """The points where nobody died yet."""
        return sorted(path.name for path in (self.root / "kill_at").iterdir())

    # --- processes ----------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[None]:
        """Dagster runs, and is started again whenever a part of it dies."""
        supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._start("code server")
        self._start("daemon")
        supervisor.start()
        try:
            yield
        finally:
            self._stopping.set()
            supervisor.join()
            runs = self.run_processes()
            for process in self._processes.values():
                process.kill()
                process.wait()
            for run in runs:
                with suppress(*GONE):
                    run.kill()

    def kill(self, part: str) -> bool:
        """Kill -9 the daemon, the code server, a run's process, or several; False if none runs."""
        victims: list[Any] = []
        if part == "run":
            victims = self.run_processes()[:1]
        elif part == "run and code server":
            victims = [self._processes["code server"], *self.run_processes()]
        elif part == "warm parent":
            victims = self.warm_parents()
        elif part == "everything":
            victims = [*self._processes.values(), *self.run_processes()]
        else:
            victims = [self._processes[part]]
        if not victims:
            return False
        for victim in victims:
            with suppress(*GONE):
                os.kill(victim.pid, signal.SIGKILL)
        self.kills[part] += 1
        return True

    def warm_parents(self) -> list[psutil.Process]:
        """The process that those of the unfinished runs were forked from."""
        return list({parent for run in self.run_processes() if (parent := run.parent())})

    def run_processes(self) -> list[psutil.Process]:
        """The processes of runs, also those whose daemon is gone; their marks tell them."""
        marks = [run.tags.get(PROCESS_TAG) for run in self.runs(*UNFINISHED)]
        found = []
        for mark in filter(None, marks):
            with suppress(*GONE):
                process = psutil.Process(json.loads(mark)["pid"])
                if mark_of(process.pid) == mark:
                    found.append(process)
        return found

    def _start(self, part: str) -> None:
        command = {
            "daemon": ("dagster._daemon", "run", "-w", str(self.root / "workspace.yaml")),
            "code server": (
                "dagster", "api", "grpc", "--python-file", str(LOCATION), "--host", "127.0.0.1",
                "--port", str(self._port), "--location-name", "kills",
            ),
        }[part]  # fmt: skip
        self._processes[part] = self._python.start(
            "python", "-m", *command,
            cwd=self.root, env=self._environment, log=self.root / f"{part}.log",
        )  # fmt: skip

    def _supervise(self) -> None:
        while not self._stopping.wait(RESTART_SECONDS):
            for part in ("code server", "daemon"):
                if self._processes[part].ended():
                    self._start(part)

    # --- what came of it ----------------------------------------------------------------------

    def intake(self, client_id: str) -> Intake:
        """The client's side of the ledger, to look at."""
        folder = self.folder(client_id)
        return Intake(
            ledger=Ledger.open(f"sqlite:///{self.root / 'data' / 'ledger.db'}"),
            store=LocalStore(folder.incoming, client_id=client_id),
            folder=folder,
            feeds=[FeedPattern(name="orders", glob="orders*.csv")],
        )

    def runs(self, *statuses: dg.DagsterRunStatus) -> list[dg.DagsterRun]:
        """Dagster's runs, in any of these states."""
        return list(self.instance.get_runs(dg.RunsFilter(statuses=list(statuses))))

    def await_that(self, what: str, holds: Callable[[], object]) -> None:
        """Wait for something to be true.

        Raises:
            AssertionError: If it does not become so; shows how all stands.
        """
        await_that(holds, lambda: f"not in time: {what}\n{self.standing()}", every=0.25)

    def is_quiet(self) -> bool:
        """Every drop is settled, and Dagster counts no run as going on."""
        return (
            not any(self.pending(client_id) for client_id in self.clients)
            and not self.runs(*UNFINISHED)
            and not self.flags_up()
        )

    def pending(self, client_id: str) -> list[str]:
        """Uploads that are not delivered yet."""
        stories = {s.drop.key: s.state for s in self.intake(client_id).history(limit=100_000)}
        return [
            name
            for owner, name in self.uploaded
            if owner == client_id and stories.get(name) is not State.DELIVERED
        ]

    def standing(self) -> str:
        """How all stands, for a message."""
        lines = [f"flags up: {self.flags_up()}"]
        for client_id in self.clients:
            state = self.intake(client_id).state()
            counts = {name: count for name, count in state.counts.items() if count}
            lines.append(f"{client_id}: {counts} {[b.model_dump() for b in state.batches]}")
        lines += [f"run {run.run_id}: {run.status} {run.tags}" for run in self.runs(*UNFINISHED)]
        return "\n".join(lines)

    def check(self) -> dict[str, int]:
        """Assert the promise, and count.

        Returns:
            drops, deliveries, lost, doubled and left over (half-made folders that nobody sees).
        """
        tally: Counter[str] = Counter(drops=len(self.uploaded))
        for client_id in self.clients:
            intake = self.intake(client_id)
            folder = self.folder(client_id)
            known = {fact.batch_id for fact in intake.deliveries()}
            lying = sorted(folder.deliverables.iterdir()) if folder.deliverables.exists() else []
            visible = [path for path in lying if path.name[0] != "."]
            tally["left over"] += len(lying) - len(visible)
            tally["deliveries"] += len(visible)
            tally["strays"] += len({path.name for path in visible} - known)
            in_effect: Counter[str] = Counter()
            for path in visible:
                manifest = _whole_manifest(path)
                in_effect.update(file["filename"] for file in manifest["raw_files"])
            mine = [name for owner, name in self.uploaded if owner == client_id]
            tally["lost"] += sum(in_effect[name] == 0 for name in mine)
            tally["doubled"] += sum(in_effect[name] > 1 for name in mine)
            tally["lost"] += len(self.pending(client_id))
            tally["rows lost"] += self._rows_lost(client_id)
        return dict(tally)

    def _rows_lost(self, client_id: str) -> int:
        """Rows of the files that stand in no delivered table, or in more than one."""
        import duckdb

        tables = self.folder(client_id).deliverables.glob("[!.]*/*/orders.parquet")
        delivered: Counter[str] = Counter()
        for table in tables:
            query = "SELECT order_id FROM read_parquet(?)"
            delivered.update(row[0] for row in duckdb.execute(query, [str(table)]).fetchall())
        expected = {
            line.split(",")[0]
            for (owner, _), content in self.uploaded.items()
            if owner == client_id
            for line in content.decode().splitlines()[1:]
        }
        return sum(delivered[each] != 1 for each in expected | delivered.keys())

    def _write_dbt(self) -> None:
        whole = PROJECT / "dbt"
        skipped = shutil.ignore_patterns("target", "logs", "clients")
        shutil.copytree(whole, self.root / "dbt", ignore=skipped)
        take_macros(self.root / "dbt")
        for client_id in self.clients:
            models = self.root / "dbt" / "models" / "clients" / client_id
            for name, sql in MODELS.items():
                (models / name).parent.mkdir(parents=True, exist_ok=True)
                (models / f"{name}.sql").write_text(sql + "\n")
            (models / "orders.yml").write_text(FEED)

    def _write_instance(self) -> None:
        settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
        home = str(self.root / "home")
        settings["storage"]["custom"]["config"]["base_dir"] = home
        settings["local_artifact_storage"]["config"]["base_dir"] = home
        settings["compute_logs"]["config"]["base_dir"] = f"{home}/logs"
        settings["run_coordinator"]["config"]["dequeue_interval_seconds"] = 1
        settings["run_launcher"]["config"] = {"warm": self.warm}
        settings["run_monitoring"]["poll_interval_seconds"] = 5
        (self.root / "home" / "dagster.yaml").write_text(yaml.safe_dump(settings))
        server = {"host": "127.0.0.1", "port": self._port, "location_name": "kills"}
        workspace = {"load_from": [{"grpc_server": server}]}
        (self.root / "workspace.yaml").write_text(yaml.safe_dump(workspace))


def _whole_manifest(delivery: Path) -> dict[str, Any]:
    """A delivery's manifest, after every file it names was found whole."""
    manifest: dict[str, Any] = json.loads((delivery / "manifest.json").read_bytes())
    for name, file in manifest["files"].items():
        content = (delivery / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"], (delivery.name, name)
    return manifest


def _load_conftest() -> Any:
    path = PROJECT / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("conftest_of_all", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module

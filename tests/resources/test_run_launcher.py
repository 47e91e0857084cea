"""The launcher starts a process per run that knows its clients, and tells what became of it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import psutil
import pytest
from dagster._core.code_pointer import FileCodePointer
from dagster._core.launcher import LaunchRunContext, WorkerStatus
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from patience import await_that

from consulting.resources import warm
from consulting.resources.run_launcher import PROCESS_TAG, mark_of
from consulting.resources.run_scope import variables_of
from consulting.resources.warm import refuse_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

LAUNCHER = {"module": "consulting.resources.run_launcher", "class": "ClientRunLauncher"}
CODE = """
import json, os, resource, sys, time
import dagster as dg

@dg.op
def work():
    told = os.environ.get("TOLD")
    if told:
        links = {name: f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")}
        open_now = [os.readlink(link) for link in links.values() if os.path.exists(link)]
        with open(told, "a") as file:
            file.write(json.dumps({
                "parent": os.getppid(), "dbt": "dbt.task.run" in sys.modules,
                "memory": resource.getrlimit(resource.RLIMIT_DATA)[0],
                "sockets": [link for link in open_now if link.startswith("socket:")],
            }) + "\\n")
    if os.environ["DAGSTER_RUN_JOB_NAME"] == "dying":
        os._exit(7)
    if os.environ["DAGSTER_RUN_JOB_NAME"] == "lasting":
        time.sleep(300)

@dg.job(executor_def=dg.in_process_executor)
def ending():
    work()

@dg.job(executor_def=dg.in_process_executor)
def dying():
    work()

@dg.job(executor_def=dg.in_process_executor)
def lasting():
    work()

@dg.repository
def everything():
    return [ending, dying, lasting]
"""

SCANNING = r"""
import os, re

CANARY = re.compile(rb"canary-([0-9a-f]{16})")

def found_in_memory():
    found = set()
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            start, end = (int(each, 16) for each in place.split("-"))
            if rights.startswith("rw") and "[vvar" not in line:
                try:
                    memory.seek(start)
                    found |= set(CANARY.findall(memory.read(end - start)))
                except (OSError, ValueError, OverflowError):
                    continue
    return sorted(each.decode() for each in found)

def found_in_files():
    return [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{n}")]
"""
SCANNING_CODE = """
import json, os, time
import dagster as dg
import scanning
from consulting.bounded_child import BoundedChild, Bounds

@dg.op
def work():
    held = open(os.environ["HELD"])
    said = held.read()
    with BoundedChild(forks=True) as child:
        bounds = Bounds(20, 512 * 1024**2)
        of_child = child.call(bounds, list[str], scanning.found_in_memory)
        files_of_child = child.call(bounds, list[str], scanning.found_in_files)
        forked = child._process.__class__.__name__
    told = {
        "memory": scanning.found_in_memory(), "files": scanning.found_in_files(),
        "child": of_child, "files_of_child": files_of_child, "child_is": forked,
        "began_with": open("/proc/self/environ").read(),
    }
    with open(os.environ["TOLD"] + ".part", "w") as file:
        json.dump(told, file)
    os.rename(os.environ["TOLD"] + ".part", os.environ["TOLD"])
    time.sleep(float(os.environ["STAYS"]))
    assert said

@dg.job(executor_def=dg.in_process_executor)
def scan():
    work()

@dg.repository
def everything():
    return [scan]
"""


class Instance:
    """A Dagster instance with the launcher, and a file with three jobs."""

    def __init__(self, root: Path, code: str = CODE, **config: bool) -> None:
        settings = {"run_launcher": LAUNCHER | {"config": config}}
        (root / "dagster.yaml").write_text(json.dumps(settings))
        file = root / "code.py"
        file.write_text(code)
        self.root = root
        self.dagster = dg.DagsterInstance.from_config(str(root))
        self.origin = RepositoryPythonOrigin(
            sys.executable, FileCodePointer(str(file), "everything", str(root))
        )
        names: dict[str, Any] = {}
        exec(compile(code, str(file), "exec"), names)
        self.jobs = names

    def launch(self, job: str) -> dg.DagsterRun:
        """A run, launched as the daemon does it; comes back when it has a process."""
        run = self.dagster.create_run_for_job(
            self.jobs[job], job_code_origin=JobPythonOrigin(job, self.origin)
        )
        self.dagster.run_launcher.launch_run(LaunchRunContext(run, None))
        return self.run(run)

    def run(self, run: dg.DagsterRun) -> dg.DagsterRun:
        """The run as it stands now."""
        found = self.dagster.get_run_by_id(run.run_id)
        assert found is not None
        return found

    def ended(self, run: dg.DagsterRun) -> dg.DagsterRun:
        """The run, when it has ended."""
        await_that(lambda: self.run(run).is_finished, lambda: self.said(run))
        return self.run(run)

    def events(self, run: dg.DagsterRun) -> set[str]:
        """The kinds of events in its log."""
        found = (entry.dagster_event for entry in self.dagster.all_logs(run.run_id))
        return {event.event_type_value for event in found if event}

    def said(self, run: dg.DagsterRun) -> str:
        """Its log."""
        return "\n".join(entry.message for entry in self.dagster.all_logs(run.run_id))


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("instance"))
    yield made
    made.dagster.dispose()


def run_of(**fields: Any) -> dg.DagsterRun:
    return dg.DagsterRun("job", **fields)


def test_a_run_is_told_its_job_and_whose_assets_it_makes() -> None:
    orders, page = dg.AssetKey(["acme", "orders"]), dg.AssetKey(["consultancy", "portfolio"])
    late = dg.AssetCheckKey(dg.AssetKey(["globex", "delivered"]), "on_time")
    asked = run_of(
        asset_selection=frozenset({orders, page}), asset_check_selection=frozenset({late})
    )
    assert variables_of(asked) == {
        "DAGSTER_RUN_JOB_NAME": "job",
        "CONSULTING_RUN_CLIENTS": "acme,consultancy,globex",
    }
    assert variables_of(run_of())["CONSULTING_RUN_CLIENTS"] == ""


def test_a_mark_names_one_living_process_and_no_later_one_of_its_number(
    instance: Instance,
) -> None:
    def health(mark: str) -> WorkerStatus:
        run = run_of(tags={PROCESS_TAG: mark})
        return instance.dagster.run_launcher.check_run_worker_health(run).status

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        mark = mark_of(process.pid)
        assert health(mark) is WorkerStatus.RUNNING
        told = json.loads(mark)
        assert health(json.dumps(told | {"started": "1"})) is WorkerStatus.FAILED
        assert health(json.dumps(told | {"boot": "another"})) is WorkerStatus.FAILED
        assert health(json.dumps(told | {"host": "another"})) is WorkerStatus.RUNNING
        process.kill()
        # a zombie does no work
        await_that(lambda: health(mark) is WorkerStatus.FAILED, lambda: "it counts as alive")
        assert health(mark_of(process.pid)) is WorkerStatus.FAILED
    health_of_others = instance.dagster.run_launcher.check_run_worker_health(run_of())
    assert health_of_others.status is WorkerStatus.RUNNING


def test_a_run_ends_well(instance: Instance) -> None:
    run = instance.ended(instance.launch("ending"))
    assert run.status is dg.DagsterRunStatus.SUCCESS, instance.said(run)


def test_a_process_that_dies_fails_its_run_at_once_and_says_how(instance: Instance) -> None:
    run = instance.ended(instance.launch("dying"))
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert "ended with code 7 before the run had." in instance.said(run)


def test_a_run_that_is_terminated_is_canceled_and_told_nobody_how_it_was_started(
    instance: Instance,
) -> None:
    run = instance.launch("lasting")
    process = psutil.Process(json.loads(run.tags[PROCESS_TAG])["pid"])
    # what the instance is made of may hold a password, and everybody may read a command line
    module, line, kind = process.cmdline()[-3:]
    assert (module, kind) == ("consulting.resources.warm", "execute_run")
    assert line.isdecimal()
    await_that(lambda: "STEP_START" in instance.events(run), lambda: instance.said(run))
    assert instance.dagster.run_launcher.terminate(run.run_id)
    assert instance.ended(run).status is dg.DagsterRunStatus.CANCELED


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="runs are forked on Linux alone")
def test_warm_runs_are_forked_from_one_parent_and_share_nothing_that_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    monkeypatch.setenv("TOLD", str(told))
    instance = Instance(tmp_path, warm=True)
    lasting = instance.launch("lasting")
    ran = [instance.ended(instance.launch(job)) for job in ("ending", "dying")]
    assert [run.status.value for run in ran] == ["SUCCESS", "FAILURE"], instance.said(ran[0])
    assert "ended with code 7 before the run had." in instance.said(ran[1])
    processes = [json.loads(line) for line in told.read_text().splitlines()]
    assert len(processes) == 3
    (parent,) = {process["parent"] for process in processes}
    assert all(process["dbt"] for process in processes), "they had it before they began"
    # what DuckDB may use, 2 GB, and 6 GiB beside it
    assert {process["memory"] for process in processes} == {2_000_000_000 + 6 * 1024**3}
    sockets = [link for process in processes for link in process["sockets"]]
    assert sockets, "each has what tells of its end"
    assert len(sockets) == len(set(sockets)), "and nothing of another run"
    psutil.Process(parent).kill()
    again = instance.ended(instance.launch("ending"))
    assert again.status is dg.DagsterRunStatus.SUCCESS, instance.said(again)
    assert not instance.run(lasting).is_finished, "a run outlives the process it was forked from"
    psutil.Process(json.loads(lasting.tags[PROCESS_TAG])["pid"]).kill()
    assert instance.ended(lasting).status is dg.DagsterRunStatus.FAILURE
    instance.dagster.dispose()


@pytest.mark.skipif(sys.platform != "linux", reason="runs are forked on Linux alone")
@pytest.mark.parametrize("warm_parent", [True, False])
def test_a_run_sees_no_variable_no_memory_and_no_file_of_another_nor_its_child_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, warm_parent: bool
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "scanning.py").write_text(SCANNING)
    monkeypatch.setenv("PYTHONPATH", f"{library}:{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.syspath_prepend(library)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "3")
    monkeypatch.setattr(warm, "_parents", {})  # one that finds the module there
    instance = Instance(tmp_path, SCANNING_CODE, warm=warm_parent)
    told, of_variable, of_file = {}, {}, {}
    runs = []
    for name in ("acme", "globex"):
        of_variable[name], of_file[name] = secrets.token_hex(8), secrets.token_hex(8)
        held = tmp_path / f"held_by_{name}"
        held.write_text(f"canary-{of_file[name]}")
        # what the daemon knows as it starts the one run is gone as it starts the other
        monkeypatch.setenv("RUN_SECRET", f"canary-{of_variable[name]}")
        monkeypatch.setenv("HELD", str(held))
        monkeypatch.setenv("TOLD", str(tmp_path / name))
        monkeypatch.setenv("STAYS", "600" if name == "acme" else "0")
        runs.append(instance.launch("scan"))
        told_by = tmp_path / name
        await_that(
            lambda run=runs[-1], told_by=told_by: told_by.exists() or instance.run(run).is_failure,
            lambda run=runs[-1]: instance.said(run),
        )
        assert told_by.exists(), instance.said(runs[-1])
        told[name] = json.loads((tmp_path / name).read_text())
    assert instance.ended(runs[1]).status is dg.DagsterRunStatus.SUCCESS, instance.said(runs[1])
    assert not instance.run(runs[0]).is_finished, "the other run goes on all the while"
    for name, found in told.items():
        # its own are found, so that another's would be
        assert set(found["memory"]) == {of_variable[name], of_file[name]}
        assert found["child_is"] == "_Fork"
        assert found["child"] == []
        assert "canary" not in found["began_with"]
        assert "MALLOC_ARENA_MAX=3" in found["began_with"].split("\0")
        other = "globex" if name == "acme" else "acme"
        assert [f for f in found["files"] if f"held_by_{name}" in f]
        assert not [f for f in found["files"] if f"held_by_{other}" in f]
        assert not [f for f in found["files_of_child"] if "held_by" in f]
    assert instance.dagster.run_launcher.terminate(runs[0].run_id)
    instance.ended(runs[0])
    instance.dagster.dispose()


def test_nothing_is_forked_beside_a_thread() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="An import started threads, so no run is forked"):
            refuse_threads()
    finally:
        stop.set()
        thread.join()


LARGE_PAGES = """
import re
from consulting.resources.warm import use_large_pages

def held_in_large_pages():
    with open("/proc/self/smaps_rollup") as rollup:
        return int(re.search(r"AnonHugePages: *(\\d+)", rollup.read())[1])

held = [bytes([number % 251]) * 5000 for number in range(8000)]
before = held_in_large_pages()
use_large_pages()
assert held == [bytes([number % 251]) * 5000 for number in range(8000)]
print(held_in_large_pages() - before)
"""


def test_memory_is_put_into_large_pages_and_holds_what_it_held() -> None:
    command = [sys.executable, "-c", LARGE_PAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    large = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    release = tuple(map(int, os.uname().release.split(".")[:2]))
    if release >= (6, 1) and large.exists() and "[never]" not in large.read_text():
        assert int(done.stdout) > 10_000, done.stdout

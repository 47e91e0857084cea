"""The run launcher: a process for each run, which loads the run's own clients and no others."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

# What Dagster's launchers of containers are made of; it has no public name (a test holds it).
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs

from consulting.bounded_memory import bytes_of_a_run
from consulting.errors import ConfigurationError
from consulting.resources.run_scope import variables_of
from consulting.resources.warm import EXECUTE_RUN, Forked, forked, start_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self, TypeAlias

    from dagster._core.launcher import LaunchRunContext
    from dagster._serdes import ConfigurableClassData

    RunProcess: TypeAlias = subprocess.Popen[bytes] | Forked

PROCESS_TAG = "consulting/process"
"""The run tag that names its process: host, boot, number, and when it was started."""
_ARGUMENTS = "DAGSTER_EXECUTE_RUN_ARGS"


class ClientRunLauncher(dg.DefaultRunLauncher):
    """Starts each run in a process of its own on this machine, where the daemon runs.

    Dagster's own launcher lets the code server start it, and that process loads all clients again.
    This one tells the process what its run is for, as the launchers of containers do. A code
    location whose Python is not on this machine runs as before, in its code server.
    """

    def __init__(
        self, inst_data: ConfigurableClassData | None = None, *, warm: bool = False
    ) -> None:
        super().__init__(inst_data)
        self._warm = warm

    @classmethod
    def config_type(cls) -> dict[str, dg.Field]:
        """What `dagster.yaml` may say in `config`."""
        said = "Fork each run from a process that has imported all it needs; on Linux alone."
        return {"warm": dg.Field(bool, default_value=False, description=said)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> Self:
        """The launcher that `dagster.yaml` describes."""
        return cls(inst_data, **config_value)

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster's run monitoring asks whether a run's process lives."""
        return True

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run's process, and a thread that waits for its end."""
        run = context.dagster_run
        origin = run.job_code_origin
        if origin is None or not Path(origin.executable_path).is_file():
            super().launch_run(context)
            return
        self._run_ids.add(run.run_id)
        arguments = ExecuteRunArgs(origin, run.run_id, self._instance.get_ref())
        process = start_process(
            run, origin.executable_path, arguments, self._instance, warm=self._warm
        )
        self._instance.add_run_tags(run.run_id, {PROCESS_TAG: mark_of(process.pid)})
        let_go(process)
        waited = (process, run.run_id, self._instance.get_ref())
        threading.Thread(target=await_end, args=waited, daemon=True).start()

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process lives; of a run that was started otherwise, nothing is known.

        Run monitoring asks it; where the daemon goes on, it knew before.
        """
        mark = run.tags.get(PROCESS_TAG)
        if mark is None or not _is_here(mark) or _lives(mark):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process is gone: {mark}")

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run's process; it ends its run itself."""
        run = self._instance.get_run_by_id(run_id)
        mark = run.tags.get(PROCESS_TAG) if run else None
        if run is None or run.is_finished or mark is None:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        self._instance.report_run_canceling(run)
        if not _is_here(mark):
            said = f"Its process can not be interrupted from {os.uname().nodename}: {mark}"
            self._instance.report_engine_event(said, run, cls=type(self))
            return False
        if not interrupt(mark):
            self._instance.report_run_canceled(run, f"Its process is gone: {mark}")
        return True


def _bound(pid: int) -> None:
    """Let a run's process end before it takes the memory of all others, where the kernel can."""
    if sys.platform == "linux":
        # that it has ended, or that the project's limit is none, the run itself tells
        with contextlib.suppress(ProcessLookupError, ConfigurationError):
            most, kind = bytes_of_a_run(), resource.RLIMIT_DATA
            # its own children are given other limits, so the hard one stays
            resource.prlimit(pid, kind, (most, resource.getrlimit(kind)[1]))


def start_process(
    run: dg.DagsterRun,
    executable: str,
    arguments: ExecuteRunArgs,
    instance: dg.DagsterInstance,
    *,
    warm: bool,
) -> RunProcess:
    """Start the process of a run, which loads the clients of its run and no others.

    Args:
        run: The run.
        executable: Its Python.
        arguments: What Dagster's command that executes a run takes.
        instance: Is told, where it is not forked though it should be.
        warm: Whether it is forked from this process's warm parent; it then waits for `let_go`.
    """
    variables = _environment(run, arguments)
    process: RunProcess | None = None
    if warm:
        try:
            process = forked(executable, variables)
        except OSError as error:
            said = f"No warm process for this run, it starts a new one: {error}"
            instance.report_engine_event(said, run, cls=ClientRunLauncher)
    process = process or _new_process(executable, variables)
    _bound(process.pid)
    return process


def let_go(process: RunProcess) -> None:
    """Let a run's process begin, if it waits for that."""
    if isinstance(process, Forked):
        process.go()


def interrupt(mark: str) -> bool:
    """Tell a process of this machine to end; whether it still lives.

    Args:
        mark: As `mark_of` gives it.
    """
    if _lives(mark):
        os.kill(json.loads(mark)["pid"], signal.SIGTERM)
        return True
    return False


def _new_process(executable: str, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    if sys.platform == "linux" and executable == sys.executable:
        return start_run(executable, variables)
    return subprocess.Popen(  # noqa: S603 - the location's own Python, as Dagster names it
        [executable, "-m", *EXECUTE_RUN], env=variables, stdin=subprocess.DEVNULL
    )


def _environment(run: dg.DagsterRun, arguments: ExecuteRunArgs) -> dict[str, str]:
    # not on the command line, which everybody on the machine may read
    said = {_ARGUMENTS: arguments.get_command_args()[-1]}
    return {**os.environ, **variables_of(run), **said}


def await_end(process: RunProcess, run_id: str, ref: dg.InstanceRef) -> str:
    """When a run's process has ended and the run has not, say so; gives back how it ended."""
    code = process.wait()
    ended = "is gone" if code is None else f"ended with code {code}"
    ended = f"was ended by signal {-code}" if code is not None and code < 0 else ended
    with dg.DagsterInstance.from_ref(ref) as instance:
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return ended
        said = f"The run's process ({process.pid}) {ended} before the run had."
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, said)
        else:
            instance.report_run_failed(run, said)
    return ended


def mark_of(pid: int) -> str:
    """Names a living process so that no later one with its number is taken for it."""
    return json.dumps({**_here(), "pid": pid, "started": _started(pid)})


def _started(pid: int) -> str | None:
    """When a process was started, in a form that no clock changes; None if it is gone."""
    if not Path("/proc/self/stat").exists():
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        return said.stdout.strip() or None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # after the name, which may hold anything: the state first, the start 19 fields later
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


@cache
def _here() -> dict[str, str]:
    boot = Path("/proc/sys/kernel/random/boot_id")
    booted = boot.read_text(encoding="ascii").strip() if boot.exists() else ""
    return {"host": os.uname().nodename, "boot": booted}


def _is_here(mark: str) -> bool:
    """Whether a process is one that this machine can be asked for."""
    return bool(json.loads(mark)["host"] == _here()["host"])


def _lives(mark: str) -> bool:
    named = json.loads(mark)
    return named["started"] is not None and mark_of(named["pid"]) == mark

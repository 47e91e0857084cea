"""The process of a run: it imports all that a run needs before it knows anything of one.

By then it has no thread, no variable and no open file that the child may not have in which the run
will read strangers' files. So it forks that child then, which saves it the start of another
interpreter; then it gets the variables of the run, and becomes `python -m dagster api execute_run`.

A warm parent of runs is such a process that forks itself for each run. Nothing is shared between
clients: the parent loads no project of ours and no client, keeps no file open and starts no thread
(it ends itself where an import does), has none of the daemon's variables but those that Python
needs, and of each run it only learns when it ends. What a run's process does after the fork is its
own.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import re
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consulting.bounded_child import inherited, keep_spare, no_garbage
from consulting.chain.apart import have_libraries
from consulting.chain.delivered import installed
from consulting.chain.fingerprints import code_fingerprints
from consulting.cleaning.library import library_files
from consulting.cleaning.meaning import meaning_of
from consulting.cleaning.rehearsal import rehearse_dbt
from consulting.delivery.pages import load_templates
from consulting.intake.reading.encodings import guess_encoding
from consulting.privacy.content import rehearse_phones
from consulting.privacy.labels import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

EXECUTE_RUN = ("dagster", "api", "execute_run")
"""What the process of a run is: a module and its arguments."""
IMPORTED = (
    "alembic.command",
    "babel.dates",
    "dagster._cli",
    "dagster._core.executor.in_process",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.root",
    "dagster._core.storage.sqlite_storage",
    "dagster.components",
    "dbt.adapters.duckdb.environments.local",
    "dbt.cli.main",
    "dbt.parser.manifest",
    "dbt.task.run",
    "dbt.task.test",
    "dbt_common.clients.agate_helper",
    "multiprocessing.dummy",
    "pyarrow.csv",
    "python_calamine",
    "tomlkit",
    "upath.implementations.local",
)
"""What a run imports of others; what this package imports comes with its own modules."""
_PACKAGE = Path(__file__).parents[1]
_NOT_OURS = ("cli", "definitions", "defs", "demo", "migrations", "templates", "testing")
"""Of the package: what no run needs, and the first project, which loads clients."""
_OF_WORKERS = (
    f"{_PACKAGE.name}.resources.celery_launcher",
    f"{_PACKAGE.name}.resources.celery_worker",
)
"""Of the package: what starts runs, and is none."""
_PARENT, _RUN = "fork_runs", EXECUTE_RUN[-1]
"""What a process of this module is for."""
_READ_AT_START = frozenset(
    {"VIRTUAL_ENV", "LD_PRELOAD", "MALLOC_ARENA_MAX", "MALLOC_CONF", "OMP_NUM_THREADS"}
)
"""Variables that are read once, before a process knows of a run or as its libraries are loaded."""
_FORK = b"+"
_SIZE = 8
"""Bytes that hold the length of what follows."""
_PATIENCE = 300
"""Seconds until the parent is given up; the first fork waits for its imports."""
_FORKS_WELL = {"jemalloc_bg_thd"}
"""The thread that pyarrow's jemalloc starts; jemalloc looks after its locks and it at a fork."""
_OWN_MEMORY = re.compile(r"^(\w+)-(\w+) rw-p \w+ \S+ 0 *(?:\[heap\])?$", re.MULTILINE)
"""In /proc/self/maps: from where to where, of what lies in no file and is no stack."""
_GARBAGE = 300_000
"""Objects that a run makes before it looks for garbage among them: twice what one of small files
makes, which would spend a thirtieth of its time on it at Python's 700."""
_LARGE_PAGE = 2 * 1024**2
_COLLAPSE = 25  # MADV_COLLAPSE of Linux 6.1


class Forked:
    """The process of a run, which waits until it is let go.

    Attributes:
        pid: Its number.
    """

    def __init__(self, told: socket.socket, variables: Mapping[str, str]) -> None:
        self._told = told
        self._variables = variables
        told.settimeout(_PATIENCE)
        said = told.recv(16)
        told.settimeout(None)
        if not said:
            raise ConnectionError("The warm parent of runs is gone.")
        self.pid = int(said)

    def go(self) -> None:
        """Let it begin, with its variables; without, it ends with this process."""
        _send_order(self._told, self._variables)

    def wait(self) -> int | None:
        """How it ended, when it has: exit code, or signal below 0; None if nobody knows."""
        with self._told:
            said = self._told.recv(16)
        return int(said) if said else None


class WarmParent:
    """The process that forks; it ends with this one.

    Args:
        executable: Its Python.
    """

    def __init__(self, executable: str) -> None:
        self._line, _ = _start(executable, _PARENT)
        self._lock = threading.Lock()

    def fork(self, variables: Mapping[str, str]) -> Forked:
        """The process of a run.

        Args:
            variables: All of its environment.

        Raises:
            OSError: If the parent is gone.
        """
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            socket.send_fds(self._line, [_FORK], [theirs.fileno()])
        return Forked(ours, variables)


def start_run(executable: str, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the process of a run, which forks nothing but the child of the run.

    Args:
        executable: Its Python, which has this package.
        variables: All of its environment.
    """
    line, process = _start(executable, _RUN)
    with line, contextlib.suppress(OSError):  # that it is gone is told by its end
        _send_order(line, variables)
    return process


def _start(executable: str, kind: str) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - the location's own Python
            [executable, "-m", __name__, str(theirs.fileno()), kind],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=_bare_environment(),
        )
    return ours, process


def _send_order(line: socket.socket, variables: Mapping[str, str]) -> None:
    order = json.dumps(dict(variables)).encode()
    line.sendall(len(order).to_bytes(_SIZE, "big") + order)


def _bare_environment() -> dict[str, str]:
    """What is read as a process starts, of this one's variables, which hold every client's secrets.

    Python's own, and those of loader, allocator and threads.
    """
    read = {k: v for k, v in os.environ.items() if k.startswith("PYTHON") or k in _READ_AT_START}
    # a library of numbers would start a thread for each processor
    return {**inherited(), **read, "OPENBLAS_NUM_THREADS": "1"}


_parents: dict[str, WarmParent] = {}
_starting = threading.Lock()


def forked(executable: str, variables: Mapping[str, str]) -> Forked:
    """The process of a run, forked from this process's warm parent; one is started if need be.

    Args:
        executable: The Python of the run.
        variables: All of its environment.

    Raises:
        OSError: If no parent can be started or it does not fork.
    """
    if sys.platform != "linux":
        raise OSError(f"runs are forked on Linux, not on {sys.platform}")
    with _starting:
        known = executable in _parents
        parent = _parents[executable] if known else WarmParent(executable)
        _parents[executable] = parent
    try:
        return parent.fork(variables)
    except OSError:
        with _starting:
            _parents.pop(executable, None)
        if not known:
            raise
    return forked(executable, variables)  # it was killed; a new one may do


@no_garbage()
def import_all() -> None:
    """Import what a run imports, and work out what is the same in all."""
    for name in IMPORTED:
        importlib.import_module(name)
    for found in pkgutil.walk_packages([str(_PACKAGE)], f"{_PACKAGE.name}."):
        if found.name.split(".")[1] not in _NOT_OURS and found.name not in _OF_WORKERS:
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as error:  # an extra may not be installed
                if str(error.name).startswith(_PACKAGE.name):
                    raise
    # what every run works out anew of the packages alone
    code_fingerprints()
    for title in ("Ada Lovelace", "Order total", "zebrafish"):
        judge(title)
    have_libraries()


@no_garbage()
def work_out() -> None:
    """Work out what every run works out on its way; this takes more than one run saves by it."""
    load_templates()
    installed()
    rehearse_dbt()
    for name, text in library_files().items():
        meaning_of(Path(name), text.encode())
    guess_encoding("Café Zoë".encode("cp1252"))
    rehearse_phones()


def refuse_threads() -> None:
    """Make sure that no thread is at work, be it Python's or a library's.

    Raises:
        RuntimeError: If one is: the locks it holds at a fork would be held for ever in the child.
    """
    tasks = (task for task in Path("/proc/self/task").iterdir() if task.name != str(os.getpid()))
    names = {(task / "comm").read_text(encoding="utf-8").strip() for task in tasks}
    if names - _FORKS_WELL:
        raise RuntimeError(f"An import started threads, so no run is forked: {sorted(names)}.")


def use_large_pages() -> None:
    """Have this process's memory put into large pages: a fork copies an entry for each page.

    An older kernel does not; each fork then costs three times as much.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    for start, end in _OWN_MEMORY.findall(maps):
        first = -(-int(start, 16) // _LARGE_PAGE) * _LARGE_PAGE
        size = int(end, 16) // _LARGE_PAGE * _LARGE_PAGE - first
        if size > 0:
            madvise(first, size, _COLLAPSE)


class _Children:
    """The runs' processes, and whom to tell of their ends."""

    def __init__(self) -> None:
        self._told: dict[int, int] = {}

    def add(self, pid: int, told: int) -> None:
        self._told[pid] = told
        os.write(told, str(pid).encode())

    def let_go(self) -> None:
        """In a fork: the others are none of its business."""
        for told in self._told.values():
            os.close(told)

    def bury(self, _signal: int, _frame: Any) -> None:
        """Tell how those ended that have."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                told = self._told.pop(ended[0], None)
                if told is not None:
                    with contextlib.suppress(OSError):  # the daemon is gone
                        os.write(told, str(os.waitstatus_to_exitcode(ended[1])).encode())
                    os.close(told)


def serve(line: socket.socket) -> bool:
    """Fork for each order until the daemon hangs up.

    Returns:
        True in the fork, which has become the run's process but for what it runs.
    """
    children = _Children()
    signal.signal(signal.SIGCHLD, children.bury)
    while True:
        asked, fds, _, _ = socket.recv_fds(line, len(_FORK), 1)
        if not asked:
            return False
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            line.close()
            children.let_go()
            keep_spare(fds[0])
            take_variables(fds[0])
            return True
        children.add(pid, fds[0])


def take_variables(told: int) -> None:
    """Wait for the run's variables, and have no others."""
    variables = _await_order(told)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()


def _await_order(told: int) -> dict[str, str]:
    """The run's variables; the daemon has noted the process by then.

    If the daemon is gone, so is this process. What tells of the end is open until then: the kernel
    closes it.
    """
    order = _read(told, int.from_bytes(_read(told, _SIZE), "big"))
    variables: dict[str, str] = json.loads(order)
    return variables


def _read(told: int, count: int) -> bytes:
    read = b""
    while len(read) < count:
        some = os.read(told, count - len(read))
        if not some:
            os._exit(0)
        read += some
    return read


class _Leave:
    """Ends this process when all else is done that is to be done at its end.

    An interpreter that goes takes all it has imported apart, object by object, and a fork would
    copy the memory for it.
    """

    def __init__(self) -> None:
        self.code = 1
        # what is registered first is called last
        atexit.register(self._leave)

    def _leave(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(self.code)


def main(descriptor: int, kind: str) -> None:
    """Be the parent, and in each fork the run; or the run alone."""
    leave = _Leave()
    # a keyboard's interrupt is for the runs, which take it up themselves, and the daemon
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_all()
    if kind == _PARENT:
        work_out()
        refuse_threads()
    gc.freeze()  # a fork that collected this would copy all memory
    gc.set_threshold(_GARBAGE)
    if kind == _PARENT:
        use_large_pages()
    if kind == _RUN:
        with contextlib.suppress(RuntimeError):  # then its child is a new interpreter
            refuse_threads()
            keep_spare(descriptor)
        take_variables(descriptor)
    if kind == _RUN or serve(socket.socket(fileno=descriptor)):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv[:] = EXECUTE_RUN
        try:
            runpy.run_module(EXECUTE_RUN[0], run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            leave.code = ended.code if isinstance(ended.code, int) else ended.code is not None
            raise
    leave.code = 0


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

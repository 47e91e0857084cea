"""A Python that has imported Dagster and dbt, and forks itself for each program a test starts.

Their import costs each process three processor seconds. What is tested may be imported before the
fork, too; a program of a project with other code of `consulting` imports that anew. The fork has
the program's arguments, variables, folder, module search path and output, and ends as an
interpreter does.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import platform
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import child_nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

IMPORTED = (
    "alembic.config",
    "babel",
    "boto3",
    "dagster",
    "dagster._cli.definitions",
    "dagster._core.workspace.load_target",
    "dagster.components",
    "dagster_dbt",
    "dagster_dg_cli.cli",
    "dagster_dg_cli.cli.check",
    "dagster_dg_cli.cli.list",
    "dagster_dg_cli.cli.scaffold",
    "dagster_dg_core.check",
    "dbt.adapters.duckdb",
    "dbt.cli.main",
    "phonenumbers",
    "rich.markdown",
    "ruamel.yaml",
    "sqlglot",
    "stdnum",
    "structlog",
    "xlsxwriter",
)
"""None of them starts a thread: a fork has only the one that forks."""
LONGEST_SECONDS = 300
"""A program that takes longer hangs, and fails its test."""
_CLONE, _CLONE_PARENT = 56, 0x8000  # of Linux on x86_64
_HIGH = 512
"""Above the numbers of open files that a program passes on."""
CHILDREN = 2
"""One reads what files hold, the other what models do."""


class Program:
    """A program that runs in a fork.

    Attributes:
        pid: Its process.
    """

    def __init__(self, status: socket.socket, output: tuple[IO[str], IO[str]]) -> None:
        self._told = status.makefile("r")
        self._output = output
        status.close()
        self.pid = int(self._told.readline())

    def ended(self) -> bool:
        """Whether it is gone."""
        return bool(select.select([self._told], [], [], 0)[0])

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, seconds: float = LONGEST_SECONDS) -> subprocess.CompletedProcess[str]:
        """Its exit code (a signal's number below 0) and what it said, when it has ended.

        Raises:
            TimeoutExpired: After these seconds, with what it said; it is killed then.
        """
        with self._told, self._output[0] as stdout, self._output[1] as stderr:
            hangs = not select.select([self._told], [], [], seconds)[0]
            if hangs:
                self.kill()
            code = os.waitstatus_to_exitcode(int(self._told.readline()))
            stdout.seek(0)
            stderr.seek(0)
            said = stdout.read(), stderr.read()
        if hangs:
            raise subprocess.TimeoutExpired(f"process {self.pid}", seconds, *said)
        return subprocess.CompletedProcess([], code, *said)


def open_output(log: Path | None) -> IO[str]:
    """A file for what a program says; `Program.wait` closes it."""
    if log is not None:
        return log.open("a+", encoding="utf-8")
    return tempfile.TemporaryFile("w+", encoding="utf-8")


ADDRESS = "WARM_PYTHON"
"""The variable that tells the processes of the tests where the one is that they share."""


def opened() -> contextlib.AbstractContextManager[str]:
    """One that has this project's own code, too, for several processes, at this address."""
    return child_nursery.opened(__file__, "warm_library")


class WarmPython:
    """The process that forks; it ends with this one, or when it is closed.

    Args:
        python: The interpreter; its environment's packages are imported.
        more: Modules that are imported besides, where each program has them from there.
        address: Where one is that others opened, in place of one of its own.
    """

    def __init__(
        self, python: Path | str = sys.executable, *more: str, address: str | None = None
    ) -> None:
        self._own = contextlib.ExitStack()
        if address is None:
            opened = child_nursery.opened(__file__, *more, python=python)
            address = self._own.enter_context(opened)
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(address)

    def start(
        self, *command: str, cwd: Path, env: dict[str, str], log: Path | None = None
    ) -> Program:
        """Start `python …` or a program of the virtual environment that is written in Python.

        Args:
            command: The program and its arguments.
            cwd: Where it runs.
            env: All of its variables.
            log: The file that gets what it says, rather than whoever waits for it.
        """
        output = open_output(log), open_output(log)
        ours, theirs = socket.socketpair()
        with theirs:
            nursery = os.environ.get(child_nursery.ADDRESS, "")
            variables = {child_nursery.ADDRESS: nursery, **env}
            order = json.dumps({"command": command, "cwd": str(cwd), "env": variables}).encode()
            self._line.sendall(len(order).to_bytes(8, "big"))
            passed = [theirs.fileno(), *(file.fileno() for file in output)]
            socket.send_fds(self._line, [b"+"], passed)
            self._line.sendall(order)
        return Program(ours, output)

    def close(self) -> None:
        self._line.close()
        self._own.close()


def _listen(server: socket.socket, lives: int) -> socket.socket:
    """Fork for each process of the tests that asks; comes back in the fork alone, with its line."""
    forked = []
    while child_nursery.is_asked(server, lives):
        line, _ = server.accept()
        born = os.fork()
        if born == 0:
            server.close()
            os.close(lives)
            return line
        forked.append(born)
        line.close()
    for each in forked:
        os.waitpid(each, 0)
    return os._exit(0)


def _serve(line: socket.socket) -> None:
    """Fork for each order; comes back in the fork alone, which has become the program."""
    while head := line.recv(8, socket.MSG_WAITALL):
        _, fds, _, _ = socket.recv_fds(line, 1, 3)
        order = json.loads(line.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        # one more process, which waits for the program's end and tells of it
        if os.fork() == 0:
            line.close()
            return _watch(order, fds)
        for descriptor in fds:
            os.close(descriptor)
        _let_go()
    return os._exit(0)


def _watch(order: dict[str, Any], fds: list[int]) -> None:
    status, *output = fds
    if program := os.fork():
        os.write(status, f"{program}\n".encode())
        _, code = os.waitpid(program, 0)
        os.write(status, f"{code}\n".encode())
        os._exit(0)
    os.close(status)
    for number, descriptor in zip((1, 2), output, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    _become(**order)


def _let_go() -> None:
    """Of the processes that waited and are gone."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _become(command: list[str], cwd: str, env: dict[str, str]) -> None:
    """Take over what a new interpreter is started with."""
    starts_others = platform.machine() == "x86_64" and (
        command[0] in {"dagster", "dg"} or command[1:2] == ["-m"]
    )
    if starts_others and _keep_blank(env.get(child_nursery.ADDRESS, "")):
        return
    os.chdir(cwd)
    program, *arguments = command
    if program != "python":
        arguments.insert(0, str(Path(sys.executable).with_name(program)))
    sys.argv[:] = arguments
    ours = str(Path(__file__).parent)
    given = [*filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    sys.path[:] = [*given, *(path for path in sys.path if path != ours)]
    _take_place(map(Path, given))
    _keep_spares(env)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()


def _take_place(given: Iterable[Path]) -> None:
    """Let what is imported of this project be that of the program's own copy, if it is the same."""
    package = next((path / "consulting" for path in given if (path / "consulting").exists()), None)
    if package is None or "consulting" not in sys.modules:
        return
    if child_nursery.same_code(package):
        sys.modules["consulting"].__path__[:] = [str(package)]
        return
    for name in [name for name in sys.modules if name.partition(".")[0] == "consulting"]:
        del sys.modules[name]


def _keep_spares(env: dict[str, str]) -> None:
    """Let the program have the children in which it reads files and models from a nursery.

    A program of other code forks them now, as a warm run does. New ones would import dbt once
    more, which costs each program what it was forked to save.
    """
    address = env.pop(child_nursery.ADDRESS)
    try:
        module = importlib.import_module("consulting.bounded_child")
    except ModuleNotFoundError:
        return
    if address and child_nursery.same_code(Path(module.__file__).parent):
        module._spares = child_nursery.Spares(address)
        return
    os.environ.clear()
    os.environ.update({name: env[name] for name in module.PASSED_ON if name in env})
    for _ in range(CHILDREN):
        module.keep_spare()


def _keep_blank(nursery: str) -> bool:
    """Let the program have each `python -m …` it starts forked too, from what this process is now.

    A process waits for that beside the program, and forks children of the program: each has its
    number, its parent and its end as if it had been started.

    Returns:
        True in such a child, which has become what it is started as.
    """
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        order, fds = _be_born(theirs)
        _stand_in(fds, **order)
        return True
    theirs.close()
    program, one_at_a_time, start_new = os.getpid(), threading.Lock(), subprocess._fork_exec

    def fork_exec(*given: Any) -> Any:
        args, _, close_fds, kept, cwd, env = given[:6]
        errors, new_session, *unusual = given[13], given[15], *given[17:20], given[21]
        words = [os.fsdecode(word) for word in args]
        is_usual = words[:2] == [sys.executable, "-m"] and close_fds and not any(unusual)
        if not is_usual or os.getpid() != program:  # it would be no child of a fork of the program
            return start_new(*given)
        streams = (given[6], given[9], given[11])
        passed = {number: at if at >= 0 else number for number, at in enumerate(streams)}
        passed |= {at: at for at in kept if at != errors}
        variables = os.environb.items() if env is None else (one.split(b"=", 1) for one in env)
        order = {
            "command": ["python", *words[1:]],
            "cwd": os.fsdecode(cwd or Path.cwd()),
            "env": {os.fsdecode(name): os.fsdecode(value) for name, value in variables}
            | {child_nursery.ADDRESS: nursery},
            "mask": child_nursery.umask(),
            "new_session": bool(new_session),
            "passed": list(passed),
        }
        told = json.dumps(order).encode()
        with one_at_a_time:
            ours.sendall(len(told).to_bytes(8, "big"))
            socket.send_fds(ours, [b"+"], list(passed.values()))
            ours.sendall(told)
            return int.from_bytes(ours.recv(8, socket.MSG_WAITALL), "big")

    subprocess._fork_exec = fork_exec
    return False


def _be_born(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork for each order a child of this one's parent; comes back there alone, with the order."""
    while head := line.recv(8, socket.MSG_WAITALL):
        _, fds, _, _ = socket.recv_fds(line, 1, 64)
        order = json.loads(line.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        born = _fork_sibling()
        if born == 0:
            line.detach()  # its number may be another file's then
            return order, fds
        line.sendall(born.to_bytes(8, "big"))
        for descriptor in fds:
            os.close(descriptor)
    return os._exit(0)


def _fork_sibling() -> int:
    """As `os.fork`, but the new process has the parent of this one, which has no thread."""
    python = ctypes.PyDLL(None)
    python.PyOS_BeforeFork()
    born = int(python.syscall(_CLONE, _CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0))
    (python.PyOS_AfterFork_Parent if born else python.PyOS_AfterFork_Child)()
    return born


def _stand_in(  # noqa: PLR0913 - by name only
    fds: list[int],
    *,
    command: list[str],
    cwd: str,
    env: dict[str, str],
    mask: int,
    new_session: bool,
    passed: list[int],
) -> None:
    """Have the open files that a started process has, and become it."""
    held = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, _HIGH) for descriptor in fds]
    os.closerange(3, _HIGH)
    for descriptor, number in zip(held, passed, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.umask(mask)
    if new_session:
        os.setsid()
    _become(command, cwd, env)


def _run() -> None:
    """Run what `sys.argv` names, as `python` does."""
    main, *arguments = sys.argv
    if main == "-c":
        sys.path.insert(0, "")
        sys.argv[:] = ["-c", *arguments[1:]]
        sys.modules["__main__"] = module = types.ModuleType("__main__")
        exec(compile(arguments[0], "<string>", "exec"), module.__dict__)
    elif main == "-m":
        sys.path.insert(0, str(Path.cwd()))
        sys.argv[:] = arguments
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(main).parent))
        runpy.run_path(main, run_name="__main__")


class _End:
    """The end of a program: at exit, after all else, but for the second of taking all apart.

    Attributes:
        code: With which it ends; None leaves the end to the interpreter.
    """

    code: int | None = None

    def __call__(self) -> None:
        if self.code is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(self.code)

    def of(self, run: Callable[[], None]) -> None:
        """Run a program, and note how it ends."""
        self.code = 1
        try:
            run()
        except KeyboardInterrupt:
            self.code = None  # an interpreter ends by the signal
            raise
        except SystemExit as exiting:
            said = exiting.code
            self.code = 0 if said is None else said & 0xFF if isinstance(said, int) else 1
            raise
        self.code = 0


if __name__ == "__main__":
    end = _End()
    atexit.register(end)  # the first that is registered is the last that is called
    asked = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    if child_nursery.is_asked(*asked):
        gc.disable()  # what is imported stays
        for name in (*IMPORTED, *sys.argv[3:]):
            importlib.import_module(name)
        gc.freeze()  # a fork that collects this garbage would copy all memory
        gc.enable()
        _serve(_listen(*asked))
        end.of(_run)

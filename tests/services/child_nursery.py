"""The children that read strangers' files, forked from a process that has their libraries at hand.

Runs have theirs from `keep_spare` in the same way. A new interpreter, which imports the libraries
and has dbt rehearse, would cost each process of the tests that reads a file two to four seconds of
the processor. What is tried of new interpreters has no nursery: `monkeypatch` an empty list.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = "CHILD_NURSERY"
"""The variable that tells the processes of the tests where it is."""
SOURCE = Path(__file__).parents[2] / "src"


class Lent:
    """A process that another one forked, with what is needed of a `Popen`."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told.makefile("r")
        told.close()
        self.pid = int(self._told.readline())
        self._code: int | None = None

    def kill(self) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            with self._told:
                self._code = os.waitstatus_to_exitcode(int(self._told.readline()))
        return self._code


def umask() -> int:
    """Which rights the files of this process lack, and so those of a child it starts."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


class Spares(list[Any]):
    """Spare children, of which there is always one more: those of this process, then lent ones."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def __bool__(self) -> bool:
        return True

    def pop(self, *_: Any) -> Any:
        from consulting import bounded_child

        if len(self):
            return super().pop()
        ours, theirs = Pipe()
        said = bounded_child._new_said()
        line = socket.socket(socket.AF_UNIX)
        line.connect(self._address)
        with theirs:
            told = json.dumps([str(Path.cwd()), umask()]).encode()
            socket.send_fds(line, [told], [theirs.fileno(), said])
        return bounded_child._Started(Lent(line), ours, said)


def same_code(package: Path) -> bool:
    """Whether a folder has the code that the nursery has, be it by links."""
    return (package / "cleaning").resolve() == SOURCE / "consulting/cleaning"


@contextlib.contextmanager
def opened(
    script: str = __file__, *words: str, python: Path | str = sys.executable, path: str = ""
) -> Iterator[str]:
    """A nursery, or what else forks for who asks at this address; it is there while this is.

    Args:
        script: What it is; its first words are the socket's number and that of what ends with this.
        words: More of them.
        python: Its interpreter.
        path: Where it finds modules, beside its environment's.
    """
    lives, ours = os.pipe()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        address = f"{folder}/nursery"
        server.bind(address)
        server.listen(64)
        process = subprocess.Popen(
            [python, script, str(server.fileno()), str(lives), *words],
            pass_fds=[server.fileno(), lives],
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": path},
        )
        os.close(lives)
        try:
            yield address
        finally:
            os.close(ours)
            process.wait()


def is_asked(server: socket.socket, lives: int) -> bool:
    """Whether somebody asks, whom this waits for, and it is not the end."""
    return lives not in select.select([server, lives], [], [])[0]


def _serve(server: socket.socket, lives: int) -> None:
    """Fork for each who asks; nothing is imported before the first one does."""
    if not is_asked(server, lives):
        return
    _prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch
    while is_asked(server, lives):
        line, _ = server.accept()
        told, fds, _, _ = socket.recv_fds(line, 8192, 2)
        if os.fork() == 0:
            server.close()
            os.close(lives)
            folder, mask = json.loads(told)
            os.chdir(folder)
            os.umask(mask)
            _bear(line, *fds)
        line.close()
        for descriptor in fds:
            os.close(descriptor)


def _prepare() -> None:
    from consulting.chain.apart import have_libraries
    from consulting.cleaning import models
    from consulting.resources.warm import use_large_pages

    have_libraries()
    models._have_dbt()
    models.rehearse_dbt = lambda: None  # what it leaves is there, and each child would do it again
    gc.collect()
    gc.freeze()  # a fork that collects this would copy all memory
    use_large_pages()


def _bear(line: socket.socket, calls: int, said: int) -> None:
    """Fork the child; this process waits for its end and tells of it."""
    from consulting.bounded_child import serve

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        line.close()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream, target in enumerate((nowhere, nowhere, said)):
            os.dup2(target, stream)
        serve(calls)
        os._exit(0)
    for descriptor in (calls, said):
        os.close(descriptor)
    line.sendall(f"{child}\n".encode())
    _, code = os.waitpid(child, 0)
    with contextlib.suppress(OSError):  # who asked for it is gone
        line.sendall(f"{code}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
    os._exit(0)  # an interpreter that ends takes apart all it has imported

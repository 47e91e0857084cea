"""Work on what strangers wrote, in a child process of bounded time, memory and environment.

The child is a fresh interpreter: it has none of the parent's threads, locks, open files or
environment, and holds nothing that the parent would miss. What outgrows its bounds is killed, and
the next call starts another.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import resource
import signal
import subprocess
import sys
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Self, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

P = ParamSpec("P")
T = TypeVar("T")

PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""The variables that a child is given of the parent's environment, where nothing else is said."""

_PATIENCE = 10
"""A busy machine may stretch the processor's seconds that much."""

_MEMORY_WORDS = (b"memory allocation of", b"bad_alloc", b"out of memory", b"cannot allocate memory")
_PARENT_DEATH = 1  # PR_SET_PDEATHSIG of Linux
_SAID_BYTES = 8192
_START = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from consulting.bounded_child import serve; serve(int(sys.argv[1]))"
)


@dataclass(frozen=True)
class Bounds:
    """What one call may take.

    Attributes:
        seconds: Processor seconds; ten times as many on the clock.
        memory_bytes: Memory beyond what the child has when the call begins.
    """

    seconds: float
    memory_bytes: int


def inherited() -> dict[str, str]:
    """What a child may have of this process's environment."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


class ChildStoppedError(Exception):
    """The child did not come back with an answer.

    Args:
        cause: What it was stopped for: "time", "memory", or "fault" where the work broke the
            process down; "killed" where somebody else ended it.
        detail: The signal or exit code, for a log.
    """

    def __init__(self, cause: Literal["time", "memory", "fault", "killed"], detail: str) -> None:
        self.cause = cause
        self.detail = detail
        super().__init__(f"the child process was stopped ({cause}: {detail})")


class BoundedChild:
    """A child process that runs one function after another; a context that ends it.

    Args:
        environment: All of the child's environment; `PASSED_ON` of the parent's if not given.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = {"TZ": "UTC", **(inherited() if environment is None else environment)}
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection[Any, Any] | None = None
        self._said = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def call(
        self, bounds: Bounds, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a function in the child, and give back or raise what it does.

        Args:
            bounds: What it may take.
            function: A function of a module; it, its arguments and what it gives are pickled.
            args: Its arguments.
            kwargs: Its arguments.

        Raises:
            ChildStoppedError: If it outgrew its bounds or broke the process down.
        """
        line = self.start()
        longest = bounds.seconds * _PATIENCE
        answer: str | None = None
        try:
            line.send((bounds, function, args, kwargs))
            if line.poll(longest):
                answer, value = line.recv()
        except (EOFError, ConnectionError):
            raise self._obituary() from None
        finally:
            if answer in {None, "stopped"}:
                self.end()  # what is left of it may be in any state
        if answer is None:
            raise ChildStoppedError("time", f"{longest:.0f} s by the clock")
        if answer == "stopped":
            raise ChildStoppedError(*value)
        if answer == "raised":
            raise value
        return cast("T", value)

    def start(self) -> Connection[Any, Any]:
        """Start the child, if none runs, so that it is warm when it is called."""
        if self._process is not None and self._line is not None:
            return self._line
        ours, theirs = multiprocessing.Pipe()
        # what a library prints as it breaks down tells why, and may quote the file: memory only
        self._said = os.memfd_create("said") if hasattr(os, "memfd_create") else -1
        # nothing of a stranger is in this command line
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", _START, str(theirs.fileno()), *filter(None, sys.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said if self._said >= 0 else subprocess.DEVNULL,
            env=self._environment,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._line = ours
        return ours

    def end(self) -> int:
        """Kill the child; what it was told to do is not finished.

        Returns:
            How it ended: its exit code, or the signal's number below 0.
        """
        if self._process is None or self._line is None:
            return 0
        self._line.close()
        self._process.kill()
        code = self._process.wait()
        if self._said >= 0:
            os.close(self._said)
        self._process = self._line = None
        self._said = -1
        return code

    def _obituary(self) -> ChildStoppedError:
        """Why the child is gone, by its last words and its end."""
        said = b""
        if self._process is not None:
            self._process.wait()
        if self._said >= 0:
            size = os.fstat(self._said).st_size
            said = os.pread(self._said, _SAID_BYTES, max(0, size - _SAID_BYTES)).lower()
        code = self.end()
        detail = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        if -code == signal.SIGXCPU:
            return ChildStoppedError("time", detail)
        if any(words in said for words in _MEMORY_WORDS):
            return ChildStoppedError("memory", detail)
        killed = -code in {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
        return ChildStoppedError("killed" if killed else "fault", detail)


def serve(descriptor: int) -> None:
    """Be the child: answer one call after another until the parent hangs up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
    # a keyboard's interrupt is the parent's business
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line: Connection[Any, Any] = Connection(descriptor)
    while True:
        try:
            bounds, function, args, kwargs = line.recv()
        except EOFError:
            return
        line.send(_answer(bounds, function, args, kwargs))


def _answer(
    bounds: Bounds, function: Callable[..., Any], args: Any, kwargs: Any
) -> tuple[str, object]:
    try:
        with _bounded(bounds):
            return "returned", function(*args, **kwargs)
    except MemoryError as error:
        return "stopped", ("memory", type(error).__name__)
    except RecursionError as error:
        return "stopped", ("fault", type(error).__name__)
    except Exception as error:  # noqa: BLE001 - it is the parent's to judge
        return "raised", _portable(error)
    except BaseException as error:  # noqa: BLE001 - a library in Rust panics with no Exception
        return "stopped", ("fault", type(error).__name__)


@contextlib.contextmanager
def _bounded(bounds: Bounds) -> Iterator[None]:
    """Bound what this process may take from here on; the kernel sees to it."""
    used = sum(os.times()[:2])
    seconds, memory = int(used + bounds.seconds) + 1, _data_bytes() + bounds.memory_bytes
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    # not the address space: allocators reserve far more of that than they use
    resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        # the answer is put together without bounds
        for kind in (resource.RLIMIT_CPU, resource.RLIMIT_DATA):
            resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _data_bytes() -> int:
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[5]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def _portable(error: Exception) -> Exception:
    """The error as it can be sent, with the lines of code it came through but no values."""
    where = "".join(traceback.format_tb(error.__traceback__))
    error.__cause__ = error.__context__ = None
    error.add_note(f"In the child process:\n{where}")
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - whatever an error of others makes of being pickled
        return RuntimeError(f"{type(error).__name__} in the child process")
    return error

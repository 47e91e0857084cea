"""Work on what strangers wrote, in a child process of bounded time, memory and environment.

The child is a fresh interpreter: it has none of the parent's threads, locks, open files or
environment, and holds nothing that the parent would miss. What outgrows its bounds is killed, and
the next call starts another.

What it answers is JSON of the type that the caller named. A stranger's bytes may have taken the
child over (a library in C reads them), and its answer must not be able to run anything here.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, ParamSpec, Self, TypeVar, cast, get_args

from consulting.errors import ConsultingError
from consulting.plugins import blame_installed, blamed
from consulting.raised import RaisedElsewhereError, kind_of, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import TypeAdapter

P = ParamSpec("P")
T = TypeVar("T")

PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""The variables that a child is given of the parent's environment, where nothing else is said."""

_PATIENCE = 10
"""A busy machine may stretch the processor's seconds that much."""

_MEMORY_WORDS = (b"memory allocation of", b"bad_alloc", b"out of memory", b"cannot allocate memory")
_PARENT_DEATH = 1  # PR_SET_PDEATHSIG of Linux
_SAID_BYTES = 8192
_MOST_BYTES = 256 * 1024**2  # of an answer
_OUT_OF_MEMORY = frozenset({"MemoryError", "ArrowMemoryError", "OutOfMemoryException"})

Cause = Literal["time", "memory", "fault", "killed"]
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


_AT_ONCE = Bounds(seconds=10, memory_bytes=64 * 1024**2)
"""For what takes nothing."""


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

    def __init__(self, cause: Cause, detail: str) -> None:
        self.cause = cause
        self.detail = detail
        super().__init__(f"the child process was stopped ({cause}: {detail})")


class _Fork:
    """A process that this one forked, with what is needed of a `Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def kill(self) -> None:
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        ends = None if timeout is None else time.monotonic() + timeout
        while self._code is None:
            pid, status = os.waitpid(self.pid, 0 if ends is None else os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
            elif ends is not None and time.monotonic() > ends:
                raise subprocess.TimeoutExpired(str(self.pid), cast("float", timeout))
            else:
                time.sleep(0.01)
        return self._code


class _Started(NamedTuple):
    process: subprocess.Popen[bytes] | _Fork
    line: Connection[Any, Any]
    said: int


_spares: list[_Started] = []


def keep_spare(*not_its: int) -> None:
    """Fork the child that this process will need first from what this process is now.

    For one that has imported what a child needs, has no thread, and knows nothing yet that a child
    may not know: no variable but `PASSED_ON`, nothing of a client.

    Args:
        not_its: Open files that the child is not to have.
    """
    ours, theirs = multiprocessing.Pipe()
    said = _new_said()
    pid = os.fork()
    if pid == 0:
        ours.close()
        for descriptor in not_its:
            os.close(descriptor)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream, target in enumerate((nowhere, nowhere, said if said >= 0 else nowhere)):
            os.dup2(target, stream)
        code = 1
        try:
            serve(theirs.fileno())
            code = 0
        except BaseException:  # noqa: BLE001 - as an interpreter does that ends
            traceback.print_exc()
        finally:
            os._exit(code)  # what comes next is its parent's business
    theirs.close()
    _spares.append(_Started(_Fork(pid), ours, said))


def _new_said() -> int:
    """A file in memory for what a library prints as it breaks down, which may quote a client's."""
    return os.memfd_create("said") if hasattr(os, "memfd_create") else -1


def _become(environment: dict[str, str], path: list[str]) -> None:
    """In a spare child: have the variables and the module path that a new one is started with."""
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path


class BoundedChild:
    """A child process that runs one function after another; a context that ends it.

    Args:
        environment: All of the child's environment; `PASSED_ON` of the parent's if not given.
        forks: Whether each call gets a process of its own, made from the child as it is: then what
            breaks costs no new start, and one call leaves nothing to the next. What the child is to
            be like is what `prepare` makes of it.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, forks: bool = False
    ) -> None:
        self._forks = forks
        self._environment = {"TZ": "UTC", **(inherited() if environment is None else environment)}
        self._process: subprocess.Popen[bytes] | _Fork | None = None
        self._line: Connection[Any, Any] | None = None
        self._said = -1
        self._prepared: dict[Callable[[], None], Bounds] = {}
        self._preparing: list[Bounds] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def call(
        self,
        bounds: Bounds,
        returns: Any,
        function: Callable[P, T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function in the child, and give back or raise what it does.

        Args:
            bounds: What it may take.
            returns: The type of what it gives, which JSON can hold; nothing else comes back.
            function: A function of a module; it and its arguments are pickled.
            args: Its arguments.
            kwargs: Its arguments.

        Raises:
            ChildStoppedError: If it outgrew its bounds or broke the process down.
            ConsultingError: What it raises of the project's own.
            RaisedElsewhereError: For any other error of its own.
        """
        self.await_prepared()
        call = (self._forks, bounds, returns, function, args, kwargs)
        return cast("T", self._answer(bounds, returns, call))

    def prepare(self, bounds: Bounds, function: Callable[[], None]) -> None:
        """Have the child begin with a function, once in each of its lives; does not wait for it."""
        if function not in self._prepared:
            line = self.start()
            self._prepared[function] = bounds
            self._begin_with(line, function)

    def await_prepared(self) -> None:
        """Wait until the child has done what it begins with; raises as `call`."""
        self.start()
        while self._preparing:
            self._answer(self._preparing.pop(0), None)

    def _begin_with(self, line: Connection[Any, Any], function: Callable[[], None]) -> None:
        self._send_first(line, self._prepared[function], function)

    def _send_first(
        self,
        line: Connection[Any, Any],
        bounds: Bounds,
        function: Callable[..., None],
        arguments: tuple[Any, ...] = (),
    ) -> None:
        self._preparing.append(bounds)
        with contextlib.suppress(OSError):  # that it is gone is told by whoever asks it next
            line.send((False, bounds, None, function, arguments, {}))

    def _answer(self, bounds: Bounds, returns: Any, call: tuple[Any, ...] | None = None) -> Any:
        """What the child answers to a call, or to what it was told to begin with."""
        line, process = self.start(), self._process
        longest = bounds.seconds * _PATIENCE
        late = threading.Event()

        def end_late() -> None:
            late.set()
            if process is not None:
                process.kill()

        # not a wait for its first byte: it might send no other
        clock = threading.Timer(longest, end_late)
        clock.daemon = True
        clock.start()
        answered = False
        try:
            if call is not None:
                line.send(call)
            answer = _Answer.read(line.recv_bytes(_MOST_BYTES), returns)
            answered = answer.stopped is None or (call is not None and self._forks)
        except (EOFError, OSError):
            if late.is_set():
                raise ChildStoppedError("time", f"{longest:.0f} s by the clock") from None
            raise self._obituary() from None
        finally:
            clock.cancel()
            if not answered:
                self.end()  # what is left of it may be in any state
        error = answer.stopped or answer.raised
        if error is not None:
            raise error
        return answer.value

    def start(self) -> Connection[Any, Any]:
        """Start the child, if none runs, so that it is warm when it is called."""
        if self._process is not None and self._line is not None:
            return self._line
        if self._forks and _spares:
            self._process, self._line, self._said = _spares.pop()
            told = (self._environment, [*filter(None, sys.path)])
            self._send_first(self._line, _AT_ONCE, _become, told)
        else:
            self._process, self._line, self._said = self._new()
        for function in self._prepared:
            self._begin_with(self._line, function)
        return self._line

    def _new(self) -> _Started:
        ours, theirs = multiprocessing.Pipe()
        said = _new_said()
        # nothing of a stranger is in this command line
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", _START, str(theirs.fileno()), *filter(None, sys.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said if said >= 0 else subprocess.DEVNULL,
            env=self._environment,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        return _Started(process, ours, said)

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
        self._preparing = []
        return code

    def _obituary(self) -> ChildStoppedError:
        """Why the child is gone, by its last words and its end."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # it hung up, and lives on
                self._process.wait(_PATIENCE)
        said = _last_words(self._said)
        return ChildStoppedError(*_cause_of(self.end(), said))


def _last_words(said: int) -> bytes:
    """The end of what a process said before its own end, in small letters."""
    try:
        size = os.fstat(said).st_size
        return os.pread(said, _SAID_BYTES, max(0, size - _SAID_BYTES)).lower()
    except OSError:
        return b""


def _cause_of(code: int, said: bytes) -> tuple[Cause, str]:
    """Why a process ended, by its exit code (below 0: a signal) and its last words."""
    detail = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    if -code == signal.SIGXCPU:
        return "time", detail
    if any(words in said for words in _MEMORY_WORDS):
        return "memory", detail
    killed = -code in {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    return "killed" if killed else "fault", detail


def serve(descriptor: int) -> None:
    """Be the child: answer one call after another until the parent hangs up."""
    _die_with_parent()
    # a keyboard's interrupt is the parent's business
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line: Connection[Any, Any] = Connection(descriptor)
    while True:
        try:
            forks, *call = line.recv()
        except EOFError:
            return
        line.send_bytes(_forked(line, *call) if forks else _answer(*call))


@contextlib.contextmanager
def no_garbage() -> Iterator[None]:
    """What is imported meanwhile stays; a fifth of the time goes into looking for garbage in it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)


def _forked(line: Connection[Any, Any], *call: Any) -> bytes:
    """The answer of a process made for one call, which may break down without harm to this one."""
    ours, theirs = os.pipe()
    gc.freeze()  # a process that looks through this for garbage would copy all memory
    pid = os.fork()
    if pid == 0:
        _die_with_parent()
        line.close()  # it can not speak for this process
        os.close(ours)
        with os.fdopen(theirs, "wb") as answer:
            answer.write(_answer(*call))
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as answer:
        said = answer.read(_MOST_BYTES)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        return _STOPPED + json.dumps(_cause_of(code, _last_words(sys.stderr.fileno()))).encode()
    return said


def _answer(
    bounds: Bounds, returns: Any, function: Callable[..., Any], args: Any, kwargs: Any
) -> bytes:
    try:
        with _bounded(bounds):
            value = function(*args, **kwargs)
        return _RETURNED + _adapter(returns).dump_json(value)
    except RecursionError as error:
        return _stopped("fault", error)
    except Exception as error:  # noqa: BLE001 - it is the parent's to judge
        if type(error).__name__ in _OUT_OF_MEMORY:
            return _stopped("memory", error)
        return _raised(error)
    except BaseException as error:  # noqa: BLE001 - a library in Rust panics with no Exception
        return _stopped("fault", error)


@functools.cache
def _adapter(returns: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(returns)


_RETURNED, _RAISED, _STOPPED = b"=", b"!", b"x"


def _stopped(cause: Cause, error: BaseException) -> bytes:
    return _STOPPED + json.dumps([cause, type(error).__name__]).encode()


def _raised(error: Exception) -> bytes:
    """The error with its facts, and the lines of code it came through but none of their values."""
    own = isinstance(error, ConsultingError)
    facts = {name: fact for name, fact in vars(error).items() if _is_plain(fact)} if own else {}
    told = {
        "kind": type(error).__name__ if own else kind_of(error),
        "own": own,
        "text": str(error),
        "facts": facts,
        "place": place_of(error),
        "plugin": blamed(error) or "",
        "where": "".join(traceback.format_tb(error.__traceback__)),
    }
    return _RAISED + json.dumps(told).encode()


def _is_plain(fact: object) -> bool:
    return fact is None or isinstance(fact, str | int | float)


@dataclass(frozen=True)
class _Answer:
    """What a child's bytes say; whatever they are, they are data."""

    value: object = None
    raised: Exception | None = None
    stopped: ChildStoppedError | None = None

    @classmethod
    def read(cls, sent: bytes, returns: Any) -> _Answer:
        try:
            kind, said = sent[:1], sent[1:]
            if kind == _RETURNED:
                return cls(value=_adapter(returns).validate_json(said))
            if kind == _RAISED:
                return cls(raised=_again(json.loads(said)))
            cause, detail = json.loads(said)
            if kind == _STOPPED and cause in get_args(Cause):
                return cls(stopped=ChildStoppedError(cause, str(detail)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass  # a child that is sound does not answer so
        return cls(stopped=ChildStoppedError("fault", "its answer is none"))


def _again(told: dict[str, Any]) -> Exception:
    """The child's error: one of the project's own with its facts, or a library's by its class."""
    error: Exception
    if told["own"]:
        kinds = {kind.__name__: kind for kind in _all_below(ConsultingError)}
        error = kinds[told["kind"]].__new__(kinds[told["kind"]], str(told["text"]))
        error.args = (str(told["text"]),)
        facts = {str(name): fact for name, fact in told["facts"].items() if _is_plain(fact)}
        error.__dict__.update(facts)
    else:
        error = RaisedElsewhereError(str(told["kind"]), str(told["place"]), str(told["text"]))
        blame_installed(error, str(told["plugin"]))
    error.add_note(f"In the child process:\n{told['where']}")
    return error


def _all_below(kind: type[ConsultingError]) -> Iterator[type[ConsultingError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _all_below(below)


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

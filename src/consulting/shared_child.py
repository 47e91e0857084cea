"""The bounded child in which this process reads what a client's folders hold.

dbt renders a client's models while it reads them, and a loop in one of them never ends. The child
serves many clients in turn, each in a process forked from it, for dbt's import is paid once.

All that does not come back takes from one budget of this process: a load of the definitions of
many clients must end before whoever waits for it gives up. The first take their time; the more of
the budget is gone, the less the next are given, but never less than what honest files take.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar, cast

from consulting.bounded_child import BoundedChild, Bounds, ChildStoppedError
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

S = TypeVar("S")
T = TypeVar("T")

SECONDS_VARIABLE = "CONSULTING_PARSE_SECONDS"
DEFAULT_SECONDS = 20.0
BUDGET_VARIABLE = "CONSULTING_LOAD_SECONDS"
DEFAULT_BUDGET = 40.0
LEAST_SECONDS = 5.0
"""What a client is given at the least, however many others did not come back: twice what an honest
client takes whose models were never parsed before."""
MEMORY_BYTES = 1024**3
STOPPED_IS_TRUE_SECONDS = 24 * 3600
"""How long what had all its seconds and did not come back is not asked for again."""
CUT_SHORT_IS_TRUE_SECONDS = 15 * 60
"""The same for what had fewer, for there was no time left for it."""
_IMPORT_SECONDS = 120.0
_MOST_WORKERS = 4

_children = threading.local()  # a child dies with the thread that started it


class StoppedError(ConfigurationError):
    """What a client's files ask for did not end within its bounds."""


class _Budget:
    """The processor seconds that this process spent on what did not come back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent = 0.0
        self.asked_again = False

    def share(self, seconds: float) -> float:
        """How many of the seconds that a client may take there are for it now."""
        with self._lock:
            left = _seconds_of(BUDGET_VARIABLE, DEFAULT_BUDGET) - self._spent
        return min(seconds, max(LEAST_SECONDS, left / 2))

    def spend(self, seconds: float) -> None:
        with self._lock:
            self._spent += seconds


_budget = _Budget()


@contextlib.contextmanager
def asked_again() -> Iterator[None]:
    """Read also what did not come back lately, with all its seconds: a person asks for it."""
    _budget.asked_again = True
    try:
        yield
    finally:
        _budget.asked_again = False


def make_ready(prepare: Callable[[], None]) -> None:
    """Have this thread's child do what it has to do once before, such as an import, meanwhile."""
    _child().prepare(Bounds(_IMPORT_SECONDS, MEMORY_BYTES), prepare)


def _child() -> BoundedChild:
    child: BoundedChild | None = getattr(_children, "child", None)
    if child is None:
        child = _children.child = BoundedChild(forks=True)
    return child


def read_apart(  # noqa: PLR0913 - by name only
    client_id: str,
    what: str,
    returns: Any,
    function: Callable[..., T],
    /,
    *args: object,
    memory: Path | None = None,
    prepare: Callable[[], None] | None = None,
) -> T:
    """Call a function of ours on a client's files, in a process of this thread's child.

    Args:
        client_id: The client.
        what: What is read, for the error.
        returns: The type of what it gives, as `BoundedChild.call` takes it.
        function: As `BoundedChild.call` takes it.
        args: Its arguments.
        memory: A file that remembers that it did not come back, for all processes; its name says
            for which content. Nothing is remembered without.
        prepare: What the child has to do once before, such as an import.

    Raises:
        StoppedError: If it took too much, now or lately; says what, where to look and how to try
            again.
        Exception: What the function raises.
    """
    allowed = parse_seconds()
    seconds = allowed if _budget.asked_again else _budget.share(allowed)
    _raise_if_lately(memory, allowed)
    child = _child()
    began = time.monotonic()
    try:
        if prepare is not None:
            child.prepare(Bounds(_IMPORT_SECONDS, MEMORY_BYTES), prepare)
        child.await_prepared()
        began = time.monotonic()
        return child.call(Bounds(seconds, MEMORY_BYTES), returns, function, *args)
    except ChildStoppedError as error:
        _budget.spend(min(seconds, time.monotonic() - began))
        told = _told(client_id, what, error, seconds, allowed)
        if error.cause != "killed":
            _remember(memory, told, seconds)
        raise StoppedError(told) from None


def _told(
    client_id: str, what: str, error: ChildStoppedError, seconds: float, allowed: float
) -> str:
    again = f"`consulting check --models {client_id}` tries again at once."
    if error.cause == "time" and seconds < allowed:
        return (
            f"{client_id}: reading {what} did not end within the {seconds:g} seconds that were "
            "left for it, for other clients' files had not ended before "
            f"({BUDGET_VARIABLE} sets what all of them may take). {again}"
        )
    took = {
        "time": f"took more than {seconds:g} seconds ({SECONDS_VARIABLE} sets another limit)",
        "memory": f"needed more than {MEMORY_BYTES // 1024**2:,} MB of memory",
    }.get(error.cause, f"broke the process down ({error})")
    return (
        f"{client_id}: reading {what} {took}. Look there for a loop in Jinja or a text that "
        "grows without end, and remove it. All other clients go on. It is read again when it "
        f"changes; {again}"
    )


def _raise_if_lately(memory: Path | None, allowed: float) -> None:
    """Spare this process the wait for what did not come back in another.

    Raises:
        StoppedError: If it is known, and there is no more time for it than it had.
    """
    if memory is None or _budget.asked_again:
        return
    try:
        known = json.loads(memory.read_bytes())
        told, seconds, age = str(known["told"]), float(known["seconds"]), time.time() - known["at"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    whole = seconds >= allowed
    lasts = STOPPED_IS_TRUE_SECONDS if whole else CUT_SHORT_IS_TRUE_SECONDS
    if age < lasts or _budget.share(allowed) <= seconds < allowed:
        raise StoppedError(told)


def _remember(memory: Path | None, told: str, seconds: float) -> None:
    if memory is None:
        return
    with contextlib.suppress(OSError):  # then the next one reads again
        memory.parent.mkdir(parents=True, exist_ok=True)
        draft = memory.with_name(f"{memory.name}.{os.getpid()}.{threading.get_ident()}")
        known = {"told": told, "seconds": seconds, "at": time.time()}
        draft.write_text(json.dumps(known), encoding="utf-8")
        draft.replace(memory)


def parse_seconds() -> float:
    """How many processor seconds one client's files may take.

    Raises:
        ConfigurationError: If the variable holds no number above 0.
    """
    return _seconds_of(SECONDS_VARIABLE, DEFAULT_SECONDS)


def _seconds_of(variable: str, default: float) -> float:
    given = os.environ.get(variable)
    try:
        seconds = float(given) if given else default
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise ConfigurationError(
            f"{variable} is {given!r}; it is a number of seconds, for example {default:g}."
        )
    return seconds


def each_apart(work: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """What a function gives for each item, as many at once as there are processors.

    Each thread has a child of its own, which ends with it.

    Args:
        work: Reads in the shared child; what it raises is raised here.
        items: Its arguments.
    """
    todo, one_by_one = iter(enumerate(items)), threading.Lock()
    found: dict[int, T] = {}

    def go_on(_worker: int) -> None:
        try:
            while True:
                with one_by_one:
                    number, item = next(todo, (-1, None))
                if number < 0:
                    return
                found[number] = work(cast("S", item))
        finally:
            end_shared_child()

    workers = max(1, min(_MOST_WORKERS, os.cpu_count() or 1, len(items)))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(go_on, range(workers)))
    return [found[number] for number in range(len(items))]


def end_shared_child() -> None:
    """Let this thread's child go, where nothing is left to read."""
    child: BoundedChild | None = getattr(_children, "child", None)
    if child is not None:
        child.end()
        _children.child = None

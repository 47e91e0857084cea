"""What the stages compute on strangers' data: in a child, within the limits of the feed.

Reading, loading and profiling look at bytes that a stranger chose. In this process nothing could
hold them up: a query or a pattern may keep its one thread busy, and its memory is ours. So each is
a call that the kernel ends at the limit, while this process renews its hold of the batch. Each has
a process of its own, made from one child that has the libraries at hand, for they cost a second.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from consulting.bounded_child import BoundedChild, Bounds, ChildStoppedError, inherited, no_garbage
from consulting.bounded_memory import MEMORY_LIMIT_VARIABLE, at_most, memory_limit
from consulting.errors import BeyondLimitError
from consulting.privacy import detect_pii
from consulting.rules.months import month_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.chain.engagement import Engagement
    from consulting.intake.reading import Limits

P = ParamSpec("P")
T = TypeVar("T")

_LIBRARIES = 512 * 1024**2
"""Memory beside what is computed: of DuckDB's threads, Arrow and Python."""
_IMPORT_SECONDS = 120.0
_WORKERS = (
    "intake.reading.delimited",
    "intake.reading.mending",
    "intake.reading.reader",
    "intake.reading.warehouse",
    "profiling.profile",
)
_here = threading.local()  # a child dies with the thread that started it


def child_of() -> BoundedChild:
    """This thread's child, which has its libraries; each call gets a process made from it."""
    environment = {**inherited(), MEMORY_LIMIT_VARIABLE: memory_limit()}
    if getattr(_here, "environment", None) != environment:
        end_child()
        _here.environment = environment
        _here.child = BoundedChild(environment, forks=True)
        _here.child.prepare(Bounds(_IMPORT_SECONDS, _LIBRARIES), have_libraries)
    child: BoundedChild = _here.child
    return child


def end_child() -> None:
    """Let this thread's child go."""
    child: BoundedChild | None = getattr(_here, "child", None)
    if child is not None:
        child.end()
    _here.environment = _here.child = None


@no_garbage()
def have_libraries() -> None:
    """Have what the calls need at hand, so that each of their processes begins with it."""
    for name in (
        "duckdb",
        "pyarrow.csv",
        "pyarrow.parquet",
        *(f"consulting.{name}" for name in _WORKERS),
    ):
        import_module(name)
    # lists of names and of months take half a second
    detect_pii("", ["Ann Lee", "00 000 0000", "Ltd"])
    month_names()


def within(
    engagement: Engagement,
    limits: Limits,
    doing: str,
    returns: Any,
    function: Callable[P, T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call a function on a client's data, apart and within limits.

    Args:
        engagement: Whose data.
        limits: `max_profile_seconds` and `max_memory_bytes` count.
        doing: What is done, for the error ("profiling feed 'orders'").
        returns: The type of what it gives, as `BoundedChild.call` takes it.
        function: As `BoundedChild.call` takes it.
        args: Its arguments.
        kwargs: Its arguments.

    Raises:
        BeyondLimitError: If it takes more; names the limit.
        Exception: What the function raises, as `BoundedChild.call` raises it.
    """
    bounds = Bounds(limits.max_profile_seconds, limits.max_memory_bytes + _LIBRARIES)
    memory = at_most(memory_limit(), limits.max_memory_bytes)
    try:
        return child_of().call(bounds, returns, _with_memory, memory, function, args, kwargs)
    except ChildStoppedError as stopped:
        if stopped.cause == "killed":
            raise  # by somebody else: nothing is known against the data
        raise _beyond(engagement.client_id, doing, limits, stopped) from None


def _with_memory(memory: str, function: Callable[..., T], args: Any, kwargs: Any) -> T:
    """In the child: let DuckDB write to disk before the process is over its limit."""
    os.environ[MEMORY_LIMIT_VARIABLE] = memory
    return function(*args, **kwargs)


def _beyond(
    client_id: str, doing: str, limits: Limits, stopped: ChildStoppedError
) -> BeyondLimitError:
    if stopped.cause == "fault":
        why = f"broke the process down that did it ({stopped.detail})"
        return BeyondLimitError(client_id, f"{doing} {why}", None)
    allowed, limit = (
        (f"{limits.max_profile_seconds:,g} seconds of processor time", "max_profile_seconds")
        if stopped.cause == "time"
        else (f"{limits.max_memory_bytes:,} bytes of memory", "max_memory_bytes")
    )
    return BeyondLimitError(client_id, f"{doing} takes more than the {allowed} allowed", limit)

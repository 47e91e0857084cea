"""The bounded child in which this process reads what a client's folders hold.

dbt renders a client's models while it reads them, and a loop in one of them never ends. It serves
many clients in turn, for dbt's import is paid once; a client that breaks it costs a new child.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, TypeVar

from consulting.bounded_child import BoundedChild, Bounds, ChildStoppedError
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS_VARIABLE = "CONSULTING_PARSE_SECONDS"
DEFAULT_SECONDS = 20.0
MEMORY_BYTES = 1024**3
STOPPED_IS_TRUE_SECONDS = 15 * 60
"""How long what did not come back is not asked for again, while it stays as it is."""

_children = threading.local()  # a child dies with the thread that started it


class StoppedError(ConfigurationError):
    """What a client's files ask for did not end within its bounds."""


def read_apart(
    client_id: str,
    what: str,
    function: Callable[..., T],
    /,
    *args: object,
    seconds: float | None = None,
) -> T:
    """Call a function of ours on a client's files, in this thread's child.

    Args:
        client_id: The client.
        what: What is read, for the error.
        function: As `BoundedChild.call` takes it.
        args: Its arguments.
        seconds: Of the processor that it may take; the project's limit if not given.

    Raises:
        StoppedError: If it took too much; says what and where to look.
        Exception: What the function raises.
    """
    child: BoundedChild | None = getattr(_children, "child", None)
    if child is None:
        child = _children.child = BoundedChild()
    seconds = seconds or parse_seconds()
    try:
        return child.call(Bounds(seconds, MEMORY_BYTES), function, *args)
    except ChildStoppedError as error:
        took = {
            "time": f"took more than {seconds:g} seconds ({SECONDS_VARIABLE} sets another limit)",
            "memory": f"needed more than {MEMORY_BYTES // 1024**2:,} MB of memory",
        }.get(error.cause, f"broke the process down ({error})")
        raise StoppedError(
            f"{client_id}: reading {what} {took}. Look there for a loop in Jinja or a text that "
            "grows without end, and remove it. All other clients go on."
        ) from None


def parse_seconds() -> float:
    """How many processor seconds one client's files may take.

    Raises:
        ConfigurationError: If the variable holds no number above 0.
    """
    given = os.environ.get(SECONDS_VARIABLE)
    try:
        seconds = float(given) if given else DEFAULT_SECONDS
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise ConfigurationError(
            f"{SECONDS_VARIABLE} is {given!r}; it is a number of seconds, for example 20."
        )
    return seconds


def end_shared_child() -> None:
    """Let this thread's child go, where nothing is left to read."""
    child: BoundedChild | None = getattr(_children, "child", None)
    if child is not None:
        child.end()

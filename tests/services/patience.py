"""Waiting, in tests: as long as a machine with other work may need."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 300
"""No test asks how fast something is: what has not happened by then never will."""


def await_that(holds: Callable[[], object], told: Callable[[], str], every: float = 0.1) -> None:
    """Wait until something holds.

    Args:
        holds: Whether it does.
        told: What to show where it never does.
        every: Seconds from one look to the next.

    Raises:
        AssertionError: If it does not within PATIENCE_SECONDS.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, told()
        time.sleep(every)

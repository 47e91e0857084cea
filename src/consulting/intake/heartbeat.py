"""A run's sign of life: its batch stays its own, however long a stage takes, or the run ends.

A thread renews the run's hold of its batch. A process beside it, which nothing that the run does
can hold up, ends the run before its hold is over where that did not succeed: no other run may
begin while this one could still write.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from consulting.errors import BatchHeldError, BatchSettledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.intake.intake import Intake

LONGEST_SECONDS = 60.0
_BEATS_PER_LEASE = 4
_GOODBYE_SECONDS = 5.0
_HELD_SHARE = 0.8  # of a lease: then the run is told to stop, and has half of the rest to do so

# It waits for a byte; without one for too long, or at "!", it ends the process that should send it,
# gently at first. The pipe closes with the work, or with the process.
_WATCHDOG = """
import os, select, signal, sys
pid, seconds, grace = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
heard = b"."
while heard:
    late = not select.select([0], [], [], seconds)[0]
    heard = b"!" if late else os.read(0, 1024)
    if b"!" in heard:
        sys.stderr.write(sys.argv[4] + "\\n")
        os.kill(pid, signal.SIGTERM)
        while select.select([0], [], [], grace)[0]:
            if not os.read(0, 1024):
                sys.exit()
        os.kill(pid, signal.SIGKILL)
        break
"""

logger = logging.getLogger(__name__)


@contextmanager
def beating(intake: Intake, batch_id: str, run_id: str) -> Iterator[None]:
    """Renew the run's hold of the batch, in a thread, until the block ends.

    A process that is killed, frozen or swapped out stops renewing; its batch is then given to
    another run once the lease is over. One that is still there by then is ended before: at four
    fifths of the lease it gets SIGTERM, and SIGKILL if that does not help. So is one that learns
    that another run holds its batch.

    Args:
        intake: The client's intake.
        batch_id: The batch that the run began.
        run_id: The run.
    """
    over = threading.Event()
    pause = min(LONGEST_SECONDS, intake.policy.lease_seconds / _BEATS_PER_LEASE)

    watchdog = _Watchdog(intake, batch_id, run_id)

    def beat() -> None:
        while not over.wait(pause):
            try:
                intake.renew(batch_id, run_id, now=datetime.now(UTC))
                watchdog.hear()
            except BatchSettledError:
                watchdog.leave()
                return
            except BatchHeldError:
                watchdog.bite()
                return
            except SQLAlchemyError as error:
                logger.warning(
                    "%s: the ledger did not take the sign of life of run %s (%s); it is given "
                    "again in %.0f s.",
                    intake.client_id,
                    run_id,
                    type(error).__name__,
                    pause,
                )

    thread = threading.Thread(target=beat, name=f"sign of life of {batch_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_GOODBYE_SECONDS)
        watchdog.leave()


class _Watchdog:
    """The process that ends this one where it is not heard of."""

    def __init__(self, intake: Intake, batch_id: str, run_id: str) -> None:
        lease = intake.policy.lease_seconds
        words = (
            f"{intake.client_id}: run {run_id} lost its hold of batch {batch_id}: it gave no sign "
            f"of life for most of {lease:.0f} s, or another run has it. It is ended, so that no "
            "two runs work on one batch. Nothing to do: what it had not delivered, the next run "
            "takes again."
        )
        numbers = [lease * _HELD_SHARE, lease * (1 - _HELD_SHARE) / 2]
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(  # noqa: S603 - our own code
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                _WATCHDOG,
                str(os.getpid()),
                *map(str, numbers),
                words,
            ],
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # a keyboard's interrupt ends the run, not who watches it
        )

    def hear(self) -> None:
        """The run holds its batch for another while."""
        self._tell(b".")

    def bite(self) -> None:
        """The run does not hold its batch any more, and has to end."""
        self._tell(b"!")

    def leave(self) -> None:
        """There is nothing left to watch over."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.wait(_GOODBYE_SECONDS)

    def _tell(self, word: bytes) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError):  # somebody ended it; the next stage has another
                process.stdin.write(word)

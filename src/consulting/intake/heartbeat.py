"""A run's sign of life: its batch stays its own, however long a stage takes."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
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

logger = logging.getLogger(__name__)


@contextmanager
def beating(intake: Intake, batch_id: str, run_id: str) -> Iterator[None]:
    """Renew the run's hold of the batch, in a thread, until the block ends.

    A process that is killed, frozen or swapped out stops renewing; its batch is then given to
    another run once the lease is over. A run that lost its batch learns of it from `begin`, `seal`
    and `delivered`, so losing it here stops nothing.

    Args:
        intake: The client's intake.
        batch_id: The batch that the run began.
        run_id: The run.
    """
    over = threading.Event()
    pause = min(LONGEST_SECONDS, intake.policy.lease_seconds / _BEATS_PER_LEASE)

    def beat() -> None:
        while not over.wait(pause):
            try:
                intake.renew(batch_id, run_id, now=datetime.now(UTC))
            except (BatchHeldError, BatchSettledError):
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

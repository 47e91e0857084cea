"""One stage's try at a batch: the ledger learns of a failure before anyone else does."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting.errors import (
    BatchHeldError,
    BatchSettledError,
    BlockedDeliveryError,
    ChecksFailedError,
    RunInterruptedError,
    StoreError,
)
from consulting.intake import beating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.chain.engagement import Engagement
    from consulting.intake.records import FailureCause
    from consulting.records import Batch

# A library in Rust that breaks down raises a class of its own that is no `Exception`, and each
# library has another; its text may quote the file.
_PANIC = "PanicException"


@contextmanager
def attempt(engagement: Engagement, batch_id: str, run_id: str) -> Iterator[Batch]:
    """Hold the batch while a stage works on it, however long that takes.

    Args:
        engagement: Whose batch.
        batch_id: The batch.
        run_id: The run that works on it; only one run at a time can.

    Raises:
        BatchHeldError: If another run holds it.
        BatchSettledError: If it was delivered or split, so that there is nothing to do.
        RunInterruptedError: If the process was told to stop; the ledger knows.
    """
    intake = engagement.intake
    batch = intake.begin(batch_id, run_id, now=datetime.now(UTC))
    try:
        with beating(intake, batch_id, run_id):
            yield batch
    except (BatchHeldError, BatchSettledError):
        raise
    except BaseException as error:
        interrupted = not isinstance(error, Exception) and type(error).__name__ != _PANIC
        said = RunInterruptedError(engagement.client_id, batch_id) if interrupted else error
        intake.failed(
            batch_id, run_id, reason=_first_line(said), now=datetime.now(UTC), cause=_cause(said)
        )
        if interrupted:
            raise said from error
        raise


def _cause(error: BaseException) -> FailureCause:
    if isinstance(error, RunInterruptedError):
        return "interrupted"
    if isinstance(error, StoreError):
        # a store that does not answer is not the files' fault
        return "outage"
    if isinstance(error, (BlockedDeliveryError, ChecksFailedError)):
        return "data"
    return "unknown"


def _first_line(error: BaseException) -> str:
    if type(error).__name__ == _PANIC:
        return "a library that reads the file broke down"
    return next(iter(str(error).splitlines()), type(error).__name__)[:500]

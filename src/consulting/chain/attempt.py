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
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.chain.engagement import Engagement
    from consulting.intake.records import FailureCause
    from consulting.records import Batch


@contextmanager
def attempt(engagement: Engagement, batch_id: str, run_id: str) -> Iterator[Batch]:
    """Hold the batch while a stage works on it.

    Args:
        engagement: Whose batch.
        batch_id: The batch.
        run_id: The run that works on it; only one run at a time can.

    Raises:
        BatchHeldError: If another run holds it.
        BatchSettledError: If it was delivered or split, so that there is nothing to do.
    """
    intake = engagement.intake
    batch = intake.begin(batch_id, run_id, now=datetime.now(UTC))
    try:
        yield batch
    except (BatchHeldError, BatchSettledError):
        raise
    except Exception as error:
        intake.failed(
            batch_id,
            run_id,
            reason=_first_line(error),
            now=datetime.now(UTC),
            # a store that does not answer is not the files' fault
            cause=_cause(error),
        )
        raise


def _cause(error: Exception) -> FailureCause:
    if isinstance(error, StoreError):
        return "outage"
    if isinstance(error, (BlockedDeliveryError, ChecksFailedError)):
        return "data"
    return "unknown"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:500]

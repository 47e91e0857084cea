"""One stage's try at a batch: the ledger learns of a failure before anyone else does."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting.chain.tier import hold_tier
from consulting.errors import (
    BatchHeldError,
    BatchSettledError,
    BeyondLimitError,
    BlockedDeliveryError,
    ChecksFailedError,
    ConsultingError,
    DiskFullError,
    RunInterruptedError,
    StoreError,
    TierLoweredError,
)
from consulting.foreign import hushed, in_our_words, is_foreign
from consulting.intake import beating
from consulting.writing import keep_private

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.chain.engagement import Engagement
    from consulting.intake.records import FailureCause
    from consulting.records import Batch


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
        UnforeseenError: In place of an error of a library's, whose text may quote the data.
    """
    keep_private()
    intake = engagement.intake
    batch = intake.begin(batch_id, run_id, now=datetime.now(UTC))
    try:
        hold_tier(engagement)
        with hushed(), beating(intake, batch_id, run_id):
            engagement.checked_out.take(batch_id, run_id)
            yield batch
            engagement.checked_out.put_back()
    except (BatchHeldError, BatchSettledError):
        raise
    except BaseException as error:  # noqa: BLE001 - it goes on, in our words
        said = _said(engagement, batch_id, error)
        if not isinstance(said, RunInterruptedError):
            with suppress(ConsultingError):  # what a failed stage leaves tells why it failed
                engagement.checked_out.put_back()
        reason = str(said).partition("\n")[0][:500]
        intake.failed(batch_id, run_id, reason=reason, now=datetime.now(UTC), cause=_cause(said))
        raise said from None


def _said(engagement: Engagement, batch_id: str, error: BaseException) -> BaseException:
    """The error in our own words; nothing of another's text goes beyond this point."""
    if isinstance(error, ConsultingError) or (is_foreign(error) and not _is_interrupt(error)):
        return in_our_words(error, engagement.client_id, engagement.error_log, name=batch_id)
    return RunInterruptedError(engagement.client_id, batch_id)


def _is_interrupt(error: BaseException) -> bool:
    """Whether a query ended because the process was told to stop.

    DuckDB swallows Python's own exception for that, and raises a plain one in its place.
    """
    return type(error) is RuntimeError and error.args == ("Query interrupted",)


def _cause(error: BaseException) -> FailureCause:
    if isinstance(error, (RunInterruptedError, TierLoweredError)):
        # nothing was tried, and no file is at fault
        return "interrupted"
    if isinstance(error, (StoreError, DiskFullError)):
        # neither a store that does not answer nor a disk is the files' fault
        return "outage"
    if isinstance(error, (BeyondLimitError, BlockedDeliveryError, ChecksFailedError)):
        return "data"
    return "unknown"

"""What stands between a batch and its delivery, told by the stages and asked again before writing.

A run can begin at `delivered`, and then no check of the stages before has run with it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting import profiling
from consulting.errors import BlockedDeliveryError, ChecksBrokenError, ChecksFailedError
from consulting.shown import on_one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.chain.artifacts import Checks, Cleaning, Intake, Profile
    from consulting.chain.engagement import Engagement
    from consulting.intake.records import FailureCause


def unreadable(received: Intake) -> str | None:
    """Why nothing can be done: no file of the batch could be read."""
    if received.readings or received.own_corrections or not received.quarantined:
        return None
    files = on_one_line(" ".join(f"{q.filename}: {q.reason} {q.fix}" for q in received.quarantined))
    return f"No file could be read. {files}"


def drifted(client_id: str, found: Profile | Cleaning) -> str | None:
    """What the models can not take of files, or no longer read, and what a client's takes them."""
    stops = [finding for finding in found.drift if finding.severity == "block"]
    return f"{profiling.changes_in_words(stops)} {what_takes(client_id)}" if stops else None


def what_takes(client_id: str) -> str:
    """What to do where files changed."""
    return (
        f"If they are right as they are, `consulting accept {client_id}` shows what takes them so, "
        "and applies it."
    )


def unaccounted(cleaning: Cleaning) -> str | None:
    """Which feeds lost rows or multiplied them."""
    off = ((a.feed, a.unaccounted) for a in cleaning.accounts if a.unaccounted)
    return "; ".join(f"feed {feed}: {rows:+,} rows unaccounted for" for feed, rows in off) or None


def unmapped(cleaning: Cleaning) -> str | None:
    """Which columns would be lost without a word."""
    if not cleaning.unmapped:
        return None
    names = ", ".join(f"{one.feed}.{one.column!r}" for one in cleaning.unmapped)
    return (
        f"No mapping for {names}. In the feed's YAML, give each a column with "
        "`meta: {from: ...}`, or a reason in the source: `meta: {dropped_because: ...}`."
    )


def refused(client_id: str, cleaning: Cleaning) -> str | None:
    """Why nothing that was cleaned so is delivered."""
    return unaccounted(cleaning) or unmapped(cleaning) or drifted(client_id, cleaning)


def refuse(  # noqa: PLR0913 - by name only; what the ledger learns
    engagement: Engagement,
    *,
    batch_id: str,
    run_id: str,
    reason: str | None,
    log: Callable[[str], None] | None = None,
    cause: FailureCause = "data",
) -> None:
    """Let the ledger know of a failed check; the batch is tried again, or halved.

    Args:
        engagement: Whose batch.
        batch_id: The batch.
        run_id: The run whose check failed.
        reason: What the check found; None if it passed, and then nothing is done.
        log: Told the reason, where no error of the stage tells it: what Dagster itself says of a
            failed check is its name.
        cause: What is at fault; files are set aside sooner for their data.
    """
    if reason and log:
        log(f"{engagement.client_id}: nothing is delivered. {reason}")
    if reason:
        engagement.intake.failed(
            batch_id, run_id, reason=reason[:500], now=datetime.now(UTC), cause=cause
        )


def failed_checks(
    engagement: Engagement, checks: Checks
) -> ChecksFailedError | ChecksBrokenError | None:
    """The tests of error severity that failed, or else those that could not run, as an error."""
    blocking = [check for check in checks.checks if check.severity == "error"]
    failed = [check for check in blocking if check.status == "fail"]
    broken = {c.name: c.message or "no message" for c in blocking if c.status == "error"}
    if failed:
        return ChecksFailedError(
            engagement.client_id,
            {check.name: check.failing_rows for check in failed},
            stored_in={check.name: check.stored_in for check in failed if check.stored_in},
        )
    return ChecksBrokenError(engagement.client_id, broken) if broken else None


def require_passed(
    engagement: Engagement, received: Intake, profile: Profile, cleaning: Cleaning, checks: Checks
) -> None:
    """Stop a delivery that a check of an earlier stage forbids.

    Raises:
        BlockedDeliveryError: If no file could be read, the shape drifted too far, or rows or
            columns are unaccounted for.
        ChecksFailedError: If a blocking test failed.
        ChecksBrokenError: If one could not run.
    """
    for reason in (
        unreadable(received),
        drifted(engagement.client_id, profile),
        refused(engagement.client_id, cleaning),
    ):
        if reason:
            raise BlockedDeliveryError(engagement.client_id, reason)
    error = failed_checks(engagement, checks)
    if error:
        raise error

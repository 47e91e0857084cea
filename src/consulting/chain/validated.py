"""`validated`: the client's dbt tests run; a failed one of error severity stops the delivery."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.attempt import attempt
from consulting.chain.progress import told
from consulting.cleaning import DbtRun
from consulting.errors import ChecksFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.chain.engagement import Engagement


def validate(
    engagement: Engagement, *, batch_id: str, run_id: str, log: Callable[[str], None]
) -> artifacts.Checks:
    """Run the client's dbt tests; the failing rows stay in the client's own database.

    Raises:
        CleaningError: If dbt could not run them.
    """
    with attempt(engagement, batch_id, run_id):
        record_access(engagement, by=run_id, operation="run tests", subject=batch_id)
        return run_tests(engagement, batch_id, log=log)


def run_tests(
    engagement: Engagement, batch_id: str, *, log: Callable[[str], None]
) -> artifacts.Checks:
    """Run the tests over what was cleaned, and leave the record of it."""
    folder = engagement.folder
    dbt = DbtRun(engagement.models, folder, batch_id, on_progress=told(log))
    checks = artifacts.Checks(checks=tuple(dbt.test()))
    artifacts.write(folder.run(batch_id) / artifacts.CHECKS, checks)
    return checks


def refuse_failed(
    engagement: Engagement, *, batch_id: str, run_id: str, checks: artifacts.Checks
) -> None:
    """Stop the delivery if a test of error severity failed or could not run.

    Raises:
        ChecksFailedError: Names each such test with its count of failing rows.
    """
    failed = [
        check
        for check in checks.checks
        if check.status == "error" or (check.status == "fail" and check.severity == "error")
    ]
    if not failed:
        return
    error = ChecksFailedError(
        engagement.client_id,
        {check.name: check.failing_rows for check in failed},
        stored_in={check.name: check.stored_in for check in failed if check.stored_in},
    )
    engagement.intake.failed(
        batch_id, run_id, reason=str(error)[:500], now=datetime.now(UTC), cause="data"
    )
    raise error

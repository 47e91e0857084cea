"""`validated`: the client's dbt tests run; a failed one of error severity stops the delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain import artifacts, gate
from consulting.chain.access import record_access
from consulting.chain.attempt import attempt
from consulting.chain.loaded import require_loaded
from consulting.cleaning import DbtRun
from consulting.errors import ChecksBrokenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.chain.engagement import Engagement
    from consulting.intake.records import FailureCause


def validate(
    engagement: Engagement, *, batch_id: str, run_id: str, log: Callable[[str], None]
) -> artifacts.Checks:
    """Run the client's dbt tests; the failing rows stay in the client's own database.

    Raises:
        CleaningError: If dbt could not run them.
    """
    with attempt(engagement, batch_id, run_id):
        require_loaded(engagement, batch_id)
        record_access(engagement, by=run_id, operation="run tests", subject=batch_id)
        return run_tests(engagement, batch_id, log=log)


def run_tests(
    engagement: Engagement, batch_id: str, *, log: Callable[[str], None]
) -> artifacts.Checks:
    """Run the tests over what was cleaned, and leave the record of it."""
    folder = engagement.folder
    dbt = DbtRun(
        engagement.models,
        folder,
        batch_id,
        log=log,
        error_log=engagement.error_log,
    )
    checks = artifacts.Checks(checks=tuple(dbt.test()))
    artifacts.write(folder.run(batch_id) / artifacts.CHECKS, checks)
    return checks


def refuse_failed(
    engagement: Engagement, *, batch_id: str, run_id: str, checks: artifacts.Checks
) -> None:
    """Stop the delivery if a test of error severity failed or could not run.

    Raises:
        ChecksFailedError: Names each test that failed with its count of failing rows.
        ChecksBrokenError: Names each that could not run, with what the database said.
    """
    error = gate.failed_checks(engagement, checks)
    if error is None:
        return
    ours = isinstance(error, ChecksBrokenError)
    cause: FailureCause = "unknown" if ours else "data"
    gate.refuse(engagement, batch_id=batch_id, run_id=run_id, reason=str(error), cause=cause)
    raise error

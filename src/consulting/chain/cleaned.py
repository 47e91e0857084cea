"""`cleaned`: the client's dbt models run, and every row is accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.attempt import attempt
from consulting.chain.loaded import require_loaded
from consulting.chain.unread import earlier_counts, unread_values
from consulting.cleaning import (
    DbtRun,
    account_rows,
    cleaning_steps,
    column_mappings,
    read_counts,
    reject_reasons,
    with_changes,
)
from consulting.delivery import find_unmapped
from consulting.privacy.tiers import SCHEMA_ONLY_TIER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from consulting.chain.engagement import Engagement
    from consulting.chain.unread import Counted


def clean(
    engagement: Engagement, *, batch_id: str, run_id: str, log: Callable[[str], None]
) -> artifacts.Cleaning:
    """Run the client's models over what was received; at tier 1 over empty tables.

    Raises:
        CleaningError: If a model fails, or a source column it reads is missing.
    """
    with attempt(engagement, batch_id, run_id):
        record_access(engagement, by=run_id, operation="run models", subject=batch_id)
        received = require_loaded(engagement, batch_id)
        # what was tested before is not what is cleaned now
        (engagement.folder.run(batch_id) / artifacts.CHECKS).unlink(missing_ok=True)
        return clean_files(
            engagement,
            received,
            before=lambda feed: earlier_counts(engagement, feed, batch_id),
            log=log,
        )


def clean_files(
    engagement: Engagement,
    received: artifacts.Intake,
    *,
    before: Callable[[str], Iterable[Counted]],
    log: Callable[[str], None],
) -> artifacts.Cleaning:
    """Run the models over what was loaded, account for every row, and leave the record of it.

    Args:
        engagement: Whose files.
        received: What `file_received` left.
        before: Feed → what its rules read and did not in earlier deliveries, the last first.
        log: Told how the models ended.
    """
    folder, batch_id = engagement.folder, received.batch.batch_id
    dbt = DbtRun(
        engagement.models,
        folder,
        batch_id,
        readings=received.in_use,
        log=log,
        error_log=engagement.error_log,
    )
    empty = engagement.config.security_tier == SCHEMA_ONLY_TIER
    with dbt.built(empty=empty) as (models, tables):
        accounts = account_rows(tables, dbt.manifest, received.in_use)
        made = column_mappings(
            dbt.manifest,
            tables,
            received.in_use,
            harmless=_harmless(folder.run(batch_id)),
            compiled=dbt.compiled,
        )
        mappings = tuple(made if empty else with_changes(tables, made))
        steps = tuple(cleaning_steps(tables, dbt.manifest, mappings))
        corrections = {each.filename for each in received.in_use if each.corrections}
        counts = tuple(read_counts(tables, dbt.manifest, corrections))
    unread = unread_values(dbt.manifest, received.in_use, counts, before)
    modelled = {account.feed for account in accounts if account.table is not None}
    files = [reading for reading in received.in_use if reading.feed in modelled]
    cleaning = artifacts.Cleaning(
        models=tuple(models),
        accounts=tuple(
            account.model_copy(update={"carried_from": received.carried.get(account.feed)})
            for account in accounts
        ),
        mappings=mappings,
        steps=steps,
        reasons=reject_reasons(dbt.manifest),
        unmapped=tuple(find_unmapped(files, mappings)),
        counts=counts,
        drift=tuple(f.confirmed() if f.to_confirm in received.confirmed else f for f in unread),
    )
    artifacts.write(folder.run(batch_id) / artifacts.CLEANING, cleaning)
    return cleaning


def _harmless(run_folder: Path) -> frozenset[tuple[str, str]]:
    """Feed and column of all that hold no personal data, by the profile; none without a profile."""
    profile = artifacts.find(run_folder / artifacts.PROFILE, artifacts.Profile)
    return frozenset(
        (each.feed, column.name)
        for each in (profile.profiles if profile else ())
        for column in each.columns
        if not column.personal
    )

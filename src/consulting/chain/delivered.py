"""`delivered`: the delivery is written and, last of all, its files are marked delivered."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.chain import artifacts, gate
from consulting.chain.access import record_access
from consulting.chain.attempt import attempt
from consulting.chain.fingerprints import code_fingerprints
from consulting.chain.loaded import require_loaded
from consulting.delivery import (
    Consultancy,
    Delivery,
    DeliveryInputs,
    TableExport,
    append_history,
    build_delivery,
    list_deliveries,
    read_delivery,
    read_logo,
    read_manifest,
)
from consulting.errors import BatchSettledError, DeliveryError, TierBlockedError
from consulting.plugins import others, version_of
from consulting.privacy.tiers import FULL_TIER, SAMPLED_TIER
from consulting.profiling import delivery_score
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.config.engagement import Consultancy as ConsultancyConfig
    from consulting.layout import ClientFolder

UNSIGNED = "Data consulting"
VERSIONED = (
    *(
        "babel",
        "chardet",
        "dbt-core",
        "dbt-duckdb",
        "duckdb",
        "faker",
        "jinja2",
        "msoffcrypto-tool",
    ),
    *("olefile", "phonenumbers", "pyarrow", "python-calamine", "python-stdnum", "ruamel.yaml"),
    *("sqlglot", "xlsxwriter"),
)
"""Packages whose version can change the bytes of a delivery; the manifest names them."""


def installed() -> dict[str, str]:
    """The versions that the manifest names: of Python, of these packages and of plug-ins."""
    return {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        **{name: version_of(name) for name in VERSIONED},
        **others(),
    }


def deliver(
    engagement: Engagement, *, batch_id: str, run_id: str, log: Callable[[str], None]
) -> Delivery:
    """Build the delivery from what the run left, then settle the batch.

    Killed anywhere, it can be run again: the same records give the same delivery, the history
    takes it once, and the files are marked delivered when all of it is there.

    Raises:
        DeliveryError: If a row is unaccounted for, or a stage before has not run.
        BlockedDeliveryError: If a check of a stage before forbids the delivery.
        ChecksFailedError: If a blocking test failed.
        ChecksBrokenError: If one could not run.
        BatchSettledError: If the batch was split or dissolved, so that it never is delivered.
    """
    folder = engagement.folder
    try:
        with attempt(engagement, batch_id, run_id):
            _require_deliverable(engagement, batch_id)
            record_access(engagement, by=run_id, operation="write delivery", subject=batch_id)
            inputs = gather(engagement, batch_id)
            tables = exports(engagement, inputs)
            engagement.intake.seal(batch_id, run_id, now=datetime.now(UTC))
            delivery = build_delivery(inputs, folder=folder, tables=tables)
            if delivery.stands:
                log(
                    f"{batch_id} was written by an earlier attempt, with other code or rules, and "
                    "stands as it is"
                )
            if engagement.config.engagement_type == "recurring" and inputs.tier == FULL_TIER:
                _add_to_history(engagement, inputs, delivery, tables, log)
            engagement.checked_out.put_back()
            engagement.intake.delivered(
                batch_id, run_id, now=datetime.now(UTC), verdict=delivery.summary.verdict
            )
            engagement.checked_out.sweep()
    except BatchSettledError:
        # the run was killed after its last act, and is run again from this stage
        standing = read_delivery(folder, batch_id)
        if standing is None:
            raise
        delivery = standing
    log(f"Delivery {delivery.delivery_id} lies in {delivery.path}")
    return delivery


def _add_to_history(
    engagement: Engagement,
    inputs: DeliveryInputs,
    delivery: Delivery,
    tables: Sequence[TableExport],
    log: Callable[[str], None],
) -> None:
    folder = engagement.folder
    names = (one.delivery_id for one in inputs.history)
    restored = append_history(
        folder.warehouse,
        [table.table for table in tables],
        delivery_id=inputs.delivery_id,
        period=inputs.period,
        supersedes=delivery.supersedes,
        # those that were moved away, too, for they tell whose place they took
        earlier={folder.deliverables / each: read_manifest(folder.as_sent(each)) for each in names},
        written=delivery.path if delivery.stands else None,
    )
    for table, (taken, missing) in restored.items():
        if taken:
            log(
                f"history.{table} did not hold {', '.join(taken)}, as when a "
                "warehouse is lost; the rows were taken from the delivered files"
            )
        if missing:
            log(
                f"history.{table} does not hold {', '.join(missing)}, as when a warehouse is lost, "
                "and what was delivered was moved away: put "
                f"{counted(len(missing), 'folder')} back into `deliverables/`, and the next "
                "delivery takes the rows from there"
            )


def _require_deliverable(engagement: Engagement, batch_id: str) -> None:
    """Refuse what no check let through; a run can begin at this stage."""
    require_loaded(engagement, batch_id)
    gate.require_passed(engagement, *_left_before(engagement, batch_id))


def _left_before(
    engagement: Engagement, batch_id: str
) -> tuple[artifacts.Intake, artifacts.Profile, artifacts.Cleaning, artifacts.Checks]:
    """What the stages before left of the batch."""
    run_folder = engagement.folder.run(batch_id)
    try:
        return (
            artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake),
            artifacts.read(run_folder / artifacts.PROFILE, artifacts.Profile),
            artifacts.read(run_folder / artifacts.CLEANING, artifacts.Cleaning),
            artifacts.read(run_folder / artifacts.CHECKS, artifacts.Checks),
        )
    except FileNotFoundError as error:
        raise DeliveryError(
            f"{engagement.client_id}: {Path(error.filename).name} of batch {batch_id} is missing "
            "(or of another version), so a stage before `delivered` has not run for it. Run the "
            "client's whole job."
        ) from error


def gather(
    engagement: Engagement, batch_id: str, *, past: ClientFolder | None = None
) -> DeliveryInputs:
    """Everything the delivery says, from the records of the stages before.

    Args:
        engagement: Whose delivery.
        batch_id: The batch.
        past: Where earlier deliveries lie, if not in the engagement's own folder.

    Raises:
        DeliveryError: If a stage has not run for this batch.
    """
    config = engagement.config
    received, profile, cleaning, checks = _left_before(engagement, batch_id)
    made = {each.delivery_id: each for each in list_deliveries(past or engagement.folder)}
    return DeliveryInputs(
        delivery_id=batch_id,
        client_id=engagement.client_id,
        client_name=config.client_name,
        engagement_type=config.engagement_type,
        tier=config.security_tier,
        period=received.batch.period,
        received_at=max(drop.first_seen for drop in received.batch.drops),
        consultancy=signature(config.consultancy, engagement.clients_dir),
        files=received.in_use,
        quarantined=received.quarantined,
        profiles=profile.profiles,
        across=profile.across,
        score=profile.score and delivery_score(profile.score, cleaning.accounts),
        drift=(*profile.drift, *cleaning.drift),
        models=cleaning.models,
        checks=checks.checks,
        accounts=cleaning.accounts,
        mappings=cleaning.mappings,
        steps=cleaning.steps,
        reasons=cleaning.reasons,
        blocked=tuple(map(str, blocked_operations(engagement))),
        documents=config.deliverables.documents,
        history=tuple(made[each] for each in received.earlier if each in made),
        versions=installed(),
        code_fingerprints=code_fingerprints(),
        dbt_fingerprint=engagement.models.content_hash(said_in_comments=False),
        config=config.model_dump(mode="json", exclude={"alerts", "owners"}),
    )


def signature(declared: ConsultancyConfig, clients_dir: Path) -> Consultancy:
    """Who signs, with the logo read from beside the clients' `defaults.yaml`.

    Raises:
        ConfigurationError: If the logo is not there, too large, or not what its name says.
    """
    given = declared.model_dump(exclude={"logo", "name"}) | {"name": declared.name or UNSIGNED}
    logo = None if declared.logo is None else read_logo(clients_dir / declared.logo)
    return Consultancy(**given, logo=logo)


def exports(engagement: Engagement, inputs: DeliveryInputs) -> list[TableExport]:
    """The marts to hand over, in the formats the engagement asks for."""
    formats = engagement.config.deliverables.formats
    feeds = {account.table: account.feed for account in inputs.accounts}
    return [
        TableExport(table=model.name, feed=feeds.get(model.name), formats=formats)
        for model in inputs.models
        if model.layer == "marts" and model.status == "success"
    ]


def blocked_operations(engagement: Engagement) -> tuple[TierBlockedError, ...]:
    """What the engagement's tier forbids, as the errors that were not worth stopping for."""
    tier = engagement.config.security_tier
    operations = {
        "store all rows of the files": FULL_TIER,
        "keep the client's original files": FULL_TIER,
        "store a sample of the rows": SAMPLED_TIER,
        "profile the values of columns": SAMPLED_TIER,
        "deliver cleaned tables": SAMPLED_TIER,
    }
    return tuple(
        TierBlockedError(operation, required, engagement.client_id, tier)
        for operation, required in operations.items()
        if tier < required
    )

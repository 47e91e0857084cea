"""What the stages ask of the run they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from consulting import chain
from consulting.components.border import log_to
from consulting.components.engagement.client import BATCH_TAG
from consulting.components.engagement.partitions import partition_of, period_of

if TYPE_CHECKING:
    from consulting.components.engagement.client import Client

BATCH_METADATA = "batch_id"


def period_of_run(context: dg.AssetExecutionContext, client: Client) -> str | None:
    """The period this run is for; None where the engagement has none.

    Raises:
        dg.Failure: If the engagement has periods and the run is for none, or for several.
    """
    partitions_def, periods = client.partitions_def, client.config.partitions
    if partitions_def is None or periods is None:
        return None
    if context.has_partition_key:
        return period_of(context.partition_key)
    newest = partitions_def.get_last_partition_key() or partition_of(periods.start)
    raise dg.Failure(
        f"{client.client_id} is delivered one period at a time, and this run names none; nothing "
        f"was taken. Choose one, for example `--partition {newest}`. For several, start a backfill "
        f"of {client.job_name} in the UI.",
        allow_retries=False,
    )


def require_whole(context: dg.AssetExecutionContext, client: Client) -> None:
    """Refuse a run of some of a step's models or tests: they are run together, or not at all.

    Raises:
        dg.Failure: If the run does not ask for all of them.
    """
    whole = context.assets_def
    if whole.is_subset or set(whole.keys) != context.selected_asset_keys:
        raise dg.Failure(
            f"{client.client_id}: a client's models and their tests run together, and this run "
            f"asks for some of them; nothing was done. Run the job {client.job_name}, or select "
            f"all assets of the group {client.client_id}.",
            allow_retries=False,
        )


def refuse_if(
    reason: str | None,
    context: dg.AssetExecutionContext,
    engagement: chain.Engagement,
    batch_id: str,
) -> None:
    """Let the ledger and the run's log know why a check failed; nothing is done where it passed."""
    log, run_id = log_to(context.log.error), context.run.run_id
    chain.refuse(engagement, batch_id=batch_id, run_id=run_id, reason=reason, log=log)


def batch_of(context: dg.AssetExecutionContext, client: Client) -> str:
    """The batch this run works on.

    A run that starts in the middle of the chain goes on with the batch that `file_received` took
    last (of the run's partition, where there is one).

    Raises:
        dg.Failure: If no batch was ever received.
    """
    tagged = context.run.tags.get(BATCH_TAG)
    if tagged:
        return tagged
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(
            asset_key=client.key("file_received"),
            asset_partitions=[context.partition_key] if context.has_partition_key else None,
        ),
        limit=1,
    ).records
    materialization = records[0].asset_materialization if records else None
    if materialization is None or BATCH_METADATA not in materialization.metadata:
        raise dg.Failure(
            f"{client.client_id} has received no files yet, so there is nothing to go on with. "
            f"Run the whole job {client.job_name}."
        )
    return str(materialization.metadata[BATCH_METADATA].value)

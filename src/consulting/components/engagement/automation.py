"""What starts a client's runs: the job, the sensor on its files and its schedule."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import dagster as dg

from consulting import chain
from consulting.components.border import bordered
from consulting.components.engagement import runs
from consulting.components.engagement.client import BATCH_TAG, Client
from consulting.components.engagement.partitions import partition_of
from consulting.records import Batch
from consulting.resources.consultancy import ConsultancyResource
from consulting.wording import counted

SENSOR_SECONDS = 30
SPREAD_SECONDS = 10


def build_job(client: Client, steps: Sequence[dg.AssetsDefinition]) -> Any:
    """The job of the whole chain; its stages share one process, for each process reloads all.

    (Dagster exports no name for the type of an asset job that is not resolved yet.)
    """
    # by their keys: for a prefix Dagster looks through all clients' assets, twice a job
    selection: dg.AssetSelection = dg.AssetSelection.assets(
        *(key for step in steps for key in step.keys)
    )
    if client.config.sla is not None:
        # whether the client is late is no part of a run
        selection -= dg.AssetSelection.checks(client.on_time)
    return dg.define_asset_job(
        client.job_name,
        selection=selection,
        description=f"{client.config.client_name}: from received files to a delivery.",
        tags=client.run_tags,
        executor_def=dg.in_process_executor,
    )


def build_sensor(client: Client) -> dg.SensorDefinition:
    """The sensor that finds the client's new files and asks for a run of each batch."""
    # what was loaded anew may be told otherwise: it is listed once, whatever a queue tells
    listed = False

    @dg.sensor(
        name=f"{client.client_id}_files",
        job_name=client.job_name,
        description=(
            f"Looks for new files of {client.config.client_name} and starts a run for each batch. "
            "What became of every file is in the ledger."
        ),
        # ticks of many clients are spread over time
        minimum_interval_seconds=SENSOR_SECONDS + crc32(client.client_id.encode()) % SPREAD_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        tags=client.tags,
    )
    @bordered(client)
    def files(
        context: dg.SensorEvaluationContext, consultancy: ConsultancyResource
    ) -> dg.SensorResult:
        nonlocal listed
        engagement = consultancy.engagement(client)
        tick = _look(context.instance, client, engagement, if_told=listed)
        listed = listed or tick.listed
        if tick.untold:
            context.log.warning(
                "%s: %s with no notification, and waited for the daily listing. If that is so "
                "every day, the bucket does not notify the queue of `source.notifications`",
                client.client_id,
                counted(tick.untold, "file came", "files came"),
            )
        if tick.batches:
            return dg.SensorResult(run_requests=[run_request(client, b) for b in tick.batches])
        return dg.SensorResult(skip_reason=tick.sentence)

    return files


def build_schedules(client: Client) -> list[dg.ScheduleDefinition]:
    """The schedule that takes whatever is ready when the engagement is due."""
    due = client.config.schedule
    if due is None:
        return []

    @dg.schedule(
        name=f"{client.client_id}_due",
        cron_schedule=due.ticks,
        execution_timezone=due.timezone,
        job_name=client.job_name,
        description=f"{client.config.client_name} is due: takes whatever files are ready.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        tags=client.tags,
    )
    @bordered(client)
    def when_due(
        context: dg.ScheduleEvaluationContext, consultancy: ConsultancyResource
    ) -> list[dg.RunRequest] | dg.SkipReason:
        if not due.is_due(context.scheduled_execution_time):
            return dg.SkipReason("Not due today: the calendar moved or skipped this day.")
        engagement = consultancy.engagement(client)
        tick = _look(context.instance, client, engagement, due=context.scheduled_execution_time)
        if tick.batches:
            return [run_request(client, batch) for batch in tick.batches]
        return dg.SkipReason(tick.sentence)

    return [when_due]


def _look(
    instance: dg.DagsterInstance,
    client: Client,
    # not evaluated, for that would import what only a tick needs
    engagement: "chain.Engagement",
    *,
    due: datetime | None = None,
    if_told: bool = False,
) -> "chain.Tick":
    """What ended is settled, new files are looked for, and a batch is claimed."""
    now = datetime.now(UTC)
    policy = engagement.config.intake
    runs.bury_silent_runs(
        instance,
        client.client_id,
        alive=lambda: engagement.intake.live_runs(now=now),
        # a run that a person started waits for its files to settle before it claims them
        silent_seconds=policy.lease_seconds + policy.settle_seconds,
        now=now,
    )
    return chain.look(
        engagement,
        verdict_of=runs.verdicts(instance),
        verdict_of_request=runs.request_verdicts(instance),
        now=now,
        due=due,
        if_told=if_told,
    )


def run_request(client: Client, batch: Batch) -> dg.RunRequest:
    """The run of one batch; the same batch and attempt never runs twice."""
    return dg.RunRequest(
        run_key=batch.run_key,
        partition_key=partition_of(batch.period) if batch.period else None,
        tags={**client.run_tags, BATCH_TAG: batch.batch_id},
    )

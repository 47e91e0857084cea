"""The stages that are not dbt's: file_received, profiled and delivered."""

from collections.abc import Iterator

import dagster as dg

from consulting import chain
from consulting.components.border import bordered, log_to
from consulting.components.engagement import metadata
from consulting.components.engagement.client import BATCH_TAG, Client
from consulting.components.engagement.stage import batch_of, period_of_run, refuse_if
from consulting.errors import NothingNewError
from consulting.privacy.tiers import FULL_TIER
from consulting.resources.consultancy import ConsultancyResource

READABLE = "files_readable"
NO_DRIFT = "no_blocking_drift"


def build_file_received(client: Client) -> dg.AssetsDefinition:
    """The asset that claims a batch, lands its files and loads them as text."""
    stage = client.stage(
        "file_received",
        description=(
            f"{client.config.client_name}'s newest files: checked, landed by content hash and "
            "loaded into the client's `raw` schema as text, with file and row number."
        ),
        kinds={"file", "duckdb"},
        skippable=True,
    )

    @dg.multi_asset(
        name=client.step_name("file_received"),
        specs=[stage],
        check_specs=[
            dg.AssetCheckSpec(
                READABLE,
                asset=stage.key,
                blocking=True,
                description=(
                    "Every file could be read. A warning names the files in quarantine; an error "
                    "means that none was left to go on with."
                ),
            )
        ],
    )
    @bordered(client)
    def file_received(
        context: dg.AssetExecutionContext, consultancy: ConsultancyResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        engagement = consultancy.engagement(client)
        batch_id = context.run.tags.get(BATCH_TAG)
        period = period_of_run(context, client)
        try:
            received = chain.receive(
                engagement,
                run_id=context.run.run_id,
                batch_id=batch_id,
                period=period,
                log=log_to(context.log.info),
            )
        except NothingNewError as nothing:
            # no output: the stages after this one are skipped, and the run succeeds
            log_to(context.log.info)(str(nothing))
            yield dg.AssetCheckResult(
                check_name=READABLE,
                asset_key=stage.key,
                passed=True,
                description=str(nothing),
            )
            return
        refuse_if(chain.unreadable(received), context, engagement, received.batch.batch_id)
        yield dg.MaterializeResult(
            metadata=metadata.of_received(received, engagement),
            check_results=[metadata.readable_check(READABLE, received)],
        )

    return file_received


def build_profiled(client: Client) -> dg.AssetsDefinition:
    """The asset that profiles the loaded files."""
    stage = client.stage(
        "profiled",
        deps=[client.key("file_received")],
        description=(
            "What the files hold: types, nulls, distributions, patterns, personal data, and what "
            "changed since the last delivery. Issues carry severity and a recommendation. The "
            "report adds tests and rejects, and tells what the cleaning has dealt with apart."
        ),
        kinds={"duckdb"},
    )

    @dg.multi_asset(
        name=client.step_name("profiled"),
        specs=[stage],
        check_specs=[
            dg.AssetCheckSpec(
                NO_DRIFT,
                asset=stage.key,
                blocking=True,
                description="The files have the shape that the last delivery and dbt expect.",
            )
        ],
    )
    @bordered(client)
    def profiled(
        context: dg.AssetExecutionContext, consultancy: ConsultancyResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        engagement = consultancy.engagement(client)
        batch_id = batch_of(context, client)
        profile = chain.profile(
            engagement, batch_id=batch_id, run_id=context.run.run_id, log=log_to(context.log.info)
        )
        chain.end_child()  # the later stages do without its libraries
        refuse_if(chain.drifted(client.client_id, profile), context, engagement, batch_id)
        yield dg.MaterializeResult(
            metadata=metadata.of_profile(
                profile, patches_told=client.config.security_tier == FULL_TIER
            ),
            check_results=[metadata.drift_check(client.client_id, NO_DRIFT, profile)],
        )

    return profiled


def build_delivered(client: Client) -> dg.AssetsDefinition:
    """The asset that writes the delivery and, last of all, marks its files delivered."""
    stage = client.stage(
        "delivered",
        deps=[client.key("validated")],
        description=(
            "What the client gets: quality report, mapping document, transform log, cleaned "
            "tables, rejected rows and a manifest with the hash of everything."
        ),
        kinds={"html", "excel", "parquet"},
    )

    @dg.multi_asset(
        name=client.step_name("delivered"),
        specs=[stage],
    )
    @bordered(client)
    def delivered(
        context: dg.AssetExecutionContext, consultancy: ConsultancyResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        engagement = consultancy.engagement(client)
        batch_id = batch_of(context, client)
        delivery = chain.deliver(
            engagement,
            batch_id=batch_id,
            run_id=context.run.run_id,
            log=log_to(context.log.info),
        )
        yield dg.MaterializeResult(metadata=metadata.of_delivery(delivery, engagement))

    return delivered

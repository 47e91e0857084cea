"""What watches over all clients: one sensor, the portfolio page, and a watch on the watcher."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from consulting.alerting import HeartbeatStatus
from consulting.components.border import bordered
from consulting.components.consultancy.on_time import as_evaluation
from consulting.components.consultancy.rounds import Rounds, rounds_of
from consulting.components.consultancy.watch import (
    ALERTS,
    GETS_OUT,
    GROUP,
    PAGE_EVERY,
    PORTFOLIO,
    Memory,
    Watcher,
    portfolio_metadata,
)
from consulting.components.engagement.client import Client
from consulting.layout import ledger_url
from consulting.resources.alerts import AlertsResource
from consulting.resources.consultancy import ConsultancyResource
from consulting.wording import counted

DISPATCH_SECONDS = 20
FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(minutes=20))
"""Dagster's own daemon tells if the sensor, which writes every 5 minutes, has stopped."""


ALERTS_ASSET = dg.AssetSpec(
    ALERTS,
    group_name=GROUP,
    kinds={"slack"},
    description=(
        "The alerts of all clients: one message per incident and one when it is over, to Slack or, "
        "without a token, to `alerts.html` in the data root."
    ),
    freshness_policy=FRESH,
)


def build_portfolio(clients: Sequence[Client]) -> dg.AssetsDefinition:
    """The portfolio page over these clients."""

    @dg.asset(
        key=PORTFOLIO,
        group_name=GROUP,
        kinds={"html"},
        description=(
            "All clients on one page: due, late, last delivery, score, open incidents, quarantine. "
            "The sensor writes it anew when something changes, and every five minutes."
        ),
        freshness_policy=FRESH,
    )
    @bordered()
    def portfolio(
        context: dg.AssetExecutionContext, consultancy: ConsultancyResource, alerts: AlertsResource
    ) -> dg.MaterializeResult[None]:
        """The portfolio page."""
        watcher = Watcher(consultancy, alerts.desk(), context.instance, Rounds(ledger_url()))
        page = watcher.write_portfolio(clients, datetime.now(UTC))
        return dg.MaterializeResult(metadata=portfolio_metadata(page, len(clients)))

    return portfolio


def build_sensor(clients: Sequence[Client]) -> dg.SensorDefinition:
    """The one sensor that watches over these clients."""

    @dg.sensor(
        name="consultancy_alerts",
        description=(
            "Looks at every client's ledger: tells what is wrong and what is over, evaluates the "
            "SLA checks, sends what waits in the outbox and refreshes the portfolio."
        ),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        asset_selection=dg.AssetSelection.assets(ALERTS, PORTFOLIO),
    )
    @bordered()
    def watch_over_clients(
        context: dg.SensorEvaluationContext,
        consultancy: ConsultancyResource,
        alerts: AlertsResource,
    ) -> dg.SensorResult:
        """One look over all clients."""
        now, desk = datetime.now(UTC), alerts.desk()
        memory = Memory.read(context.cursor)
        rounds = rounds_of(ledger_url())
        watcher = Watcher(consultancy, desk, context.instance, rounds)
        look = watcher.look(clients, memory, now)
        for client_id, problem in look.problems.items():
            context.log.error("%s could not be looked at: %s", client_id, problem)
        sent = desk.dispatch(
            alerts.sender(),
            datetime.now(UTC),
            others=alerts.sender_of,
            budget_seconds=DISPATCH_SECONDS,
        )
        events: list[dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation] = [
            *look.evaluations
        ]
        memory = look.memory
        stale = memory.page_at is None or now - memory.page_at >= PAGE_EVERY
        if (look.changed or stale) and rounds.knows_all(clients):
            page = watcher.write_portfolio(clients, now)
            memory = memory.model_copy(update={"page_at": now})
            standing: dict[str, str | int] = {
                "sentence": desk.heartbeat_status(now).sentence,
                "sent": sent.sent,
            }
            events += [
                dg.AssetMaterialization(PORTFOLIO, metadata=portfolio_metadata(page, len(clients))),
                dg.AssetMaterialization(ALERTS, metadata=standing),
            ]
        told = f"{counted(len(clients), 'client')}, {look.looked} looked at: "
        told += f"{look.reported} reported, {look.resolved} over, "
        return dg.SensorResult(
            skip_reason=f"{told}{sent.sent} sent.",
            asset_events=events,
            cursor=memory.model_dump_json(),
        )

    return watch_over_clients


@dg.asset_check(
    asset=ALERTS,
    name=GETS_OUT.name,
    description="The sensor that sends alerts is alive, and nothing waits for long.",
)
@bordered()
def alerts_get_out(alerts: AlertsResource) -> dg.AssetCheckResult:
    """Whether alerts get out."""
    return _gets_out(alerts)


@dg.schedule(
    name="consultancy_heartbeat",
    cron_schedule="*/5 * * * *",
    target=dg.AssetSelection.checks(GETS_OUT),
    description="Looks whether the alert sensor is alive; starts no run.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
@bordered()
def heartbeat(context: dg.ScheduleEvaluationContext, alerts: AlertsResource) -> dg.SkipReason:
    """Evaluate the heartbeat check from another daemon than the one it watches."""
    result = _gets_out(alerts)
    context.instance.report_runless_asset_event(as_evaluation(GETS_OUT, result))
    return dg.SkipReason(result.description)


def _status_of(alerts: AlertsResource) -> HeartbeatStatus:
    """Whether alerts get out; they do not if their database can't be asked."""
    try:
        return alerts.desk().heartbeat_status(datetime.now(UTC))
    except Exception as error:  # noqa: BLE001 - whatever it is, the check has to fail
        return HeartbeatStatus(
            state="dead",
            waiting=0,
            oldest_waiting_seconds=0,
            sentence=(
                f"The alerts' database can not be asked ({type(error).__name__}), so no alert gets "
                "out. See that it runs, and that CONSULTING_LEDGER_URL names it."
            ),
        )


def _gets_out(alerts: AlertsResource) -> dg.AssetCheckResult:
    status = _status_of(alerts)
    return dg.AssetCheckResult(
        passed=status.healthy,
        description=status.sentence,
        metadata={
            "state": status.state,
            "waiting": status.waiting,
            "oldest_waiting_seconds": status.oldest_waiting_seconds,
        },
    )

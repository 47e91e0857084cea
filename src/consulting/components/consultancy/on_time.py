"""The check `on_time` of each client with an SLA."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from consulting import chain
from consulting.components.border import bordered
from consulting.components.engagement.client import Client
from consulting.resources.consultancy import ConsultancyResource
from consulting.timekeeping import SlaStatus


def sla_result(client: Client, sla: SlaStatus) -> dg.AssetCheckResult:
    """How a client stands against its SLA, as an asset check."""
    metadata: dict[str, dg.MetadataValue[Any]] = {
        "state": dg.MetadataValue.text(sla.state),
        "late": dg.MetadataValue.int(len(sla.late)),
    }
    if sla.next_due_at is not None:
        metadata["next_due_at"] = dg.MetadataValue.timestamp(sla.next_due_at)
    if sla.who is not None:
        metadata["who_is_late"] = dg.MetadataValue.text(sla.who)
    if sla.periods:
        metadata["periods"] = dg.MetadataValue.table(
            [
                dg.TableRecord({"period": each.key, "state": each.state, "said": each.sentence})
                for each in reversed(sla.periods)
            ]
        )
    return dg.AssetCheckResult(
        asset_key=client.on_time.asset_key,
        check_name=client.on_time.name,
        passed=sla.state not in {"warn", "breach"},
        severity=(
            dg.AssetCheckSeverity.ERROR if sla.state == "breach" else dg.AssetCheckSeverity.WARN
        ),
        description=sla.sentence,
        metadata=metadata,
    )


def as_evaluation(key: dg.AssetCheckKey, result: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    """What was found of a check, as a sensor or schedule tells it without a run."""
    return dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=result.passed,
        severity=result.severity,
        description=result.description,
        metadata=result.metadata,
    )


def build_on_time_checks(clients: Sequence[Client]) -> list[dg.AssetChecksDefinition]:
    """The SLA checks of all clients, in one op, for each op costs at load.

    The sensor evaluates them when something changed; a person can run them at any time.
    """
    promised = [client for client in clients if client.config.sla is not None]
    if not promised:
        return []

    @dg.multi_asset_check(
        name="consultancy__on_time",
        can_subset=True,
        description="Whether what is due was delivered, by each client's SLA.",
        specs=[
            dg.AssetCheckSpec(
                client.on_time.name,
                asset=client.on_time.asset_key,
                description="What is due by the SLA was delivered; if not, who is late.",
            )
            for client in promised
        ],
    )
    @bordered()
    def on_time(
        context: dg.AssetCheckExecutionContext, consultancy: ConsultancyResource
    ) -> Iterator[dg.AssetCheckResult]:
        wanted = context.selected_asset_check_keys
        for client in promised:
            if client.on_time in wanted:
                engagement = consultancy.engagement(client, looks=True)
                sla = chain.facts_of(engagement, datetime.now(UTC)).sla
                if sla is not None:
                    yield sla_result(client, sla)

    return [on_time]

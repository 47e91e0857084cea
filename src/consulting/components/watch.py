"""One look over all clients: SLAs, incidents and the portfolio page.

A single sensor makes it. It asks the ledger, never a client's store, and keeps in its cursor what
it told Dagster last, so that a look at which nothing changed writes nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from consulting import chain
from consulting.components.engagement.client import BATCH_TAG, Client
from consulting.components.on_time import sla_result
from consulting.layout import data_root
from consulting.portfolio import ClientStanding, OpenIncident
from consulting.records import Record
from consulting.resources.alerts import run_link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from consulting.alerting import AlertDesk, Incident
    from consulting.resources.consultancy import ConsultancyResource

GROUP = "consultancy"
PORTFOLIO = dg.AssetKey([GROUP, "portfolio"])
ALERTS = dg.AssetKey([GROUP, "alerts"])
GETS_OUT = dg.AssetCheckKey(ALERTS, "alerts_get_out")
WATCH_SECONDS = 20
"""A look takes no longer; the next one goes on with the clients it did not come to."""
PAGE_EVERY = timedelta(minutes=5)
"""The page is also written anew whenever an incident or an SLA changed."""


class Memory(Record):
    """The sensor's cursor: what it told last.

    Attributes:
        checks: Client → what its SLA check said last.
        page_at: When the portfolio was last written.
        next_client: The client a look that ran out of time goes on with.
    """

    checks: dict[str, str] = Field(default_factory=dict)
    page_at: datetime | None = None
    next_client: str = ""


@dataclass
class Look:
    """What came of one look.

    Attributes:
        memory: What the next look has to know.
        evaluations: SLA checks whose outcome changed.
        reported: Events told to the desk.
        resolved: Incidents that are over.
        problems: Clients that could not be looked at, with the reason.
    """

    memory: Memory
    evaluations: list[dg.AssetCheckEvaluation] = field(default_factory=list)
    reported: int = 0
    resolved: int = 0
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether there is something new to see."""
        return bool(self.evaluations or self.reported or self.resolved)


@dataclass(frozen=True)
class Watcher:
    """Looks at clients.

    Attributes:
        consultancy: Opens engagements.
        desk: Keeps incidents.
        instance: Knows runs.
    """

    consultancy: ConsultancyResource
    desk: AlertDesk
    instance: dg.DagsterInstance

    def look(self, clients: Sequence[Client], memory: Memory, now: datetime) -> Look:
        """Look at each client, for at most `WATCH_SECONDS`; one never stops the others."""
        look = Look(memory)
        checks = dict(memory.checks)
        deadline = time.monotonic() + WATCH_SECONDS
        next_client = ""
        for client in _from(clients, memory.next_client):
            if time.monotonic() > deadline:
                next_client = client.client_id
                break
            try:
                self._look_at(client, checks, look, now)
            except Exception as error:  # noqa: BLE001 - told by the sensor; others are looked at
                look.problems[client.client_id] = f"{type(error).__name__}: {error}"
        look.memory = memory.model_copy(update={"checks": checks, "next_client": next_client})
        return look

    def _look_at(self, client: Client, checks: dict[str, str], look: Look, now: datetime) -> None:
        engagement = self.consultancy.engagement(client.client_id, client.config, looks=True)
        facts = chain.facts_of(engagement, now)
        reported, resolved = chain.watch(self.desk, engagement, facts, run_of=self.run_of)
        look.reported += reported
        look.resolved += resolved
        if facts.sla is None:
            return
        said = f"{facts.sla.state} {facts.sla.key or ''} {facts.sla.who or ''}"
        if checks.get(client.client_id) != said:
            checks[client.client_id] = said
            result = sla_result(client, facts.sla)
            look.evaluations.append(
                dg.AssetCheckEvaluation(
                    asset_key=client.on_time.asset_key,
                    check_name=client.on_time.name,
                    passed=result.passed,
                    severity=result.severity,
                    description=result.description,
                    metadata=result.metadata,
                )
            )

    def run_of(self, batch_id: str) -> tuple[str | None, str | None]:
        """The link to a batch's last run, and the first error of that run if it failed."""
        runs = self.instance.get_runs(dg.RunsFilter(tags={BATCH_TAG: batch_id}), limit=1)
        if not runs:
            return None, None
        error = None
        if runs[0].status is dg.DagsterRunStatus.FAILURE:
            error = self._first_error(runs[0].run_id)
        return run_link(runs[0].run_id), error

    def _first_error(self, run_id: str) -> str | None:
        failures = self.instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        for entry in failures:
            data = entry.get_dagster_event().step_failure_data
            if data.user_failure_data and data.user_failure_data.description:
                return data.user_failure_data.description
            if data.error is not None:
                return (data.error.cause or data.error).message
        return None

    def write_portfolio(self, clients: Sequence[Client], now: datetime) -> Path:
        """Write the portfolio page over all clients."""
        from consulting.portfolio import build_portfolio

        told: dict[str, list[Incident]] = {}
        for incident in self.desk.open_incidents():
            told.setdefault(incident.event.client_id, []).append(incident)
        standings = [self._standing(each, told.get(each.client_id, ()), now) for each in clients]
        return build_portfolio(standings, data_root(), as_of=now)

    def _standing(
        self, client: Client, incidents: Sequence[Incident], now: datetime
    ) -> ClientStanding:
        """A client's line of the page; one that can't be read has a line that says so."""
        try:
            engagement = self.consultancy.engagement(client.client_id, client.config, looks=True)
            return chain.standing_of(engagement, chain.facts_of(engagement, now), incidents)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are shown
            title = f"Could not be looked at: {type(error).__name__}"
            trouble = OpenIncident(kind="failed_run", title=title, since=now)
            return ClientStanding(
                client_id=client.client_id,
                client_name=client.config.client_name,
                incidents=(trouble,),
            )


def portfolio_metadata(page: Path, clients: int) -> Mapping[str, dg.MetadataValue[str] | int]:
    """What the portfolio tells Dagster."""
    return {"page": dg.MetadataValue.url(page.as_uri()), "clients": clients}


def _from(clients: Sequence[Client], client_id: str) -> list[Client]:
    """All clients, beginning with one of them."""
    return sorted(clients, key=lambda each: (each.client_id < client_id, each.client_id))

"""One look over all clients: SLAs, incidents and the portfolio page.

A single sensor makes it. It asks the ledger, never a client's store, looks only where there may be
news, and keeps in its cursor what it told Dagster last, so that a look at which nothing changed
writes nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, ValidationError

from consulting import chain
from consulting.alerting import AlertRoute, queue_unread
from consulting.components.border import EVERYBODY
from consulting.components.clients import WATCHES_ALL
from consulting.components.consultancy.on_time import as_evaluation, sla_result
from consulting.components.consultancy.rounds import Rounds, Seen
from consulting.components.engagement.client import BATCH_TAG, Client
from consulting.foreign import ErrorLog, in_our_words
from consulting.intake import last_heard
from consulting.layout import address_of, data_root
from consulting.portfolio import ClientStanding, OpenIncident
from consulting.records import Record
from consulting.resources.alerts import run_link
from consulting.shown import on_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from consulting.alerting import AlertDesk, Incident
    from consulting.resources.consultancy import ConsultancyResource
    from consulting.timekeeping import SlaStatus

GROUP = WATCHES_ALL
PORTFOLIO = dg.AssetKey([GROUP, "portfolio"])
ALERTS = dg.AssetKey([GROUP, "alerts"])
GETS_OUT = dg.AssetCheckKey(ALERTS, "alerts_get_out")
WATCH_SECONDS = 20
"""A look takes no longer; the next one goes on with the clients it did not come to."""
RESTLESS = timedelta(seconds=20)
"""When a client is looked at again at which something just went wrong or right."""
UNREAD_AFTER = timedelta(minutes=10)
"""A queue that nobody could read for so long is told of."""
PAGE_EVERY = timedelta(minutes=5)
"""The page is also written anew whenever an incident or an SLA changed."""
_OF_ALL = AlertRoute(client_id=EVERYBODY, client_name="All clients", tier=3)


class Memory(Record):
    """The sensor's cursor: what it told last.

    Attributes:
        checks: Client → what its SLA check said last.
        page_at: When the portfolio was last written.
        queues: Queue → when it was first looked for.
    """

    checks: dict[str, str] = Field(default_factory=dict)
    page_at: datetime | None = None
    queues: dict[str, datetime] = Field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None) -> Memory:
        """The memory of a cursor; none if it is of another version, for then all is told anew."""
        try:
            return cls.model_validate_json(cursor) if cursor else cls()
        except ValidationError:
            return cls()


@dataclass
class Look:
    """What came of one look.

    Attributes:
        memory: What the next look has to know.
        looked: How many clients were looked at.
        evaluations: SLA checks whose outcome changed.
        reported: Events told to the desk.
        resolved: Incidents that are over.
        problems: Clients that could not be looked at, with the reason.
    """

    memory: Memory
    looked: int = 0
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
        rounds: Knows whom to look at, and what the last looks found.
    """

    consultancy: ConsultancyResource
    desk: AlertDesk
    instance: dg.DagsterInstance
    rounds: Rounds

    def look(self, clients: Sequence[Client], memory: Memory, now: datetime) -> Look:
        """Look where there may be news, for at most `WATCH_SECONDS`; one never stops the others."""
        look = Look(memory)
        checks = dict(memory.checks)
        deadline = time.monotonic() + WATCH_SECONDS
        due = self.rounds.next(clients, now)
        incidents = self._told() if due else {}
        for client in due:
            if time.monotonic() > deadline:
                break
            look.looked += 1
            try:
                self._look_at(client, incidents.get(client.client_id, ()), checks, look, now)
            except Exception as error:  # noqa: BLE001 - told by the sensor; others are looked at
                told = str(in_our_words(error, client.client_id, ErrorLog()))
                look.problems[client.client_id] = told
                self.rounds.note(Seen(client, now, _unknown(client, told, now), again_at=now))
        look.memory = memory.model_copy(update={"checks": checks})
        self._look_at_queues(clients, look, now)
        return look

    def _look_at_queues(self, clients: Sequence[Client], look: Look, now: datetime) -> None:
        """Tell of queues that nobody could read for a while, whoever should have read them."""
        of: dict[str, list[str]] = {}
        for client in clients:
            if (queue := client.config.source.told_by()) is not None:
                of.setdefault(queue.url, []).append(client.client_id)
        if not of and not look.memory.queues:
            return
        since = {url: look.memory.queues.get(url, now) for url in of}
        look.memory = look.memory.model_copy(update={"queues": since})
        since |= last_heard(self.rounds.ledger, of)
        unread = {url for url, moment in since.items() if now - moment >= UNREAD_AFTER}
        told = [each.event for each in self._told().get(EVERYBODY, ())]
        opened = {event.subject for event in told if event.kind == "queue_unread"}
        for url in unread - opened:
            self.desk.report(queue_unread(_OF_ALL, url, since[url], of[url]), now)
            look.reported += 1
        for url in opened - unread:
            self.desk.resolve(EVERYBODY, "queue_unread", url, now)
            look.resolved += 1

    def _told(self) -> dict[str, list[Incident]]:
        """The open incidents of each client."""
        told: dict[str, list[Incident]] = {}
        for incident in self.desk.open_incidents():
            told.setdefault(incident.event.client_id, []).append(incident)
        return told

    def _look_at(
        self,
        client: Client,
        told: Sequence[Incident],
        checks: dict[str, str],
        look: Look,
        now: datetime,
    ) -> None:
        engagement = self.consultancy.engagement(client, looks=True)
        facts = chain.facts_of(engagement, now)
        reported, resolved = chain.watch(
            self.desk, engagement, facts, told=told, run_of=self.run_of
        )
        look.reported += reported
        look.resolved += resolved
        again_at = facts.until
        if reported or resolved:
            # a run's error comes in after the ledger heard of the failure
            again_at = min(again_at or now + RESTLESS, now + RESTLESS)
        standing = chain.standing_of(engagement, facts)
        self.rounds.note(Seen(client, now, standing, again_at))
        if facts.sla is None:
            return
        # to Dagster a check of a new materialization has not been evaluated
        made = facts.deliveries[-1].batch_id if facts.deliveries else ""
        said = f"{_gist(facts.sla)} {made}".rstrip()
        if checks.get(client.client_id) != said:
            checks[client.client_id] = said
            look.evaluations.append(as_evaluation(client.on_time, sla_result(client, facts.sla)))

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
            if data.error is not None:  # of Dagster, or of a stage that never began
                return f"{data.error.cls_name or 'An error'}, which the run's log tells more of."
        return None

    def write_portfolio(self, clients: Sequence[Client], now: datetime) -> Path:
        """Write the portfolio page over all clients, by the last look at each."""
        from consulting.bucket import publish_page
        from consulting.portfolio import build_portfolio

        told, unchecked = self._told(), self._unchecked(now)
        standings = [
            chain.with_incidents(self._standing(each, now), told.get(each.client_id, ()))
            for each in clients
        ]
        if unchecked:
            standings = [each.model_copy(update={"unchecked": unchecked}) for each in standings]
        page = build_portfolio(standings, data_root(), as_of=now)
        publish_page(page)
        return page

    def _unchecked(self, now: datetime) -> str:
        """Why the desk's incidents are not those of now, where the alert sensor does not look."""
        status = self.desk.heartbeat_status(now)
        if status.state not in {"never", "dead"}:
            return ""
        return f"Nobody looks whether something is wrong. {status.sentence}"

    def _standing(self, client: Client, now: datetime) -> ClientStanding:
        """A client's line of the page; one that can't be read has a line that says so."""
        seen = self.rounds.seen(client)
        if seen is not None:
            return seen.standing
        try:
            engagement = self.consultancy.engagement(client, looks=True)
            return chain.standing_of(engagement, chain.facts_of(engagement, now))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are shown
            told = str(in_our_words(error, client.client_id, ErrorLog()))
            return _unknown(client, told, now)


def _unknown(client: Client, told: str, now: datetime) -> ClientStanding:
    """The line of a client that can't be read, with the reason in our words."""
    reason = told.removeprefix(f"{client.client_id}: ")
    title = on_one_line(f"Could not be looked at: {reason}")
    trouble = OpenIncident(kind="failed_run", title=title, since=now)
    return ClientStanding(
        client_id=client.client_id, client_name=client.config.client_name, incidents=(trouble,)
    )


def portfolio_metadata(page: Path, clients: int) -> Mapping[str, dg.MetadataValue[str] | int]:
    """What the portfolio tells Dagster."""
    return {"page": dg.MetadataValue.url(address_of(page)), "clients": clients}


def _gist(sla: SlaStatus) -> str:
    """What has to change for the check to be told again: who is late, or what was met."""
    if sla.late:
        return f"{sla.state} {sla.key or ''} {sla.who or ''}"
    met = sum(each.delivered_at is not None for each in sla.periods)
    return f"{sla.state} {sla.next_due_at or ''} {met}"

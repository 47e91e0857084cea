"""How one client stands, and who comes first on the page."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from consulting.records import UNUSABLE, Record, Severity, VerdictLevel
from consulting.timekeeping import SlaStatus

Group = Literal["late", "at_risk", "trouble", "unknown", "first", "on_time", "resting"]

GROUPS: dict[Group, str] = {
    "late": "Late",
    "at_risk": "At risk",
    "trouble": "In trouble",
    "unknown": "Not known yet",
    "first": "Waiting for the first file",
    "on_time": "All well",
    "resting": "At rest",
}
"""The groups of the page, worst first, with the words for them."""


class LastDelivery(Record):
    """The newest delivery of a client.

    Attributes:
        delivery_id: Its id.
        delivered_at: When it was complete.
        period: Its period, if the engagement has periods.
        verdict: What its report says on page one.
        link: Where the report lies.
    """

    delivery_id: str
    delivered_at: datetime
    period: str | None = None
    verdict: VerdictLevel | None = None
    link: str | None = None

    @property
    def is_unusable(self) -> bool:
        """Whether its report says that it is not ready to use."""
        return self.verdict == UNUSABLE


class OpenIncident(Record):
    """An open incident, in few words."""

    kind: str
    title: str
    severity: Severity = "error"
    since: datetime
    link: str | None = None


class ClientStanding(Record):
    """How one client stands.

    Attributes:
        client_id: The engagement.
        client_name: As people call the client.
        engagement_type: "recurring", "one_off" or "monitoring".
        tier: The security tier; None where the client could not be looked at.
        owners: Who looks after the client.
        sla: How it stands against its SLA; None where nothing was promised.
        last_delivery: The newest one; None if there is none yet.
        scores: The quality scores of its deliveries (0 to 100), the oldest first.
        incidents: Open incidents.
        quarantined: Files in quarantine.
        waiting: Files that came and are not delivered yet.
        links: Where to go from here, by what the link is called.
        unchecked: Why nobody knows of trouble, in a sentence; empty where somebody looked.
    """

    client_id: str
    client_name: str = ""
    engagement_type: str = "recurring"
    tier: Literal[1, 2, 3] | None = None
    owners: tuple[str, ...] = ()
    sla: SlaStatus | None = None
    last_delivery: LastDelivery | None = None
    scores: tuple[float, ...] = ()
    incidents: tuple[OpenIncident, ...] = ()
    quarantined: int = 0
    waiting: int = 0
    links: dict[str, str] = Field(default_factory=dict)
    unchecked: str = ""

    @property
    def name(self) -> str:
        """As people call the client."""
        return self.client_name or self.client_id

    @property
    def errors(self) -> int:
        """Open incidents that are more than a warning."""
        return sum(each.severity == "error" for each in self.incidents)

    @property
    def group(self) -> Group:
        """Where it belongs on the page.

        `late` (a breach), `at_risk` (a warning), `trouble` (on time, but with an open incident,
        a file in quarantine, or a last delivery that is not ready to use), `unknown` (nobody
        looked), `resting` (paused or ended), `first` (nothing was ever delivered), or `on_time`.
        """
        state = self.sla.state if self.sla else "on_time"
        if state == "breach":
            return "late"
        if state == "warn":
            return "at_risk"
        last = self.last_delivery
        if self.incidents or self.quarantined or (last is not None and last.is_unusable):
            return "trouble"
        if self.unchecked:
            return "unknown"
        if state in {"paused", "ended"}:
            return "resting"
        return "first" if last is None else "on_time"

    @property
    def worst_first(self) -> tuple[object, ...]:
        """The key that puts the client who needs somebody most at the top.

        By group; then who waits for us before who lets us wait, more errors before fewer, the
        longest wait, more files in quarantine, the lowest score; then by name.
        """
        waits_for_us = self.sla is not None and self.sla.who == "us"
        due = self.sla.due_at.timestamp() if self.sla and self.sla.due_at else float("inf")
        return (
            list(GROUPS).index(self.group),
            not waits_for_us,
            -self.errors,
            due,
            -self.quarantined,
            self.scores[-1] if self.scores else 101.0,
            self.name.casefold(),
        )

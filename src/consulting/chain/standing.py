"""How a client stands, for the portfolio page."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from consulting.delivery import read_summary
from consulting.layout import MANIFEST
from consulting.portfolio import ClientStanding, LastDelivery, OpenIncident

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.alerting import Incident
    from consulting.chain.engagement import Engagement
    from consulting.chain.facts import Facts
    from consulting.intake import DeliveryFact

TREND = 12
"""Deliveries in the score's trend."""


def standing_of(engagement: Engagement, facts: Facts) -> ClientStanding:
    """One client's line of the portfolio page; its links are relative to the data root."""
    config, counts = engagement.config, facts.state.counts
    made = [each for each in facts.deliveries if each.new_files]
    # of each period the last delivery, in the order of the periods
    last = {each.period or each.batch_id: each for each in made}
    ordered = sorted(last.values(), key=lambda each: each.period or "")
    scores = [_score(engagement.folder.as_sent(each.batch_id)) for each in ordered[-TREND:]]
    return ClientStanding(
        client_id=engagement.client_id,
        client_name=config.client_name,
        engagement_type=config.engagement_type,
        tier=config.security_tier,
        owners=config.owners,
        sla=facts.sla,
        last_delivery=_last(engagement, made),
        scores=tuple(score for score in scores if score is not None),
        quarantined=counts.get("quarantined", 0),
        waiting=sum(counts.get(name, 0) for name in ("seen", "ready", "claimed")),
    )


def with_incidents(standing: ClientStanding, incidents: Sequence[Incident]) -> ClientStanding:
    """The line with the client's open incidents, after those it has."""
    found = tuple(
        OpenIncident(
            kind=each.event.kind,
            title=each.what,
            severity=each.event.severity,
            since=each.opened_at,
            link=each.event.link,
        )
        for each in incidents
    )
    return standing.model_copy(update={"incidents": (*standing.incidents, *found)})


def _score(delivery: Path) -> float | None:
    """A delivery's quality score; None if it has none, or nothing is held of it."""
    return _score_in(delivery) if (delivery / MANIFEST).exists() else None


@lru_cache(maxsize=50_000)
def _score_in(delivery: Path) -> float | None:
    """Read once: what is delivered does not change."""
    return read_summary(delivery).score


def _last(engagement: Engagement, made: Sequence[DeliveryFact]) -> LastDelivery | None:
    if not made:
        return None
    newest = made[-1]
    report = engagement.folder.deliverables / newest.batch_id / "quality_report.html"
    return LastDelivery(
        delivery_id=newest.batch_id,
        delivered_at=newest.delivered_at,
        period=newest.period,
        verdict=newest.verdict,
        link=report.relative_to(engagement.folder.root).as_posix() if report.exists() else None,
    )

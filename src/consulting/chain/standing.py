"""How a client stands, for the portfolio page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.delivery import by_period, list_deliveries
from consulting.portfolio import ClientStanding, LastDelivery, OpenIncident

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.alerting import Incident
    from consulting.chain.engagement import Engagement
    from consulting.chain.facts import Facts

TREND = 12
"""Deliveries in the score's trend."""


def standing_of(
    engagement: Engagement, facts: Facts, incidents: Sequence[Incident]
) -> ClientStanding:
    """One client's line of the portfolio page; its links are relative to the data root."""
    config, counts = engagement.config, facts.state.counts
    deliveries = by_period(list_deliveries(engagement.folder))[-TREND:]
    return ClientStanding(
        client_id=engagement.client_id,
        client_name=config.client_name,
        engagement_type=config.engagement_type,
        tier=config.security_tier,
        owners=config.owners,
        sla=facts.sla,
        last_delivery=_last(engagement, facts),
        scores=tuple(each.score for each in deliveries if each.score is not None),
        incidents=tuple(
            OpenIncident(
                kind=each.event.kind,
                title=each.event.title,
                severity=each.event.severity,
                since=each.opened_at,
                link=each.event.link,
            )
            for each in incidents
        ),
        quarantined=counts.get("quarantined", 0),
        waiting=sum(counts.get(name, 0) for name in ("seen", "ready", "claimed")),
    )


def _last(engagement: Engagement, facts: Facts) -> LastDelivery | None:
    if not facts.deliveries:
        return None
    newest = facts.deliveries[-1]
    report = engagement.folder.deliverables / newest.batch_id / "quality_report.html"
    return LastDelivery(
        delivery_id=newest.batch_id,
        delivered_at=newest.delivered_at,
        period=newest.period,
        link=report.relative_to(engagement.folder.root).as_posix() if report.exists() else None,
    )

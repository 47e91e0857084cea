"""What the ledger and the run folders say of one client now; alerts and the portfolio read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting.timekeeping import DeliveryMade, SlaStatus, period_window, sla_status

if TYPE_CHECKING:
    from consulting.chain.engagement import Engagement
    from consulting.intake import DeliveryFact, LedgerState
    from consulting.records import Drop

MOST_WAITING = 500
"""Files not delivered yet that are looked at; a client has a handful."""
_UNSETTLED = ("seen", "ready", "claimed", "quarantined")


@dataclass(frozen=True)
class Facts:
    """One client at one moment.

    Attributes:
        now: The moment.
        since: When we began to look at the client; nothing can be late before.
        state: The ledger's state.
        deliveries: What was delivered, oldest first.
        sla: How it stands against its SLA; None where nothing was promised.
    """

    now: datetime
    since: datetime
    state: LedgerState
    deliveries: tuple[DeliveryFact, ...]
    sla: SlaStatus | None


def facts_of(engagement: Engagement, now: datetime) -> Facts:
    """Read what is known of a client; nothing is listed, fetched or run."""
    state = engagement.intake.state()
    deliveries = tuple(engagement.intake.deliveries())
    since = _since(engagement, deliveries, now)
    sla = _sla(engagement, state, deliveries, since, now)
    return Facts(now=now, since=since, state=state, deliveries=deliveries, sla=sla)


def _since(engagement: Engagement, deliveries: tuple[DeliveryFact, ...], now: datetime) -> datetime:
    """When the engagement began.

    The ledger knows nothing of a client whose first file never came, so the first look is noted in
    the client's folder. Files or a first period may be older than that look.
    """
    note = engagement.folder.path / "watched_since"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(now.astimezone(UTC).isoformat(), encoding="utf-8")
    known = [datetime.fromisoformat(note.read_text(encoding="utf-8"))]
    known += [delivery.first_seen for delivery in deliveries[:1]]
    partitioning = engagement.config.partitions
    if partitioning is not None:
        known.append(period_window(partitioning.start, partitioning.timezone)[0])
    return min(known)


def _sla(
    engagement: Engagement,
    state: LedgerState,
    deliveries: tuple[DeliveryFact, ...],
    since: datetime,
    now: datetime,
) -> SlaStatus | None:
    sla = engagement.config.sla
    if sla is None:
        return None
    return sla_status(
        sla,
        due_periods=sla.due_periods(now, since=since, partitioning=engagement.config.partitions),
        drops=_waiting(engagement, state),
        deliveries=[
            DeliveryMade(
                delivery_id=each.batch_id,
                period=each.period,
                received_at=each.first_seen,
                delivered_at=each.delivered_at,
            )
            for each in deliveries
        ],
        now=now,
        quarantined={story.drop.drop_id for story in state.quarantined},
    )


def _waiting(engagement: Engagement, state: LedgerState) -> list[Drop]:
    """The files that came and are not delivered."""
    if not any(state.counts.get(name) for name in _UNSETTLED):
        return []
    stories = engagement.intake.history(limit=MOST_WAITING)
    return [story.drop for story in stories if str(story.state) in _UNSETTLED]

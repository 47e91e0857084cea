"""What the ledger and the run folders say of one client now; alerts and the portfolio read it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from consulting.records import UNUSABLE
from consulting.timekeeping import DeliveryMade, SlaStatus, period_window, sla_status

if TYPE_CHECKING:
    from consulting.chain.engagement import Engagement
    from consulting.intake import DeliveryFact, LedgerState
    from consulting.records import Drop
    from consulting.timekeeping import DuePeriod

MOST_WAITING = 500
"""Files not delivered yet that are looked at; a client has a handful."""
SCHEDULE_SLACK = timedelta(minutes=10)
"""A file may come in the very minute its schedule is due."""
FIRST_LOOK = timedelta(minutes=2)
"""For so long the first look at a client's place is waited for before a file is missed."""
SOON = timedelta(seconds=20)
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
        until: When time alone changes what is to be said; None if it does not.
    """

    now: datetime
    since: datetime
    state: LedgerState
    deliveries: tuple[DeliveryFact, ...]
    sla: SlaStatus | None
    until: datetime | None = None


def facts_of(engagement: Engagement, now: datetime) -> Facts:
    """Read what is known of a client; nothing is listed, fetched or run."""
    state = engagement.intake.state()
    deliveries = tuple(engagement.intake.deliveries())
    since = _since(engagement, deliveries, now)
    unseen = _is_unseen(engagement, state, now)
    due = () if unseen else _due_periods(engagement, since, now)
    return Facts(
        now=now,
        since=since,
        state=state,
        deliveries=deliveries,
        sla=_sla(engagement, state, deliveries, due, now),
        until=now + SOON if unseen else _until(engagement, due, now),
    )


def _is_unseen(engagement: Engagement, state: LedgerState, now: datetime) -> bool:
    """Whether a client is so new that its files may lie there and nobody has looked yet."""
    new = now - engagement.intake.watched_since(now) < FIRST_LOOK
    return new and engagement.config.sla is not None and not any(state.counts.values())


def _since(engagement: Engagement, deliveries: tuple[DeliveryFact, ...], now: datetime) -> datetime:
    """When the engagement began.

    A client's first file may never come, so the first look is noted. Files or a first period may be
    older than that look; so may the note that release 0.1 kept in the client's folder.
    """
    known = [engagement.intake.watched_since(now)]
    with contextlib.suppress(OSError, ValueError):
        note = engagement.folder.path / "watched_since"
        known.append(datetime.fromisoformat(note.read_text(encoding="utf-8")))
    known += [delivery.first_seen for delivery in deliveries[:1]]
    partitioning = engagement.config.partitions
    if partitioning is not None:
        known.append(period_window(partitioning.start, partitioning.timezone)[0])
    return min(known)


def _due_periods(engagement: Engagement, since: datetime, now: datetime) -> tuple[DuePeriod, ...]:
    sla, partitioning = engagement.config.sla, engagement.config.partitions
    return sla.due_periods(now, since=since, partitioning=partitioning) if sla else ()


def _until(
    engagement: Engagement, due_periods: tuple[DuePeriod, ...], now: datetime
) -> datetime | None:
    """The next moment at which something falls due, is late, or a day of the SLA begins."""
    sla, schedule = engagement.config.sla, engagement.config.schedule
    moments = [at for due in due_periods for at in (due.due_at, due.warn_at, due.fail_at)]
    if sla is not None and (sla.pause or sla.starts or sla.ends):
        today = now.astimezone(ZoneInfo(sla.timezone)).replace(hour=0, minute=0, second=0)
        moments.append(today + timedelta(days=1))
    if sla is None and schedule is not None:
        due = schedule.next_due(now - SCHEDULE_SLACK)
        moments += [due + SCHEDULE_SLACK] if due else []
    return min((at for at in moments if at > now), default=None)


def _sla(
    engagement: Engagement,
    state: LedgerState,
    deliveries: tuple[DeliveryFact, ...],
    due_periods: tuple[DuePeriod, ...],
    now: datetime,
) -> SlaStatus | None:
    sla = engagement.config.sla
    if sla is None:
        return None
    return sla_status(
        sla,
        due_periods=due_periods,
        drops=_waiting(engagement, state),
        deliveries=[
            DeliveryMade(
                delivery_id=each.batch_id,
                period=each.period,
                received_at=each.first_seen,
                delivered_at=each.delivered_at,
                usable=each.verdict != UNUSABLE,
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
    return engagement.intake.waiting(MOST_WAITING)

"""What is wrong with a client now, told to the alert desk; and what is no longer wrong.

Nothing here hears of events: each look compares what the ledger and the run folders say with the
desk's open incidents. A look that was missed, or made twice, therefore changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from consulting.alerting import (
    FIRST_FILE,
    AlertRoute,
    Event,
    Made,
    delivery_made,
    first_late,
    late,
    not_ready,
    nothing_arrived,
    quarantined_file,
    tier_blocked,
    tier_lowered,
)
from consulting.chain.delivered import blocked_operations
from consulting.chain.facts import SCHEDULE_SLACK
from consulting.chain.tier import refusal_of
from consulting.chain.troubles import in_known_terms, troubles_of
from consulting.delivery import read_summary
from consulting.intake import POISON
from consulting.layout import MANIFEST, address_of
from consulting.privacy.tiers import SCHEMA_ONLY_TIER
from consulting.records import UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.alerting import AlertDesk, Incident
    from consulting.alerting.events import Fact
    from consulting.chain.engagement import Engagement
    from consulting.chain.facts import Facts
    from consulting.chain.troubles import RunOf, Troubles
    from consulting.delivery import DeliverySummary
    from consulting.intake import DeliveryFact, DropStory

LONGEST_OPEN = timedelta(days=90)
"""A delivery that nobody made usable in so long is told no more."""
NEWS = timedelta(days=1)
"""A delivery older than that is no news to a desk that has not heard of it."""

_NEWS = {"severity", "title", "facts", "fate", "files", "tests", "columns", "cause"}


def route_of(engagement: Engagement) -> AlertRoute:
    """Where the client's alerts go."""
    config = engagement.config
    return AlertRoute(
        client_id=engagement.client_id,
        client_name=config.client_name,
        tier=config.security_tier,
        channels=config.alerts.written(),
        deliveries=config.alerts.deliveries,
        mute=frozenset(config.alerts.mute),
    )


def watch(
    desk: AlertDesk,
    engagement: Engagement,
    facts: Facts,
    *,
    told: Sequence[Incident],
    run_of: RunOf,
) -> tuple[int, int]:
    """Tell the desk what is wrong with a client, and what no longer is.

    Args:
        desk: Keeps incidents.
        engagement: The client's engagement.
        facts: How the client stands.
        told: The client's open incidents.
        run_of: Finds a batch's last run.

    Returns:
        How many events were reported, and how many incidents resolved.
    """
    route = route_of(engagement)
    known = {(each.event.kind, each.event.subject): each for each in told}
    troubles = troubles_of(route, engagement, facts, run_of)
    found = [
        (event, known.get((event.kind, event.subject)))
        for event in _events(route, engagement, facts, troubles, run_of)
    ]
    found += in_known_terms(troubles, told)
    wanted = [(event, before) for event, before in found if route.wants(event.kind)]
    reported = 0
    for event, before in wanted:
        if before is None:
            new = not desk.knows(engagement.client_id, event.kind, event.subject)
        else:
            new = _changed(before.event, event.for_outside())
        if new:
            desk.report(event, facts.now)
            reported += 1
    still = {(event.kind, event.subject) for event, _ in wanted}
    over = [
        each for key, each in known.items() if key not in still and _is_over(each, facts, troubles)
    ]
    for each in over:
        desk.resolve(engagement.client_id, each.event.kind, each.event.subject, facts.now)
    return reported, len(over)


def _events(
    route: AlertRoute, engagement: Engagement, facts: Facts, troubles: Troubles, run_of: RunOf
) -> Iterator[Event]:
    """All that is wrong or new, save what stops a batch."""
    if refusal := refusal_of(engagement):
        yield tier_lowered(route, refusal)
    for story in facts.state.quarantined:
        if story.code != POISON:
            yield _of_file(route, story, troubles.speakers.get(story.drop.drop_id))
    if facts.sla is not None:
        yield from _of_sla(route, facts)
    else:
        yield from _of_schedule(route, engagement, facts)
    for delivery in facts.deliveries:
        if delivery.new_files and delivery.delivered_at > facts.now - NEWS:
            yield from _of_delivery(route, engagement, delivery, run_of)
    for delivery in _standing(facts).values():
        if delivery.verdict == UNUSABLE and delivery.delivered_at > facts.now - LONGEST_OPEN:
            yield not_ready(route, _made(engagement, delivery, run_of))


def _of_sla(route: AlertRoute, facts: Facts) -> Iterator[Event]:
    """What is late: each due period by itself, once anything was ever delivered."""
    found = facts.sla.late if facts.sla else ()
    if found and not facts.deliveries:
        yield first_late(route, found)
    else:
        yield from (late(route, status) for status in found)


def _of_file(route: AlertRoute, story: DropStory, besides: Event | None) -> Event:
    """A file set aside; it speaks for its batch, if that came to nothing because of it."""
    event = quarantined_file(
        route, story.as_file(), release=story.drop.drop_id if story.waits_for_release else None
    )
    if besides is None:
        return event
    rest = {"Files that came with it": f"not delivered either: {besides.title}"}
    return event.model_copy(update={"facts": event.facts | rest, "link": besides.link})


def _of_schedule(route: AlertRoute, engagement: Engagement, facts: Facts) -> Iterator[Event]:
    """A schedule that came due since the last file; an SLA, where there is one, says more."""
    schedule = engagement.config.schedule
    if schedule is None:
        return
    due = schedule.last_due(facts.now - SCHEDULE_SLACK)
    before = schedule.last_due(due - timedelta(minutes=1)) if due else None
    if due is None or due <= facts.since or facts.state.oldest_waiting is not None:
        return
    newest = engagement.intake.history(limit=1)
    if not newest or newest[0].drop.first_seen <= (before or facts.since):
        yield nothing_arrived(route, key=f"{due:%Y-%m-%d}", due_at=due)


def _of_delivery(
    route: AlertRoute, engagement: Engagement, delivery: DeliveryFact, run_of: RunOf
) -> Iterator[Event]:
    """A delivery, and once per tier what the tier kept out of it."""
    refused = blocked_operations(engagement)
    if refused:
        yield tier_blocked(route, refused)
    if route.deliveries and delivery.verdict != UNUSABLE:
        yield delivery_made(route, _made(engagement, delivery, run_of))


def _standing(facts: Facts) -> dict[str, DeliveryFact]:
    """The delivery that counts, of each period: the one made last."""
    return {each.period or "": each for each in facts.deliveries if each.new_files}


def _made(engagement: Engagement, delivery: DeliveryFact, run_of: RunOf) -> Made:
    """A delivery, with what its report says."""
    report = engagement.folder.deliverables / delivery.batch_id / "quality_report.html"
    sent = engagement.folder.as_sent(delivery.batch_id)
    summary = read_summary(sent) if (sent / MANIFEST).exists() else None
    return Made(
        delivery_id=delivery.batch_id,
        verdict=summary.headline if summary else "",
        facts={**(_counts(summary) if summary else {}), "Files": delivery.files},
        link=run_of(delivery.batch_id)[0] or address_of(report),
        period=delivery.period,
    )


def _counts(summary: DeliverySummary) -> dict[str, Fact]:
    """Rows and score of a delivery, and how its rows are not as before."""
    counts: dict[str, Fact] = {}
    if summary.tier > SCHEMA_ONLY_TIER:
        counts = {
            "Rows received": summary.received,
            "Rows delivered": summary.delivered,
            "Rows rejected": summary.rejected,
        }
    if summary.compared is not None:
        counts[f"Beside {summary.compared.delivery_id}"] = summary.compared.in_brief()
    if summary.score is not None:
        counts["Score (of 100)"] = summary.score
    return counts


def _changed(before: Event, after: Event) -> bool:
    """Whether people should hear of it again; "3 hours ago" is no news after "2 hours ago"."""
    return before.model_dump(include=_NEWS) != after.model_dump(include=_NEWS)


def _is_over(incident: Incident, facts: Facts, troubles: Troubles) -> bool:
    """Whether an incident that is not seen any more is over, or merely out of sight."""
    kind, subject = incident.event.kind, incident.event.subject
    since = [each for each in facts.deliveries if each.delivered_at > incident.last_at]
    match kind:
        case "failed_run" | "failed_tests" | "drift":
            return subject not in troubles.live and _settled(incident, facts)
        case "quarantined_file":
            return len(facts.state.quarantined) == facts.state.counts.get("quarantined", 0)
        case "sla":
            judged = {each.key for each in facts.sla.periods} if facts.sla else {subject}
            judged.add(FIRST_FILE)
            resting = facts.sla is not None and facts.sla.state in {"paused", "ended"}
            return subject in judged or resting or bool(since)
    return True


def _settled(incident: Incident, facts: Facts) -> bool:
    """Whether nothing waits any more that was there when it happened; else it is tried again."""
    counts, oldest = facts.state.counts, facts.state.oldest_waiting
    waiting = counts.get("ready", 0) + counts.get("claimed", 0) > 0
    return not waiting or oldest is None or oldest > incident.opened_at

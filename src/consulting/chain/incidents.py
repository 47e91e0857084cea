"""What is wrong with a client now, told to the alert desk; and what is no longer wrong.

Nothing here hears of events: each look compares what the ledger and the run folders say with the
desk's open incidents. A look that was missed, or made twice, therefore changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from consulting.alerting import (
    AlertRoute,
    Event,
    delivery_made,
    drift,
    failed_run,
    failed_tests,
    late,
    nothing_arrived,
    quarantined_file,
    tier_blocked,
)
from consulting.chain import artifacts
from consulting.chain.delivered import blocked_operations
from consulting.chain.facts import SCHEDULE_SLACK
from consulting.intake import BatchStatus
from consulting.records import QuarantinedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from consulting.alerting import AlertDesk, Incident
    from consulting.chain.engagement import Engagement
    from consulting.chain.facts import Facts
    from consulting.intake import BatchStanding, DeliveryFact, DropStory

    RunOf = Callable[[str], tuple[str | None, str | None]]
    """Batch id → the link to its last run and that run's first error, where they are known."""

NEWS = timedelta(days=1)
"""A delivery older than that is no news to a desk that has not heard of it."""
_STAGES = {
    "file_received": artifacts.INTAKE,
    "profiled": artifacts.PROFILE,
    "cleaned": artifacts.CLEANING,
    "validated": artifacts.CHECKS,
}
POISON = "run_failed"
"""The code of a file whose runs failed while others succeeded."""


def route_of(engagement: Engagement) -> AlertRoute:
    """Where the client's alerts go."""
    config = engagement.config
    return AlertRoute(
        client_id=engagement.client_id,
        client_name=config.client_name,
        tier=config.security_tier,
        channel=config.alerts.channel,
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
    events = [each for each in _events(route, engagement, facts, run_of) if route.wants(each.kind)]
    reported = 0
    for event in events:
        before = known.get((event.kind, event.subject))
        if before is None:
            new = not desk.knows(engagement.client_id, event.kind, event.subject)
        else:
            new = _changed(before.event, event.for_outside())
        if new:
            desk.report(event, facts.now)
            reported += 1
    still = {(event.kind, event.subject) for event in events}
    over = [each for key, each in known.items() if key not in still and _is_over(each, facts)]
    for each in over:
        desk.resolve(engagement.client_id, each.event.kind, each.event.subject, facts.now)
    return reported, len(over)


def _events(
    route: AlertRoute, engagement: Engagement, facts: Facts, run_of: RunOf
) -> Iterator[Event]:
    for batch in facts.state.batches:
        # while it is tried again, its folder holds half of a run
        if batch.status == BatchStatus.WAITING and batch.reason and batch.files:
            yield from _of_failed_batch(route, engagement, batch, run_of)
    for story in facts.state.quarantined:
        yield quarantined_file(route, _file(story))
    if facts.sla is not None:
        yield from (late(route, status) for status in facts.sla.late)
    else:
        yield from _of_schedule(route, engagement, facts)
    for delivery in facts.deliveries:
        if delivery.delivered_at > facts.now - NEWS:
            yield from _of_delivery(route, engagement, delivery, run_of)


def _of_failed_batch(
    route: AlertRoute, engagement: Engagement, batch: BatchStanding, run_of: RunOf
) -> Iterator[Event]:
    """Failed tests, drift, or whatever else stopped the batch's last run: one thing, once."""
    folder = engagement.folder.run(batch.batch_id)
    link, error = run_of(batch.batch_id)
    received = _read(folder / artifacts.INTAKE, artifacts.Intake)
    period = received.batch.period if received else None
    checks = _read(folder / artifacts.CHECKS, artifacts.Checks)
    if checks is not None:
        counted = [check for check in checks.checks if check.severity == "error"]
        event = failed_tests(route, counted, link=link, period=period)
        if event is not None:
            yield event
            return
    profile = _read(folder / artifacts.PROFILE, artifacts.Profile)
    blocking = [f for f in profile.drift if f.severity == "block"] if profile else []
    for feed in sorted({finding.feed for finding in blocking}):
        found = [finding for finding in blocking if finding.feed == feed]
        columns = [finding.column for finding in found if finding.column]
        text = " ".join(finding.detail for finding in found)
        yield drift(route, feed=feed, columns=columns, text=text, link=link)
    if not blocking:
        event = failed_run(
            route,
            stage=_stage(engagement, batch),
            cause=error or batch.reason or "",
            link=link,
            batch_id=batch.batch_id,
            period=period,
        )
        # a batch that is split to find the bad file stays the same trouble
        yield event.model_copy(update={"subject": period or "run"})


def _stage(engagement: Engagement, batch: BatchStanding) -> str:
    """The first stage that left no record."""
    folder = engagement.folder.run(batch.batch_id)
    missing = (stage for stage, name in _STAGES.items() if not (folder / name).exists())
    return next(missing, "delivered")


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
        event = tier_blocked(route, refused[0])
        others = len(refused) - 1
        text = f"{event.text} So {'is' if others == 1 else 'are'} {others} more; the transform "
        text += "log of the delivery names all."
        update = {"subject": f"tier {route.tier}"} | ({"text": text} if others else {})
        yield event.model_copy(update=update)
    if route.deliveries:
        report = engagement.folder.deliverables / delivery.batch_id / "quality_report.html"
        yield delivery_made(
            route,
            delivery_id=delivery.batch_id,
            facts={"Files": delivery.files, "Delivery": delivery.batch_id},
            link=run_of(delivery.batch_id)[0] or report.as_uri(),
            period=delivery.period,
        )


def _file(story: DropStory) -> QuarantinedFile:
    drop = story.drop
    return QuarantinedFile(
        filename=drop.key,
        feed=drop.feed,
        sha256=drop.sha256,
        size_bytes=drop.size_bytes,
        code=story.code or "quarantined",
        reason=story.reason or "It was set aside.",
        fix=story.fix or "Release or discard it.",
    )


def _changed(before: Event, after: Event) -> bool:
    """Whether people should hear of it again; "3 hours ago" is no news after "2 hours ago"."""

    def news(event: Event) -> tuple[object, ...]:
        return event.severity, event.title, event.facts, event.tests, event.columns, event.cause

    return news(before) != news(after)


def _is_over(incident: Incident, facts: Facts) -> bool:
    """Whether an incident that is not seen any more is over, or merely out of sight."""
    kind, subject = incident.event.kind, incident.event.subject
    since = [each for each in facts.deliveries if each.delivered_at > incident.last_at]
    match kind:
        case "failed_run":
            return _settled(incident, facts)
        case "failed_tests" | "drift":
            partitioned = any(each.period == subject for each in since)
            delivered = partitioned or any(each.period is None for each in since)
            delivered = delivered or (kind == "drift" and bool(since))
            given_up = not any(each.code == POISON for each in facts.state.quarantined)
            return _settled(incident, facts) and (delivered or given_up)
        case "quarantined_file":
            return len(facts.state.quarantined) == facts.state.counts.get("quarantined", 0)
        case "sla":
            judged = {each.key for each in facts.sla.periods} if facts.sla else {subject}
            resting = facts.sla is not None and facts.sla.state in {"paused", "ended"}
            return subject in judged or resting or bool(since)
    return True


def _settled(incident: Incident, facts: Facts) -> bool:
    """Whether nothing waits any more that was there when it happened; else it is tried again."""
    counts, oldest = facts.state.counts, facts.state.oldest_waiting
    waiting = counts.get("ready", 0) + counts.get("claimed", 0) > 0
    return not waiting or oldest is None or oldest > incident.opened_at


def _read(path: Path, kind: type[artifacts.M]) -> artifacts.M | None:
    return artifacts.read(path, kind) if path.exists() else None

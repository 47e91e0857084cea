"""What stopped the deliveries of a client, told once for each batch, by its first cause.

A batch that fails is tried again, halved until the bad file stands alone, and that file is set
aside: all of it is one trouble, named by the batch it began with. Its first cause is the earliest
thing that went wrong: a file of it that could not be read (then that file's alert speaks for the
whole), else a change of shape, a failed test, or whatever error the run died of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting import profiling
from consulting.alerting import Event, drift, failed_run, failed_tests
from consulting.chain import artifacts, gate
from consulting.intake import POISON, BatchStatus
from consulting.privacy.tiers import SCHEMA_ONLY_TIER
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from consulting.alerting import AlertRoute, Incident, Kind
    from consulting.chain.engagement import Engagement
    from consulting.chain.facts import Facts
    from consulting.intake import DropStory
    from consulting.profiling import DriftFinding

    RunOf = Callable[[str], tuple[str | None, str | None]]
    """Batch id → the link to its last run and that run's first error, where they are known."""

TROUBLES: tuple[Kind, ...] = ("drift", "failed_tests", "failed_run")
"""Kinds that a failing batch can give, the earliest cause first."""
_STAGES = {
    "file_received": artifacts.INTAKE,
    "profiled": artifacts.PROFILE,
    "cleaned": artifacts.CLEANING,
    "validated": artifacts.CHECKS,
}


@dataclass(frozen=True)
class _Failure:
    """A batch whose run failed, or a file that was set aside because its runs did."""

    batch_id: str
    reason: str
    aside: DropStory | None = None
    stuck: bool = False


@dataclass(frozen=True)
class Troubles:
    """What stops a client's deliveries now.

    Attributes:
        events: One for each trouble; its subject is the batch that the trouble began with.
        live: The batches that any work or file in quarantine goes back to.
        speakers: For a file that could not be read (drop id): what its batch came to besides.
    """

    events: tuple[Event, ...]
    live: frozenset[str]
    speakers: dict[int, Event]


def troubles_of(route: AlertRoute, engagement: Engagement, facts: Facts, run_of: RunOf) -> Troubles:
    """Find each trouble and its first cause."""
    state = facts.state
    poisoned = [each for each in state.quarantined if each.code == POISON]
    unread = [each for each in state.quarantined if each.code != POISON]
    failures = [
        _Failure(batch.batch_id, batch.reason, stuck=batch.stuck)
        for batch in state.batches
        # while it is tried again, its folder holds half of a run
        if batch.status == BatchStatus.WAITING
        and batch.reason
        and batch.files
        and not batch.interrupted
    ]
    failures += [_Failure(each.batch_id or "", each.reason or "", each) for each in poisoned]
    named = {batch.batch_id for batch in state.batches} | {
        each.batch_id for each in state.quarantined if each.batch_id
    }
    roots = engagement.intake.roots(named)
    by_root: dict[str, list[_Failure]] = {}
    for failure in failures:
        by_root.setdefault(roots.get(failure.batch_id, failure.batch_id), []).append(failure)
    speakers = {
        roots[each.batch_id]: each
        for each in reversed(unread)
        if each.batch_id in roots and route.wants("quarantined_file")
    }
    events, besides = [], {}
    for root, found in sorted(by_root.items()):
        event = _told_once(root, [_event(route, engagement, each, run_of) for each in found])
        speaker = speakers.get(root)
        if speaker is None:
            events.append(event)
        else:
            besides[speaker.drop.drop_id] = event
    return Troubles(tuple(events), frozenset(roots.values()), besides)


def in_known_terms(
    troubles: Troubles, known: Sequence[Incident]
) -> Iterator[tuple[Event, Incident | None]]:
    """Each trouble, as a repeat of the open incident it belongs to, if there is one.

    That is the incident of the same batch, whatever its cause was then; else one of the same period
    whose files are gone, for a file that was sent again and fails again is no new trouble.
    """
    told = [each for each in known if each.event.kind in TROUBLES]
    same = {each.event.subject: each for each in told}
    left = [each for each in told if each.event.subject not in troubles.live]
    for event in troubles.events:
        before = same.get(event.subject)
        if before is None:
            period = event.facts.get("Period")
            before = next((each for each in left if each.event.facts.get("Period") == period), None)
            if before is not None:
                left.remove(before)
        if before is not None:
            key = {"kind": before.event.kind, "subject": before.event.subject}
            event = event.model_copy(update=key)  # noqa: PLW2901 - the same event, renamed
        yield event, before


def _told_once(root: str, events: list[Event]) -> Event:
    """The first cause of all that went wrong with one batch, with the files of each."""
    first = min(events, key=lambda event: TROUBLES.index(event.kind))
    alike = [event for event in events if event.kind == first.kind]
    names = dict.fromkeys(name for event in alike for name in event.files)
    return first.model_copy(update={"subject": root, "files": tuple(names)})


def _event(route: AlertRoute, engagement: Engagement, failure: _Failure, run_of: RunOf) -> Event:
    folder = engagement.folder.run(failure.batch_id)
    link, error = run_of(failure.batch_id)
    received = artifacts.find(folder / artifacts.INTAKE, artifacts.Intake)
    period = received.batch.period if received else None
    event = _first_cause(route, folder, link, period)
    if event is None:
        event = failed_run(
            route,
            stage=next((s for s, name in _STAGES.items() if not (folder / name).exists()), ""),
            cause=error or failure.reason,
            link=link,
            batch_id=failure.batch_id,
            period=period,
        )
    aside = failure.aside
    if aside is None:
        names = tuple(reading.filename for reading in received.readings) if received else ()
        fate = "The batch is tried again by itself"
        if failure.stuck:
            tried = counted(engagement.config.intake.max_attempts, "time")
            fate += f", ever more rarely, for it was tried {tried} and more"
        if event.kind == "drift":
            fate += ", and stops again until its files or the feed's YAML change"
        return event.model_copy(update={"files": names, "fate": f"{fate}."})
    update = {
        "files": (aside.drop.key,),
        "fate": "The file is set aside, for each run with it failed; it is not tried again by "
        "itself.",
        "next_step": "Mend the cause and release the file "
        f"(`consulting release {route.client_id} {aside.drop.drop_id}`), ask the client for a "
        f"corrected one, or discard it (`consulting discard {route.client_id} "
        f"{aside.drop.drop_id}`).",
    }
    return event.model_copy(update=update)


def _first_cause(
    route: AlertRoute, folder: Path, link: str | None, period: str | None
) -> Event | None:
    """What a check of the run found; None if no check stopped it."""
    profile = artifacts.find(folder / artifacts.PROFILE, artifacts.Profile)
    changed = _changed(route, profile.drift if profile else (), link, period)
    if changed:
        return changed
    cleaning = artifacts.find(folder / artifacts.CLEANING, artifacts.Cleaning)
    if refused := cleaning and _refused(route, cleaning, link, period):
        return refused
    changed = _changed(route, cleaning.drift if cleaning else (), link, period)
    if changed:
        return changed
    checks = artifacts.find(folder / artifacts.CHECKS, artifacts.Checks)
    if checks is None:
        return None
    counted = [check for check in checks.checks if check.severity == "error"]
    failed = failed_tests(route, counted, link=link, period=period)
    broken = [f"{c.name}: {c.message}" for c in counted if c.status == "error"]
    if failed or not broken:
        return failed
    return failed_run(
        route, stage="validated", cause=broken[0], link=link, batch_id="", period=period
    )


def _refused(
    route: AlertRoute, cleaning: artifacts.Cleaning, link: str | None, period: str | None
) -> Event | None:
    """Rows that are unaccounted for, or columns that no mapping names."""
    lost, unmapped = gate.unaccounted(cleaning), gate.unmapped(cleaning)
    cause = lost or unmapped
    if not cause:
        return None
    event = failed_run(route, stage="cleaned", cause=cause, link=link, batch_id="", period=period)
    if lost:
        return event.model_copy(update={"title": "Rows are unaccounted for"})
    next_step = (
        f"`consulting accept {route.client_id}` shows a rule for each and applies it; or say in "
        "the feed's YAML what becomes of them."
    )
    return event.model_copy(update={"title": "Columns have no mapping", "next_step": next_step})


def _changed(
    route: AlertRoute, found: Sequence[DriftFinding], link: str | None, period: str | None
) -> Event | None:
    blocking = [finding for finding in found if finding.severity == "block"]
    if not blocking:
        return None
    return drift(
        route,
        feeds=sorted({finding.feed for finding in blocking}),
        columns=list(dict.fromkeys(f.column for f in blocking if f.column)),
        text=_changes(route, blocking),
        link=link,
        period=period,
    )


def _changes(route: AlertRoute, blocking: Sequence[DriftFinding]) -> str:
    """What changed; at tier 1 by kind and number, for no name leaves the house."""
    if route.tier > SCHEMA_ONLY_TIER:
        return profiling.changes_in_words(blocking)
    kinds = Counter(finding.kind.replace("_", " ") for finding in blocking)
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"{counted}; the metadata of `profiled` names what."

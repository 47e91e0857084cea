"""What a sensor's or a schedule's tick does: settle what ended, look for files, claim a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain.tier import refusal_of, sweep
from consulting.intake import RunVerdict
from consulting.records import Batch, Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from consulting.chain.engagement import Engagement
    from consulting.intake import LedgerState

LOOK_SECONDS = 20
"""A tick lists no longer than this; the next one goes on from there."""


class Tick(Record):
    """What came of a tick.

    Attributes:
        batches: The batches that want a run; the same ones again until their runs have begun.
        sentence: How the client's files stand, for a person.
        listed: Whether the place they arrive in was listed.
        untold: New files that only the daily listing found, where a queue tells what arrives.
    """

    batches: tuple[Batch, ...]
    sentence: str
    listed: bool = False
    untold: int = 0


def look(  # noqa: PLR0913 - by name only
    engagement: Engagement,
    *,
    verdict_of: Callable[[str], RunVerdict],
    verdict_of_request: Callable[[str], RunVerdict],
    now: datetime,
    due: datetime | None = None,
    if_told: bool = False,
) -> Tick:
    """Look once for the client's new files.

    Args:
        engagement: Whose files.
        verdict_of: Run id → how that run ended.
        verdict_of_request: Run key → the same for the run it led to, UNKNOWN if there is none.
        now: Our own clock.
        due: The due time, where a schedule asks; the sensor does not.
        if_told: Where a queue tells what arrives, list only if there is a reason to.

    Raises:
        StoreError: If the place where the files arrive does not answer as it should.
    """
    if refusal := refusal_of(engagement):
        return Tick(batches=(), sentence=str(refusal))
    sweep(engagement, now=now)
    intake = engagement.intake
    claims = due is not None or engagement.config.process == "on_arrival"
    intake.reconcile(verdict_of, now=now, verdict_of_request=verdict_of_request, claims=claims)
    found = intake.look(now=now, budget_seconds=LOOK_SECONDS, if_told=if_told)
    if claims:
        intake.claim(now=now, trigger="sensor" if due is None else "schedule")
    waiting = [
        batch
        for batch in intake.pending_requests()
        if verdict_of_request(batch.run_key) is RunVerdict.UNKNOWN
    ]
    if not found.complete:
        sentence = "The source is still being listed; the next tick goes on."
    else:
        sentence = standing(engagement, intake.state(), due=due)
        sentence += " Not listed, for no notification came." if found.spared else ""
    listed = not found.spared and found.resting_until is None
    return Tick(batches=tuple(waiting), sentence=sentence, listed=listed, untold=found.untold)


def standing(engagement: Engagement, state: LedgerState, *, due: datetime | None = None) -> str:
    """How a client's files stand, in a sentence for the UI."""
    counts = state.counts
    where = engagement.store.describe()
    parts = [
        f"{counts[name]} {words}"
        for name, words in (
            ("seen", "still settling"),
            ("ready", "ready"),
            ("claimed", "in a run or waiting for a retry"),
            ("quarantined", "in quarantine"),
        )
        if counts.get(name)
    ]
    if parts:
        return f"Files in {where}: {', '.join(parts)}."
    if due is not None:
        return f"Nothing arrived: {engagement.client_id} was due and {where} holds no new file."
    return f"No new files in {where}."

"""The dispatcher: takes messages out of the outbox and sees each of them through.

A message is leased in one transaction, sent outside of any, and settled in another. A process that
dies in between leaves an expired lease: the message is then *unsure*, and is looked up at the
receiver before it is sent again.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import case

from consulting.alerting import queue
from consulting.alerting.outbox import Outbox, messages
from consulting.alerting.senders import (
    LookupImpossibleError,
    Posted,
    RateLimitedError,
    RefusedError,
    Senders,
    UnsureError,
)
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

logger = logging.getLogger(__name__)


class Pace(Record):
    """How fast, how long and how patiently messages are sent; all in seconds, save `storm_size`.

    Attributes:
        spacing: Between two calls for one channel; Slack asks for one.
        lease: How long a dispatcher may hold a message; longer than the sender's time-outs.
        send: How much of a lease must be left to begin sending.
        settle: How long a message whose fate is unclear rests before it is looked up.
        retry_first: Before the second try; doubled for each further one.
        retry_most: The longest time between two tries.
        repeat_seconds: How long a repeat waits before it changes its message, to gather others.
        storm_size: With more new incidents than this waiting for one channel, they are told in one
            message.
        storm_window: How long further incidents join that message.
    """

    spacing: float = 1.0
    lease: float = 60
    send: float = 15
    settle: float = 15
    retry_first: float = 5
    retry_most: float = 900
    repeat_seconds: float = 60
    storm_size: int = 10
    storm_window: float = 900

    def retry_after(self, attempts: int) -> float:
        """Seconds to wait after the given number of failed tries."""
        return float(min(self.retry_most, self.retry_first * 2 ** min(attempts - 1, 20)))


@dataclass
class DispatchReport:
    """What one dispatch did.

    Attributes:
        posted: New messages and replies that were sent.
        updated: Messages whose content was replaced.
        found: Messages of unclear fate that turned out to have been sent.
        errors: Why, in words, none twice.
    """

    posted: int = 0
    updated: int = 0
    found: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """How much reached the receiver."""
        return self.posted + self.updated + self.found

    def note(self, error: Exception) -> None:
        """Note why a try failed, which will be made again."""
        if str(error) not in self.errors:
            self.errors.append(str(error))


class Dispatcher:
    """Sends what is due, each by its channel's sender; made for one `dispatch`."""

    def __init__(self, outbox: Outbox, senders: Senders, default_channel: str, pace: Pace) -> None:
        self._outbox = outbox
        self._senders = senders
        self._shut: set[str] = set()
        self._default_channel = default_channel
        self._pace = pace
        self._owner = str(uuid4())
        self._report = DispatchReport()
        self._clock: Callable[[], float] = time.time

    def run(self, now: datetime, budget_seconds: float) -> DispatchReport:
        """Send until nothing is due or the time is up; see `AlertDesk.dispatch`."""
        began = time.monotonic()
        self._clock = lambda: now.timestamp() + time.monotonic() - began
        deadline = now.timestamp() + budget_seconds
        while self._clock() < deadline:
            claim = self._claim()
            if claim is not None:
                self._see_through(claim)
                continue
            if self._shut:
                break  # what waits for them will not be taken now
            wait = self._until_next()
            if (
                wait is None
                or wait > max(0.05, 2 * self._pace.spacing)
                or self._clock() + wait > deadline
            ):
                break
            time.sleep(wait)
        return self._report

    def _claim(self) -> queue.Claim | None:
        with self._outbox.transaction() as connection:
            queue.gather_storms(connection, self._pace, self._clock())
            return queue.claim(connection, self._kind_of, self._owner, self._pace, self._clock())

    def _kind_of(self, channel: str) -> str | None:
        """The name of a channel's sender; None if it takes nothing in this dispatch."""
        name = self._senders.of(channel).name
        return None if name in self._shut else name

    def _until_next(self) -> float | None:
        with self._outbox.reading() as connection:
            next_at = queue.next_due(connection)
        return None if next_at is None else max(0.01, next_at - self._clock())

    def _see_through(self, claim: queue.Claim) -> None:
        """Send one message and settle what became of it."""
        try:
            self._send(claim)
        except RateLimitedError as error:
            self._later(claim, error, pause=error.retry_after)
        except UnsureError as error:
            wait = max(self._pace.settle, self._pace.retry_after(claim.attempts))
            self._later(claim, error, wait=wait, unsure=claim.posted is None)
        except RefusedError as error:
            self._refused(claim, error)
            if error.scope == "everything":
                self._shut.add(self._senders.of(claim.envelope.channel).name)

    def _send(self, claim: queue.Claim) -> None:
        sender = self._senders.of(claim.envelope.channel)
        if claim.posted is not None:
            sender.update(claim.envelope, claim.posted)
            self._report.updated += 1
            self._settle(claim, claim.posted, shown=claim.revision)
            return
        found = self._found(claim) if claim.unsure else None
        if found is not None:
            self._report.found += 1
            # what it says is from an earlier try, so its content is sent once more
            self._settle(claim, found, shown=claim.revision if claim.is_reply else 0)
            return
        if self._clock() > claim.lease_until - self._pace.send:
            self._later(claim, UnsureError("The look-up took too long."), unsure=True)
            return
        posted = sender.post(claim.envelope)
        self._report.posted += 1
        self._settle(claim, posted, shown=claim.revision)

    def _found(self, claim: queue.Claim) -> Posted | None:
        try:
            return self._senders.of(claim.envelope.channel).find(claim.envelope)
        except LookupImpossibleError as error:
            logger.warning(
                "An alert for %s is sent again, for whether it arrived can not be told: %s",
                claim.envelope.channel,
                error,
            )
            return None

    def _settle(self, claim: queue.Claim, posted: Posted, *, shown: int) -> None:
        """The message is there; it waits again only if its content changed meanwhile."""
        now = self._clock()
        with self._outbox.transaction() as connection:
            self._write(
                connection,
                claim,
                ts=posted.ts,
                channel_id=posted.channel_id,
                sender=self._senders.of(claim.envelope.channel).name,
                sent_at=now,
                shown=shown,
                state=case((messages.c.wanted > shown, "waiting"), else_="sent"),
                not_before=now,
                unsure=False,
                attempts=0,
                error=None,
            )
            queue.remember_channel(connection, claim.envelope.channel, posted.channel_id)

    def _later(
        self,
        claim: queue.Claim,
        error: Exception,
        *,
        wait: float = 0,
        pause: float = 0,
        unsure: bool | None = None,
    ) -> None:
        """The message goes back; `pause` holds back its whole channel."""
        self._report.note(error)
        now = self._clock()
        with self._outbox.transaction() as connection:
            self._write(
                connection,
                claim,
                state="waiting",
                not_before=now + wait,
                unsure=claim.unsure if unsure is None else unsure,
                error=str(error),
                pause=pause,
            )

    def _refused(self, claim: queue.Claim, error: RefusedError) -> None:
        """Take the way round that is left: the default channel, plain text, or patience."""
        logger.warning("An alert for %s was refused: %s", claim.envelope.channel, error.reason)
        around: dict[str, Any] = {}
        if error.scope != "everything" and claim.posted is not None:
            around = {"state": "sent", "shown": claim.revision}  # can't be changed any more
        elif error.scope == "message" and not claim.plain:
            around = {"plain": True}
        elif (
            error.scope == "channel"
            and not claim.is_reply
            and claim.envelope.channel != self._default_channel
        ):
            around = {
                "channel": self._default_channel,
                "channel_id": None,
                "redirected_from": claim.envelope.channel,
            }
        if not around:
            self._later(claim, error, wait=self._pace.retry_after(claim.attempts), unsure=False)
            return
        self._report.note(error)
        with self._outbox.transaction() as connection:
            values: dict[str, Any] = {
                "state": "waiting",
                "not_before": self._clock(),
                "unsure": False,
            }
            self._write(connection, claim, **(values | {"error": str(error)} | around))

    def _write(
        self, connection: Any, claim: queue.Claim, *, pause: float = 0, **values: Any
    ) -> None:
        """Settle a claim, unless its lease was lost to another dispatcher.

        The next message of the channel may go after `pause`, and never sooner than the spacing.
        """
        mine = (messages.c.id == claim.message_id) & (messages.c.lease_by == self._owner)
        changed = connection.execute(
            messages.update().where(mine).values(lease_by=None, lease_until=0, **values)
        ).rowcount
        if changed:
            free_at = self._clock() + max(pause, self._pace.spacing)
            queue.hold_channel(connection, claim.envelope.channel, free_at)
        else:
            logger.warning("An alert's lease ran out before it was settled; it is looked up again.")

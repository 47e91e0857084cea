"""Who watches the alerter: whether alerts get out, and if not, why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, select

from consulting.alerting.outbox import heartbeats, messages
from consulting.records import Record
from consulting.timekeeping import say_duration
from consulting.wording import inflected

if TYPE_CHECKING:
    from sqlalchemy import Connection

DEAD_SECONDS = 300
"""A dispatcher that has not been heard of for longer is dead."""
LAG_SECONDS = 600
"""A message that has waited for longer lags."""


class HeartbeatStatus(Record):
    """Whether alerts get out.

    Attributes:
        state: `ok`; `never` (no dispatcher has ever run); `dead` (none lately); `lagging`
            (messages wait for too long).
        waiting: Messages not sent yet.
        oldest_waiting_seconds: How long the oldest of them has waited.
        sentence: All that, for people.
    """

    state: Literal["ok", "never", "dead", "lagging"]
    waiting: int
    oldest_waiting_seconds: float
    sentence: str

    @property
    def healthy(self) -> bool:
        """Whether there is nothing to worry about."""
        return self.state == "ok"


def heartbeat_status(connection: Connection, now: datetime) -> HeartbeatStatus:
    """Read how the dispatcher does; see `AlertDesk.heartbeat_status`."""
    at: float | None = connection.execute(
        select(heartbeats.c.at).where(heartbeats.c.name == "dispatcher")
    ).scalar()
    unsent = messages.c.ts.is_(None) & messages.c.state.in_(("waiting", "sending"))
    counted: Any = connection.execute(
        select(func.count(), func.min(messages.c.created_at)).where(unsent)
    ).one()
    waiting, oldest = int(counted[0]), counted[1]
    error = connection.execute(
        select(messages.c.error)
        .where(unsent, messages.c.error.is_not(None))
        .order_by(messages.c.tried_at.desc())
        .limit(1)
    ).scalar()
    age = None if at is None else now.timestamp() - at
    waited = 0.0 if oldest is None else max(0.0, now.timestamp() - oldest)
    state, sentence = _verdict(age, waiting, waited, error)
    return HeartbeatStatus(
        state=state,
        waiting=waiting,
        oldest_waiting_seconds=waited,
        sentence=sentence,
    )


def _verdict(
    age: float | None, waiting: int, waited: float, error: str | None
) -> tuple[Literal["ok", "never", "dead", "lagging"], str]:
    wait = inflected("{n} [message waits|messages wait]", waiting)
    if age is None:
        return "never", "No alert dispatcher has ever run. Turn on the alert sensor."
    if age > DEAD_SECONDS:
        return "dead", (
            f"The alert dispatcher was last heard of {_said(age)} ago; {wait}. "
            "Turn on the alert sensor, or restart the daemon."
        )
    if waited > LAG_SECONDS:
        because = f" The last try: {error}" if error else ""
        return "lagging", f"{wait}, the oldest for {_said(waited)}.{because}"
    return "ok", f"Alerts get out; {wait}."


def _said(seconds: float) -> str:
    return say_duration(timedelta(seconds=seconds))

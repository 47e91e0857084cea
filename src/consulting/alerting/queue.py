"""What is due, and whose turn it is: the queries the dispatcher works by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from consulting.alerting.message import (
    Message,
    alert_message,
    escalation_message,
    resolution_message,
    storm_message,
    storm_over_message,
)
from consulting.alerting.outbox import channels, incidents, messages, put
from consulting.alerting.rows import as_incident, as_moment, new_message, rewrite
from consulting.alerting.senders import Envelope, Posted

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Row

    from consulting.alerting.dispatch import Pace
    from consulting.alerting.message import Incident

_roots = messages.alias("roots")


@dataclass(frozen=True)
class Claim:
    """A message leased by a dispatcher.

    Attributes:
        message_id: Its number.
        envelope: What to send, and where.
        posted: Where it is, if it was sent before and is to be updated.
        revision: Which revision of its content the envelope holds.
        attempts: How many tries there have been, this one included.
        unsure: Whether an earlier try may have been accepted.
        plain: Whether blocks were refused before.
        is_reply: Whether it stands in a thread.
        lease_until: When the lease ends.
    """

    message_id: int
    envelope: Envelope
    posted: Posted | None
    revision: int
    attempts: int
    unsure: bool
    plain: bool
    is_reply: bool
    lease_until: float


def _due_columns() -> Any:
    return (
        select(
            messages,
            _roots.c.ts.label("root_ts"),
            _roots.c.channel.label("root_channel"),
            _roots.c.channel_id.label("root_channel_id"),
            _roots.c.sender.label("root_sender"),
            channels.c.channel_id.label("known_id"),
        )
        .outerjoin(_roots, _roots.c.id == messages.c.root_id)
        .outerjoin(channels, channels.c.name == func.coalesce(_roots.c.channel, messages.c.channel))
    )


_READY = or_(messages.c.root_id.is_(None), _roots.c.ts.is_not(None))
_OPEN = messages.c.state.in_(("waiting", "sending"))


def claim(
    connection: Connection,
    sender_of: Callable[[str], str | None],
    owner: str,
    pace: Pace,
    now: float,
) -> Claim | None:
    """Lease the first message that is due; None if none is.

    Args:
        connection: Within a writing transaction.
        sender_of: The name of a channel's sender; None if it takes nothing now.
        owner: The dispatcher.
        pace: Of the desk.
        now: The time.
    """
    due = (
        _due_columns()
        .where(
            _READY,
            func.coalesce(channels.c.next_at, 0) <= now,
            or_(
                and_(messages.c.state == "waiting", messages.c.not_before <= now),
                and_(messages.c.state == "sending", messages.c.lease_until <= now),
            ),
        )
        .order_by(messages.c.id)
        .limit(1)
    )
    while (row := connection.execute(due).first()) is not None:
        channel = row.root_channel or row.channel
        sender = sender_of(channel)
        if sender is None:
            there = func.coalesce(_roots.c.channel, messages.c.channel)
            due = due.where(there != channel)
        elif not _is_anothers(connection, row, sender):
            return _leased(connection, row, owner, pace, now)
    return None


def next_due(connection: Connection) -> float | None:
    """When the next message is due, channels' pauses included; None if none waits."""
    first = case_later(messages.c.not_before, messages.c.lease_until)
    query = (
        select(func.min(case_later(first, func.coalesce(channels.c.next_at, 0))))
        .select_from(messages)
        .outerjoin(_roots, _roots.c.id == messages.c.root_id)
        .outerjoin(channels, channels.c.name == func.coalesce(_roots.c.channel, messages.c.channel))
        .where(_OPEN, _READY)
    )
    found = connection.execute(query).scalar()
    return None if found is None else float(found)


def case_later(one: Any, other: Any) -> Any:
    """The greater of two columns, in the SQL that both databases know."""
    from sqlalchemy import case

    return case((one >= other, one), else_=other)


def gather_storms(connection: Connection, pace: Pace, now: float) -> None:
    """Put the new incidents of a channel into one message, where there are too many to tell."""
    fresh = and_(
        messages.c.role == "alert",
        messages.c.state == "waiting",
        messages.c.ts.is_(None),
        messages.c.attempts == 0,
    )
    counts = select(messages.c.channel, func.count()).where(fresh).group_by(messages.c.channel)
    waiting: list[Any] = list(connection.execute(counts).all())
    for channel, count in waiting:
        storm = _storm_of(connection, channel, now - pace.storm_window)
        if storm is None and count <= pace.storm_size:
            continue
        joined = storm is not None
        if storm is None:
            storm = new_message(connection, "storm", channel, now)
        ids = [
            row.id
            for row in connection.execute(
                select(messages.c.id).where(fresh, messages.c.channel == channel)
            )
        ]
        _merge(connection, ids, storm)
        if joined:
            rewrite(connection, storm, now)


def remember_channel(connection: Connection, name: str, channel_id: str) -> None:
    """Keep the id that Slack gave for a channel's name."""
    connection.execute(
        channels.update().where(channels.c.name == name).values(channel_id=channel_id)
    )


def hold_channel(connection: Connection, name: str, until: float) -> None:
    """Send nothing to a channel before a time."""
    put(connection, channels.c.name, name, next_at=until)


def _storm_of(connection: Connection, channel: str, since: float) -> int | None:
    """The recent storm of a channel that still has an open incident."""
    query = (
        select(messages.c.id)
        .join(incidents, incidents.c.message_id == messages.c.id)
        .where(
            messages.c.role == "storm",
            messages.c.channel == channel,
            messages.c.created_at >= since,
            incidents.c.resolved_at.is_(None),
        )
        .order_by(messages.c.id.desc())
        .limit(1)
    )
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def _merge(connection: Connection, ids: list[int], storm: int) -> None:
    """Have a storm's message speak for the messages given, and for the replies to them."""
    for start in range(0, len(ids), 500):  # SQLite takes a bounded number of parameters
        some = ids[start : start + 500]
        connection.execute(
            incidents.update().where(incidents.c.message_id.in_(some)).values(message_id=storm)
        )
        connection.execute(
            messages.update()
            .where(or_(messages.c.id.in_(some), messages.c.root_id.in_(some)))
            .values(state="merged")
        )


def _is_anothers(connection: Connection, row: Row[Any], sender: str) -> bool:
    """Settle a message that another sender began (a token was set or taken away since).

    An open incident is told anew by this sender; what is over is left alone.
    """
    mine = messages.c.id == row.id
    if row.root_id is not None and row.root_sender != sender:
        connection.execute(messages.update().where(mine).values(state="sent"))
        return True
    if row.root_id is None and row.ts is not None and row.sender != sender:
        still_open = connection.execute(
            select(incidents.c.id)
            .where(incidents.c.message_id == row.id, incidents.c.resolved_at.is_(None))
            .limit(1)
        ).first()
        anew: dict[str, Any] = {"ts": None, "channel_id": None, "shown": 0, "unsure": False}
        values = anew if still_open else {"state": "sent", "shown": row.wanted}
        connection.execute(messages.update().where(mine).values(**values))
        return True
    return False


def _leased(connection: Connection, row: Row[Any], owner: str, pace: Pace, now: float) -> Claim:
    unsure = row.ts is None and (row.unsure or row.state == "sending")
    until = now + pace.lease
    connection.execute(
        messages.update()
        .where(messages.c.id == row.id)
        .values(
            state="sending",
            lease_by=owner,
            lease_until=until,
            attempts=messages.c.attempts + 1,
            unsure=unsure,
            tried_at=func.coalesce(messages.c.tried_at, now),
        )
    )
    channel = row.root_channel or row.channel
    hold_channel(connection, channel, until)  # one at a time; settling it lets the next one go
    about = [as_incident(each) for each in connection.execute(_told_by(row)).all()]
    message = _content(row, about)
    in_thread = row.root_id is not None and not row.plain
    return Claim(
        message_id=row.id,
        envelope=Envelope(
            channel=channel,
            channel_id=row.channel_id or row.root_channel_id or row.known_id,
            message=Message(text=message.text) if row.plain else message,
            marker=row.marker,
            thread_ts=row.root_ts if in_thread else None,
            broadcast=in_thread and row.role == "escalation",
            tried_at=as_moment(row.tried_at or now),
        ),
        posted=None if row.ts is None else Posted(channel_id=row.channel_id, ts=row.ts),
        revision=row.wanted,
        attempts=row.attempts + 1,
        unsure=unsure,
        plain=row.plain,
        is_reply=row.root_id is not None,
        lease_until=until,
    )


def _told_by(row: Row[Any]) -> Any:
    """The incidents a message speaks for."""
    if row.incident_id is not None:
        return select(incidents).where(incidents.c.id == row.incident_id)
    root = row.root_id if row.root_id is not None else row.id
    return select(incidents).where(incidents.c.message_id == root).order_by(incidents.c.id)


def _content(row: Row[Any], about: list[Incident]) -> Message:
    match row.role:
        case "alert":
            return alert_message(about[0], redirected_from=row.redirected_from)
        case "escalation":
            return escalation_message(about[0])
        case "storm":
            return storm_message(about)
        case _ if row.incident_id is None:
            return storm_over_message(about)
        case _:
            return resolution_message(about[0])

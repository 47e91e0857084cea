"""Rows of the outbox: how they are written, changed and read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import and_

from consulting.alerting.events import Event
from consulting.alerting.message import Incident
from consulting.alerting.outbox import messages

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


def new_message(  # noqa: PLR0913 - the columns that differ, by keyword
    connection: Connection,
    role: str,
    channel: str,
    now: float,
    *,
    incident_id: int | None = None,
    root_id: int | None = None,
) -> int:
    """Write a message to the outbox; returns its number."""
    inserted: Any = connection.execute(
        messages.insert().values(
            role=role,
            incident_id=incident_id,
            root_id=root_id,
            channel=channel,
            marker=str(uuid4()),
            state="waiting",
            wanted=1,
            shown=0,
            created_at=now,
            not_before=now,
            lease_until=0,
            attempts=0,
            unsure=False,
            plain=False,
        )
    )
    return int(inserted.inserted_primary_key[0])


def rewrite(connection: Connection, message_id: int, not_before: float) -> None:
    """Have a message's content sent anew, if it was sent; an unsent one is up to date anyway."""
    here = messages.c.id == message_id
    connection.execute(messages.update().where(here).values(wanted=messages.c.wanted + 1))
    connection.execute(
        messages.update()
        .where(and_(here, messages.c.state == "sent"))
        .values(state="waiting", not_before=not_before)
    )
    connection.execute(
        messages.update()
        .where(
            here,
            messages.c.ts.is_not(None),
            messages.c.attempts == 0,  # not one that is held back because sending failed
            messages.c.not_before > not_before,
        )
        .values(not_before=not_before)
    )


def as_incident(row: Row[Any]) -> Incident:
    """The record of a row of `alert_incidents`."""
    return Incident(
        incident_id=row.id,
        event=Event.model_validate_json(row.event),
        opened_at=as_moment(row.opened_at),
        last_at=as_moment(row.last_at),
        occurrences=row.occurrences,
        resolved_at=None if row.resolved_at is None else as_moment(row.resolved_at),
    )


def as_moment(seconds: float) -> datetime:
    """The UTC time of a stored number of seconds."""
    return datetime.fromtimestamp(seconds, UTC)

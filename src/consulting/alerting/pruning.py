"""What is long over leaves the outbox, a little at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, or_, select

from consulting.alerting.outbox import incidents, messages, receipts

if TYPE_CHECKING:
    from sqlalchemy import Connection

KEPT_FOR_EVER = ("tier_blocked",)
"""Told once for each client and tier: forgetting it would tell it again."""
AT_ONCE = 200
"""Incidents removed by one dispatch, so that none waits for a long transaction."""

_others = incidents.alias("others")
_UNSETTLED = ("waiting", "sending")


def over_before(connection: Connection, before: float, limit: int = AT_ONCE) -> list[int]:
    """Incidents that may go: resolved before a time, with no message about them left to send.

    The incidents that one message tells together go when the last of them is old.
    """
    of_it = or_(
        messages.c.id == incidents.c.message_id,
        messages.c.root_id == incidents.c.message_id,
        messages.c.incident_id == incidents.c.id,
    )
    lasting = or_(_others.c.resolved_at.is_(None), _others.c.resolved_at >= before)
    query = (
        select(incidents.c.id)
        .where(
            incidents.c.resolved_at < before,
            incidents.c.kind.not_in(KEPT_FOR_EVER),
            ~exists().where(_others.c.message_id == incidents.c.message_id, lasting),
            ~exists().where(of_it, messages.c.state.in_(_UNSETTLED)),
        )
        .order_by(incidents.c.resolved_at)
        .limit(limit)
    )
    found: list[int] = list(connection.scalars(query))
    return found


def remove(connection: Connection, ids: list[int]) -> None:
    """Remove incidents, the messages about them, and those that tell of no incident any more."""
    gone: Any = incidents.c.id.in_(ids)
    roots: set[int] = set(connection.scalars(select(incidents.c.message_id).where(gone)))
    connection.execute(delete(incidents).where(gone))
    _remove_messages(connection, messages.c.incident_id.in_(ids))
    still = select(incidents.c.message_id).where(incidents.c.message_id.in_(roots))
    empty = sorted(roots - set(connection.scalars(still)))
    _remove_messages(connection, or_(messages.c.id.in_(empty), messages.c.root_id.in_(empty)))


def _remove_messages(connection: Connection, which: Any) -> None:
    markers = select(messages.c.marker).where(which)
    connection.execute(delete(receipts).where(receipts.c.marker.in_(markers)))
    connection.execute(delete(messages).where(which))

"""The alert desk: takes events in, keeps incidents, hands messages out.

An incident is (client, kind, subject). Its first report writes a message to the outbox; repeats
change that message; `resolve` changes it once more and replies "resolved". What is written is in
the database before the call returns; `dispatch` may die at any point and be called again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from consulting.alerting.dispatch import Dispatcher, DispatchReport, Pace
from consulting.alerting.events import MOMENTARY, Event, Kind
from consulting.alerting.message import alert_message, resolution_message, storm_message
from consulting.alerting.outbox import Outbox, heartbeats, incidents, messages, put
from consulting.alerting.pruning import over_before, remove
from consulting.alerting.rows import as_incident, as_moment, new_message, rewrite
from consulting.alerting.senders import OutboxEntry, Senders
from consulting.alerting.watch import HeartbeatStatus, heartbeat_status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Row

    from consulting.alerting.message import Incident
    from consulting.alerting.senders import Sender

logger = logging.getLogger(__name__)

DEFAULT_CHANNEL = "#data-alerts"
KEEP = timedelta(days=400)
MOST_ON_PAGE = 1000
"""Incidents of one storm that the page lists; Slack's message lists the worst few."""
_MOST_OVER = 200
"""Messages that the page shows whatever became of them; of open incidents it shows more."""
_STATES = ("failing", "waiting", "sent")
_RANK = {"info": 0, "warn": 1, "error": 2}


class AlertDesk:
    """One desk for all clients.

    Args:
        url: SQLAlchemy URL of the ledger database.
        default_channel: Where alerts go that name no channel, and where those go whose channel
            Slack refuses.
        pace: How fast, how long and how patiently messages are sent.
        keep: For how long what is over is kept.
    """

    def __init__(
        self,
        url: str,
        *,
        default_channel: str = DEFAULT_CHANNEL,
        pace: Pace | None = None,
        keep: timedelta = KEEP,
    ) -> None:
        self._outbox = Outbox(url)
        self._default_channel = default_channel
        self._pace = pace or Pace()
        self._keep = keep

    def report(self, event: Event, now: datetime) -> int:
        """Tell the desk that something happened, or still is so.

        Returns:
            The incident's number (of the first of its channels); the same one for as long as the
            incident is open. For a momentary kind (a delivery made), the same one for ever.
        """
        event = event.for_outside()
        with self._outbox.transaction() as connection:
            opened = {
                row.channel: row
                for row in self._open(connection, event.client_id, event.kind, event.subject)
            }
            numbers = []
            for channel in event.channels or (self._default_channel,):
                found = opened.get(channel)
                if found is None:
                    numbers.append(self._first(connection, event, channel, now.timestamp()))
                    continue
                if event.kind not in MOMENTARY:
                    self._again(connection, found, event, now.timestamp())
                numbers.append(int(found.id))
            return numbers[0]

    def resolve(self, client_id: str, kind: Kind, subject: str, now: datetime) -> bool:
        """Tell the desk that an incident is over; returns whether one was open."""
        with self._outbox.transaction() as connection:
            found = [
                row for row in self._open(connection, client_id, kind, subject) if not row.momentary
            ]
            for row in found:
                self._over(connection, row, now.timestamp())
            return bool(found)

    def dispatch(
        self,
        sender: Sender,
        now: datetime,
        *,
        others: Callable[[str], Sender | None] | None = None,
        budget_seconds: float = 20,
    ) -> DispatchReport:
        """Send what is due, for at most about `budget_seconds`; beat the heart; forget the old.

        Any number of dispatchers may run at once. What could not be sent stays for the next call.

        Args:
            sender: The project's own way.
            now: The time.
            others: Gives the sender of a channel that has one of its own.
            budget_seconds: For how long to send.
        """
        senders = Senders(sender, others)
        dispatcher = Dispatcher(self._outbox, senders, self._default_channel, self._pace)
        self.heartbeat(now)
        report = dispatcher.run(now, budget_seconds)
        if report.sent:
            sender.finish(self.entries())
        self._prune(now)
        return report

    def knows(self, client_id: str, kind: Kind, subject: str) -> bool:
        """Whether an incident is open, or, for a momentary kind, was ever told."""
        with self._outbox.reading() as connection:
            return bool(self._open(connection, client_id, kind, subject))

    def open_incidents(self) -> list[Incident]:
        """All open incidents; the oldest first, each once for all its channels."""
        query = select(incidents).where(incidents.c.resolved_at.is_(None)).order_by(incidents.c.id)
        with self._outbox.reading() as connection:
            told = [as_incident(row) for row in connection.execute(query)]
        return list({each.event.key: each for each in reversed(told)}.values())[::-1]

    def entries(self) -> list[OutboxEntry]:
        """Messages of the outbox with their replies, the newest first."""
        shown = (
            select(messages)
            .where(messages.c.root_id.is_(None), messages.c.state != "merged")
            .order_by(messages.c.id.desc())
        )
        still_open = select(incidents.c.message_id).where(incidents.c.resolved_at.is_(None))
        with self._outbox.reading() as connection:
            rows = [
                *connection.execute(shown.limit(_MOST_OVER)),
                *connection.execute(shown.where(messages.c.id.in_(still_open)).limit(MOST_ON_PAGE)),
            ]
            roots = sorted({row.id: row for row in rows}.values(), key=lambda row: -row.id)
            told: dict[int, list[Incident]] = {row.id: [] for row in roots}
            about = select(incidents).where(incidents.c.message_id.in_(told))
            for row in connection.execute(about.order_by(incidents.c.id)):
                told[row.message_id].append(as_incident(row))
        return _each_once([(_entry(row, told[row.id]), told[row.id]) for row in roots])

    def heartbeat(self, now: datetime) -> None:
        """Note that the dispatcher is alive; `dispatch` does so by itself."""
        with self._outbox.transaction() as connection:
            put(connection, heartbeats.c.name, "dispatcher", at=now.timestamp())

    def heartbeat_status(self, now: datetime) -> HeartbeatStatus:
        """Whether alerts get out: the dispatcher's age, what waits and what is refused."""
        with self._outbox.reading() as connection:
            return heartbeat_status(connection, now)

    def _prune(self, now: datetime) -> None:
        before = (now - self._keep).timestamp()
        with self._outbox.reading() as connection:
            if not over_before(connection, before, limit=1):
                return
        with self._outbox.transaction() as connection:
            remove(connection, over_before(connection, before))

    def _open(
        self, connection: Connection, client_id: str, kind: Kind, subject: str
    ) -> Sequence[Row[Any]]:
        """The incident a report belongs to, a row for each channel: the open or momentary one."""
        query = select(incidents).where(
            incidents.c.client_id == client_id,
            incidents.c.kind == kind,
            incidents.c.subject == subject,
            or_(incidents.c.resolved_at.is_(None), incidents.c.momentary),
        )
        return connection.execute(query.order_by(incidents.c.id)).all()

    def _first(self, connection: Connection, event: Event, channel: str, now: float) -> int:
        momentary = event.kind in MOMENTARY
        inserted: Any = connection.execute(
            incidents.insert().values(
                client_id=event.client_id,
                kind=event.kind,
                subject=event.subject,
                channel=channel,
                severity=event.severity,
                momentary=momentary,
                event=event.model_dump_json(),
                opened_at=now,
                last_at=now,
                occurrences=1,
                resolved_at=now if momentary else None,
            )
        )
        incident_id = int(inserted.inserted_primary_key[0])
        message_id = new_message(connection, "alert", channel, now, incident_id=incident_id)
        connection.execute(
            incidents.update().where(incidents.c.id == incident_id).values(message_id=message_id)
        )
        return incident_id

    def _again(self, connection: Connection, row: Row[Any], event: Event, now: float) -> None:
        """A repeat: the message changes, soon; if it got worse, the channel hears of it at once."""
        worse = _RANK[event.severity] > _RANK[row.severity]
        connection.execute(
            incidents.update()
            .where(incidents.c.id == row.id)
            .values(
                event=event.model_dump_json(),
                severity=event.severity,
                last_at=max(now, row.last_at),
                occurrences=incidents.c.occurrences + 1,
            )
        )
        rewrite(connection, row.message_id, now if worse else now + self._pace.repeat_seconds)
        if worse:
            self._reply(connection, "escalation", row, now)

    def _over(self, connection: Connection, row: Row[Any], now: float) -> None:
        connection.execute(
            incidents.update().where(incidents.c.id == row.id).values(resolved_at=now)
        )
        rewrite(connection, row.message_id, now)
        root = connection.execute(select(messages).where(messages.c.id == row.message_id)).one()
        if root.role != "storm":
            self._reply(connection, "resolution", row, now)
            return
        still_open = connection.execute(
            select(func.count())
            .select_from(incidents)
            .where(incidents.c.message_id == root.id, incidents.c.resolved_at.is_(None))
        ).scalar_one()
        if still_open == 0:
            new_message(connection, "resolution", root.channel, now, root_id=root.id)

    def _reply(self, connection: Connection, role: str, row: Row[Any], now: float) -> None:
        root = connection.execute(select(messages).where(messages.c.id == row.message_id)).one()
        new_message(
            connection, role, root.channel, now, incident_id=int(row.id), root_id=int(root.id)
        )


def _each_once(
    entries: Sequence[tuple[OutboxEntry, Sequence[Incident]]],
) -> list[OutboxEntry]:
    """What is told in several channels as one entry that names them all; the worst state wins."""
    found: dict[Any, OutboxEntry] = {}
    for entry, told in entries:
        key = tuple((each.event.key, each.opened_at) for each in told)
        if not told:
            continue
        before = found.get(key)
        if before is None:
            found[key] = entry
            continue
        worse = min(entry, before, key=lambda each: _STATES.index(each.state))
        channels = f"{entry.channel}, {before.channel}"
        found[key] = worse.model_copy(update={"channel": channels})
    return list(found.values())


def _entry(row: Row[Any], told: Sequence[Incident]) -> OutboxEntry:
    """A message of the outbox as it would be sent now."""
    single = row.role == "alert"
    message = (
        alert_message(told[0], redirected_from=row.redirected_from)
        if single
        else storm_message(told, most=MOST_ON_PAGE)
    )
    over = single and told[0].resolved_at is not None and told[0].event.kind not in MOMENTARY
    state = "sent" if row.ts is not None else "failing" if row.error else "waiting"
    return OutboxEntry(
        message=message,
        channel=row.channel,
        state=state,
        at=as_moment(row.created_at),
        severity=max(
            (each.event.severity for each in told if each.resolved_at is None),
            key=_RANK.__getitem__,
            default=None,
        ),
        replies=(resolution_message(told[0]),) if over else (),
        error=row.error,
    )

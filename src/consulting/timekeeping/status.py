"""Whether what was promised was delivered, and if not, who is late."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from consulting.records import Record
from consulting.timekeeping.duration import say_duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from consulting.records import Drop
    from consulting.timekeeping.sla import DeliveryMade, DuePeriod, Sla

Who = Literal["client", "us"]
State = Literal["on_time", "warn", "breach", "paused", "ended"]
PeriodState = Literal["met", "met_late", "waiting", "warn", "breach", "waived", "moot"]


class PeriodStatus(Record):
    """How one due period stands.

    Attributes:
        key: The due period.
        state: `met`, `met_late` (delivered after it was due), `waiting` (not due yet, or within
            the time allowed), `warn`, `breach`, `waived` (due in a pause) or `moot` (skipped; a
            later one was delivered).
        due_at: When it was or is due.
        who: Who is late: "client" (no file) or "us" (file there, no delivery).
        delivered_at: When it was first delivered.
        owed: What is owed, in words that follow "no file": "for 2026-01", "that was due on
            2026-02-02".
        sentence: All that, for people.
    """

    key: str
    state: PeriodState
    due_at: datetime
    who: Who | None = None
    delivered_at: datetime | None = None
    owed: str
    sentence: str


class SlaStatus(Record):
    """How an engagement stands against its SLA.

    Attributes:
        state: The worst of its due periods, or `paused` or `ended`.
        who: Who is late in the worst one: "client" (no file) or "us" (file there, no delivery).
        key: The worst due period; None if nothing is late.
        due_at: When that one was due.
        next_due_at: The next due time.
        sentence: The state, for people.
        periods: Every due period, in the order of due times.
    """

    state: State
    who: Who | None = None
    key: str | None = None
    due_at: datetime | None = None
    next_due_at: datetime | None = None
    sentence: str
    periods: tuple[PeriodStatus, ...] = ()

    @property
    def late(self) -> tuple[PeriodStatus, ...]:
        """The due periods that are a warning or a breach, the oldest first."""
        return tuple(each for each in self.periods if each.state in {"warn", "breach"})


def sla_status(  # noqa: PLR0913 - the facts it weighs, each of its own kind, by keyword
    sla: Sla,
    *,
    due_periods: Sequence[DuePeriod],
    drops: Iterable[Drop],
    deliveries: Iterable[DeliveryMade],
    now: datetime,
    quarantined: Collection[int] = (),
) -> SlaStatus:
    """Judge every due period on its own, by what came and what was delivered.

    A delivery that is not ready to use keeps no promise. With partitions a delivery counts for its
    own period and no other, so a backfill of January leaves March late. Without partitions it
    counts for the due time that its newest file came closest to: the one before, if that was still
    unmet, else the one after. Replaying old files is therefore never news.

    Args:
        sla: The promise.
        due_periods: From `Sla.due_periods`.
        drops: The client's files that are or were waiting for delivery.
        deliveries: What was delivered.
        now: The present moment.
        quarantined: The drops (by id) that were set aside.
    """
    now = now.astimezone(UTC)
    by_arrival = sorted(deliveries, key=lambda delivery: delivery.received_at)
    met = _met(due_periods, [each for each in by_arrival if each.usable])
    unmet = [due for due in due_periods if due.key not in met]
    unusable = _met(unmet, [each for each in by_arrival if not each.usable])
    waiting = sorted(drops, key=lambda drop: drop.first_seen)
    newest_met = max((index for index, due in enumerate(due_periods) if due.key in met), default=-1)
    periods = []
    for index, due in enumerate(due_periods):
        files = _files_of(due, waiting, by_arrival)
        moot = due.period is None and index < newest_met
        judge = _Judge(sla, due, now, unusable.get(due.key))
        periods.append(judge.judge(met.get(due.key), files, quarantined, moot=moot))
    return _overall(sla, tuple(periods), now)


def _met(
    due_periods: Sequence[DuePeriod], by_arrival: Sequence[DeliveryMade]
) -> dict[str, DeliveryMade]:
    """The delivery that first met each due period, by key."""
    met: dict[str, DeliveryMade] = {}
    for delivery in by_arrival:
        for due in due_periods:
            if due.period is not None and due.period == delivery.period:
                before = met.get(due.key)
                if before is None or delivery.delivered_at < before.delivered_at:
                    met[due.key] = delivery
    unpartitioned = [due for due in due_periods if due.period is None]
    for delivery in by_arrival:
        key = _nearest(unpartitioned, delivery.received_at, met)
        if key is not None:
            met.setdefault(key, delivery)
    return met


def _nearest(
    due_periods: Sequence[DuePeriod], received: datetime, met: dict[str, DeliveryMade]
) -> str | None:
    """The due period that a file received at a moment is for."""
    before = [due for due in due_periods if due.due_at <= received]
    after = [due for due in due_periods if due.opens_at <= received < due.due_at]
    late_for = before[-1] if before and before[-1].key not in met else None
    early_for = after[0] if after else None
    if late_for is None or early_for is None:
        chosen = late_for or early_for
        return chosen.key if chosen else None
    is_nearer = received - late_for.due_at < early_for.due_at - received
    return (late_for if is_nearer else early_for).key


def _files_of(
    due: DuePeriod, waiting: Sequence[Drop], by_arrival: Sequence[DeliveryMade]
) -> list[Drop]:
    """The files that were or are there for a due period, the oldest first."""
    if due.period is not None:
        return [drop for drop in waiting if drop.period == due.period]
    newest = by_arrival[-1].received_at if by_arrival else None
    return [
        drop
        for drop in waiting
        if drop.first_seen >= due.opens_at and (newest is None or drop.first_seen > newest)
    ]


class _Judge:
    """Judges one due period and says so in a sentence."""

    def __init__(
        self, sla: Sla, due: DuePeriod, now: datetime, unusable: DeliveryMade | None
    ) -> None:
        self.unusable = unusable
        self.due = due
        self.named = due.key if due.period else f"The delivery due on {due.key}"
        self.for_it = f" for {due.key}" if due.period else ""
        self.now = now
        self.zone = ZoneInfo(sla.timezone)
        self.timezone = sla.timezone

    def judge(
        self,
        delivery: DeliveryMade | None,
        files: Sequence[Drop],
        quarantined: Collection[int],
        *,
        moot: bool,
    ) -> PeriodStatus:
        if delivery is not None:
            return self._delivered(delivery)
        if self.due.waived is not None:
            when = f"{'for' if self.due.period else 'on'} {self.due.key}"
            return self._status("waived", f"Nothing is owed {when}: {self.due.waived}.")
        if moot:
            return self._status("moot", f"{self.named} was skipped; a later delivery was made.")
        state = self._state()
        if state == "waiting" and self.now < self.due.due_at:
            what = self.due.key if self.due.period else "A delivery"
            return self._status(state, f"{what} is due {self._when(self.due.due_at)}.")
        who: Who = "us" if files or self.unusable else "client"
        late = say_duration(self.now - self.due.due_at)
        return self._status(
            state,
            f"{self._cause(files, quarantined)} It was due {self._when(self.due.due_at)}, "
            f"{late} ago.",
            who=who,
        )

    def _state(self) -> PeriodState:
        if self.now >= self.due.fail_at:
            return "breach"
        return "warn" if self.now >= self.due.warn_at else "waiting"

    def _delivered(self, delivery: DeliveryMade) -> PeriodStatus:
        lateness = delivery.delivered_at - self.due.due_at
        late = lateness.total_seconds() > 0
        when = f"{say_duration(lateness)} late" if late else "on time"
        file_was_late = late and delivery.received_at > self.due.due_at
        made = "delivered" if self.due.period else "made"
        because = "; the file came after it was due" if file_was_late else ""
        return self._status(
            "met_late" if late else "met",
            f"{self.named} was {made} {self._when(delivery.delivered_at)}, {when}{because}.",
            delivered_at=delivery.delivered_at,
        )

    def _cause(self, files: Sequence[Drop], quarantined: Collection[int]) -> str:
        if self.unusable is not None:
            return (
                f"We are late: what was delivered{self.for_it} on "
                f"{self._when(self.unusable.delivered_at)} is not ready to use. Page one of its "
                "report says why."
            )
        if not files:
            return f"The client is late: no file has come{self.for_it}."
        since = f"since {self._when(files[0].first_seen)}"
        count = f"{len(files)} file{'s'[: len(files) != 1]}"
        if all(drop.drop_id in quarantined for drop in files):
            verb = "is" if len(files) == 1 else "are all"
            return (
                f"We are late: the {count}{self.for_it} {verb} in quarantine {since}. "
                "Release what can be read, or ask the client to send it again."
            )
        return f"We are late: {count}{self.for_it} came {since}, and nothing was delivered."

    def _when(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({self.timezone})"

    def _status(
        self,
        state: PeriodState,
        sentence: str,
        *,
        who: Who | None = None,
        delivered_at: datetime | None = None,
    ) -> PeriodStatus:
        return PeriodStatus(
            key=self.due.key,
            state=state,
            due_at=self.due.due_at,
            who=who if state in {"warn", "breach"} else None,
            delivered_at=delivered_at,
            owed=f"{'for' if self.due.period else 'that was due on'} {self.due.key}",
            sentence=sentence,
        )


def _overall(sla: Sla, periods: tuple[PeriodStatus, ...], now: datetime) -> SlaStatus:
    """The worst due period speaks for the engagement, unless it is paused or over."""
    coming = next((each for each in periods if each.due_at > now), None)
    next_due = coming.due_at if coming else None
    if sla.ended_by(now):
        sentence = f"The engagement ended on {sla.ends}; nothing is owed."
        return SlaStatus(state="ended", sentence=sentence, periods=periods)
    pause = sla.pause_on(now)
    if pause is not None:
        reason = f" ({pause.reason})" if pause.reason else ""
        sentence = f"Paused until {pause.to}{reason}."
        return SlaStatus(state="paused", next_due_at=next_due, sentence=sentence, periods=periods)
    worst = next((each for each in periods if each.state == "breach"), None) or next(
        (each for each in periods if each.state == "warn"), None
    )
    if worst is None:
        latest = [each for each in periods if each.due_at <= now or each.delivered_at is not None]
        speaker = latest[-1] if latest else coming
        sentence = speaker.sentence if speaker else "Nothing is due."
        return SlaStatus(state="on_time", next_due_at=next_due, sentence=sentence, periods=periods)
    return SlaStatus(
        state="breach" if worst.state == "breach" else "warn",
        who=worst.who,
        key=worst.key,
        due_at=worst.due_at,
        next_due_at=next_due,
        sentence=worst.sentence,
        periods=periods,
    )

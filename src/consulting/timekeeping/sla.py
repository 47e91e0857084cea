"""What was promised: when each delivery is due, and when a missing one is a warning or a breach."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, model_validator

from consulting.config_model import ConfigModel
from consulting.errors import ConfigurationError
from consulting.records import Record
from consulting.timekeeping.calendar import Calendar
from consulting.timekeeping.cron import Cron, Timetable, Timezone, check_comes_due
from consulting.timekeeping.duration import Duration
from consulting.timekeeping.periods import Partitioning, periods_between

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

_PRESETS = {
    "daily": {"due": "0 0 * * *", "fail_after": "24h"},
    "weekly": {"due": "0 0 * * 1", "fail_after": "7d"},
}


class Pause(ConfigModel):
    """A stretch of days in which nothing is owed and nobody is alerted.

    Attributes:
        from_: First day (`from` in YAML).
        to: Last day, included.
        reason: Why, for the people who wonder ("client on summer holiday").
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: date = Field(alias="from", examples=["2026-12-21"])
    to: date = Field(examples=["2027-01-04"])
    reason: str = Field(default="", examples=["client on holiday"])

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Pause:
        if self.to < self.from_:
            raise ConfigurationError(
                f"sla: a pause from {self.from_} to {self.to} ends before it begins. Swap the two."
            )
        return self


class DuePeriod(Record):
    """One thing owed: what, by when, and when its absence is a warning or a breach.

    Attributes:
        key: Names it in alerts and reports: the period, or the due day where there are none.
        period: The partition that must be delivered; None where there are no partitions.
        opens_at: The due time before this one; the wait for this delivery begins there (UTC, as
            all times here).
        due_at: When it is due.
        warn_at: When its absence becomes a warning.
        fail_at: When its absence becomes a breach.
        waived: Why nothing is owed, where the due time lies in a pause.
    """

    key: str
    period: str | None
    opens_at: datetime
    due_at: datetime
    warn_at: datetime
    fail_at: datetime
    waived: str | None = None


class DeliveryMade(Record):
    """What the SLA needs to know of a delivery.

    Attributes:
        delivery_id: Its id.
        period: Its partition, if the engagement has partitions.
        received_at: When the newest of its files was first seen.
        delivered_at: When it was complete.
        usable: Whether its report calls it ready to use; what is not meets no promise.
    """

    delivery_id: str
    period: str | None = None
    received_at: datetime
    delivered_at: datetime
    usable: bool = True


class Sla(ConfigModel):
    """The promise to a client about time. "daily" or "weekly" alone is one, too.

    Attributes:
        preset: `daily` (a delivery every 24 hours) or `weekly` (every 7 days); fields beside it
            override its values.
        due: Cron of the due times ("0 12 * * 1": Mondays at noon).
        timezone: IANA name in which `due`, `pause`, `starts` and `ends` are read.
        calendar: Moves or skips due days that are no business days.
        warn_after: Warn when a delivery is missing this long after the due time before ("8d"),
            but never before it is due. Default: as soon as it is due.
        fail_after: The same for a breach. Default: when the next one is due.
        grace: Added to both.
        pause: Days on which nothing is owed.
        starts: The first day on which anything can be due. Default: when the client was first seen.
        ends: The last day of the engagement; nothing is owed after it.
    """

    preset: Literal["daily", "weekly"] | None = Field(default=None, examples=["weekly"])
    due: Cron = Field(examples=["0 12 * * 1"])
    timezone: Timezone = Field(default="UTC", examples=["America/New_York"])
    calendar: Calendar | None = Field(default=None, examples=[{"country": "US"}])
    warn_after: Duration | None = Field(default=None, examples=["8d"])
    fail_after: Duration | None = Field(default=None, examples=["14d"])
    grace: Duration = Field(default=timedelta(), examples=["2h"])
    pause: tuple[Pause, ...] = Field(
        default=(), examples=[[{"from": "2026-12-21", "to": "2027-01-04"}]]
    )
    starts: date | None = Field(default=None, examples=["2026-01-01"])
    ends: date | None = Field(default=None, examples=["2026-12-31"])

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """What `dg check yaml` lets through: a preset alone is whole, as a word or a field."""
        schema = handler(core_schema)
        handler.resolve_ref_schema(schema).pop("required", None)
        return {"anyOf": [{"enum": sorted(_PRESETS)}, schema]}

    @model_validator(mode="before")
    @classmethod
    def _preset_fills_in(cls, values: object) -> object:
        if isinstance(values, str):
            values = {"preset": values}
        if not isinstance(values, dict):
            return values
        preset = values.get("preset")
        if preset is None and "due" not in values:
            raise ConfigurationError(
                'sla: say when deliveries are due: `due: "0 12 * * 1"` (a cron), or '
                "`preset: daily` or `preset: weekly`."
            )
        return _PRESETS.get(str(preset), {}) | values

    @model_validator(mode="after")
    def _comes_due(self) -> Sla:
        check_comes_due(self.due, self.calendar)
        return self

    @model_validator(mode="after")
    def _warns_before_it_fails(self) -> Sla:
        if self.warn_after and self.fail_after and self.fail_after < self.warn_after:
            raise ConfigurationError(
                "sla: fail_after is shorter than warn_after, so the warning would come after the "
                "breach. Swap them."
            )
        return self

    @property
    def timetable(self) -> Timetable:
        """The due times as a timetable."""
        return Timetable(cron=self.due, timezone=self.timezone, calendar=self.calendar)

    def pause_on(self, moment: datetime) -> Pause | None:
        """The pause a moment lies in, if any."""
        day = moment.astimezone(ZoneInfo(self.timezone)).date()
        return next((each for each in self.pause if each.from_ <= day <= each.to), None)

    def ended_by(self, moment: datetime) -> bool:
        """Whether the last day of the engagement is over."""
        day = moment.astimezone(ZoneInfo(self.timezone)).date()
        return self.ends is not None and day > self.ends

    def due_periods(
        self,
        now: datetime,
        *,
        since: datetime,
        partitioning: Partitioning | None = None,
        limit: int = 12,
        coming: int = 1,
    ) -> tuple[DuePeriod, ...]:
        """What was owed lately and what is owed next, in the order of due times.

        With partitions, each due time owes every period that was completed since the due time
        before it: noon on the fifth owes last month, a Monday owes the seven days before it.

        Args:
            now: The present moment.
            since: When the engagement began, where `starts` does not say so; due times before it
                owe nothing.
            partitioning: The engagement's periods, if it has any.
            limit: How many due times to look back.
            coming: How many to look ahead.
        """
        zone = ZoneInfo(self.timezone)
        if self.starts is not None:
            since = datetime.combine(self.starts, time(), tzinfo=zone)
        dues = self._dues_around(now, limit, coming)
        owed: list[DuePeriod] = []
        for opens, due, following in zip(dues, dues[1:], dues[2:], strict=False):
            if due > since and not self.ended_by(due):
                owed += self._owed_at(opens, due, following, partitioning)
        return tuple(owed)

    def _dues_around(self, now: datetime, limit: int, ahead: int) -> list[datetime]:
        """The last `limit` due times, one before them, the next ones and the one after those."""
        timetable = self.timetable
        past: list[datetime] = []
        for days in (1, limit + 2, 8 * (limit + 2), 32 * (limit + 2), 370 * (limit + 2)):
            past = timetable.due_times(now - timedelta(days=days), now + timedelta(microseconds=1))
            if len(past) > limit:
                break
        coming: list[datetime] = []
        after = now
        for _ in range(ahead + 1):
            next_due = timetable.next_due(after)
            if next_due is not None:
                coming.append(next_due)
                after = next_due
        return past[-(limit + 1) :] + coming

    def _owed_at(
        self,
        opens: datetime,
        due: datetime,
        following: datetime,
        partitioning: Partitioning | None,
    ) -> list[DuePeriod]:
        """What falls due at one due time: one delivery, or each period completed since `opens`."""
        # on the wall clock: a week after Monday noon is Monday noon, whatever the clocks did
        warn = max(due, opens + self.warn_after) if self.warn_after else due
        fail = max(due, opens + self.fail_after) if self.fail_after else following
        pause = self.pause_on(due)
        times = {
            "opens_at": opens.astimezone(UTC),
            "due_at": due.astimezone(UTC),
            "warn_at": (min(warn, fail) + self.grace).astimezone(UTC),
            "fail_at": (fail + self.grace).astimezone(UTC),
            "waived": None if pause is None else pause.reason or "paused",
        }
        if partitioning is None:
            return [DuePeriod(key=self._due_key(due), period=None, **times)]
        newest = partitioning.last_complete(due)
        if newest is None:
            return []
        before = partitioning.last_complete(opens)
        keys = periods_between(before or partitioning.start, newest)
        return [
            DuePeriod(key=key, period=key, **times)
            for key in keys
            if before is None or key > before
        ]

    def _due_key(self, due: datetime) -> str:
        """The due day; with the time of day where a day can have several."""
        minute, hour, *_ = self.due.split()
        once_a_day = minute.isdecimal() and hour.isdecimal()
        return due.strftime("%Y-%m-%d" if once_a_day else "%Y-%m-%d %H:%M")

"""Due times, periods and promises about time, by the client's own calendar."""

from consulting.timekeeping.ahead import Ahead, ahead
from consulting.timekeeping.calendar import Calendar
from consulting.timekeeping.cron import Timetable, due_times
from consulting.timekeeping.duration import Duration, parse_duration, say_duration, write_duration
from consulting.timekeeping.periods import (
    Partitioning,
    Placement,
    period_start,
    period_window,
    periods_between,
)
from consulting.timekeeping.sla import DeliveryMade, DuePeriod, Pause, Sla
from consulting.timekeeping.status import PeriodStatus, SlaStatus, sla_status

__all__ = [
    "Ahead",
    "Calendar",
    "DeliveryMade",
    "DuePeriod",
    "Duration",
    "Partitioning",
    "Pause",
    "PeriodStatus",
    "Placement",
    "Sla",
    "SlaStatus",
    "Timetable",
    "ahead",
    "due_times",
    "parse_duration",
    "period_start",
    "period_window",
    "periods_between",
    "say_duration",
    "sla_status",
    "write_duration",
]

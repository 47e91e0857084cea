"""Alerts people keep switched on: one message per incident, none lost, none twice."""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.alerting.desk import DEFAULT_CHANNEL, AlertDesk
    from consulting.alerting.dispatch import DispatchReport, Pace
    from consulting.alerting.events import (
        AlertRoute,
        Event,
        FailedTest,
        Kind,
        delivery_made,
        drift,
        failed_run,
        failed_tests,
        late,
        not_ready,
        nothing_arrived,
        quarantined_file,
        tier_blocked,
        tier_lowered,
    )
    from consulting.alerting.message import Incident, Message
    from consulting.alerting.senders import OutboxEntry, Sender
    from consulting.alerting.watch import HeartbeatStatus

__all__ = [
    "DEFAULT_CHANNEL",
    "AlertDesk",
    "AlertRoute",
    "DispatchReport",
    "Event",
    "FailedTest",
    "HeartbeatStatus",
    "Incident",
    "Kind",
    "Message",
    "OutboxEntry",
    "Pace",
    "Sender",
    "delivery_made",
    "drift",
    "failed_run",
    "failed_tests",
    "late",
    "not_ready",
    "nothing_arrived",
    "quarantined_file",
    "tier_blocked",
    "tier_lowered",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "DEFAULT_CHANNEL": "desk",
        "AlertDesk": "desk",
        "AlertRoute": "events",
        "DispatchReport": "dispatch",
        "Event": "events",
        "FailedTest": "events",
        "HeartbeatStatus": "watch",
        "Incident": "message",
        "Kind": "events",
        "Message": "message",
        "OutboxEntry": "senders",
        "Pace": "dispatch",
        "Sender": "senders",
        "delivery_made": "events",
        "drift": "events",
        "failed_run": "events",
        "failed_tests": "events",
        "late": "events",
        "not_ready": "events",
        "nothing_arrived": "events",
        "quarantined_file": "events",
        "tier_blocked": "events",
        "tier_lowered": "events",
    },
)

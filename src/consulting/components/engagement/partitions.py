"""An engagement's periods as Dagster partitions.

Days and months have the same key here and there. An ISO week's partition is named after its Monday
("2026-W03-1"): Dagster reads keys with `strptime`, which knows no week without a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from consulting.config.engagement import EngagementConfig

_MONDAY = "-1"
_WEEK_LENGTH = len("2026-W03")


def build_partitions(config: EngagementConfig) -> dg.PartitionsDefinition[str] | None:
    """The periods from the first one to the current one, or None where there are none."""
    periods = config.partitions
    if periods is None:
        return None
    first, _ = periods.window(periods.start)
    fmt, cron = {
        "day": ("%Y-%m-%d", "0 0 * * *"),
        "week": ("%G-W%V-%u", "0 0 * * 1"),
        "month": ("%Y-%m", "0 0 1 * *"),
    }[periods.every]
    return dg.TimeWindowPartitionsDefinition(
        start=first,
        fmt=fmt,
        cron_schedule=cron,
        timezone=periods.timezone,
        # files of a period arrive while it runs
        end_offset=1,
    )


def partition_of(period: str) -> str:
    """The Dagster partition of a period: "2026-W03" → "2026-W03-1"; others are the same."""
    return f"{period}{_MONDAY}" if "W" in period else period


def period_of(partition: str) -> str:
    """The period of a Dagster partition: "2026-W03-1" → "2026-W03"; others are the same."""
    return partition[:_WEEK_LENGTH] if "W" in partition else partition

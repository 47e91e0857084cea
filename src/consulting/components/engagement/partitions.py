"""An engagement's periods as Dagster partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from consulting.config.engagement import EngagementConfig


def build_partitions(config: EngagementConfig) -> dg.PartitionsDefinition[str] | None:
    """The periods from the first one to the current one, or None where there are none."""
    periods = config.partitions
    if periods is None:
        return None
    first, _ = periods.window(periods.start)
    fmt, cron = {
        "day": ("%Y-%m-%d", "0 0 * * *"),
        "week": ("%G-W%V", "0 0 * * 1"),
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

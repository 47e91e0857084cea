"""Periods as Dagster partitions: what the UI shows is what the ledger calls them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from consulting import chain
from consulting.components.engagement.automation import run_request
from consulting.components.engagement.client import Client
from consulting.components.engagement.partitions import (
    build_partitions,
    partition_of,
    period_of,
)
from consulting.config.engagement import EngagementConfig
from consulting.intake import RunVerdict
from consulting.resources.consultancy import DBT_DIR, ConsultancyResource

if TYPE_CHECKING:
    from pathlib import Path

CASES = {
    "month": ("2026-01", "orders_2026-03.csv", r"(?P<year>\d{4})-(?P<month>\d{2})", "2026-03"),
    "week": ("2025-W52", "orders_2026-W01.csv", r"(?P<year>\d{4})-W(?P<week>\d{2})", "2026-W01"),
    "day": (
        "2026-01-01",
        "orders_2026-02-03.csv",
        r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})",
        "2026-02-03",
    ),
}


def client_of(every: str) -> Client:
    start, _, pattern, _ = CASES[every]
    config = EngagementConfig.model_validate(
        {
            "client_name": "Acme",
            "security_tier": 3,
            "feeds": [{"name": "orders", "files": "orders*"}],
            "intake": {"settle_seconds": 0},
            "partitions": {
                "every": every,
                "start": start,
                "period_from": pattern,
                "timezone": "Europe/Berlin",
            },
        }
    )
    return Client("acme", config, DBT_DIR, build_partitions(config))


@pytest.mark.parametrize("every", CASES)
def test_each_period_is_one_partition_with_the_same_window(every: str) -> None:
    client = client_of(every)
    periods = client.config.partitions
    assert periods is not None
    assert isinstance(client.partitions_def, dg.TimeWindowPartitionsDefinition)
    now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    keys = client.partitions_def.get_partition_keys(current_time=now)
    assert [period_of(key) for key in keys] == periods.until(now)
    for key in keys:
        assert partition_of(period_of(key)) == key
        assert client.partitions_def.has_partition_key(key)
        window = client.partitions_def.time_window_for_partition_key(key)
        assert (window.start, window.end) == periods.window(period_of(key))


@pytest.mark.parametrize("every", CASES)
def test_a_file_runs_in_its_own_period_and_a_backfill_takes_it_up_again(
    every: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    client = client_of(every)
    _, name, _, period = CASES[every]
    engagement = ConsultancyResource().engagement("acme", client.config)
    (engagement.folder.incoming / name).write_text("id\n1\n")
    request = None
    for _ in range(2):
        tick = chain.look(
            engagement, verdict_of=_never, verdict_of_request=_never, now=datetime.now(UTC)
        )
        request = run_request(client, tick.batches[0]) if tick.batches else request
    assert request is not None
    assert client.partitions_def is not None
    assert request.partition_key is not None
    assert client.partitions_def.has_partition_key(request.partition_key)
    (batch,) = engagement.intake.pending_requests()
    run = {"log": lambda _: None, "period": period_of(request.partition_key)}
    first = chain.receive(engagement, run_id="one", batch_id=batch.batch_id, **run)
    assert first.batch.period == period
    engagement.intake.delivered(batch.batch_id, "one", now=datetime.now(UTC))
    (engagement.folder.incoming / name).unlink()
    again = chain.receive(engagement, run_id="two", batch_id=None, **run)
    assert again.batch.batch_id != batch.batch_id
    assert [reading.filename for reading in again.readings] == [name]


def _never(_: str) -> RunVerdict:
    return RunVerdict.UNKNOWN

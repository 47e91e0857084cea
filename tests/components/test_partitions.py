"""Periods as Dagster partitions: what the UI shows is what the ledger calls them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
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
from consulting.components.loading import find_project
from consulting.config.engagement import EngagementConfig
from consulting.errors import BatchHeldError
from consulting.intake import RunVerdict
from consulting.resources.consultancy import ConsultancyResource
from consulting.timekeeping import periods_between

if TYPE_CHECKING:
    from consulting.records import Batch

PROJECT = find_project(Path(__file__))
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
    return Client("acme", config, PROJECT, build_partitions(config))


@pytest.mark.parametrize("every", CASES)
def test_each_period_is_one_partition_with_the_same_window(every: str) -> None:
    client = client_of(every)
    periods = client.config.partitions
    assert periods is not None
    assert isinstance(client.partitions_def, dg.TimeWindowPartitionsDefinition)
    now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    keys = client.partitions_def.get_partition_keys(current_time=now)
    assert [period_of(key) for key in keys] == periods_between(periods.start, periods.current(now))
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
    engagement = ConsultancyResource().engagement(client)
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


class ByHand:
    """A monthly client whose runs a person starts."""

    def __init__(self) -> None:
        client = client_of("month")
        self.engagement = ConsultancyResource().engagement(client)
        self.intake = self.engagement.intake
        self.runs = 0

    def drop(self, name: str, text: str) -> None:
        (self.engagement.folder.incoming / name).write_text(f"id\n{text}\n")
        for _ in range(2):
            self.intake.look(now=datetime.now(UTC))

    def run(self, period: str) -> Batch:
        """As far as `file_received`."""
        self.runs += 1
        received = chain.receive(
            self.engagement,
            run_id=f"run {self.runs}",
            batch_id=None,
            period=period,
            log=lambda _: None,
        )
        return received.batch

    def deliver(self, period: str) -> Batch:
        batch = self.run(period)
        self.intake.delivered(batch.batch_id, f"run {self.runs}", now=datetime.now(UTC))
        return batch

    def fail(self, period: str) -> Batch:
        batch = self.run(period)
        self.intake.failed(
            batch.batch_id, f"run {self.runs}", reason="disk full", now=datetime.now(UTC)
        )
        return batch


@pytest.fixture
def by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ByHand:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    return ByHand()


def test_a_period_again_holds_the_newest_version_of_each_file_once(by_hand: ByHand) -> None:
    by_hand.drop("orders_2026-03.csv", "1")
    by_hand.deliver("2026-03")
    by_hand.drop("orders_2026-03.csv", "2")
    by_hand.drop("orders_2026-03_more.csv", "3")
    by_hand.deliver("2026-03")
    by_hand.drop("orders_2026-04.csv", "4")
    again = by_hand.deliver("2026-03")
    assert [(drop.key, drop.version) for drop in again.drops] == [
        ("orders_2026-03.csv", 2),
        ("orders_2026-03_more.csv", 1),
    ]


def test_a_run_by_hand_takes_the_batch_that_waits_for_another_try(by_hand: ByHand) -> None:
    by_hand.drop("orders_2026-03.csv", "1")
    failed = by_hand.fail("2026-03")
    assert by_hand.intake.state().batches[0].status == "waiting"
    assert by_hand.deliver("2026-03").batch_id == failed.batch_id


def test_a_batch_of_another_period_that_waits_does_not_stand_in_the_way(by_hand: ByHand) -> None:
    by_hand.drop("orders_2026-01.csv", "1")
    by_hand.deliver("2026-01")
    by_hand.drop("orders_2026-03.csv", "1")
    claimed = by_hand.intake.claim(now=datetime.now(UTC), trigger="sensor")
    assert claimed is not None
    assert by_hand.deliver("2026-01").period == "2026-01"
    assert [batch.batch_id for batch in by_hand.intake.pending_requests()] == [claimed.batch_id]


def test_a_run_by_hand_beside_another_run_is_refused_with_who_holds_what(by_hand: ByHand) -> None:
    by_hand.drop("orders_2026-01.csv", "1")
    by_hand.drop("orders_2026-03.csv", "2")
    by_hand.run("2026-01")
    with pytest.raises(BatchHeldError, match="run 1 holds batch"):
        by_hand.run("2026-03")

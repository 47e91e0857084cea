"""Corrections in the wrong place and at the wrong moment: other periods, kills."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from patience import PATIENCE_SECONDS

from consulting import chain
from consulting.errors import NothingNewError

from .conftest import World
from .test_corrections import BAD_FILE, as_csv, counts, customers_of, newest, read, right
from .test_trouble import bring_back

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.chain.artifacts import Intake

MONTHLY = {
    "every": "month",
    "start": "2026-01",
    "period_from": r"(?P<year>\d{4})-(?P<month>\d{2})",
}


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory, customers_dbt: Path) -> World:
    """A client with monthly files, whose January is delivered."""
    root = tmp_path_factory.mktemp("january")
    world = World(root, dbt_dir=customers_dbt, partitions=MONTHLY)
    world.drop("customers_2026-01.csv", BAD_FILE)
    assert world.run().summary.period == "2026-01"
    world.drop("customers_2026-02.csv", BAD_FILE.replace("Ada", "Eve"))
    received = world.receive("february")
    assert received.batch.period == "2026-02"
    now = datetime.now(UTC)
    world.engagement.intake.delivered(received.batch.batch_id, "february", now=now)
    return world


def new_files(world: World) -> Intake:
    """Receive until a batch brings something new; copies of delivered files bring nothing."""
    for _ in range(4):
        with contextlib.suppress(NothingNewError):
            return world.receive("new")
    raise AssertionError(world.said)


@pytest.mark.parametrize(
    "name", ["customers_rejects_2026-01.csv", "customers_rejects_2026-01 (1).csv"]
)
def test_the_name_we_gave_it_brings_a_rejects_file_back_to_its_period(
    january: World, tmp_path: Path, name: str
) -> None:
    world = january.copy(tmp_path / "copy")
    sent = read(newest(world).path / "rejects/customers_rejects_2026-01.csv")
    world.drop(name, as_csv(right(sent)))
    received = new_files(world)
    assert (received.batch.period, counts(received)) == ("2026-01", {"corrected": 5})
    assert "Eve" not in str(customers_of(received, world))


@pytest.mark.parametrize("name", ["customers_rejects.csv", "customers_rejects_2026-02.csv"])
def test_renamed_it_goes_to_the_period_that_its_rows_are_of(
    january: World, tmp_path: Path, name: str
) -> None:
    world = january.copy(tmp_path / "copy")
    sent = read(newest(world).path / "rejects/customers_rejects_2026-01.csv")
    world.drop(name, as_csv(right(sent)))
    received = new_files(world)
    assert any("are of feed 'customers' and period 2026-01" in said for said in world.said)
    assert (received.batch.period, counts(received)) == ("2026-01", {"corrected": 5})


def test_a_period_that_is_run_again_brings_its_corrections_again(
    january: World, tmp_path: Path
) -> None:
    world = january.copy(tmp_path / "copy")
    sent = read(newest(world).path / "rejects/customers_rejects_2026-01.csv")
    world.drop("customers_rejects_2026-01.csv", as_csv(right(sent)))
    received = new_files(world)
    before = customers_of(received, world)
    engagement = world.engagement
    engagement.intake.delivered(received.batch.batch_id, "new", now=datetime.now(UTC))
    again = chain.receive(
        engagement, run_id="again", batch_id=None, period="2026-01", log=world.said.append
    )
    assert len(again.readings) == 1
    assert counts(again) == {"corrected": 5}
    assert customers_of(again, world) == before


def _die(*_args: object, **_kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _killed_at(world: World, batch_id: str, place: str) -> None:
    """In a process of its own: receive, and die on the way."""
    from consulting.chain import file_received

    setattr(file_received, place, _die)
    world.receive("killed", batch_id)


@pytest.mark.parametrize("place", ["feed_of_corrections", "with_corrections", "load_files"])
def test_a_kill_on_the_way_neither_loses_nor_doubles_a_correction(
    master: World, tmp_path: Path, place: str
) -> None:
    world = master.copy(tmp_path / "copy")
    sent = read(newest(world).path / "rejects/customers_rejects.csv")
    world.drop("orders_rejects.csv", as_csv(right(sent)))
    batch_id = _claimed(world)
    process = multiprocessing.get_context("fork").Process(
        target=_killed_at, args=(world, batch_id, place)
    )
    process.start()
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL
    batch_id = bring_back(world)
    received = world.receive("second", batch_id)
    assert counts(received) == {"corrected": 5}
    rows = customers_of(received, world)
    assert len({row["Customer ID"] for row in rows}) == len(rows) == 9


def _claimed(world: World) -> str:
    intake = world.engagement.intake
    for _ in range(2):
        intake.look(now=datetime.now(UTC))
    batch = intake.claim(now=datetime.now(UTC), trigger="sensor")
    assert batch is not None
    return batch.batch_id

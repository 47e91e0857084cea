"""A period's delivery holds all of the period's files, in whatever order they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from consulting.chain.replay import verify_delivery

from .conftest import World
from .test_corrections import as_csv, read
from .test_corrections_trouble import MONTHLY
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.delivery import Delivery


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A client with monthly files, whose January is delivered."""
    world = World(tmp_path, partitions=MONTHLY)
    world.drop("customers_2026-01_a.csv", HEADER + customer(1) + customer(2))
    world.run()
    return world


def received(delivery: Delivery) -> tuple[str | None, int, int]:
    summary = delivery.summary
    return summary.period, summary.received, summary.delivered


def test_a_late_file_adds_to_its_period(world: World) -> None:
    world.drop("customers_2026-01_b.csv", HEADER + customer(3))
    assert received(world.run()) == ("2026-01", 3, 3)
    assert any("2026-01 holds customers_2026-01_a.csv as well" in said for said in world.said)
    world.drop("customers_2026-01_c.csv", HEADER + customer(4))
    assert received(world.run()) == ("2026-01", 4, 4)


def test_a_new_version_of_a_file_takes_the_place_of_the_old_one_alone(world: World) -> None:
    world.drop("customers_2026-01_b.csv", HEADER + customer(3))
    world.run()
    world.drop("customers_2026-01_a.csv", HEADER + customer(1))
    assert received(world.run()) == ("2026-01", 2, 2)


def test_another_periods_files_are_left_out(world: World) -> None:
    world.drop("customers_2026-02.csv", HEADER + customer(3))
    assert received(world.run()) == ("2026-02", 1, 1)


def test_a_new_version_of_one_file_leaves_the_other_files_corrected(world: World) -> None:
    world.drop("customers_2026-01_a.csv", HEADER + customer(1) + customer(2).replace("USA", "Mu"))
    world.drop("customers_2026-01_b.csv", HEADER + customer(3).replace("USA", "Atlantis"))
    rejects = read(world.run().path / "rejects/customers_rejects_2026-01.csv")
    assert len(rejects) == 2
    fixed = [row | {"Country": "USA"} for row in rejects]
    world.drop("customers_rejects_2026-01.csv", as_csv(fixed))
    assert received(world.run()) == ("2026-01", 3, 3)
    world.drop("customers_2026-01_a.csv", HEADER + customer(1) + customer(2) + customer(4))
    newest = world.run()
    assert received(newest) == ("2026-01", 4, 4)
    assert verify_delivery(world.engagement, newest.delivery_id, log=print) == []
    world.drop("customers_2026-01_c.csv", HEADER + customer(5))
    assert received(world.run()) == ("2026-01", 5, 5)

"""A period's delivery holds all of the period's files, in whatever order they arrive."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from consulting.chain.replay import verify_delivery

from .conftest import World
from .test_accepted import csv, monthly
from .test_corrections import as_csv, counts, customers_of, read, settle
from .test_corrections_trouble import MONTHLY
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.delivery import Delivery


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory, customers_dbt: Path) -> World:
    """A client with monthly files, whose January is delivered; copied, never changed."""
    root = tmp_path_factory.mktemp("january")
    world = World(root, dbt_dir=customers_dbt, partitions=MONTHLY)
    world.drop("customers_2026-01_a.csv", HEADER + customer(1) + customer(2))
    world.run()
    return world


def taken(world: World, root: Path) -> World:
    """A copy of it, from whose drop folder the client took its file."""
    copy = world.copy(root)
    (file,) = copy.folder.incoming.iterdir()
    file.unlink()
    return copy


@pytest.fixture
def world(january: World, tmp_path: Path) -> World:
    """A copy of it, to do more with."""
    return taken(january, tmp_path / "copy")


def received(delivery: Delivery) -> tuple[str | None, int, int]:
    summary = delivery.summary
    return summary.period, summary.received, summary.delivered


def test_a_late_file_adds_to_its_period(world: World) -> None:
    world.drop("customers_2026-01_b.csv", HEADER + customer(3))
    assert len(customers_of(settle(world), world)) == 3
    assert any("2026-01 holds customers_2026-01_a.csv as well" in said for said in world.said)
    world.drop("customers_2026-01_c.csv", HEADER + customer(4))
    assert received(world.run()) == ("2026-01", 4, 4)


def test_a_new_version_of_a_file_takes_the_place_of_the_old_one_alone(world: World) -> None:
    world.drop("customers_2026-01_b.csv", HEADER + customer(3))
    settle(world)
    world.drop("customers_2026-01_a.csv", HEADER + customer(1))
    rows = customers_of(world.receive("newer"), world)
    assert [row["Customer ID"] for row in rows] == ["000003", "000001"]


def test_another_periods_files_are_left_out(world: World) -> None:
    world.drop("customers_2026-02.csv", HEADER + customer(3))
    assert len(customers_of(world.receive("february"), world)) == 1


def test_a_new_version_of_one_file_leaves_the_other_files_corrected(world: World) -> None:
    world.drop("customers_2026-01_a.csv", HEADER + customer(1) + customer(2).replace("USA", "Mu"))
    world.drop("customers_2026-01_b.csv", HEADER + customer(3).replace("USA", "Atlantis"))
    rejects = read(world.run().path / "rejects/customers_rejects_2026-01.csv")
    assert len(rejects) == 2
    fixed = [row | {"Country": "USA"} for row in rejects]
    world.drop("customers_rejects_2026-01.csv", as_csv(fixed))
    assert counts(settle(world)) == {"corrected": 2}
    world.drop("customers_2026-01_a.csv", HEADER + customer(1) + customer(2) + customer(4))
    newest = world.run()
    assert received(newest) == ("2026-01", 4, 4)
    assert verify_delivery(world.engagement, newest.delivery_id, log=print) == []
    world.drop("customers_2026-01_c.csv", HEADER + customer(5))
    assert len(customers_of(world.receive("more"), world)) == 5


@pytest.fixture(scope="module")
def full_january(january: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The client with 25 rows of January delivered; copied, never changed."""
    world = taken(january, tmp_path_factory.mktemp("full_january"))
    world.drop("customers_2026-01_b.csv", HEADER + "".join(map(customer, range(3, 26))))
    world.run()
    return world


@pytest.mark.parametrize(("rows", "advice"), [(6, "Check that the export is complete"), (2, "")])
def test_a_correction_is_still_held_against_the_last_other_period(
    full_january: World, tmp_path: Path, rows: int, advice: str
) -> None:
    world = taken(full_january, tmp_path / "copy")
    few = "".join(map(customer, range(20, 19 + rows))) + customer(19).replace("USA", "Mu")
    world.drop("customers_2026-02.csv", HEADER + few)
    said = f"{rows} rows in customers_2026-02.csv, where the delivery of 2026-01 had 25."
    if not advice:  # so few that somebody has to confirm them
        assert "the delivery of 2026-01 had 25" in world.stopped()
        intake = world.engagement.intake
        (drop,) = (s.drop.drop_id for s in intake.history(key="customers_2026-02.csv"))
        finding = "volume_collapse customers"
        intake.confirm([drop], finding, by="ada", now=datetime.now(UTC))
    waiting = world.engagement.intake.state().batches
    first = world.run(waiting[0].batch_id if waiting else None)
    rejects = read(first.path / "rejects/customers_rejects_2026-02.csv")
    fixed = [row | {"Country": "USA"} for row in rejects]
    world.drop("customers_rejects_2026-02.csv", as_csv(fixed))
    second = world.run()
    assert (second.supersedes, second.summary.rejected) == (first.delivery_id, 0)
    for delivery in (first, second):
        (told,) = (d for d in world.profile_of(delivery).drift if d.kind == "volume_collapse")
        assert (told.severity, told.detail) == ("warn", said)
        assert delivery.summary.verdict == "care"
        page = (delivery.path / "quality_report.html").read_text(encoding="utf-8")
        assert (advice or "It was confirmed to be right.") in page
    assert verify_delivery(world.engagement, second.delivery_id, log=print) == []


def test_files_of_an_older_period_are_held_against_its_own_and_newer_ones_against_the_newest(
    tmp_path: Path,
) -> None:
    """A firm that grew tenfold sends January again, then March, and months before all others."""
    amount = {"rule": "to_decimal", "decimal": "point"}
    world = monthly(tmp_path, amount, {"name": "campaign", "from": "campaign"})

    def run(month: int, rows: int, campaign: str, first: str = "0.25") -> Delivery:
        amounts = [first, *(f"{n % 9}.5" for n in range(1, rows))]
        lines = [[f"{month}{n};{amount};{campaign}"] for n, amount in enumerate(amounts)]
        world.drop(f"kilo_2026-0{month}.csv", csv("id;w;campaign", lines))
        return world.run()

    def told(delivery: Delivery) -> list[str]:
        return [f.detail for f in world.profile_of(delivery).drift if f.severity != "info"]

    run(2, 30, "")
    grown = told(run(3, 290, "spring"))
    assert grown == ["290 rows in kilo_2026-03.csv, where the delivery of 2026-02 had 30."]
    again = run(2, 30, "", "0.75")
    assert (again.summary.period, world.profile_of(again).drift) == ("2026-02", ())
    april = run(4, 300, "spring")
    assert (april.summary.period, world.profile_of(april).drift) == ("2026-04", ())
    assert told(run(1, 29, "")) == [], "a month before all others is held against the next"
    few = "140 rows in kilo_2026-05.csv, where the delivery of 2026-04 had 300."
    assert told(run(5, 140, "spring")) == [few]
    assert verify_delivery(world.engagement, again.delivery_id, log=print) == []


def test_files_that_can_not_be_added_to_are_told(world: World) -> None:
    shutil.rmtree(world.folder.path / "runs")
    world.drop("customers_2026-01_b.csv", HEADER + customer(3))
    assert len(customers_of(settle(world), world)) == 1
    assert any("customers: files that were delivered before" in said for said in world.said)
    world.said.clear()
    world.drop("customers_2026-02.csv", HEADER + customer(3))
    world.receive("february")
    assert not any("delivered before" in said for said in world.said)

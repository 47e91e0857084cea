"""What each security tier leaves on disk, and that a delivery can be made again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from consulting.chain.replay import verify_delivery
from consulting.chain.tier import lower_tier
from consulting.errors import DeliveryError, TierLoweredError

from .conftest import World
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Delivered

SECRETS = ("ada3@example.com", "(415) 555-0003", "Ada Nr3")
ROWS = HEADER + "".join(map(customer, range(1, 41)))


def holding(world: World, values: tuple[str, ...] = SECRETS) -> set[str]:
    """The files below the client's folder (its drop folder aside) in which a value stands."""
    import duckdb

    found = set()
    for path in world.folder.path.rglob("*"):
        if not path.is_file() or world.folder.incoming in path.parents:
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += str(duckdb.sql(f"FROM '{path}'").fetchall()).encode()
        if any(value.encode() in content for value in values):
            found.add(str(path.relative_to(world.folder.path)))
    return found


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, customers_dbt: Path) -> World:
    """A client delivered at tier 3; copied, never changed."""
    full = World(tmp_path_factory.mktemp("tiers"), dbt_dir=customers_dbt)
    full.drop("customers_1.csv", ROWS)
    full.drop("orders_1.xlsx", b"PK\x03\x04 ada3@example.com")
    delivery = full.run()
    for left in ("warehouse.duckdb.tmp", f"deliverables/.{delivery.delivery_id}.partial"):
        # as DuckDB leaves it in a process that is killed
        (full.folder.path / left).mkdir()
        (full.folder.path / left / "duckdb_temp_1_0_storage_DEFAULT-0.tmp").write_text(ROWS)
    kept = holding(full)
    assert "warehouse.duckdb" in kept, "or the search finds nothing"
    assert any(name.startswith("quarantine/") for name in kept)
    assert any(name.startswith("landing/") for name in kept)
    assert sum("duckdb_temp" in name for name in kept) == 2
    return full


@pytest.fixture(scope="module", params=[1, 2], ids=["tier 1", "tier 2"])
def lowered(
    full: World, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> World:
    """A client delivered at tier 3, then at a lower tier."""
    world = full.copy(tmp_path_factory.mktemp("lowered"), security_tier=request.param)
    world.drop("customers_2.csv", ROWS + customer(41))
    with pytest.raises(TierLoweredError):
        world.run()
    lower_tier(world.engagement, now=datetime.now(UTC))
    world.run()
    return world


def test_below_tier_3_no_personal_value_of_the_file_is_held_even_of_what_was_held_before(
    lowered: World,
) -> None:
    assert holding(lowered) == set()


def test_tier_1_holds_no_value_at_all_and_the_lower_tiers_say_what_was_blocked(
    lowered: World,
) -> None:
    tier = lowered.changes["security_tier"]
    if tier == 1:
        assert holding(lowered, ("000003", "2026-01-02 10:00:00")) == set()
    newest = lowered.folder.deliverables / lowered.deliveries()[-1]
    manifest = (newest / "manifest.json").read_text()
    name = {1: "Schema-Only", 2: "Sampled"}[tier]
    words = f"requires tier 3; acme_corp is at tier {tier} ({name})."
    assert words in manifest
    assert "BLOCKED" in (newest / "quality_report.html").read_text()
    assert (newest / "tables").exists() == (tier == 2)


def test_a_delivery_below_tier_3_is_reproduced_byte_for_byte(lowered: World) -> None:
    newest = lowered.deliveries()[-1]
    assert verify_delivery(lowered.engagement, newest, log=print) == []


def test_the_demo_delivery_is_reproduced_byte_for_byte_and_an_edited_table_is_named(
    acme: Delivered, tmp_path: Path
) -> None:
    delivery_id = acme.delivery.delivery_id
    world = acme.world.copy(tmp_path / "copy")
    table = world.folder.deliverables / delivery_id / "tables/customers.csv"
    table.write_bytes(table.read_bytes().replace(b'"US"', b'"DE"', 1))
    found = verify_delivery(world.engagement, delivery_id, log=print)
    assert [difference.file for difference in found] == ["tables/customers.csv"]


def test_a_sample_that_stands_in_after_the_tier_was_raised_is_told_as_one(
    tmp_path: Path, customers_dbt: Path
) -> None:
    world = World(tmp_path, dbt_dir=customers_dbt, security_tier=2)
    world.drop("customers_1.csv", ROWS)
    world.drop_demo("orders")
    first = world.run().delivery_id
    raised = World(tmp_path, dbt_dir=customers_dbt, security_tier=3)
    raised.drop("customers_2.csv", ROWS + customer(41))
    second = raised.folder.deliverables / raised.run().delivery_id
    (told,) = [line for line in raised.said if line.startswith("orders: no new file")]
    assert first in told
    assert "consulting reprocess acme_corp" in told
    report = (second / "quality_report.html").read_text()
    assert "Sampled in part:</strong> of orders only a sample" in report
    assert "sampled from 1,49" in report
    (drop,) = (s.drop for s in raised.engagement.intake.history() if s.drop.feed == "orders")
    raised.engagement.intake.reprocess([drop.drop_id], dry_run=False)
    (orders,) = (r for r in raised.receive("again").readings if r.feed == "orders")
    assert not orders.partial, "as the log advised"
    assert verify_delivery(raised.engagement, second.name, log=print) == []


def test_without_the_run_folder_the_rebuild_says_what_is_missing(
    acme: Delivered, tmp_path: Path
) -> None:
    world = acme.world.copy(tmp_path / "copy")
    shutil.rmtree(world.folder.path / "runs")
    with pytest.raises(DeliveryError, match=r"run folder .* is gone"):
        verify_delivery(world.engagement, acme.delivery.delivery_id, log=print)
    with pytest.raises(DeliveryError, match=f"Its deliveries: {acme.delivery.delivery_id}"):
        verify_delivery(world.engagement, "acme_corp-9", log=print)

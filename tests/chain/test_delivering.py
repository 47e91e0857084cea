"""From dropped files to a delivery, and what comes after the first one."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from consulting import chain
from consulting.chain.artifacts import Checks, Cleaning, Profile
from consulting.errors import (
    BlockedDeliveryError,
    DeliveryError,
    NothingArrivedError,
    NothingNewError,
)
from consulting.profiling import DriftFinding

if TYPE_CHECKING:
    from .conftest import Delivered, World

HEADER = (
    "Customer ID,Full Name,Email,Phone,Country,Signup Date,Lifetime Value,Marketing Opt-In,"
    "Status,Last Updated,Notes\n"
)


def customer(number: int) -> str:
    return (
        f"{number:06d},Ada Nr{number},ada{number}@example.com,(415) 555-{number:04d},USA,"
        f"2024-01-05,100.00,Yes,active,2026-01-02 10:00:00,\n"
    )


def test_every_row_of_the_demo_is_accounted_for(acme: Delivered) -> None:
    path = acme.world.folder.run(acme.delivery.delivery_id) / "cleaning.json"
    accounts = {a.feed: a for a in Cleaning.model_validate_json(path.read_bytes()).accounts}
    told = {
        feed: (a.received, a.delivered, sum(a.rejected.values()), sum(a.merged.values()))
        for feed, a in accounts.items()
    }
    assert told == {"customers": (675, 630, 15, 30), "orders": (1496, 1455, 25, 16)}


def test_the_delivery_holds_report_mapping_log_tables_rejects_and_manifest(
    acme: Delivered,
) -> None:
    tables = ("customers", "orders", "customer_revenue")
    expected = {f"tables/{t}.{suffix}" for t in tables for suffix in ("parquet", "csv", "xlsx")}
    expected |= {
        f"rejects/{f}_rejects.{suffix}"
        for f in ("customers", "orders")
        for suffix in ("csv", "xlsx")
    }
    expected |= {
        "quality_report.html",
        "mapping_document.xlsx",
        "mapping_document.html",
        "transform_log.csv",
        "manifest.json",
    }
    assert set(acme.delivery.files) == expected
    with (acme.delivery.path / "tables/customers.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 630


def test_reject_reasons_are_sentences_with_the_clients_own_headers_and_words(
    acme: Delivered,
) -> None:
    rejects = acme.delivery.path / "rejects" / "orders_rejects.csv"
    with rejects.open(encoding="utf-8-sig") as file:
        told = {row["_reason"] for row in csv.DictReader(file)}
    assert "the order was shipped before it was placed" in told, "of the model's YAML"
    assert "“Qty” is empty, and a value is required" in told
    log = (acme.delivery.path / "transform_log.csv").read_text()
    assert '"row:shipped_before_ordered","","the order was shipped before it was placed"' in log


def test_a_test_for_repeated_values_counts_the_rows_that_share_them(acme: Delivered) -> None:
    path = acme.world.folder.run(acme.delivery.delivery_id) / "checks.json"
    checks = {c.name: c for c in Checks.model_validate_json(path.read_bytes()).checks}
    with (acme.delivery.path / "tables/customers.csv").open(encoding="utf-8-sig") as file:
        addresses = Counter(row["email"] for row in csv.DictReader(file) if row["email"])
    shared = [rows for rows in addresses.values() if rows > 1]
    assert checks["unique_customers_email"].failing_rows == sum(shared) == 2 * len(shared)


def test_the_files_are_marked_delivered_and_never_taken_again(world: World) -> None:
    world.drop_demo("customers")
    delivery = world.run()
    assert set(world.states().values()) == {"delivered"}
    with pytest.raises(NothingArrivedError, match=r"^acme_corp: no file is ready in .*reprocess"):
        world.receive("again")
    assert world.deliveries() == [delivery.delivery_id]


def test_the_same_bytes_under_another_name_are_noted_and_not_delivered_again(
    delivered: World,
) -> None:
    source = delivered.folder.incoming / "orders_2026-01-05.xlsx"
    delivered.drop("orders_copy.xlsx", source.read_bytes())
    with pytest.raises(NothingNewError, match="nothing new to deliver"):
        delivered.run()
    assert len(delivered.deliveries()) == 1
    assert set(delivered.states().values()) == {"delivered"}, "settled, not left in a batch"
    with pytest.raises(NothingArrivedError):
        delivered.run()


def test_a_feed_without_a_new_file_is_carried_forward_and_drift_looks_at_the_last_delivery(
    delivered: World,
) -> None:
    delivered.drop("customers_2026-01-12.csv", HEADER + "".join(map(customer, range(1, 621))))
    second = delivered.run()
    first = next(one for one in delivered.deliveries() if one != second.delivery_id)
    path = delivered.folder.run(second.delivery_id) / "cleaning.json"
    accounts = {a.feed: a for a in Cleaning.model_validate_json(path.read_bytes()).accounts}
    assert (accounts["orders"].received, accounts["orders"].carried_from) == (1496, first)
    assert (accounts["customers"].received, accounts["customers"].carried_from) == (620, None)
    drift = delivered.profile_of(second).drift
    assert {finding.feed for finding in drift} <= {"customers"}, "orders did not change"
    assert drift, "the values of 620 made-up customers differ from those of the first delivery"
    assert second.summary.received == 620 + 1496


def test_a_feed_that_shrinks_to_nearly_nothing_is_not_delivered(delivered: World) -> None:
    delivered.drop("customers_2026-01-12.csv", HEADER + "".join(map(customer, range(1, 31))))
    received = delivered.receive("second")
    batch_id = received.batch.batch_id
    found = chain.profile(delivered.engagement, batch_id=batch_id, run_id="second", log=print)
    assert chain.drifted("acme_corp", found) == (
        "30 rows in customers_2026-01-12.csv, where the last delivery had 675. If they are right "
        "as they are, `consulting accept acme_corp` shows what takes them so, and applies it."
    )


def test_columns_that_the_same_files_lack_are_told_in_one_sentence() -> None:
    changes: dict[str, dict[str, str]] = {
        "“A” is not in a.csv, and the models read it.": {"said": "“A”", "lacked_in": "a.csv"},
        "3 rows in a.csv, where the last delivery had 675.": {},
        "“B” is not in a.csv, and the models read it.": {"said": "“B”", "lacked_in": "a.csv"},
        "“C” is not in b.csv, and the models read it.": {"said": "“C”", "lacked_in": "b.csv"},
    }
    found = [
        DriftFinding(
            feed="orders", kind="", severity="block", detail=said, recommendation=""
        ).model_copy(update=fields)
        for said, fields in changes.items()
    ]
    assert chain.drifted("acme_corp", Profile(profiles=(), drift=tuple(found))) == (
        "“A” and “B” are not in a.csv, and the models read them. 3 rows in a.csv, where the last "
        "delivery had 675. “C” is not in b.csv, and the models read it. If they are right as they "
        "are, `consulting accept acme_corp` shows what takes them so, and applies it."
    )


def test_a_column_that_no_mapping_names_blocks_the_delivery_by_name(world: World) -> None:
    lines = (HEADER + customer(1) + customer(2)).splitlines()
    text = "\n".join(f"{line},{'Shoe Size' if i == 0 else '42'}" for i, line in enumerate(lines))
    world.drop("customers.csv", text + "\n")
    with pytest.raises(BlockedDeliveryError, match=r"customers\.'Shoe Size'"):
        world.run()
    assert world.deliveries() == []
    assert world.states() == {"customers.csv": "claimed"}
    assert "Shoe Size" in str(world.engagement.intake.state().batches[0].reason)


def test_a_run_that_begins_in_the_middle_goes_on_with_what_was_received(world: World) -> None:
    world.drop("customers.csv", HEADER + customer(1))
    batch_id = world.receive("first").batch.batch_id
    now = datetime.now(UTC)
    world.engagement.intake.failed(batch_id, "first", reason="stopped by a person", now=now)
    delivery = world.after_receive("second", batch_id, begin="profile")
    again = world.after_receive("third", batch_id, begin="deliver")
    assert (again.manifest_sha256, again.rebuilt) == (delivery.manifest_sha256, True)
    assert world.deliveries() == [batch_id]


def test_a_settled_batch_is_delivered_again_as_it_lies_there_whatever_the_warehouse_holds(
    delivered: World, acme: Delivered
) -> None:
    delivered.drop("customers_2026-01-12.csv", HEADER + customer(1))
    delivered.receive("next")
    again = chain.deliver(
        delivered.engagement, batch_id=acme.delivery.delivery_id, run_id="x", log=print
    )
    assert again.manifest_sha256 == acme.delivery.manifest_sha256


def test_a_batch_does_not_go_on_with_the_rows_of_another(world: World) -> None:
    world.drop("customers_1.csv", HEADER + customer(1))
    first = world.receive("one").batch
    now = first.drops[0].first_seen
    world.engagement.intake.failed(first.batch_id, "one", reason="stopped", now=now)
    world.drop("customers_2.csv", HEADER + customer(2))
    second = world.receive("two").batch
    world.engagement.intake.failed(second.batch_id, "two", reason="stopped", now=now)
    with pytest.raises(DeliveryError, match=rf"holds {second.batch_id}, not {first.batch_id}"):
        chain.clean(world.engagement, batch_id=first.batch_id, run_id="three", log=print)

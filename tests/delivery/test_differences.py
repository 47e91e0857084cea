"""Two deliveries side by side: what changed, where, and why; on a page and for programs."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from consulting.delivery import (
    Delivery,
    DeliveryInputs,
    build_delivery,
    read_manifest,
)
from consulting.delivery.causes import causes
from consulting.delivery.differences import differences

if TYPE_CHECKING:
    from types import ModuleType

    from consulting.layout import ClientFolder


def twice(
    folder: ClientFolder,
    inputs: DeliveryInputs,
    scenario: ModuleType,
    *changes: str,
    **given: Any,
) -> tuple[Delivery, Delivery]:
    """A delivery, and one after SQL changed the rows of its tables."""
    first = build_delivery(
        inputs.model_copy(update={"history": ()}), folder=folder, tables=scenario.TABLES
    )
    with duckdb.connect(str(folder.warehouse)) as connection:
        for change in changes:
            connection.execute(change)
    shutil.copytree(folder.run(inputs.delivery_id), folder.run("b2"))
    again = inputs.model_copy(
        update={"delivery_id": "b2", "history": (first.summary,), "dbt_fingerprint": "2", **given}
    )
    return first, build_delivery(again, folder=folder, tables=scenario.TABLES)


def test_the_page_beside_the_report_shows_what_changed_where_and_why(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    mappings = tuple(
        m.model_copy(update={"rule": "to_decimal"}) if m.target_column == "amount_eur" else m
        for m in inputs.mappings
    )
    first, second = twice(
        folder,
        inputs,
        scenario,
        "UPDATE marts.orders SET amount_eur = 77.25 WHERE _row_id IN "
        "(SELECT min(_row_id) FROM marts.orders)",
        f"UPDATE marts.customers SET full_name = '{scenario.SCRIPT.replace(chr(39), '')}' "
        "WHERE _row_id IN (SELECT min(_row_id) FROM marts.customers)",
        mappings=mappings,
    )
    assert "comparison.html" not in first.files, "there is nothing before it"
    told = json.loads((second.path / "comparison.json").read_text())
    assert (told["then"]["delivery_id"], told["now"]["delivery_id"]) == (first.delivery_id, "b2")
    tables = {each["table"]: each for each in told["tables"]}
    assert (tables["orders"]["altered"], tables["orders"]["columns"]) == (1, {"amount_eur": 1})
    assert tables["orders"]["key"] == "order_id"
    (example,) = tables["orders"]["examples"]["amount_eur"]
    assert example["now"] == "77.25"
    assert tables["customers"]["columns"] == {"full_name": 1}
    (example,) = tables["customers"]["examples"]["full_name"]
    assert example["now"] == "<aaaaaa>aaaaa(a)</aaaaaa>", "a name is personal"
    assert [cause["kind"] for cause in told["causes"]] == ["rules"]
    assert told["causes"][0]["details"] == ["orders.amount_eur, rule: “to_money” → “to_decimal”"]
    assert 'href="comparison.html"' in (second.path / "quality_report.html").read_text()
    page = (second.path / "comparison.html").read_text()
    assert "<script" not in page
    assert "default-src 'none'" in page
    text = re.sub(r"<[^>]+>", "", page)
    assert "orders.amount_eur, rule: “to_money” → “to_decimal”" in text
    assert "1 of 5,154 rows altered, by order_id" in text
    assert "77.25" in text
    shown = re.findall(r'<div class="example">(.*?)</div>', page)
    assert shown
    # then, arrow and now: a fourth part would take the place of a value
    assert {len(re.findall("<span", each)) for each in shown} == {3}


def test_below_tier_three_every_value_is_a_shape(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    change = "UPDATE marts.orders SET amount_eur = 77.25"
    first, second = twice(folder, scenario.at_tier(inputs, 2), scenario, change)
    page = (second.path / "comparison.html").read_text() + (
        second.path / "comparison.json"
    ).read_text()
    assert "99.99" in page
    assert "77.25" not in page
    tier_three = differences(
        then=first.path,
        now=second.path,
        old=read_manifest(first.path) | {"security_tier": 3},
        new=read_manifest(second.path) | {"security_tier": 3},
        spill=folder.path / "spill",
        tier=2,
    )
    assert tier_three.masked, "the client's tier counts, too"
    assert "77.25" not in tier_three.model_dump_json()


def test_a_delivery_of_an_earlier_release_says_less_and_one_of_a_lowered_tier_no_rows(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    change = "UPDATE marts.orders SET amount_eur = 77.25 WHERE status = 'open'"
    first, second = twice(folder, inputs, scenario, change)
    old = read_manifest(first.path)
    for table in old["tables"]:
        del table["keys"]
    found = differences(
        then=first.path,
        now=second.path,
        old={k: v for k, v in old.items() if k not in {"columns", "reasons"}},
        new=read_manifest(second.path),
        spill=folder.path / "spill",
        tier=3,
    )
    orders = next(each for each in found.tables if each.table == "orders")
    assert orders.key == "order_id", "the newer one knows"
    assert orders.altered
    lines = list(found.in_words())
    assert lines[0] == f"brightwater: {first.delivery_id} → b2"
    assert "  other cleaning rules" in lines

    shutil.rmtree(first.path / "tables")
    found = differences(
        then=first.path,
        now=second.path,
        old=read_manifest(first.path),
        new=read_manifest(second.path),
        spill=folder.path / "spill",
        tier=3,
    )
    assert found.tables == ()
    assert set(found.not_held) == {"customers", "orders"}
    assert "orders: the table is no longer held, so not compared" in list(found.in_words())


X = {"feed": "a", "filename": "x.csv", "sha256": "1"}
AGAIN = {"feed": "again", "filename": "same.csv", "sha256": "7"}
SAME = {"feed": "carried", "filename": "z.csv", "sha256": "9"}
DESK = {"feed": "a", "filename": "a_rejects.csv", "sha256": "3", "corrections": {}}
MADE = {"code": {"cleaned": "1"}, "dbt_project": "1", "config": "1"}


@pytest.mark.parametrize(
    ("change", "kind", "detail"),
    [
        ({"raw_files": [X | {"sha256": "2"}]}, "files", "a: x.csv has other bytes"),
        ({"raw_files": [X, X | {"filename": "y.csv"}]}, "files", "a: y.csv is new"),
        ({"raw_files": []}, "files", "a: x.csv is gone"),
        ({"raw_files": [X, DESK]}, "corrections", "a: a_rejects.csv is new"),
        (
            {"fingerprints": MADE | {"config": "2"}, "config": {"sample_rows": 9}},
            "config",
            "sample_rows",
        ),
        ({"fingerprints": MADE | {"dbt_project": "2"}}, "rules", None),
        ({"versions": {"duckdb": "3"}}, "library", None),
        ({"fingerprints": MADE | {"code": {"cleaned": "2"}}}, "code", None),
    ],
)
def test_each_cause_is_named_alone(change: dict[str, Any], kind: str, detail: str | None) -> None:
    old: dict[str, Any] = {
        "manifest_version": 2,
        "fingerprints": MADE,
        "config": {"sample_rows": 5},
        "versions": {"duckdb": "2"},
        "raw_files": [X],
        "period": "2026-10",
    }
    assert list(causes(old, old)) == []
    (found,) = causes(old, old | change)
    assert found.kind == kind
    assert detail is None or detail in found.details


OWN = (
    "a: one.csv, three.csv, two.csv, 1 more; before x.csv",
    "again: same.csv, with other bytes",
    "b: none; before y.csv",
)
INSTEAD = (
    "a: one.csv is new",
    "a: three.csv is new",
    "a: two.csv is new",
    "a: x.csv has other bytes",
    "again: same.csv has other bytes",
    "b: y.csv is gone",
)


@pytest.mark.parametrize(
    ("change", "details"),
    [
        ({"period": "2026-11"}, OWN),
        ({"period": None}, OWN),
        ({"period": None, "supersedes": "d1"}, INSTEAD),
        ({}, INSTEAD),
    ],
)
def test_a_file_of_another_month_is_not_gone(
    change: dict[str, Any], details: tuple[str, ...]
) -> None:
    old: dict[str, Any] = {
        "delivery_id": "d1",
        "manifest_version": 2,
        "fingerprints": MADE,
        "versions": {},
        "period": "2026-10",
        "raw_files": [X, AGAIN, {"feed": "b", "filename": "y.csv", "sha256": "8"}, SAME],
    }
    names = ("one.csv", "two.csv", "three.csv", "x.csv")
    own = [{"feed": "a", "filename": name, "sha256": name} for name in names]
    (found,) = causes(
        old,
        old | {"delivery_id": "d2", "raw_files": [*own, AGAIN | {"sha256": "0"}, SAME]} | change,
    )
    assert (found.kind, found.what, found.details) == ("files", "other input files", details)


def test_files_that_are_the_same_are_no_cause() -> None:
    """Corrections alone made the delivery; what else the manifest tells of a file is none."""
    old: dict[str, Any] = {
        "delivery_id": "d1",
        "manifest_version": 2,
        "fingerprints": MADE,
        "versions": {},
        "raw_files": [X],
    }
    sent = {"feed": "a", "filename": "a_rejects.csv", "sha256": "7", "corrections": 1}
    new = old | {"delivery_id": "d2", "raw_files": [X | {"rows": 8}, sent]}
    (found,) = causes(old, new)
    assert (found.what, found.details) == ("other corrections", ("a: a_rejects.csv; before none",))


def test_other_columns_that_tell_duplicates_are_a_cause() -> None:
    old: dict[str, Any] = {
        "manifest_version": 2, "fingerprints": MADE, "config": {}, "versions": {}, "raw_files": [],
        "columns": [],
    }  # fmt: skip

    def made(*key: str) -> dict[str, Any]:
        return old | {"row_accounting": [{"feed": "orders", "merged_by": key}]}

    rules = {"fingerprints": MADE | {"dbt_project": "2"}}
    (found,) = causes(made(), made("id", "day") | rules)
    assert (found.kind, found.details) == (
        "rules",
        ("orders: duplicates are told by nothing, now by id, day",),
    )
    (before,) = causes(old | {"row_accounting": [{"feed": "orders"}]}, made("id") | rules)
    assert before.details == (), "what a delivery of before does not tell is not made up"

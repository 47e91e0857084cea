"""A delivery is whole or not there, always the same, and never at odds with its numbers."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import duckdb
import pyarrow.parquet as pq
import pytest

from consulting.bounded_memory import open_bounded
from consulting.delivery import (
    Delivery,
    DeliveryInputs,
    append_history,
    build_delivery,
    list_deliveries,
)
from consulting.errors import DeliveryError
from consulting.layout import ClientFolder
from consulting.records import FeedAccount
from consulting.sql import unglobbed
from consulting.writing import hash_file

EXPECTED_FILES = (
    "manifest.json",
    "mapping_document.html",
    "mapping_document.xlsx",
    "quality_report.html",
    "rejects/customers_rejects_2026-10.csv",
    "rejects/customers_rejects_2026-10.xlsx",
    "rejects/orders_rejects_2026-10.csv",
    "rejects/orders_rejects_2026-10.xlsx",
    "tables/customers.csv",
    "tables/customers.parquet",
    "tables/customers.xlsx",
    "tables/orders.csv",
    "tables/orders.parquet",
    "transform_log.csv",
)


def test_a_delivery_holds_exactly_these_files(delivery: Delivery, scenario: ModuleType) -> None:
    assert delivery.files == EXPECTED_FILES
    assert delivery.path.name == scenario.DELIVERY


def test_the_manifest_names_the_hash_of_every_file(
    delivery: Delivery, inputs: DeliveryInputs
) -> None:
    manifest = json.loads((delivery.path / "manifest.json").read_text())
    assert {*manifest["files"], "manifest.json"} == set(EXPECTED_FILES)
    for name, recorded in manifest["files"].items():
        assert recorded["sha256"] == hash_file(delivery.path / name)
    assert [f["sha256"] for f in manifest["raw_files"]] == [f.sha256 for f in inputs.files]
    assert [(a["feed"], a["unaccounted"]) for a in manifest["row_accounting"]] == [
        ("customers", 0),
        ("orders", 0),
    ]
    assert manifest["fingerprints"]["dbt_project"] == inputs.dbt_fingerprint
    assert str(delivery.path.parents[3]) not in json.dumps(manifest)


def test_tables_hold_the_mart_without_our_columns_in_the_order_of_arrival(
    delivery: Delivery, folder: ClientFolder
) -> None:
    table = pq.read_table(delivery.path / "tables" / "orders.parquet")
    assert table.num_rows == 5_154
    assert not [name for name in table.column_names if name.startswith("_")]
    with duckdb.connect(str(folder.warehouse), read_only=True) as connection:
        query = "SELECT order_id FROM marts.orders ORDER BY _row_id"
        assert table["order_id"].to_pylist() == [r[0] for r in connection.execute(query).fetchall()]


def test_csv_and_parquet_say_the_same(delivery: Delivery) -> None:
    table = pq.read_table(delivery.path / "tables" / "customers.parquet").to_pylist()
    with (delivery.path / "tables" / "customers.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(table) == 1_159
    for line, row in zip(lines, table, strict=True):
        assert line["signed_up_on"] == row["signed_up_on"].isoformat()
        assert line["phone"].removeprefix("'") == (row["phone"] or "")


def test_formulas_are_neutralised_in_csv_and_negative_numbers_are_not(
    delivery: Delivery, scenario: ModuleType
) -> None:
    with (delivery.path / "tables" / "customers.csv").open(newline="") as file:
        notes = [line["notes"] for line in csv.DictReader(file) if line["notes"]]
    assert notes == [f"'{scenario.FORMULA}", scenario.SCRIPT, "-12"]


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_the_same_inputs_give_the_same_bytes_elsewhere_and_later(
    build_at: Callable[[int], Delivery],
    scenario: ModuleType,
    folder: ClientFolder,
    inputs: DeliveryInputs,
    tier: int,
) -> None:
    first = build_at(tier)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        at_tier = scenario.at_tier(inputs, tier)
        again = build_delivery(at_tier, folder=folder, tables=scenario.TABLES)
    time.tzset()
    assert again.path != first.path
    assert again.files == first.files
    for name in first.files:
        assert (again.path / name).read_bytes() == (first.path / name).read_bytes(), name


def test_building_a_delivery_again_changes_nothing(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    first = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    before = (first.path / "manifest.json").stat().st_mtime_ns
    second = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    assert (first.rebuilt, second.rebuilt) == (False, True)
    assert second.manifest_sha256 == first.manifest_sha256
    assert (first.path / "manifest.json").stat().st_mtime_ns == before
    assert [path.name for path in folder.deliverables.iterdir()] == [inputs.delivery_id]


def test_a_delivery_that_was_written_stands_though_a_newer_version_would_make_another_of_it(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    first = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    before = hash_file(first.path / "manifest.json")
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute("UPDATE marts.orders SET status = 'lost' WHERE _row_id = 5")
    newer = {**inputs.code_fingerprints, "cleaned": "newer"}
    other = inputs.model_copy(update={"steps": (), "code_fingerprints": newer})
    again = build_delivery(other, folder=folder, tables=scenario.TABLES)
    assert (first.rebuilt, first.stands, again.rebuilt, again.stands) == (False, False, True, True)
    assert again.summary == first.summary
    assert hash_file(first.path / "manifest.json") == before
    assert [path.name for path in folder.deliverables.iterdir()] == [inputs.delivery_id]
    named = {"delivery_id": "b", "period": None, "written": again.path}
    append_history(folder.warehouse, ["orders"], **named)
    with duckdb.connect(str(folder.warehouse)) as connection:
        held = "SELECT count(*), countif(status = 'lost') FROM history.orders"
        assert connection.execute(held).fetchall() == [(5_154, 0)], "it holds what was delivered"


def test_a_delivery_of_other_files_or_an_altered_one_is_refused_under_the_same_id(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    first = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    one, *others = inputs.files
    changed = (one.model_copy(update={"sha256": "0" * 64}), *others)
    with pytest.raises(DeliveryError, match="made from other files"):
        build_delivery(
            inputs.model_copy(update={"files": changed}), folder=folder, tables=scenario.TABLES
        )
    (first.path / "transform_log.csv").write_text("mine")
    with pytest.raises(DeliveryError, match=r"transform_log.csv: was altered .* move the folder"):
        build_delivery(inputs, folder=folder, tables=scenario.TABLES)


def test_a_delivery_of_which_a_lowered_tier_left_the_manifest_is_written_again(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    first = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    for path in first.path.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "manifest.json":
            path.unlink()
    again = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    assert (again.rebuilt, again.files) == (False, EXPECTED_FILES)


def test_the_client_s_manifest_tells_no_place_of_ours_and_our_own_tells_all(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    delivery = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    outer = (delivery.path / "manifest.json").read_text()
    inner = (folder.run(inputs.delivery_id) / "manifest.inner.json").read_text()
    for ours in ("our-bucket", "our.host", "OUR_VARIABLE", str(folder.root)):
        assert ours not in outer
    assert json.loads(outer)["config"] == {
        "feeds": [
            {"name": "customers", "files": "customers*"},
            {"name": "orders", "files": "orders*"},
        ]
    }
    assert json.loads(inner) == {**json.loads(outer), "config": inputs.config}


def test_a_row_unaccounted_for_stops_the_delivery(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    lost = FeedAccount(
        feed="orders", table="orders", received=10, delivered=9, rejected={}, merged={}
    )
    with pytest.raises(DeliveryError, match=r"brightwater: feed 'orders' has \+1 rows unaccounted"):
        build_delivery(
            inputs.model_copy(update={"accounts": (lost,)}), folder=folder, tables=scenario.TABLES
        )
    assert not folder.deliverables.exists()


def test_a_table_that_is_not_what_its_account_says_stops_the_delivery(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute("DELETE FROM marts.orders WHERE _row_id = 5")
    with pytest.raises(DeliveryError, match=r"says 5,154 rows .* 'orders' has 5,153"):
        build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    assert list(folder.deliverables.iterdir()) == []


def test_a_rejected_row_that_was_not_kept_stops_the_delivery(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute("DELETE FROM rejects.rejects_orders WHERE _reason LIKE 'row:%'")
    with pytest.raises(DeliveryError, match=r"says 156 rows were rejected, but 131 are in"):
        build_delivery(inputs, folder=folder, tables=scenario.TABLES)


def test_a_missing_table_is_named(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    wanted = (scenario.TableExport(table="payments"),)
    with pytest.raises(DeliveryError, match=r"marts\.payments.*has none of that name"):
        build_delivery(inputs, folder=folder, tables=wanted)


@pytest.mark.parametrize("name", ["../other", "a/b", "", ".hidden"])
def test_an_id_that_is_no_folder_name_is_refused(
    folder: ClientFolder, inputs: DeliveryInputs, name: str
) -> None:
    with pytest.raises(DeliveryError, match="can not name a folder"):
        build_delivery(inputs.model_copy(update={"delivery_id": name}), folder=folder, tables=())


def test_another_clients_folder_is_refused(inputs: DeliveryInputs, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="belongs in its own folder"):
        build_delivery(inputs, folder=ClientFolder(tmp_path, "someone_else"), tables=())


_KILLED = """
import os, signal, sys
from pathlib import Path
import consulting.delivery.build as build
from consulting.delivery.inputs import DeliveryInputs, TableExport
from consulting.layout import ClientFolder

where, root, inputs = sys.argv[1:4]
real = getattr(build, where)
def die(*args, **kwargs):
    if where == "sync" and not str(args[0]).endswith("transform_log.csv"):
        return real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(build, where, die)
made = DeliveryInputs.model_validate_json(Path(inputs).read_text())
folder = ClientFolder(Path(root), made.client_id)
tables = [TableExport(table=name, feed=name) for name in ("customers", "orders")]
build.build_delivery(made, folder=folder, tables=tables)
"""


@pytest.mark.parametrize("where", ["find_examples", "write_manifest", "sync"])
def test_a_kill_in_the_middle_leaves_no_half_delivery_and_the_next_build_is_whole(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType, tmp_path: Path, where: str
) -> None:
    written = tmp_path / "inputs.json"
    written.write_text(inputs.model_dump_json())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, where, str(folder.root), str(written)],
        env=environment,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (folder.deliverables / inputs.delivery_id).exists()
    assert list_deliveries(folder) == []
    delivery = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    assert delivery.files == EXPECTED_FILES
    assert [path.name for path in folder.deliverables.iterdir()] == [inputs.delivery_id]


def test_inputs_survive_json(inputs: DeliveryInputs) -> None:
    assert DeliveryInputs.model_validate_json(inputs.model_dump_json()) == inputs


def test_tier_1_delivers_no_row(build_at: Callable[[int], Delivery]) -> None:
    assert build_at(1).files == (
        "manifest.json",
        "mapping_document.html",
        "mapping_document.xlsx",
        "quality_report.html",
        "transform_log.csv",
    )


def test_tier_2_says_sampled_in_the_name_of_every_file_of_rows(
    build_at: Callable[[int], Delivery],
) -> None:
    delivery = build_at(2)
    rows = [name for name in delivery.files if "/" in name]
    assert len(rows) == 9
    assert all("_sampled." in name for name in rows)
    assert json.loads((delivery.path / "manifest.json").read_text())["sampled"] is True


def test_the_transform_log_adds_up(delivery: Delivery, inputs: DeliveryInputs) -> None:
    with (delivery.path / "transform_log.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["step"]) for line in lines] == list(range(1, len(lines) + 1))
    closing = {line["feed"]: line for line in lines if line["operation"] == "account for every row"}
    rejected = [line for line in lines if line["operation"] == "reject"]
    for account in inputs.accounts:
        line = closing[account.feed]
        assert int(line["rows_before"]) == account.received
        assert int(line["rows_after"]) == account.delivered
        parts = [int(one["rows_rejected"]) for one in rejected if one["feed"] == account.feed]
        assert sum(parts) == int(line["rows_rejected"])
    files = [line["sha256"] for line in lines if line["operation"].startswith("read (")]
    assert files == [reading.sha256 for reading in inputs.files]
    assert {line["detail"] for line in lines if line["operation"] == "version"} >= {"0.1.0"}


def test_a_warehouse_can_be_read_only_while_it_is_delivered_from(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    before = hash_file(folder.warehouse)
    build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    assert hash_file(folder.warehouse) == before
    shutil.rmtree(folder.deliverables)


def test_a_folder_whose_name_holds_a_quote_can_be_delivered_to(tmp_path: Path) -> None:
    folder = tmp_path / "o'brien [1]*"
    target = folder / "delivery"
    target.mkdir(parents=True)
    duckdb.connect(str(folder / "warehouse.duckdb")).close()
    with open_bounded(folder / "warehouse.duckdb", writes_to=target) as connection:
        connection.execute("COPY (SELECT 1) TO $1", [str(target / "one.csv")])
        path = unglobbed(str(target / "one.csv"))
        read = connection.execute("FROM read_csv($1, header = true)", [path])
        assert read.fetchall() == [(1,)]

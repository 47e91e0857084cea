"""What Dagster shows of a run, and what its sensor asks for."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from tests.pictures import PICTURES, of_report

from consulting.demo import write_demo_files
from consulting.errors import StoreMissingError

from .conftest import Location

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = (
    "Customer ID,Full Name,Email,Phone,Country,Signup Date,Lifetime Value,Marketing Opt-In,"
    "Status,Last Updated,Notes\n"
)
ROW = (
    "000007,Ada Lovelace,ada@example.com,(415) 555-0007,USA,2024-01-05,100.00,Yes,active,"
    "2026-01-02 10:00:00,\n"
)
PERIODS = {"every": "month", "start": "2026-01", "period_from": r"(?P<year>\d{4})-(?P<month>\d{2})"}


class Ran:
    """The demo's run, and where it ran."""

    def __init__(self, root: Path) -> None:
        write_demo_files(root)
        self.location = Location(root)
        self.first = self.location.requests()
        self.second = list(self.location.tick().run_requests or [])
        self.result = self.location.run(self.first[0])


@pytest.fixture(scope="module")
def ran(data_root: Path) -> Ran:
    return Ran(data_root)


def test_new_files_ask_for_one_run_and_ticks_before_it_begins_ask_for_the_same(ran: Ran) -> None:
    assert len(ran.first) == 1
    assert ran.first[0].run_key
    assert {request.run_key for request in ran.second} <= {ran.first[0].run_key}
    assert not ran.location.tick().run_requests, "delivered: nothing is asked for any more"


def test_the_run_succeeds_and_carries_the_clients_tags(ran: Ran) -> None:
    assert ran.result.success
    tags = ran.result.dagster_run.tags
    assert (tags["client_id"], tags["engagement_type"]) == ("acme_corp", "recurring")
    assert tags["consulting/batch"] in str(ran.first[0].run_key)


def test_the_stages_tell_counts(ran: Ran) -> None:
    told = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in ran.result.get_asset_materialization_events()
        if event.asset_key
    }
    assert told["file_received"]["file_count"].value == 2
    assert told["cleaned"]["rows_received"].value == 675 + 1496
    assert told["cleaned"]["rows_delivered"].value == 630 + 1455
    assert told["customers"]["dagster/row_count"].value == 630
    assert told["validated"]["tests_failed"].value == 0
    assert "quality_report.html" in str(told["delivered"]["deliverables"].value)


def test_each_delivered_column_names_the_columns_of_the_files_that_it_is_made_of(ran: Ran) -> None:
    told = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in ran.result.get_asset_materialization_events()
        if event.asset_key
    }

    def origins(table: str, column: str) -> list[tuple[str, str]]:
        lineage = told[table]["dagster/column_lineage"].value.deps_by_column[column]
        return [(dep.asset_key.path[-1], dep.column_name) for dep in lineage]

    assert origins("customers", "lifetime_value") == [("file_received", "customers.Lifetime Value")]
    assert origins("orders", "order_id") == [("file_received", "orders.Order ID")]
    made = told["customer_revenue"]["dagster/column_lineage"].value.deps_by_column
    assert {dep.column_name.partition(".")[0] for deps in made.values() for dep in deps} == {
        "customers",
        "orders",
    }


def test_the_picture_of_the_report_shows_what_a_report_says(ran: Ran) -> None:
    told = json.loads((PICTURES / "pictures.json").read_text("utf-8"))
    (report,) = ran.location.folder.deliverables.glob("*-00001-*/quality_report.html")
    said = of_report(report.read_text("utf-8"))
    assert said == told["report"], "`make pictures` takes it again; look at it"


def test_no_value_of_a_clients_cell_stands_in_the_event_log(ran: Ran) -> None:
    import duckdb

    with duckdb.connect(str(ran.location.folder.warehouse), read_only=True) as connection:
        rows = connection.sql('SELECT "Email", "Phone", "Full Name" FROM raw.customers').fetchall()
    values = {value.strip() for row in rows for value in row if value and len(value.strip()) > 7}
    log = "\n".join(str(entry) for entry in ran.location.instance.all_logs(ran.result.run_id))
    assert "file_received" in log
    assert {value for value in values if value in log} == set()


def test_a_warning_is_shown_and_stops_nothing(ran: Ran) -> None:
    checks = {e.check_name: e for e in ran.result.get_asset_check_evaluations()}
    failed = [check for check in checks.values() if not check.passed]
    assert failed, "the demo's e-mail addresses are not unique"
    assert {check.severity for check in failed} == {dg.AssetCheckSeverity.WARN}
    assert checks["every_row_accounted_for"].passed
    assert checks["every_column_mapped"].passed


def test_bytes_that_were_delivered_before_end_in_a_run_that_succeeds_and_delivers_nothing(
    ran: Ran,
) -> None:
    source = ran.location.folder.incoming / "orders_2026-01-05.xlsx"
    shutil.copyfile(source, source.with_name("orders_again.xlsx"))
    result = ran.location.run(ran.location.requests()[0])
    assert result.success
    assert result.get_asset_materialization_events() == []
    checks = result.get_asset_check_evaluations()
    assert [check.check_name for check in checks] == ["files_readable"]
    assert "nothing new to deliver" in str(checks[0].description)
    assert len(list(ran.location.folder.deliverables.iterdir())) == 1


def test_a_run_for_which_nothing_arrived_fails_with_one_plain_sentence(own_root: Path) -> None:
    result = Location(own_root).run()
    failure = next(e for e in result.all_events if e.is_step_failure).step_failure_data
    assert failure.user_failure_data is not None
    said = str(failure.user_failure_data.description)
    assert said.startswith("acme_corp: no file is ready in ")
    assert "Traceback" not in said


def test_bad_files_alone_block_the_run_and_settle_the_ledger(own_root: Path) -> None:
    location = Location(own_root)
    (location.folder.incoming / "orders_1.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    result = location.run(location.requests()[0])
    assert not result.success
    check = result.get_asset_check_evaluations()[0]
    assert (check.check_name, check.passed) == ("files_readable", False)
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert "orders_1.xlsx: " in str(check.description)
    assert not location.folder.deliverables.exists()
    assert location.engagement.intake.state().counts["quarantined"] == 1
    assert not location.tick().run_requests


def test_a_store_that_is_gone_fails_the_tick_and_does_not_skip_it(own_root: Path) -> None:
    location = Location(own_root, source={"type": "local", "folder": str(own_root / "gone")})
    with pytest.raises(StoreMissingError, match="acme_corp: "):
        location.tick()


def test_a_late_file_lands_in_the_period_of_its_name(
    location: Callable[..., Location],
) -> None:
    at = location(partitions=PERIODS)
    (at.folder.incoming / "customers_2026-03-01.csv").write_text(HEADER + ROW)
    march = at.requests()[0]
    assert march.partition_key == "2026-03"
    assert at.run(march).success
    late = ROW.replace("000007", "000008").replace("ada@", "eva@").replace("0007", "0008")
    (at.folder.incoming / "customers_2026-01-31.csv").write_text(HEADER + late)
    january = at.requests()[0]
    assert january.partition_key == "2026-01"
    assert at.run(january).success
    key = dg.AssetKey(["acme_corp", "delivered"])
    assert at.instance.get_materialized_partitions(key) == {"2026-01", "2026-03"}


def test_a_rule_that_no_longer_reads_a_column_fails_its_check_and_the_files_wait(
    location: Callable[..., Location],
) -> None:
    at = location()

    def month(number: int, status: str) -> dg.ExecuteInProcessResult:
        rows = (
            ROW.replace("000007", f"{number}{n:05}")
            .replace("ada@", f"a{number}{n}@")
            .replace("0007", f"{n:04}")
            .replace("active", status)
            for n in range(100, 130)
        )
        (at.folder.incoming / f"customers_{number}.csv").write_text(HEADER + "".join(rows))
        return at.run(at.requests()[0])

    assert month(1, "active").success
    result = month(2, "aktiv")
    assert not result.success
    checks = {e.check_name: e for e in result.get_asset_check_evaluations()}
    check = checks["rules_read_as_before"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert str(check.description).startswith(
        "Of the 30 values of “Status” in customers_2.csv its rule reads none, and it read 30 of "
    )
    assert checks["no_blocking_drift"].passed
    made = {event.asset_key.path[-1] for event in result.get_asset_materialization_events()}
    assert "cleaned" in made
    assert not made & {"validated", "delivered"}
    (waiting,) = at.engagement.intake.state().batches
    assert "its rule reads none" in str(waiting.reason)

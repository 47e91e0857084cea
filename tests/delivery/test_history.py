"""Deliveries add up over the months, each period once."""

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from consulting.delivery import (
    DeliveryInputs,
    append_history,
    build_delivery,
    list_deliveries,
    read_manifest,
)
from consulting.delivery.manifest import summarise
from consulting.delivery.past import superseded
from consulting.errors import DeliveryError
from consulting.layout import ClientFolder


def ask(warehouse: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse)) as connection:
        return connection.execute(query).fetchall()


def held(warehouse: Path, table: str) -> list[tuple[object, ...]]:
    """Delivery, period and rows of what the history of a table holds."""
    rows = f"SELECT _delivery_id, _period, count(*) FROM history.{table}"
    return ask(warehouse, f"{rows} GROUP BY ALL ORDER BY ALL")


def test_each_period_is_added_once_whatever_is_repeated(folder: ClientFolder) -> None:
    where = folder.warehouse
    append_history(where, ["orders"], delivery_id="b1", period="2026-09")
    append_history(where, ["orders"], delivery_id="b1", period="2026-09")
    assert held(where, "orders") == [("b1", "2026-09", 5_154)]
    ask(where, "DELETE FROM marts.orders WHERE _row_id <= 1000")
    append_history(where, ["orders"], delivery_id="b2", period="2026-10")
    ((left,),) = ask(where, "SELECT count(*) FROM marts.orders")
    assert held(where, "orders") == [("b1", "2026-09", 5_154), ("b2", "2026-10", left)]
    append_history(where, ["orders"], delivery_id="b3", period="2026-09")
    assert held(where, "orders") == [("b2", "2026-10", left), ("b3", "2026-09", left)]


def test_without_periods_each_delivery_stands_for_itself(folder: ClientFolder) -> None:
    append_history(folder.warehouse, ["customers"], delivery_id="b1", period=None)
    append_history(folder.warehouse, ["customers"], delivery_id="b2", period=None)
    assert held(folder.warehouse, "customers") == [("b1", "b1", 1_159), ("b2", "b2", 1_159)]


def test_without_periods_the_same_files_again_take_the_place_of_the_first(
    folder: ClientFolder,
) -> None:
    append_history(folder.warehouse, ["orders"], delivery_id="b1", period=None)
    append_history(folder.warehouse, ["orders"], delivery_id="b2", period=None, supersedes="b1")
    assert held(folder.warehouse, "orders") == [("b2", "b2", 5_154)]


def test_the_history_of_a_lost_warehouse_is_taken_from_the_delivered_files_and_told(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    made = inputs.model_copy(update={"engagement_type": "recurring", "period": "2026-09"})
    first = build_delivery(made, folder=folder, tables=scenario.TABLES)
    orders = "SELECT order_id, amount_eur, ordered_on FROM history.orders WHERE _period = '2026-09'"
    append_history(folder.warehouse, ["orders"], delivery_id=first.delivery_id, period="2026-09")
    before = sorted(map(str, ask(folder.warehouse, orders)))
    ask(folder.warehouse, "DROP SCHEMA history CASCADE")
    earlier = {first.path: read_manifest(first.path)}
    named = {"delivery_id": "b2", "period": "2026-10", "earlier": earlier}
    told = append_history(folder.warehouse, ["orders"], **named)
    assert told == {"orders": ([first.delivery_id], [])}
    both = [("b2", "2026-10", 5_154), (first.delivery_id, "2026-09", 5_154)]
    assert held(folder.warehouse, "orders") == both
    assert sorted(map(str, ask(folder.warehouse, orders))) == before
    assert append_history(folder.warehouse, ["orders"], **named) == {"orders": ([], [])}
    assert held(folder.warehouse, "orders") == both
    ask(folder.warehouse, "DROP SCHEMA history CASCADE")
    first.path.rename(first.path.with_name("archived"))
    assert append_history(folder.warehouse, ["orders"], **named) == {
        "orders": ([], [first.delivery_id])
    }
    assert held(folder.warehouse, "orders") == both[:1]


def test_a_new_column_and_a_wider_type_do_not_lose_the_past(folder: ClientFolder) -> None:
    where = folder.warehouse
    append_history(where, ["orders"], delivery_id="b1", period="2026-09")
    ask(where, "ALTER TABLE marts.orders ADD COLUMN channel VARCHAR DEFAULT 'web'")
    ask(where, "ALTER TABLE marts.orders ALTER weight_g TYPE BIGINT")
    ask(where, "ALTER TABLE marts.orders ALTER ordered_on TYPE VARCHAR")
    append_history(where, ["orders"], delivery_id="b2", period="2026-10")
    types = "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'history'"
    assert {
        ("ordered_on", "VARCHAR"),
        ("weight_g", "BIGINT"),
        ("channel", "VARCHAR"),
    } <= set(ask(where, types))
    found = ask(
        where, "SELECT _period, channel, count(*) FROM history.orders GROUP BY ALL ORDER BY 1"
    )
    assert found == [("2026-09", None, 5_154), ("2026-10", "web", 5_154)]


def test_a_failure_leaves_the_history_as_it_was(folder: ClientFolder) -> None:
    append_history(folder.warehouse, ["orders"], delivery_id="b1", period="2026-09")
    with pytest.raises(DeliveryError, match=r"marts\.payments"):
        append_history(folder.warehouse, ["orders", "payments"], delivery_id="b2", period="2026-10")
    assert ask(folder.warehouse, "SELECT DISTINCT _delivery_id FROM history.orders") == [("b1",)]


def test_past_deliveries_are_listed_as_their_files_arrived(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    assert list_deliveries(folder) == []
    later = {
        "delivery_id": "a-later-one",
        "received_at": inputs.received_at + timedelta(days=30),
        "period": "2026-11",
    }
    shutil.copytree(folder.run(inputs.delivery_id), folder.run("a-later-one"))
    build_delivery(inputs.model_copy(update=later), folder=folder, tables=scenario.TABLES)
    first = build_delivery(inputs, folder=folder, tables=scenario.TABLES)
    (folder.deliverables / ".killed.partial").mkdir()
    listed = list_deliveries(folder)
    assert [one.delivery_id for one in listed] == [inputs.delivery_id, "a-later-one"]
    assert listed[0] == first.summary


def test_a_late_delivery_of_an_earlier_period_stands_at_its_place_and_says_what_it_supersedes(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    summary = build_delivery(inputs, folder=folder, tables=scenario.TABLES).summary
    before = tuple(
        summary.model_copy(update={"delivery_id": name, "period": period})
        for name, period in (("january", "2026-01"), ("march", "2026-03"))
    )
    again = inputs.model_copy(
        update={"delivery_id": "january-2", "period": "2026-01", "history": before}
    )
    shutil.copytree(folder.run(inputs.delivery_id), folder.run("january-2"))
    delivery = build_delivery(again, folder=folder, tables=scenario.TABLES)
    manifest = json.loads((delivery.path / "manifest.json").read_text())
    assert manifest["supersedes"] == "january"
    page = (delivery.path / "quality_report.html").read_text()
    assert re.search(r"<dt>Supersedes</dt><dd>january</dd>", page)
    rows = re.findall(r'<th scope="row">(2026-\d\d)( <span class="where">this delivery)?', page)
    here = ' <span class="where">this delivery'
    assert rows == [("2026-03", ""), ("2026-02", ""), ("2026-01", here), ("2026-01", "")]


def test_the_same_files_with_other_rules_supersede_and_the_report_says_what_changed(
    folder: ClientFolder, inputs: DeliveryInputs, scenario: ModuleType
) -> None:
    made = inputs.model_copy(update={"period": None, "drift": (), "history": ()})
    first = build_delivery(made, folder=folder, tables=scenario.TABLES)
    again = made.model_copy(
        update={"delivery_id": "b2", "dbt_fingerprint": "2", "history": (first.summary,)}
    )
    shutil.copytree(folder.run(inputs.delivery_id), folder.run("b2"))
    second = build_delivery(again, folder=folder, tables=scenario.TABLES)
    assert second.supersedes == first.delivery_id
    page = re.sub(r"<[^>]+>", "", (second.path / "quality_report.html").read_text())
    assert "In the files, columns and types are as they were" in page
    compared = second.summary.compared
    assert compared is not None
    assert [(each.altered, each.added, each.removed) for each in compared.tables] == [(0, 0, 0)] * 2
    for sentence in compared.in_words():
        assert sentence in page
    assert f"since delivery {first.delivery_id} the cleaning rules changed, so that" in page
    assert "superseded" in page
    other = again.model_copy(update={"delivery_id": "b3", "files": inputs.files[1:]})
    assert superseded(other, summarise(other, {})) is None

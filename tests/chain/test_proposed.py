"""Models proposed from a profile, tried on their own files, then delivered as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
import yaml
from openpyxl import Workbook
from parsed_once import lay_shared
from tests.chain.conftest import World

from consulting import chain
from consulting.chain.proposed import _without_values, last_profile, propose_models, try_models

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.chain.proposed import Tried

ORDERS = """order no;customer id;paid at;price;shipped;country;note;contact
A-1;1;2024-02-11 01:15:11 -0500;1.234,50 €;ja;ZA;unknown;ann@example.com
A-2;2;2024-03-12T02:15:12Z;12,50 SEK;nein;NA;\\N;bob@example.com
A-3;2;2024-03-13T02:15:12.1234567Z;(9,50 €);ja;BW;ok;eve@example.com
A-4;1;2024-03-14T02:15:12Z;7,00 €;ja;ZM;ok;dan@example.com
A-5;3;2024-03-15T02:15:12Z;free;nein;AO;ok;joe@example.com
A-6;3;2024-03-16T02:15:12Z;8,00 €;nein;ZA;ok;kim@example
A-7;3;2024-03-17T02:15:12Z;8,00 €;nein;ZA;ok;lou@example.com
A-7;3;2024-03-17T02:15:12Z;8,00 €;nein;ZA;ok;lou@example.com
"""
SALES = """Region,Product,Amount
O'Hare,Item 1,10
O'Hare,Item 2,20
O'Hare Total,,30
{{ 7 * 7 }},Item 1,1
{{ 7 * 7 }},Item 2,2
{{ 7 * 7 }} Total,,3
West,Item 1,100
West,Item 2,200
  West Total,,300
Grand Total,,333
"""
RESULTS = [
    ("Northwind", None, None), (None, None, None), (None, "Jan 2024", "Feb 2024"),
    ("Income", None, None), ("   Services", 100, 120), ("   Parts", 10, 12),
    ("Total Income", 110, 132), ("Expenses", None, None), ("   Rent", 50, 50),
    ("   Power", 5, 6), ("Total Expenses", 55, 56),
]  # fmt: skip
FEEDS = [
    {"name": "buyers", "files": "buyers*.csv"},
    {"name": "orders", "files": "orders*.csv"},
    {"name": "results", "files": "results*.xlsx"},
    {"name": "sales", "files": "sales*.csv"},
]


def profiled(world: World) -> Path:
    """The run folder of what lies there, received and profiled."""
    received = world.receive("first")
    chain.profile(
        world.engagement, batch_id=received.batch.batch_id, run_id="first", log=world.said.append
    )
    folder = last_profile(world.engagement)
    assert folder is not None
    return folder


@pytest.fixture(scope="module")
def proposed(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path, list[Tried]]:
    """A client without models whose files have been profiled; models proposed and tried."""
    root = tmp_path_factory.mktemp("proposed")
    lay_shared(root / "dbt")
    world = World(root / "data", dbt_dir=root / "dbt", feeds=FEEDS, security_tier=3)
    buyers = "".join(f"{n};Buyer {n}\n" for n in range(1, 21))
    world.drop("buyers.csv", f"customer id;name\n{buyers}")
    more = "".join(
        f"B-{n};4;2024-04-01T02:15:12Z;1,00 €;ja;ZW;ok;x{n}@example.com\n" for n in range(60)
    )
    world.drop("orders.csv", ORDERS + more)
    world.drop("sales.csv", SALES)
    book = Workbook()
    for row in RESULTS:
        book.worksheets[0].append(row)
    book.save(world.folder.incoming / "results.xlsx")
    folder = profiled(world)
    feeds = propose_models(world.engagement, folder, ()).feeds
    assert feeds == ["buyers", "orders", "results", "sales"]
    tried = try_models(world.engagement, folder, feeds)
    assert tried is not None
    return world, root / "dbt" / "models" / "clients" / world.client_id, tried


@pytest.fixture(scope="module")
def delivered(proposed: tuple[World, Path, list[Tried]]) -> World:
    """The client, delivered by the models as they were proposed."""
    world = proposed[0]
    folder = last_profile(world.engagement)
    assert folder is not None
    world.after_receive("first", folder.name, begin="clean")
    return world


def test_the_proposal_holds_what_the_profile_found(
    proposed: tuple[World, Path, list[Tried]],
) -> None:
    [orders] = [
        model
        for model in yaml.safe_load((proposed[1] / "orders.yml").read_text())["models"]
        if model["name"] == "orders"
    ]
    columns = {column["name"]: column for column in orders["columns"]}
    assert orders["meta"]["dedupe"] == {"key": ["order_no"], "keep": "latest"}
    assert "unique" in columns["order_no"]["data_tests"]
    assert {
        "relationships": {
            "arguments": {"to": "ref('buyers')", "field": "customer_id"},
            "config": {"severity": "warn"},
        }
    } in columns["customer_id"]["data_tests"]
    assert columns["price"]["meta"] == {"from": "price", "rule": "to_money", "decimal": "comma"}
    assert columns["price_currency"]["meta"] == {"from": "price", "rule": "to_currency"}
    assert columns["country"]["meta"]["null_tokens"] == ["n/a", "#n/a", "null", "-"]


def test_each_column_tells_how_many_rows_it_would_reject_and_why(
    proposed: tuple[World, Path, list[Tried]],
) -> None:
    told = {one.column: (one.rows, one.rejected, one.reasons) for one in proposed[2]}
    assert told["orders.price"] == (68, 1, ("“free” is not an amount of money",))
    assert told["orders.contact"] == (68, 1, ("“aaa@aaaaaaa” is not an e-mail address",))
    assert {name for name, (_, rejected, _) in told.items() if rejected} == {
        "orders.price",
        "orders.contact",
        "results",
        "sales",
    }
    # a total in the last line is no row of the table
    assert told["sales"] == (9, 3, ("subtotal",))
    assert told["results"] == (8, 2, ("subtotal",))
    assert not list((proposed[0].folder.path / "runs").glob("proposal*"))


def test_the_proposal_delivers_the_values_as_they_are(delivered: World) -> None:
    with duckdb.connect(str(delivered.folder.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "SELECT order_no, paid_at::VARCHAR, price::VARCHAR, price_currency, shipped, country, "
            "note FROM marts.orders WHERE order_no LIKE 'A-%' ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("A-1", "2024-02-11 06:15:11", "1234.50", "EUR", True, "ZA", None),
        ("A-2", "2024-03-12 02:15:12", "12.50", "SEK", False, "NA", None),
        ("A-3", "2024-03-13 02:15:12.123456", "-9.50", "EUR", True, "BW", "ok"),
        ("A-4", "2024-03-14 02:15:12", "7.00", "EUR", True, "ZM", "ok"),
        ("A-7", "2024-03-17 02:15:12", "8.00", "EUR", False, "ZA", "ok"),
    ]


def test_rows_that_sum_up_others_are_rejected_by_the_proposal_so_that_no_sum_doubles(
    proposed: tuple[World, Path, list[Tried]], delivered: World
) -> None:
    results = yaml.safe_load((proposed[1] / "results.yml").read_text())["models"][0]
    label = results["columns"][0]["name"]
    assert results["meta"] == {
        "reject_when": {"subtotal": f"\"{label}\" IN ('Total Expenses', 'Total Income')"}
    }
    with duckdb.connect(str(delivered.folder.warehouse), read_only=True) as connection:
        sums = connection.execute(
            "SELECT count(*), sum(amount)::INTEGER, (SELECT sum(jan_2024)::INTEGER "
            "FROM marts.results) FROM marts.sales"
        ).fetchall()
        rejected = connection.execute(
            'SELECT "Region", _reason FROM rejects.rejects_sales ORDER BY _row'
        ).fetchall()
    assert sums == [(6, 333, 165)]
    assert rejected == [
        ("O'Hare Total", "row:subtotal"),
        ("{{ 7 * 7 }} Total", "row:subtotal"),
        ("  West Total", "row:subtotal"),
    ]


@pytest.mark.parametrize("tier", [2, 3])
def test_what_files_leave_out_or_write_otherwise_is_proposed_so(tmp_path: Path, tier: int) -> None:
    lay_shared(tmp_path / "dbt")
    feeds = [{"name": "parts", "files": "parts*.csv"}]
    world = World(tmp_path / "data", dbt_dir=tmp_path / "dbt", feeds=feeds, security_tier=tier)
    rows = "".join(f"{n},{n}.5,{n}\n" for n in range(20))
    world.drop("parts1.csv", "id,kg\n" + "".join(f"{100 + n},{n}.5\n" for n in range(20)))
    world.drop("parts2.csv", f"id,kg,price\n{rows}")
    colours = "".join(f"{200 + n},{n}.5,red\n" for n in range(20))
    world.drop("parts3.csv", f"ID,Kg,colour\n{colours}")
    folder = profiled(world)
    feeds_proposed = propose_models(world.engagement, folder, ()).feeds
    path = tmp_path / "dbt" / "models" / "clients" / world.client_id / "parts.yml"
    [model] = [m for m in yaml.safe_load(path.read_text())["models"] if m["name"] == "parts"]
    optional = {c["name"]: c["meta"].get("optional", False) for c in model["columns"]}
    assert optional == {"id": False, "kg": False, "price": True, "colour": True}
    assert try_models(world.engagement, folder, feeds_proposed) is not None
    world.after_receive("first", folder.name, begin="clean")
    with duckdb.connect(str(world.folder.warehouse), read_only=True) as connection:
        sums = connection.execute(
            "SELECT count(*), count(price), count(colour) FROM marts.parts"
        ).fetchall()
    assert sums == [(60, 20, 20)]


def test_below_tier_3_no_value_is_written_into_the_models() -> None:
    column = {"name": "x", "rule": "to_code", "codes": {"Berlin": ["berlin"]}, "tests": []}
    assert _without_values(column) == {"name": "x", "rule": "to_text", "tests": []}

"""A sample becomes a client: feeds, models, questions, and a delivery on trial."""

# ruff: noqa: RUF001 - the signs that the letter writes

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest
import yaml
from parsed_once import lay_shared
from tests.chain.conftest import DBT, World

from consulting.chain.parts import _Feed, _globs
from consulting.chain.sampled import Place, Sampled, take_sample
from consulting.chain.tier import lower_tier
from consulting.chain.unread import earlier_counts
from consulting.components.engagement import first_files
from consulting.config.engagement import EngagementConfig
from consulting.config.naming import NamedFeed
from consulting.errors import BlockedDeliveryError, ConfigurationError, TierLoweredError
from consulting.intake.reading.parts import BEYOND, Part
from consulting.privacy import Names

if TYPE_CHECKING:
    from pathlib import Path

TYPE = "consulting.components.EngagementComponent"
CANARY = "Zanzibar"


def place_at(root: Path) -> Place:
    lay_shared(root / "dbt")
    (root / "clients").mkdir()
    return Place(clients_dir=root / "clients", dbt_dir=root / "dbt", data=root / "data")


def write_sample(folder: Path) -> Path:
    """Two weeks of orders, the customers both times the same, and what can not be read."""
    folder.mkdir(parents=True)
    for week in ("2026-10-05", "2026-10-12"):
        day = int(week[-2:])
        orders = "".join(
            f"A-{day}{n:03};{1 + n % 20};{day:02}.10.2026;{n},50 €;"
            f"{'Open' if n % 3 else 'open'};p{n}@mail.example\n"
            for n in range(60)
        )
        broken = f"A-{day}999;1;{day:02}.10.2026;free;open;q@mail.example\n"
        header = "Order ID;Customer;Ordered at;Amount;Status;Contact\n"
        (folder / f"orders_{week}.csv").write_text(header + orders + broken)
        buyers = "".join(f"{n},{CANARY}{'abcdefghijklmnopqrstuvwxyz'[n]}\n" for n in range(1, 21))
        (folder / f"customers_{week}.csv").write_text(f"id,town\n{buyers}")
    (folder / "~$orders.xlsx").write_bytes(b"lock")
    return folder


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sampled]:
    root = tmp_path_factory.mktemp("sampled")
    attributes = {"client_name": "Globex: Söhne", "security_tier": 3}
    sample = write_sample(root / "mail")
    return root, take_sample(sample, "globex", attributes, place_at(root), log=lambda _line: None)


def test_a_sample_is_delivered_on_trial_with_nothing_edited(taken: tuple[Path, Sampled]) -> None:
    lines = list(first_files.account_lines(taken[1]))
    assert lines == [
        "Tried on the newest period, 2026-W42:",
        "customers: 20 received = 20 delivered + 0 rejected + 0 merged",
        "orders: 61 received = 60 delivered + 1 rejected + 0 merged",
        "  1 rejected: amount not an amount",
        "Delivered on trial, as it is: nothing has to be edited for a first delivery.",
        "About 19 minutes saved: 81 lines of YAML (a new user took 9.5 minutes for 40).",
    ]
    assert "\n".join(lines) in (DBT.parent / "docs/first_client.md").read_text()


def test_nothing_of_the_trial_is_left_but_models_the_access_log_and_how_values_are_written(
    taken: tuple[Path, Sampled],
) -> None:
    folder = taken[0] / "data" / "globex"
    left = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    kept = ["cleaning.json", "intake.json", "profile.json"]
    assert left == ["access.jsonl", *(f"sample/tier_3/{name}" for name in kept)]


def test_defs_yaml_holds_feeds_and_the_period_their_names_tell(
    taken: tuple[Path, Sampled],
) -> None:
    said = yaml.safe_load(first_files.defs_yaml(TYPE, "globex", taken[1]))["attributes"]
    config = EngagementConfig.model_validate(said)
    assert config.client_name == "Globex: Söhne"
    assert [(f.name, f.files) for f in config.feeds] == [
        ("customers", "customers_[0-9]*.csv"),
        ("orders", "orders_[0-9]*.csv"),
    ]
    assert config.partitions is not None
    assert (config.partitions.every, config.partitions.start) == ("week", "2026-W41")


def test_models_say_types_keys_relations_personal_data_and_what_is_not_sure(
    taken: tuple[Path, Sampled],
) -> None:
    text = (taken[0] / "dbt/models/clients/globex/orders.yml").read_text()
    assert (
        "      # ? Is this the key, unique and never empty? A row without it is rejected.\n"
        "      - name: order_id\n"
    ) in text
    assert "    #   dedupe: {key: [order_id], keep: latest, order_by: ordered_at}\n" in text
    columns = {c["name"]: c for c in yaml.safe_load(text)["models"][0]["columns"]}
    assert columns["contact"]["meta"]["contains_pii"] is True
    assert columns["ordered_at"]["meta"]["formats"] == ["%d.%m.%Y"]
    assert columns["status"]["meta"]["codes"] == {"Open": ["open"]}
    assert "ref('customers')" in str(columns["customer"]["data_tests"])


def test_questions_go_to_the_client_and_the_fixture_names_nobody(
    taken: tuple[Path, Sampled],
) -> None:
    asked = first_files.questions_md(taken[1])
    codes = "Are these all the codes there are? A text that is none of them is rejected."
    assert f"{codes}\n   - **orders › Status**\n" in asked
    assert (
        "**orders › Amount**: 1 of 61 rows: “Amount” is not an amount of money (expected: amount, "
        "currency taken off, decimal comma, 2 digits after it).\n"
    ) in asked
    header, first, *_ = taken[1].fixtures["orders"].splitlines()
    assert header == "Order ID,Customer,Ordered at,Amount,Status,Contact"
    assert "mail" not in taken[1].fixtures["orders"]
    assert ",12.10.2026," in first
    assert CANARY not in taken[1].fixtures["customers"]


def test_a_rule_that_does_not_fit_its_own_sample_gives_way_to_text_and_a_question(
    tmp_path: Path,
) -> None:
    sample = tmp_path / "trap.csv"
    # all of one column, and the one value of another, which Excel has cut
    rows = "".join(f"{n};{n}.{n}50;{'1.78784E+16' if n == 3 else ''}\n" for n in range(1, 10))
    sample.write_text(f"no;amount;media\n{rows}")
    attributes = {"client_name": "Globex", "security_tier": 3}
    found = take_sample(sample, "globex", attributes, place_at(tmp_path), log=lambda _line: None)
    assert next(iter(first_files.account_lines(found))) == (
        "trap: 9 received = 9 delivered + 0 rejected + 0 merged"
    )
    yml = (tmp_path / "dbt/models/clients/globex/trap.yml").read_text()
    assert "description: Text." in yml
    assert "Decimal" not in yml, "what is delivered as text is not called otherwise"
    asked = "# ? What does this column hold? It is delivered as text. As to_decimal,"
    assert f"{asked} 9 of 9" in yml
    assert f"{asked} 1 of 9" in yml


@pytest.mark.parametrize("tier", [1, 2])
def test_below_tier_3_no_value_enters_a_file(tmp_path: Path, tier: int) -> None:
    sample = write_sample(tmp_path / "mail") / "customers_2026-10-05.csv"
    attributes = {"client_name": "Globex", "security_tier": tier}
    found = take_sample(sample, "globex", attributes, place_at(tmp_path), log=lambda _line: None)
    texts = [first_files.defs_yaml(TYPE, "globex", found), first_files.questions_md(found)]
    texts += [first_files.readme_md("globex", found), *found.fixtures.values()]
    texts += [path.read_text() for path in found.written]
    texts += first_files.account_lines(found)
    assert ("rows, a masked sample)" in "".join(texts)) is (tier == 2)
    assert found.refused is None
    assert found.fixtures["customers"] == "id,town\n"
    assert CANARY not in "".join(texts)
    kept = [p.read_text() for p in tmp_path.glob("data/**/*") if p.is_file()]
    assert len(kept) == 3
    assert CANARY not in "".join(kept)


def test_a_sample_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no file or folder"):
        take_sample(tmp_path / "no", "globex", {}, place_at(tmp_path), log=lambda _line: None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="holds 0 files"):
        take_sample(
            tmp_path / "empty",
            "globex",
            {},
            Place(tmp_path / "clients", tmp_path / "dbt", tmp_path / "data"),
            log=lambda _line: None,
        )


def test_files_of_a_zip_that_differ_by_case_alone_keep_their_exact_names() -> None:
    members = ["Data.csv", "data.csv", "w[x].csv"]
    assert _globs(members, lambda name: name) == {
        "Data.csv": "Data.csv", "data.csv": "data.csv", "w[x].csv": "w[[]x]*.csv"
    }  # fmt: skip


def test_sheets_beyond_the_most_are_told_in_one_line() -> None:
    parts = tuple(Part(sheet=f"T{n}", place=n, left=BEYOND if n > 40 else None) for n in range(300))
    feed = NamedFeed(name="t", glob="t*.xlsx", files=("t.xlsx",))
    told = [each.line for each in _Feed(feed, {"t.xlsx": parts}, Names(), set()).tells([feed])]
    named = "t.xlsx: the sheet 'T41' and 258 further ones"
    assert told == [f"{named} are too many, and are left out. Is that right?"]


TWO_TABLES = """\
# Questions to Globex

## Open

The quality report of these files asks the same.

1. Is the other table meant to be delivered too?
   - **two**: two.xlsx holds another table in rows 33 to 53: 20 rows of 3 columns. They were set \
aside and are not in the delivery.

## Taken for granted

Please tell us what is not so.

2. Is this the key, unique and never empty? A row without it is rejected.
   - **two › id**

## Your files

3. How often do you send files, and do their names tell the period they are of?
"""


def test_two_tables_in_one_sheet_are_asked_about_once(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    orders = [["id", "amount", "shop"], *([n, n + 0.5, n % 7] for n in range(30))]
    towns = [["code", "town", "zip"], *([f"k{n}", f"t{n % 4}", n] for n in range(20))]
    for row in [*orders, [], *towns]:
        book.active.append(row)
    book.save(tmp_path / "two.xlsx")
    attributes = {"client_name": "Globex", "security_tier": 3}
    sample = tmp_path / "two.xlsx"
    found = take_sample(sample, "globex", attributes, place_at(tmp_path), log=lambda _line: None)
    assert first_files.questions_md(found) == TWO_TABLES


def write_parts(folder: Path) -> Path:
    """A workbook and two months' zips, each with several tables and with what is none."""
    folder.mkdir()
    book = openpyxl.Workbook()
    sheets: dict[str, list[list[object]]] = {
        "Read me": [["Monthly export of the shop."], ["Please leave the titles as they are."]],
        "Orders": [["order_id", "amount"], *([1000 + n, n + 0.5] for n in range(30))],
        f"{CANARY} Quux": [["item", "qty"], *([n, n % 4 + 1] for n in range(40))],
        "Jan": [["sku", "sold"], *([f"K-{n}", n] for n in range(5))],
        "Feb": [["sku", "sold"], *([f"K-{n}", n] for n in range(6))],
    }
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "shop.xlsx")
    for month in ("2026-08", "2026-09"):
        with zipfile.ZipFile(folder / f"export_{month}.zip", "w") as packed:
            rows = "".join(f"{n},T{n % 5}\n" for n in range(20))
            packed.writestr(f"data/people_{month}.csv", f"id,team\n{rows}")
            rows = "".join(f"{n},{n}.50\n" for n in range(30))
            packed.writestr(f"data/visits_{month}.csv", f"no,paid\n{rows}")
            packed.writestr("README.txt", "Made by the shop system.\nAsk us if rows are missing.\n")
    return folder


@pytest.mark.parametrize("tier", [3, 2])
def test_each_sheet_and_each_file_of_a_zip_that_is_a_table_is_a_feed(
    tmp_path: Path, tier: int
) -> None:
    attributes = {"client_name": "Globex", "security_tier": tier}
    sample = write_parts(tmp_path / "mail")
    place = place_at(tmp_path)
    said: list[str] = []
    sampled = take_sample(sample, "globex", attributes, place, log=said.append)
    assert said
    assert ".scratch-" not in "".join(said), "which is gone when it is read"
    told = list(first_files.account_lines(sampled))
    assert sampled.refused is None, told
    third = f"{CANARY.lower()}_quux" if tier == 3 else "shop_3"
    account = {a.feed: a.delivered for a in sampled.cleaning.accounts}
    assert account == {
        "orders": 30, third: 40, "shop_jan": 5, "shop_feb": 6, "people": 40, "visits": 60
    }  # fmt: skip
    text = first_files.defs_yaml(TYPE, "globex", sampled)
    config = EngagementConfig.model_validate(yaml.safe_load(text)["attributes"])
    assert {(f.name, f.files, f.member, f.sheet) for f in config.feeds} == {
        ("orders", "shop*.xlsx", None, "Orders"),
        (third, "shop*.xlsx", None, f"{CANARY} Quux" if tier == 3 else 3),
        ("shop_jan", "shop*.xlsx", None, "Jan"),
        ("shop_feb", "shop*.xlsx", None, "Feb"),
        ("people", "export_[0-9]*.zip", "people_[0-9]*.csv", None),
        ("visits", "export_[0-9]*.zip", "visits_[0-9]*.csv", None),
    }
    asked = first_files.questions_md(sampled)
    notes = "shop.xlsx: the sheet 'Read me' holds notes, and is left out. Is that right?"
    alike = (
        "The sheets 'Jan' and 'Feb' of shop.xlsx have the same columns. Will there be more such "
        "sheets?"
    )
    written = "".join(path.read_text() for path in sampled.written)
    assert (CANARY.lower() in f"{text}{told}{asked}{written}".lower()) == (tier == 3)
    for each in (text, "\n".join(told), asked.replace("\\", "")):
        assert notes in each
        assert alike in each
        assert each.count("holds notes") == 2
    assert any(reading.unread for reading in sampled.received.readings)
    assert "No feed reads" not in asked, "each part is asked of by itself"


TEMPLATE = """\
models:
  - name: retail_orders
    description: One row per order.
    columns:
      - name: order_no
        description: The shop's number of the order.
        meta: {synonyms: [Order ID], rule: to_text, required: true}
        data_tests: [unique, not_null]
      - name: placed_on
        meta: {synonyms: [Ordered], rule: to_date, formats: ["%Y-%m-%d"]}
      - name: amount
        meta: {rule: to_money, decimal: point, scale: 2}
      - name: state
        meta: {synonyms: [Status], rule: to_code, codes: {open: [Open], done: []}}
      - name: store
        meta: {synonyms: [Shop], rule: to_text}
"""


@pytest.mark.parametrize("tier", [3, 2])
def test_a_sample_follows_a_template_and_says_what_differs(tmp_path: Path, tier: int) -> None:
    place = place_at(tmp_path)
    (place.dbt_dir / "templates").mkdir()
    (place.dbt_dir / "templates/retail_orders.yml").write_text(TEMPLATE)
    attributes = {"client_name": "Globex", "security_tier": tier}
    place = replace(place, templates=("retail_orders",))
    sample = write_sample(tmp_path / "mail")
    sampled = take_sample(sample, "globex", attributes, place, log=lambda _line: None)
    lines = list(first_files.account_lines(sampled))
    assert sampled.refused is None, lines
    assert "  order_no ← Order ID (1.00: header is known: “Order ID”, values are text)" in lines
    assert any(line.startswith("customers: has 1 of the 5") for line in lines), lines
    assert "  not found: store" in lines
    assert "  not in the template: Customer, Contact" in lines

    orders = (place.dbt_dir / "models/clients/globex/orders.yml").read_text()
    model = yaml.safe_load(orders)["models"][0]
    assert model["meta"] == {"template": "retail_orders"}
    assert "description" not in model
    columns = {column["name"]: column for column in model["columns"]}
    assert columns["order_no"] == {"name": "order_no", "meta": {"from": "Order ID"}}
    assert columns["placed_on"]["meta"] == {
        "from": "Ordered at",
        "rule": "to_date",
        "formats": ["%d.%m.%Y"],
    }
    assert "      # ? Is this the column placed_on of retail_orders? (0.6" in orders
    assert columns["state"]["meta"] == {"from": "Status"}
    amount = {"from": "Amount", "rule": "to_money", "decimal": "comma"}
    assert columns["amount"]["meta"] == amount
    asked = first_files.questions_md(sampled)
    store = (
        "Which column of the file is store of retail_orders?\n   - **orders**: None was found.\n"
    )
    assert store in asked
    needed = asked.partition("Is this needed? retail_orders has no such column.\n")[2]
    assert "   - **orders › Contact**\n" in needed
    account = {a.feed: (a.received, a.delivered) for a in sampled.cleaning.accounts}
    assert account["orders"] == (61, 60) if tier == 3 else account["orders"][0] == 61


PRICES = {
    "rate": ("{}.5%", "0.{:03}"),
    "total": ("{}.50 EUR", "{}.50 USD"),
    "day": ("{:02}.03.26", "26.03.{:02}"),
    "price": ("{}.25", "{},250"),
}
"""Column → how it is written in the sample, and in the first month."""


def prices(at: int) -> str:
    rows = (
        ";".join([f"A{n}", *(how[at].format(13 + n % 15) for how in PRICES.values())])
        for n in range(40)
    )
    return "\n".join([";".join(["item", *PRICES]), *rows]) + "\n"


def first_month(root: Path, name: str, content: str, tier: int = 3) -> World:
    """The client of a sample, whose first file arrived."""
    sample = root / "mail"
    sample.mkdir()
    (sample / "prices.csv").write_text(prices(0))
    attributes = {"client_name": "Acme", "security_tier": 3}
    take_sample(sample, "acme_corp", attributes, place_at(root), log=lambda _line: None)
    feeds = [{"name": "prices", "files": "prices*.csv"}]
    world = World(root / "data", dbt_dir=root / "dbt", feeds=feeds, security_tier=tier)
    world.drop(name, content)
    return world


def test_a_first_delivery_is_held_against_the_sample(tmp_path: Path) -> None:
    world = first_month(tmp_path, "prices.csv", prices(1))
    with pytest.raises(BlockedDeliveryError) as stopped:
        world.run()
    for said in (
        "The amounts in “total” of prices.csv are in USD, where the sample had EUR.",
        "“rate” of prices.csv",
        "“day” of prices.csv",
        "they are a thousand times more or less than those of the sample",
    ):
        assert said in str(stopped.value)
    (batch,) = world.engagement.intake.state().batches
    (counts,) = earlier_counts(world.engagement, "prices", batch.batch_id)
    assert {(one.column, one.values, one.unread) for one in counts.counts} >= {("total", 40, 0)}


def test_what_is_written_as_in_the_sample_is_delivered_however_many_there_are(
    tmp_path: Path,
) -> None:
    lines = prices(0).splitlines()
    world = first_month(tmp_path, "prices.csv", "\n".join(lines[:4]) + "\n")
    assert world.run().summary.delivered == 3, "a sample's number of rows says nothing"
    world.drop("prices_2.csv", prices(1))
    with pytest.raises(BlockedDeliveryError, match="USD, where the last delivery had EUR"):
        world.run()


def test_what_is_kept_of_a_sample_goes_with_its_tier(tmp_path: Path) -> None:
    world = first_month(tmp_path, "prices.csv", prices(0), tier=2)
    kept = world.folder.sample(3)
    with pytest.raises(TierLoweredError):
        world.run()
    assert kept.is_dir()
    lower_tier(world.engagement, now=datetime.now(UTC))
    assert not kept.exists()
    assert world.run().summary.delivered == 40

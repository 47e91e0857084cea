"""Several feeds share one file: each gets a part of its own, and all rows are accounted for."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError
from tests.workbooks import xlsx

from consulting.chain.artifacts import Cleaning
from consulting.config.engagement import EngagementConfig

from .conftest import World
from .test_corrections import settle
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.chain.artifacts import Intake


def monthly(**sheets: list[list[object]]) -> bytes:
    return xlsx(sheets)


def archive(**members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name, text in members.items():
            packed.writestr(f"{name}.csv", text)
    return target.getvalue()


JAN, FEB = [["id", "qty"], [1, 5], [2, 6]], [["id", "qty"], [3, 7]]


def feeds(*more: dict[str, object]) -> list[dict[str, object]]:
    # the client's models read these two
    usual = [("customers", "customers*.csv"), ("orders", "orders_of_*.csv")]
    return [*({"name": name, "files": files} for name, files in usual), *more]


SHEETS = feeds(
    {"name": "jan", "files": "monthly*.xlsx", "sheet": "Jan"},
    {"name": "feb", "files": "monthly*.xlsx", "sheet": "Feb"},
)


def rows_of(received: Intake) -> dict[str, int]:
    return {reading.feed: reading.loaded_rows for reading in received.in_use}


def test_two_feeds_read_a_sheet_each_and_the_delivery_accounts_for_both(
    tmp_path: Path, customers_dbt: Path
) -> None:
    world = World(tmp_path, dbt_dir=customers_dbt, feeds=SHEETS)
    world.drop("customers.csv", HEADER + customer(1))
    world.drop("monthly.xlsx", monthly(Jan=JAN, Feb=FEB))
    delivery = world.run()
    path = world.folder.run(delivery.delivery_id) / "cleaning.json"
    accounts = {a.feed: a for a in Cleaning.model_validate_json(path.read_bytes()).accounts}
    received = {name: each.received for name, each in accounts.items() if each.received}
    assert received == {"customers": 1, "jan": 2, "feb": 1}
    assert all(each.unaccounted == 0 for each in accounts.values())
    assert world.states() == {"customers.csv": "delivered", "monthly.xlsx": "delivered"}
    # the next delivery without the workbook carries both feeds' rows
    world.drop("customers_2.csv", HEADER + customer(2))
    assert rows_of(world.receive("next")) == {"jan": 2, "feb": 1, "customers": 1}


def test_two_feeds_read_a_member_each_of_one_archive(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        feeds=feeds(
            {"name": "jan", "files": "*.zip", "member": "jan.csv"},
            {"name": "feb", "files": "*.zip", "member": "feb.csv"},
        ),
    )
    world.drop("several.zip", archive(jan="id,qty\n1,2\n", feb="id,qty\n3,4\n5,6\n"))
    assert rows_of(world.receive("run")) == {"jan": 1, "feb": 2}


def test_a_file_that_lacks_one_feed_s_part_is_set_aside_whole(tmp_path: Path) -> None:
    world = World(tmp_path, feeds=SHEETS)
    world.drop("monthly.xlsx", monthly(Jan=JAN, March=FEB))
    received = world.receive("run")
    assert received.readings == ()
    (aside,) = received.quarantined
    assert aside.code == "sheet_missing"
    assert aside.reason.startswith("For feed 'feb': The workbook has no sheet 'Feb'")


JAN_CSV, FEB_CSV = "id,qty\n1,5\n2,6\n", "id,qty\n3,7\n"
BY_NUMBER = ({"sheet": 1}, {"sheet": "Feb"})
FIRST = ({}, {"sheet": "Feb"})
BY_CASE = ({"member": "Data.csv"}, {"member": "data.csv"})
WHOLE = monthly(Jan=JAN, Feb=FEB)


def pairs(tmp_path: Path, parts: dict[str, tuple[dict[str, object], ...]], tier: int = 3) -> World:
    """A client that has, by the beginning of a file's name, two feeds for two parts of it."""
    both = [
        {"name": f"{name}_{month}", "files": f"{name}_*", **part}
        for name, two in parts.items()
        for month, part in zip(("jan", "feb"), two, strict=True)
    ]
    return World(tmp_path, feeds=feeds(*both), security_tier=tier)


@pytest.mark.parametrize("tier", [3, 2])
def test_no_part_of_a_file_is_read_for_two_feeds(tmp_path: Path, tier: int) -> None:
    cases = {
        "turned": (BY_NUMBER, WHOLE, monthly(Feb=FEB, Jan=JAN), "The sheet 'Feb'"),
        "alone": (BY_NUMBER, WHOLE, monthly(Feb=FEB), "The sheet 'Feb'"),
        "first": (FIRST, WHOLE, monthly(Feb=FEB), "The sheet 'Feb'"),
        "text": (BY_NUMBER, WHOLE, JAN_CSV.encode(), "Its one table"),
        "member": (
            BY_CASE, archive(Data=JAN_CSV, data=FEB_CSV), archive(Data=JAN_CSV), "Its one table",
        ),
    }  # fmt: skip
    world = pairs(tmp_path, {name: parts for name, (parts, *_) in cases.items()}, tier)
    for name, (_, whole, lacking, _) in cases.items():
        world.drop(f"{name}_1", whole)
        world.drop(f"{name}_2", lacking)
    received = world.receive("run")
    read = [(r.filename[-1], r.feed, r.loaded_rows) for r in received.readings]
    assert sorted(read) == sorted(
        ("1", f"{name}_{month}", rows) for name in cases for month, rows in (("jan", 2), ("feb", 1))
    )
    told = {q.reason.partition(":")[0]: (q.code, q.reason) for q in received.quarantined}
    assert len(received.quarantined) == len(cases)
    for name, (*_, what) in cases.items():
        code, reason = told[f"For feed '{name}_feb'"]
        assert code == "part_taken", name
        assert reason.startswith(f"For feed '{name}_feb': {what}"), name


def test_what_no_feed_reads_of_a_shared_file_is_told_once(tmp_path: Path) -> None:
    cases = {
        "sheets": (
            BY_NUMBER,
            monthly(Jan=JAN, Feb=FEB, March=FEB, None_=[]),
            ["No feed reads the sheet 'March': if rows are in there, add a feed."],
        ),
        "members": (
            BY_CASE,
            archive(Data=JAN_CSV, data=FEB_CSV, orders=JAN_CSV, list=JAN_CSV),
            ["No feed reads the files 'orders.csv', 'list.csv': if rows are in there, add a feed."],
        ),
        "all": (BY_NUMBER, WHOLE, []),
    }
    world = pairs(tmp_path, {name: parts for name, (parts, *_) in cases.items()})
    for name, (_, content, _) in cases.items():
        world.drop(f"{name}_1", content)
    readings = world.receive("run").readings
    for name, (*_, told) in cases.items():
        mine = [reading for reading in readings if reading.filename == f"{name}_1"]
        assert [reading.loaded_rows for reading in mine] == [2, 1], name
        assert [words for reading in mine for words in reading.unread] == told, name


def test_a_wider_glob_takes_its_part_where_there_is_one_and_tells_where_not(
    tmp_path: Path,
) -> None:
    world = World(
        tmp_path,
        feeds=feeds(
            {"name": "sales", "files": "sales*.xlsx", "sheet": "Jan"},
            {"name": "stock", "files": "*.xlsx", "sheet": "Stock"},
        ),
    )
    world.drop("sales.xlsx", monthly(Jan=JAN))
    world.drop("sales_2.xlsx", monthly(Jan=JAN[:2], Stock=FEB))
    received = world.receive("run")
    assert [(r.filename, r.feed, r.loaded_rows) for r in received.readings] == [
        ("sales.xlsx", "sales", 2),
        ("sales_2.xlsx", "sales", 1),
        ("sales_2.xlsx", "stock", 1),
    ]
    assert "Nothing was read for feed 'stock'" in " ".join(received.readings[0].warnings)


def test_a_feed_without_a_part_of_its_own_takes_no_file_of_another(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        feeds=feeds(
            {"name": "sales", "files": "sales*.xlsx", "sheet": "Jan"},
            {"name": "others", "files": "*.xlsx"},
        ),
    )
    world.drop("sales.xlsx", monthly(Jan=JAN, Feb=FEB))
    assert rows_of(world.receive("run")) == {"sales": 2}


def test_two_feeds_that_would_take_the_same_are_told_at_check_time() -> None:
    with pytest.raises(ValidationError, match="would get no file"):
        EngagementConfig.model_validate(
            {
                "client_name": "Acme",
                "feeds": [
                    {"name": "a", "files": "*.xlsx", "sheet": "Jan"},
                    {"name": "b", "files": "*.xlsx", "sheet": "Jan"},
                ],
            }
        )


@pytest.mark.parametrize("tier", [3, 2, 1])
def test_a_sheet_that_was_put_in_front_moves_no_feed_to_the_rows_of_another(
    tmp_path: Path, customers_dbt: Path, tier: int
) -> None:
    world = World(
        tmp_path,
        dbt_dir=customers_dbt,
        security_tier=tier,
        feeds=feeds({"name": "qux", "files": "*.xlsx", "sheet": 1}),
    )
    world.drop("a.xlsx", monthly(Qux=JAN, Quux=FEB))
    assert world.run().delivery_id
    world.drop("b.xlsx", monthly(Zed=FEB, Qux=JAN, Quux=FEB))
    (aside,) = world.receive("second").quarantined
    assert aside.code == "sheet_moved"
    assert ("Feed 'qux' reads sheet 1, which is 'Zed' now" in aside.reason) == (tier == 3)
    assert ("'Qux', which it read before, is sheet 2 now" in aside.reason) == (tier == 3)
    assert "which it read before, is sheet 2 now" in aside.reason
    assert "set `sheet` of each feed of this workbook to where its sheet is now" in aside.fix


def test_a_sheet_put_before_the_one_of_a_feed_that_names_none_is_not_read_for_it(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, feeds=feeds({"name": "qux", "files": "*.xlsx"}))
    world.drop("a.xlsx", monthly(Qux=JAN))
    assert rows_of(settle(world)) == {"qux": 2}
    world.drop("b.xlsx", monthly(Archive=FEB, Qux=JAN))
    (aside,) = world.receive("second").quarantined
    assert aside.code == "sheet_moved"
    assert aside.reason == (
        "Feed 'qux' reads the first sheet with data, which is 'Archive' now. 'Qux', which it read "
        "before, is sheet 2 now."
    )


def test_a_feed_that_names_no_sheet_goes_on_with_one_behind_its_own_or_of_another_name(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, feeds=feeds({"name": "qux", "files": "*.xlsx"}))
    for number, (book, rows) in enumerate(
        [(monthly(Qux=JAN), 2), (monthly(Qux=FEB, More=JAN), 1), (monthly(Quux=JAN), 2)]
    ):
        world.drop(f"{number}.xlsx", book)
        assert rows_of(settle(world)) == {"qux": rows}


TWO = feeds(
    {"name": "eu", "files": "*.xlsx", "sheet": 1},
    {"name": "us", "files": "*.xlsx", "sheet": 2},
)


def test_a_sheet_that_another_feed_read_once_stays_that_feeds(tmp_path: Path) -> None:
    world = World(tmp_path, feeds=TWO)
    world.drop("january.xlsx", monthly(EU=JAN, US=FEB))
    assert rows_of(settle(world)) == {"eu": 2, "us": 1}
    world.drop("april.xlsx", monthly(Europe=JAN, USA=FEB))
    assert rows_of(settle(world)) == {"eu": 2, "us": 1}, "both have new names"
    advised = world.copy(
        tmp_path / "advised",
        feeds=feeds(*({**each, "sheet": 3 - int(str(each["sheet"]))} for each in TWO[2:])),
    )
    for each in (world, advised):
        each.drop("february.xlsx", monthly(US=FEB, EU=JAN))
    (aside,) = world.receive("third").quarantined
    assert (aside.code, aside.reason) == (
        "sheet_moved",
        "Feed 'eu' reads sheet 1, which is 'US' now. 'US' is what feed 'us' read before.",
    )
    assert rows_of(advised.receive("third")) == {"eu": 2, "us": 1}


def test_a_sheet_that_is_called_after_its_month_is_read_by_its_number(tmp_path: Path) -> None:
    world = World(tmp_path, feeds=feeds({"name": "qux", "files": "*.xlsx", "sheet": 1}))
    world.drop("a.xlsx", monthly(Jan=JAN))
    assert rows_of(settle(world)) == {"qux": 2}
    world.drop("b.xlsx", monthly(Feb=FEB, Jan=JAN))
    assert rows_of(world.receive("second")) == {"qux": 1}

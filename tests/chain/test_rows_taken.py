"""A row rule or a key that takes most rows, where it took nearly none, stops the delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.chain.test_accepted import accept_all, csv, unmodelled, yaml_of
from tests.chain.test_unread import count

from consulting.chain import artifacts
from consulting.chain.replay import verify_delivery
from consulting.chain.unread import Counted, unread_values
from consulting.cleaning import write_feed_models
from consulting.errors import BlockedDeliveryError
from consulting.records import FileReading, ReadCount

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chain.conftest import World


LINES = [
    {"name": "id", "from": "Order No"},
    {"name": "status", "from": "Status"},
    {"name": "row", "from": "Row", "rule": "to_code", "codes": ["a", "b"]},
    {"name": "qty", "from": "Qty", "rule": "to_integer"},
    {"name": "customer", "from": "Customer"},
]
"""A column called as whole rows are in the codes of reasons."""


def of_lines(world: World, file: str, *lines: str) -> None:
    world.drop(f"loads_{file}.csv", csv("Order No;Status;Row;Qty;Customer", [[x] for x in lines]))


def left_of(world: World, batch_id: str) -> artifacts.Cleaning:
    return artifacts.read(world.folder.run(batch_id) / artifacts.CLEANING, artifacts.Cleaning)


def of_whole_rows(world: World, batch_id: str) -> dict[tuple[str, str], tuple[int, int]]:
    """File and code → what could be and what was."""
    counts = left_of(world, batch_id).counts
    return {(c.file, c.reason): (c.values, c.unread) for c in counts if not c.column}


def test_rows_that_a_row_rule_or_a_key_takes_are_held_against_those_it_took_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    world = unmodelled(tmp_path, feeds=[{"name": "orders", "files": "loads*.csv"}])
    write_feed_models(
        world.dbt_dir, world.client_id, "orders", LINES,
        dedupe={"key": ["id"], "keep": "latest"}, reject_when={"not_paid": "status = 'open'"},
    )  # fmt: skip
    of_lines(
        world, "1", *(f"o1{n:02};paid;{'ab'[n % 2]};{n};c{n % 7}" for n in range(38)),
        "o198;open;a;1;c1", "o199;open;x;2;c2",
    )  # fmt: skip
    first = world.run().delivery_id
    assert of_whole_rows(world, first) == {
        ("loads_1.csv", "row:not_paid"): (40, 2),
        ("loads_1.csv", ""): (38, 0),
    }
    (row,) = (c for c in left_of(world, first).counts if c.column == "row")
    assert (row.values, row.unread, row.reason) == (40, 1, "not_in_list")

    # what is merged honestly: each row three times, brought up to date, and told by another file
    each = [f"o2{n:02};{{}};{'ab'[n % 2]};{n};c{n % 7}" for n in range(30)]
    of_lines(world, "2_again", *(line.format(s) for s in ("new", "sent", "sent") for line in each))
    of_lines(world, "2_late", *(f"o2{n:02};paid;b;{n + 50};d{n % 7}" for n in range(5)))
    second = world.run()
    assert (second.summary.delivered, second.summary.merged) == (30, 65)
    assert of_whole_rows(world, second.delivery_id) == {
        ("loads_2_again.csv", ""): (40, 0),
        ("loads_2_late.csv", ""): (5, 0),
    }

    of_lines(world, "3_key", *(f"3,0{n % 2}E+04;paid;a;{n};c{n % 7}" for n in range(30)))
    of_lines(world, "3_open", *(f"o3{n:02};open;a;{n};c{n % 7}" for n in range(29)), "o4;paid;a;1;")
    with pytest.raises(BlockedDeliveryError, match="would be merged into others"):
        world.run()
    waiting = world.engagement.intake.state().batches[-1].batch_id
    assert {f.kind: f.detail for f in left_of(world, waiting).drift} == {
        "merged_rows": "Of the 30 rows in loads_3_key.csv 28 would be merged into others with the "
        "same “Order No”, though most else in them differs, and none of the last 45 was so.",
        "rejected_rows": "Of the 30 rows in loads_3_open.csv the row rule “not_paid” rejects 29, "
        "and it rejected none of the last 95.",
    }
    yaml = yaml_of(world).read_text("utf-8")
    accept_all(world)
    assert yaml_of(world).read_text("utf-8") == yaml
    (story,) = world.engagement.intake.history(key="loads_3_key.csv")
    assert [event.detail for event in story.events if event.kind == "confirmed"] == [
        "merged_rows orders, by ada",
        "rejected_rows orders not_paid, by ada",
    ]
    third = world.run(waiting)
    assert (third.summary.delivered, third.summary.rejected, third.summary.merged) == (3, 29, 28)
    assert "It was confirmed to be right." in (third.path / "quality_report.html").read_text()
    assert verify_delivery(world.engagement, third.delivery_id, log=print) == []


def whole(unread: int, rows: int, code: str = "", file: str = "a.csv") -> list[ReadCount]:
    """What was counted of a file's rows: merged, or, where there is a code, rejected."""
    merged = ReadCount(
        feed="orders", column="", file=file, rows=rows, values=rows, unread=0 if code else unread
    )
    rejected = merged.model_copy(update={"unread": unread, "reason": code})
    return [merged, rejected] if code else [merged]


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (whole(29, 30, "row:x"), [whole(0, 30)], "“x” rejects 29, and it rejected none of the la"),
        (whole(30, 30, "row:x"), [whole(3, 40, "row:x")], "rejects all, and it rejected 3 of the"),
        (whole(30, 30, "row:x"), [whole(20, 40, "row:y")], "rejected none of the last 40."),
        (whole(29, 30, "row:x"), [[count(0, 30)]], ""),  # of a release that counted no rows
        (whole(29, 30, "row:x"), [whole(25, 30, "row:x")], ""),
        (whole(15, 30, "row:x"), [whole(0, 30)], ""),
        (whole(28, 30), [[count(0, 30)]], ""),
        (whole(28, 30), [whole(1, 30)], "28 would be merged into others with the same “STATUS”"),
        (whole(28, 30), [whole(1, 30)], "and 1 of the last 30 was so."),
        (whole(28, 30), [whole(29, 30, "row:x")], "and none of the last 30 was so."),
        # one of two files
        (whole(0, 40) + whole(30, 30, "row:x", "b.csv"), [whole(0, 60)], "rows in b.csv the row r"),
    ],
)  # fmt: skip
def test_row_rules_and_keys_stop_as_columns_do(
    now: list[ReadCount], before: list[Any], said: str
) -> None:
    columns = {"status": {"name": "status", "meta": {"from": "Status"}}}
    model = {"columns": columns, "meta": {"dedupe": {"key": ["status"]}}}
    file = FileReading(
        filename="a.csv", feed="orders", sha256="", size_bytes=0, format="csv",
        columns=("STATUS",), received_rows=0, loaded_rows=0,
    )  # fmt: skip
    manifest = {"nodes": {"model.consulting.orders": model}}
    found = [*unread_values(manifest, [file], now, lambda _: map(Counted, before))]
    assert [said in one.detail for one in found] == [True] * bool(said)

"""Rejected rows that come back corrected, through the whole chain."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import openpyxl
import pytest

from consulting.chain.artifacts import Cleaning
from consulting.chain.replay import verify_delivery
from consulting.delivery import read_delivery

from .conftest import World
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.delivery import Delivery
    from consulting.records import FeedAccount

Rows = list[dict[str, str]]
SKEWED = "000009,Ada Nr9,ada9@example.com,(415) 555-0009,USA,2024-01-05,1.00,Yes,active\n"
BAD_FILE = (
    HEADER
    + customer(1)
    + customer(2).replace("USA", "Atlantis")
    + customer(3)
    + customer(4).replace("2024-01-05", "soon")
    + customer(5).replace(",active,", ",=actve,").replace("Ada Nr5", "-Ada")
    + customer(6)
    + customer(7).replace("USA", "Mu")
)


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def rejects_of(delivery: Delivery, feed: str = "customers") -> Rows:
    return read(delivery.path / f"rejects/{feed}_rejects.csv")


def as_csv(rows: Rows, delimiter: str = ",") -> str:
    lines = []
    for row in [dict(zip(rows[0], rows[0], strict=True)), *rows]:
        cells = ('"' + cell.replace('"', '""') + '"' for cell in row.values())
        lines.append(delimiter.join(cells) + "\n")
    return "".join(lines)


def account(world: World, delivery: Delivery, feed: str = "customers") -> FeedAccount:
    path = world.folder.run(delivery.delivery_id) / "cleaning.json"
    accounts = Cleaning.model_validate_json(path.read_bytes()).accounts
    return next(one for one in accounts if one.feed == feed)


def newest(world: World) -> Delivery:
    found = read_delivery(world.folder, world.deliveries()[-1])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A client whose one delivery has four rejected customers; copied, never changed."""
    world = World(tmp_path_factory.mktemp("desk"))
    world.drop("customers_1.csv", BAD_FILE)
    world.run()
    return world


@pytest.fixture
def desk(master: World, tmp_path: Path) -> World:
    return master.copy(tmp_path / "copy")


def test_a_corrected_workbook_takes_the_place_of_the_rows_it_corrects(desk: World) -> None:
    first = newest(desk)
    book = openpyxl.load_workbook(first.path / "rejects/customers_rejects.xlsx")
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, at["Country"]).value = "USA"
    sheet.cell(3, at["Signup Date"]).value = "2024-01-05"
    sheet.delete_rows(5)
    book.save(desk.folder.incoming / "customers_rejects (1).xlsx")
    second = desk.run()
    before, after = account(desk, first), account(desk, second)
    assert (before.received, before.delivered, sum(before.rejected.values())) == (7, 3, 4)
    assert (after.received, after.delivered, sum(after.rejected.values())) == (7, 5, 2)
    assert after.carried_from == first.delivery_id
    assert "customers_rejects (1).xlsx: 3 rows: 2 corrected, 1 unchanged" in desk.said
    left = {row["_row"]: row["_correction_id"] for row in rejects_of(second)}
    assert left == {
        row["_row"]: row["_correction_id"] for row in rejects_of(first) if row["_row"] in {"6", "8"}
    }
    assert verify_delivery(desk.engagement, second.delivery_id, log=print) == []

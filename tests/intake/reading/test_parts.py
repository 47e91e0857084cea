"""The parts of a file: which sheets and files of a zip are tables, and why the others are none."""

from __future__ import annotations

import io
import random
import zipfile
from typing import TYPE_CHECKING, Any, Literal

import pytest
from tests.workbooks import xlsx

from consulting.intake.reading import Door, ReadOptions
from consulting.intake.reading.parts import MOST_PARTS, find_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consulting.intake.reading import Part

Rows = list[list[object]]


def orders(rng: random.Random) -> Rows:
    rows: Rows = [["order_id", "customer", "ordered", "amount"]]
    for n in range(rng.randint(3, 60)):
        rows.append([1000 + n, f"C-{n % 7}", f"2026-0{n % 9 + 1}-11", n + 0.5])
    return rows


def regions(rng: random.Random) -> Rows:
    return [
        ["Region"],
        *([name] for name in ["North", "South", "East", "West"][: rng.randint(3, 4)]),
    ]


def comments(rng: random.Random) -> Rows:
    said = [
        "The parcel came late and wet.",
        "All was fine with this one.",
        "Please call me back soon.",
    ]
    return [["customer", "comment"], *([n, rng.choice(said)] for n in range(1, 30))]


TABLES: list[Callable[[random.Random], Rows]] = [orders, regions, comments]
NOTES: dict[str, list[Rows]] = {
    "is empty": [[], [[None, None]]],
    "holds titles and no row": [[["order_id", "amount"]]],
    "holds a single line": [[["Draft"]]],
    "holds notes": [
        [["Monthly export of the shop."], ["Please do not change the header."]],
        [
            ["Notes"],
            [],
            ["1. Amounts are gross, in euro."],
            ["2. Returns are in a list of their own."],
        ],
    ],
    "is a cover sheet": [
        [["Client:", "Acme"], ["Sent by:", "Ann Lee"], ["Rows:", 17]],
        [["Client", "Acme"], ["Period", "2026-03"], ["Rows", 170], ["Sent on", "2026-04-01"]],
    ],
    "describes columns": [
        [
            ["Column", "Meaning"],
            ["order_id", "the number"],
            ["amount", "gross"],
            ["customer", "who"],
        ]
    ],
    "holds a pivot table": [
        [["Row Labels", "Sum of amount"], ["A", 3], ["Grand Total", 3]],
        [["Zeilenbeschriftungen", "Summe von Betrag"], ["A", 3], ["Gesamtergebnis", 3]],
    ],
}


def workbook(sheets: dict[str, Rows], hidden: str = "") -> bytes:
    def hide(book: Any) -> None:
        if hidden:
            book[hidden].sheet_state = "hidden"

    return xlsx(sheets, hide)


def csv_of(rows: Rows) -> str:
    return "".join(",".join("" if c is None else str(c) for c in row) + "\n" for row in rows)


def parts_of(folder: Path, data: bytes, tier: Literal[1, 2, 3] = 3) -> tuple[Part, ...]:
    path = folder / "a_file"
    path.write_bytes(data)
    found = find_parts(path, "shop.xlsx", ReadOptions(), Door(tier=tier, client_id="acme"))
    assert [p.name for p in folder.iterdir()] == ["a_file"]  # at no tier is a row stored
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("tier", [1, 3])
def test_each_sheet_is_told_for_what_it_is_wherever_it_stands(
    tmp_path: Path, seed: int, tier: Literal[1, 3]
) -> None:
    rng = random.Random(seed)
    sheets: dict[str, tuple[Rows, str | None]] = {"Orders": (orders(rng), None)}
    for make in rng.sample(TABLES[1:], rng.randint(0, 2)):
        sheets[make.__name__] = (make(rng), None)
    for why in rng.sample(list(NOTES), rng.randint(1, 4)):
        sheets[f"{why[:20]} {rng.randint(1, 9)}"] = (rng.choice(NOTES[why]), why)
    names = rng.sample(list(sheets), len(sheets))
    found = parts_of(tmp_path, workbook({name: sheets[name][0] for name in names}), tier)
    assert [(p.sheet, p.place, p.left) for p in found] == [
        (name, at, sheets[name][1]) for at, name in enumerate(names, start=1)
    ]


def test_a_hidden_sheet_is_told_and_a_lone_one_is_no_part(tmp_path: Path) -> None:
    rows = orders(random.Random(1))
    found = parts_of(tmp_path, workbook({"Orders": rows, "Old": rows}, hidden="Old"))
    assert [(p.sheet, p.left) for p in found] == [("Orders", None), ("Old", "is hidden")]
    assert parts_of(tmp_path, workbook({"Orders": rows})) == ()
    assert parts_of(tmp_path, csv_of(rows).encode()) == ()


@pytest.mark.parametrize(("area", "left"), [("A3:C12", "holds a pivot table"), ("A1:B2", None)])
def test_a_pivot_table_is_told_by_the_workbook_where_it_takes_most_of_the_sheet(
    tmp_path: Path, area: str, left: str | None
) -> None:
    rows: Rows = [["Region", "Sum", "Share"], *([f"R{n}", n, n * 2] for n in range(11))]
    data = workbook({"Orders": orders(random.Random(1)), "Report": rows})
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/pivotTable"
    with zipfile.ZipFile(target := io.BytesIO(data), "a") as book:
        book.writestr(
            "xl/worksheets/_rels/sheet2.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{link}" Target="../pivotTables/pivotTable1.xml"/>'
            "</Relationships>",
        )
        book.writestr(
            "xl/pivotTables/pivotTable1.xml",
            '<pivotTableDefinition xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
            f' name="P"><location ref="{area}" firstHeaderRow="1"/></pivotTableDefinition>',
        )
    assert [p.left for p in parts_of(tmp_path, target.getvalue())] == [None, left]


def test_sheets_beyond_the_most_are_told_and_not_read(tmp_path: Path) -> None:
    sheets = {f"S{n}": orders(random.Random(n)) for n in range(MOST_PARTS + 2)}
    found = parts_of(tmp_path, workbook(sheets))
    assert [p.left for p in found] == [None] * MOST_PARTS + ["is one of too many"] * 2


def test_files_of_a_zip_are_told_and_so_are_the_sheets_of_a_workbook_in_it(tmp_path: Path) -> None:
    rng = random.Random(7)
    book = workbook({"Notes": NOTES["holds notes"][0], "Orders": orders(rng)})
    with zipfile.ZipFile(target := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data/regions.csv", csv_of(regions(rng)))
        packed.writestr("shop.xlsx", book)
        packed.writestr("README.txt", "This was made by the shop system.\nAsk Ann about it.\n")
        packed.writestr("logo.png", b"\x89PNG\r\n\x1a\n" + bytes(200))
        packed.writestr("empty.csv", "")
        packed.writestr("__MACOSX/._regions.csv", b"\0\5")
    found = parts_of(tmp_path, target.getvalue())
    assert [(p.member, p.sheet, (p.left or "")[:20]) for p in found] == [
        ("data/regions.csv", None, ""),
        ("shop.xlsx", "Notes", "holds notes"),
        ("shop.xlsx", "Orders", ""),
        ("README.txt", None, "holds notes"),
        ("logo.png", None, "can not be read (The"),
        ("empty.csv", None, "is empty"),
    ]

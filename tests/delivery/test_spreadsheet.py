"""Cells a spreadsheet could run, and what Excel can not hold."""

import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from python_calamine import CalamineWorkbook

from consulting.delivery.spreadsheet import (
    MAX_CELL_CHARACTERS,
    Workbook,
    sheet_name,
)

CREATED = datetime(2026, 11, 3, 6, 12, tzinfo=UTC)


def written(path: Path, rows: list[tuple[Any, ...]], max_rows: int = 1_048_576) -> Path:
    book = Workbook(path, created=CREATED, title="t", max_rows=max_rows)
    book.add_table("data", ["a", "b"], rows)
    book.close()
    return path


def test_a_formula_is_text_in_a_workbook_and_keeps_its_value(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [('=HYPERLINK("http://x")', -12.5), ("http://x", 3)])
    sheet = openpyxl.load_workbook(path)["data"]
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value == '=HYPERLINK("http://x")'
    assert sheet["A2"].quotePrefix
    assert sheet["B2"].value == -12.5
    assert sheet["A3"].hyperlink is None
    with zipfile.ZipFile(path) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_values_keep_their_types_and_digits(tmp_path: Path) -> None:
    rows = [
        (date(2026, 10, 1), 2**60),
        (True, Decimal("12.34")),
        (datetime(2026, 10, 1, 8, 30), Decimal("1234567890123456.78")),  # noqa: DTZ001
        ("007", float("nan")),
        (date(1066, 10, 14), None),
    ]
    read = CalamineWorkbook.from_path(str(written(tmp_path / "a.xlsx", rows)))
    lines = read.get_sheet_by_name("data").to_python()
    assert lines[1] == [date(2026, 10, 1), str(2**60)]
    assert lines[2] == [True, 12.34]
    assert lines[3] == [datetime(2026, 10, 1, 8, 30), "1234567890123456.78"]  # noqa: DTZ001
    assert lines[4] == ["007", "nan"]
    assert lines[5][0] == "1066-10-14"


@pytest.mark.parametrize(
    "text",
    ["a & b", "<b>", 'a "b"', " a ", "a\nb", "a\tb", "_x0041_", "a_b", "\x01", "Zoë 漢", "\xa0a",
     "<r><t>a</t></r>", "<r></t></is></c></r>"],
)  # fmt: skip
def test_a_text_is_what_it_was_and_no_markup(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "a.xlsx", [(text, "next")])
    [_, [read, following]] = openpyxl.load_workbook(path)["data"].values
    assert (unescape(read), following) == (text, "next")


def test_a_table_longer_than_a_sheet_goes_on_in_the_next_and_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [(n, "x") for n in range(25)], max_rows=11)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["data", "data (2)", "data (3)", "Notes"]
    assert [book[name].max_row for name in book.sheetnames[:3]] == [11, 11, 6]
    assert [book[name]["A1"].value for name in book.sheetnames[:3]] == ["a", "a", "a"]
    assert "25 rows" in book["Notes"]["A1"].value


def test_a_text_longer_than_a_cell_is_cut_and_noted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [("x" * 40_000, 1)])
    book = openpyxl.load_workbook(path)
    cell = book["data"]["A2"].value
    assert len(cell) == MAX_CELL_CHARACTERS
    assert cell.endswith("[cut: 40,000 characters]")
    assert "of a" in book["Notes"]["A1"].value


@pytest.mark.parametrize(
    ("wanted", "taken", "name"),
    [
        ("orders/2026:[x]*?", (), "orders 2026  x"),
        ("'quoted'", (), "quoted"),
        ("", (), "Sheet"),
        ("History", (), "History table"),
        ("Orders", ("orders",), "Orders (2)"),
        ("a" * 40, ("A" * 31,), "a" * 27 + " (2)"),
    ],
)
def test_sheet_names_are_such_as_excel_accepts(
    wanted: str, taken: tuple[str, ...], name: str
) -> None:
    assert sheet_name(wanted, taken) == name


def test_no_entry_of_the_zip_tells_the_time_or_the_machine(tmp_path: Path) -> None:
    rows = [("x", 1)]
    one, two = written(tmp_path / "a.xlsx", rows), written(tmp_path / "b.xlsx", rows)
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as parts:
        assert {entry.date_time[0] for entry in parts.infolist()} == {1980}
        assert b"2026-11-03T06:12:00Z" in parts.read("docProps/core.xml")

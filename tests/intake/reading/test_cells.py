"""Cells of workbooks of every kind, written by two libraries, beside what they are."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
import xlsxwriter

Reader = Callable[..., Any]


def by_openpyxl(values: Sequence[Any], number_format: str | None, *, mac: bool = False) -> bytes:
    book = openpyxl.Workbook()
    if mac:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "v"])
    for at, value in enumerate(values, 1):
        sheet.append([at, value])
        if number_format:
            sheet.cell(at + 1, 2).number_format = number_format
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def by_xlsxwriter(values: Sequence[Any], number_format: str | None, *, mac: bool = False) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"date_1904": mac}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "v"])
        cells = book.add_format({"num_format": number_format} if number_format else {})
        for at, value in enumerate(values, 1):
            sheet.write(at, 0, at)
            sheet.write(at, 1, value, cells)
    return target.getvalue()


CELLS: list[tuple[Sequence[Any], str | None, list[str]]] = [
    ([2131, 5, 0], "00000", ["02131", "00005", "00000"]),
    ([12345678, 123456789], "000\\-00\\-0000", ["012-34-5678", "123-45-6789"]),
    ([dt.date(2024, 1, 2), dt.date(1904, 1, 5)], "dd/mm/yy", ["2024-01-02", "1904-01-05"]),
    ([dt.datetime(2024, 3, 4, 5, 6, 7)], "mmm-yy", ["2024-03-04 05:06:07"]),  # noqa: DTZ001 - no zone
    ([dt.timedelta(hours=30, minutes=5), dt.timedelta(hours=2)], "[h]:mm:ss",
     ["30:05:00", "02:00:00"]),
    ([dt.time(7, 5), dt.time(23, 59, 59)], "hh:mm:ss", ["07:05:00", "23:59:59"]),
    ([0.125, 1, 0.07], "0.0%", ["0.125", "1", "0.07"]),
    ([1234.5, -7, 0.1 + 0.2], '"€"#,##0.00;[Red]-"€"#,##0.00', ["1234.5", "-7", "0.3"]),
    ([0.5, 1.25], "# ?/?", ["0.5", "1.25"]),
    ([123456, 1.5e10], "0.00E+00", ["123456", "15000000000"]),
    ([True, False], None, ["TRUE", "FALSE"]),
    (["00012", "0E5", "TRUE", "1/2"], "@", ["00012", "0E5", "TRUE", "1/2"]),
    (["a\nb", "  lead & <trail>  "], None, ["a\nb", "  lead & <trail>  "]),
    ([1e-7, -1.5e-10, 1 / 3], None, ["0.0000001", "-0.00000000015", "0.333333333333333"]),
    ([1234567890123456, 1e15, 1e22], None,
     ["1234567890123456", "1000000000000000", "1" + "0" * 22]),
]  # fmt: skip


@pytest.mark.parametrize("write", [by_openpyxl, by_xlsxwriter])
@pytest.mark.parametrize("mac", [False, True])
@pytest.mark.parametrize(("values", "number_format", "texts"), CELLS)
def test_a_cell_is_read_as_what_it_is(  # noqa: PLR0913, PLR0917 - what a cell is made of
    read: Reader,
    write: Callable[..., bytes],
    mac: bool,  # noqa: FBT001 - a parameter of the test
    values: Sequence[Any],
    number_format: str | None,
    texts: list[str],
) -> None:
    got = read(write(values, number_format, mac=mac), "book.xlsx")
    assert [row[1] for row in got.rows] == texts


def test_numbers_of_more_digits_than_a_workbook_keeps_are_told(read: Reader) -> None:
    got = read(by_openpyxl([12345678901234567890, 5], None), "book.xlsx")
    assert got.rows[0][1] == "12345678901234570000"
    assert "more than 15 digits" in got.said


def test_formulas_have_their_results_and_errors_none(read: Reader) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "v"])
        results = [("=1+1", 2), ('="00"&"12"', "0012"), ("=NA()", "#N/A"), ("=1=1", True)]
        for at, (formula, result) in enumerate(results, 1):
            sheet.write(at, 0, at)
            sheet.write_formula(at, 1, formula, None, result)
    got = read(target.getvalue(), "book.xlsx")
    assert [row[1] or "" for row in got.rows] == ["2", "0012", "", "TRUE"]
    assert "1 cell holds an error" in got.said
    got = read(by_openpyxl(["=1+1", 7], None), "book.xlsx")
    assert [row[1] or "" for row in got.rows] == ["", "7"]
    assert "never calculated" in got.said


def test_what_is_hidden_or_filtered_away_is_read(read: Reader) -> None:
    book = openpyxl.load_workbook(io.BytesIO(by_openpyxl([10, 20, 30], None)))
    sheet = book.active
    assert sheet is not None
    sheet.row_dimensions[3].hidden = sheet.column_dimensions["B"].hidden = True
    sheet.auto_filter.ref = "A1:B4"
    sheet.auto_filter.add_filter_column(1, ["10"])
    target = io.BytesIO()
    book.save(target)
    assert [row[1] for row in read(target.getvalue(), "book.xlsx").rows] == ["10", "20", "30"]


def test_rich_text_and_its_reading_aids_are_text(read: Reader) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "v"])
        sheet.write_row(1, 0, [1, "東京"])
        sheet.write(2, 0, 2)
        sheet.write_rich_string(2, 1, "Hel", book.add_format({"bold": True}), "lo ", "you")
    packed, phonetic = zipfile.ZipFile(target), io.BytesIO()
    aid = '<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/>'
    with zipfile.ZipFile(phonetic, "w") as again:
        for name in packed.namelist():
            again.writestr(name, packed.read(name).replace("<t>東京</t>".encode(), aid.encode()))
    assert [row[1] for row in read(phonetic.getvalue(), "b.xlsx").rows] == ["東京", "Hello you"]


def test_a_nearly_empty_table_below_a_reports_head_keeps_its_header(read: Reader) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [["Stock"], ["Period:", "2024-01"], ["Item", "Counted", "By", "On"], []]:
        sheet.append(row)
    for number in range(5, 12):
        sheet.append([number])
    target = io.BytesIO()
    book.save(target)
    got = read(target.getvalue(), "b.xlsx")
    assert got.columns == ["Item", "Counted", "By", "On"]
    assert [row[0] for row in got.rows] == [str(number) for number in range(5, 12)]

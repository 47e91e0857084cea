"""Workbooks: xlsx, xls and ods, and what people do in them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
import xlwt
from tests.workbooks import xlsx

from consulting.errors import UnreadableFileError
from consulting.intake.reading.sheetrows import as_text

Reader = Callable[..., Any]
Cells = list[list[Any]]


def xls(rows: Cells) -> bytes:
    book, target = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Data")
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                style = xlwt.easyxf(
                    num_format_str="YYYY-MM-DD" if isinstance(value, dt.date) else "General"
                )
                sheet.write(at, column, value, style)
    book.save(target)
    return target.getvalue()


def ods(rows: Cells) -> bytes:
    def cell(value: Any) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, dt.date):
            kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
        elif isinstance(value, int | float):
            kind = f'office:value-type="float" office:value="{value}"'
        else:
            kind = 'office:value-type="string"'
        return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"

    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{key}="urn:oasis:names:tc:opendocument:xmlns:{key}:1.0"'
        for key in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names} '
        'office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="Data">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return target.getvalue()


ORDERS: Cells = [
    ["Order ID", "Name", "Amount", "Day"],
    ["00123", "Ann", 1.5, dt.date(2024, 1, 2)],
    ["00124", "Bob", 20, dt.date(2024, 12, 31)],
    ["00125", None, 0.1 + 0.2, dt.date(1999, 2, 28)],
]
AS_TEXT = [
    ("00123", "Ann", "1.5", "2024-01-02"),
    ("00124", "Bob", "20", "2024-12-31"),
    ("00125", "", "0.3", "1999-02-28"),
]


@pytest.mark.parametrize(
    ("make", "form"), [(lambda rows: xlsx({"Data": rows}), "xlsx"), (xls, "xls"), (ods, "ods")]
)
def test_each_kind_of_workbook_gives_the_same_text(
    read: Reader, make: Callable[[Cells], bytes], form: str
) -> None:
    got = read(make(ORDERS), f"orders.{form}")
    assert got.reading.format == form
    assert got.reading.sheet == "Data"
    assert got.columns == ["Order ID", "Name", "Amount", "Day"]
    assert got.rows == AS_TEXT
    assert got.lines == [2, 3, 4]


def test_a_workbook_named_csv_is_read_as_a_workbook_and_said(read: Reader) -> None:
    got = read(xlsx({"Data": ORDERS}), "orders.csv")
    assert got.rows == AS_TEXT
    assert "named .csv but is an Excel workbook" in got.said


def test_text_named_xlsx_is_read_as_text_and_said(read: Reader) -> None:
    got = read(b"id,name\n1,a\n", "orders.xlsx")
    assert got.rows == [("1", "a")]
    assert "named .xlsx but is delimited text" in got.said


def test_values_become_text_without_noise() -> None:
    values = [
        1.0,
        1e6,
        123456789012345.0,
        0.1,
        1e-7,
        True,
        dt.datetime.fromisoformat("2024-01-02T03:04:05"),
        dt.time(7, 30),
        dt.timedelta(hours=30, minutes=5),
        None,
        "x",
    ]
    assert [as_text(value) for value in values] == [
        "1",
        "1000000",
        "123456789012345",
        "0.1",
        "0.0000001",
        "TRUE",
        "2024-01-02 03:04:05",
        "07:30:00",
        "30:05:00",
        "",
        "x",
    ]


def test_a_title_blank_rows_and_a_total_are_not_data(read: Reader) -> None:
    rows: Cells = [
        ["Sales 2024"],
        [],
        ["id", "name", "qty"],
        [1, "a", 2],
        [],
        [2, "b", 3],
        ["Total", None, 5],
    ]
    got = read(xlsx({"S": rows}))
    assert got.rows == [("1", "a", "2"), ("2", "b", "3")]
    assert got.lines == [4, 6]
    assert [(s.first_line, s.reason) for s in got.reading.skipped] == [
        (1, "lines above the header"),
        (7, "totals row"),
    ]


def test_a_table_that_begins_further_right_is_found(read: Reader) -> None:
    got = read(xlsx({"S": [[], [None, None, "id", "name"], [None, None, 1, "a"]]}))
    assert got.columns == ["id", "name"]
    assert got.rows == [("1", "a")]


def test_two_header_rows_with_merged_cells_become_one(read: Reader) -> None:
    def merge(book: Any) -> None:
        sheet = book["S"]
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")

    rows: Cells = [["Region", "Q1", None], [None, "Jan", "Feb"], ["North", 1, 2], ["South", 3, 4]]
    got = read(xlsx({"S": rows}, merge))
    assert got.columns == ["Region", "Q1 Jan", "Q1 Feb"]
    assert got.reading.header_lines == (1, 2)
    assert got.rows == [("North", "1", "2"), ("South", "3", "4")]


def test_a_cell_merged_over_rows_gives_each_row_its_value(read: Reader) -> None:
    rows: Cells = [["region", "n"], ["North", 1], [None, 2], ["South", 3]]
    got = read(xlsx({"S": rows}, lambda book: book["S"].merge_cells("A2:A3")))
    assert got.rows == [("North", "1"), ("North", "2"), ("South", "3")]
    assert "merged over several rows" in got.said


def test_hidden_rows_and_columns_are_read_and_told(read: Reader) -> None:
    def hide(book: Any) -> None:
        sheet = book["S"]
        for row in (3, 4, 9):  # the last holds nothing
            sheet.row_dimensions[row].hidden = True
        sheet.column_dimensions["B"].hidden = True
        sheet.column_dimensions["F"].hidden = True

    rows: Cells = [["id", "cost", "n"], ["a", 7, 1], ["b", 8, 2], ["c", 9, 3]]
    got = read(xlsx({"S": rows}, hide))
    assert got.rows == [("a", "7", "1"), ("b", "8", "2"), ("c", "9", "3")]
    told = "hidden in the sheet, by hand or by a filter;"
    assert f"2 rows with data are {told} they were read like the others." in got.said
    assert f"1 column with data is {told} it was read like the others." in got.said
    assert "hidden" not in read(xlsx({"S": rows})).said


def test_a_known_title_that_stands_a_row_above_its_blank_place_is_taken(read: Reader) -> None:
    rows = [
        ["Orders", None, None, None, None, None],
        ["id", "who", None, "figures", None, None],
        [None, "name", "day", "qty", "amt", "pct"],
        *([n, f"Firm {n}", dt.date(2026, 1, n), n, n / 2, n / 100] for n in range(1, 20)),
    ]
    known = ["id", "name", "day", "qty", "amt", "pct"]
    got = read(xlsx({"S": rows}), expected_columns=known)
    assert got.columns == known
    assert got.rows[0] == ("1", "Firm 1", "2026-01-01", "1", "0.5", "0.01")
    rows[1][0] = "number"
    assert read(xlsx({"S": rows}), expected_columns=known).columns == ["column_1", *known[1:]]


def test_hidden_rows_and_columns_of_an_ods_are_told(read: Reader) -> None:
    rows = [["id", "cost"], ["a", 7], ["b", 8]]
    with zipfile.ZipFile(io.BytesIO(ods(rows))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    content = parts["content.xml"].replace(
        b'"Data"><table:table-row>',
        b'"Data"><table:table-column/><table:table-column table:visibility="collapse"/>'
        b'<table:table-row table:visibility="filter">',
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, part in {**parts, "content.xml": content}.items():
            archive.writestr(name, part)
    got = read(target.getvalue())
    assert got.rows == [("a", "7"), ("b", "8")]
    assert "1 row with data is hidden in the sheet" in got.said
    assert "1 column with data is hidden in the sheet" in got.said


def test_hidden_and_further_sheets_are_named(read: Reader) -> None:
    def hide(book: Any) -> None:
        book["Secret"].sheet_state = "hidden"

    sheets = {"Empty": [], "Secret": [["a"], [1]], "One": ORDERS, "Two": ORDERS}
    got = read(xlsx(sheets, hide))
    assert got.reading.sheet == "One"
    assert "Also there: 'Two'" in got.said
    assert "Hidden sheets were not read: 'Secret'" in got.said


@pytest.mark.parametrize("sheet", ["two", 2])
def test_a_sheet_is_chosen_by_name_or_number(read: Reader, sheet: str | int) -> None:
    got = read(xlsx({"One": [["a"], [1]], "Two": ORDERS}), sheet=sheet)
    assert got.rows == AS_TEXT


def test_errors_and_formulas_never_calculated_are_counted(read: Reader) -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("S")
    sheet.write_row(0, 0, ["id", "v"])
    sheet.write_row(1, 0, [1])
    sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
    sheet.write_row(2, 0, [2])
    sheet.write_formula(2, 1, "=1+1", None, "")
    sheet.write_row(3, 0, [3])
    sheet.write_formula(3, 1, "=1+1", None, 2)
    book.close()
    got = read(target.getvalue())
    assert got.rows == [("1", ""), ("2", ""), ("3", "2")]
    assert "1 cell holds an error" in got.said


def test_a_row_with_nothing_but_an_uncalculated_formula_is_set_aside(read: Reader) -> None:
    got = read(xlsx({"S": [["id", "v"], [1, 2], [None, "=1+1"], [3, 4]]}))
    assert got.rows == [("1", "2"), ("3", "4")]
    assert [(r["_row"], r["_reason"]) for r in got.rejects] == [(3, "no_readable_cell")]
    assert "never calculated" in got.said


def test_numbers_a_workbook_can_not_hold_are_warned_of(read: Reader) -> None:
    got = read(xlsx({"S": [["id", "v"], [12345678901234567890, 1], [2, 3]]}))
    assert "more than 15 digits" in got.said


@pytest.mark.parametrize("password", [None, "wrong", "secret"])
def test_a_protected_workbook_opens_with_its_password_only(
    read: Reader, password: str | None
) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    target = io.BytesIO()
    OOXMLFile(io.BytesIO(xlsx({"Data": ORDERS}))).encrypt("secret", target)
    if password == "secret":
        assert read(target.getvalue(), "x.xlsx", password=password).rows == AS_TEXT
        return
    with pytest.raises(UnreadableFileError) as caught:
        read(target.getvalue(), "x.xlsx", password=password)
    assert caught.value.code == ("password_wrong" if password else "password_protected")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "options", "code"),
    [
        (xlsx({"Data": ORDERS})[:-200], {}, "archive_broken"),
        (xlsx({"Data": []}), {}, "sheet_empty"),
        (xlsx({"Data": ORDERS}), {"sheet": "Orders"}, "sheet_missing"),
        (xlsx({"Data": ORDERS}), {"sheet": 3}, "sheet_missing"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, {}, "workbook_broken"),
    ],
)
def test_a_bad_workbook_is_refused_with_its_code(
    read: Reader, data: bytes, options: dict[str, Any], code: str
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "x.xlsx", **options)
    assert caught.value.code == code


def test_a_word_document_is_refused_by_what_it_is(read: Reader) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(UnreadableFileError) as caught:
        read(target.getvalue(), "x.xlsx")
    assert caught.value.code == "unsupported_format"
    assert "Word" in caught.value.reason

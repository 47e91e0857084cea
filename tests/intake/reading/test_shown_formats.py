"""What the format of a cell shows beside its number, in each kind of workbook."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlwt

from consulting.intake.reading.numberformats import mark_in

from .test_workbook_variants import record, wide, xlsb
from .test_workbooks import ods

Reader = Callable[..., Any]
CODES = ["#,##0.00 [$€-407]", "[$$-409]#,##0.00", "0.0%", '0.0 "kg"', "0.00", "00000"]
HEADER = ["euros", "dollars", "share", "load", "bare", "postcode"]
NUMBERS = [4.5, 5.5, 0.075, 2.25, 7.5, 2131]
SHOWN = ["4.50 €", "$5.50", "7.5%", "2.3 kg", "7.50", "02131"]
ROWS = 3


def as_xls() -> bytes:
    book, target = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Data")
    for column, (title, code, number) in enumerate(zip(HEADER, CODES, NUMBERS, strict=True)):
        sheet.write(0, column, title)
        for row in range(ROWS):
            # numbers of few digits, one after the other, become one record
            sheet.write(1 + row, column, number, xlwt.easyxf(num_format_str=code))
            sheet.write(1 + row, 6 + column, column, xlwt.easyxf(num_format_str='0 "lb"'))
    book.save(target)
    return target.getvalue()


def as_ods() -> bytes:
    plain = ods([HEADER, *[NUMBERS] * ROWS])
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        content = archive.read("content.xml").decode()
    kinds = {
        0: 'office:value-type="currency" office:currency="EUR"',
        1: 'office:value-type="currency" office:currency="USD"',
        2: 'office:value-type="percentage"',
    }
    for at, (number, shown) in enumerate(zip(NUMBERS, SHOWN, strict=True)):
        kind = 'office:value-type="float"'
        cell = f'{{}} office:value="{number}"><text:p>{{}}</text:p>'
        content = content.replace(
            cell.format(kind, number), cell.format(kinds.get(at, kind), shown)
        )
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == "content.xml" else old.read(name))
    return target.getvalue()


def as_xlsb() -> bytes:
    def many(count: int) -> bytes:
        return struct.pack("<I", count)

    styles = record(278) + record(615, many(len(CODES)))
    for at, code in enumerate(CODES):
        styles += record(44, struct.pack("<H", 164 + at) + wide(code))
    styles += record(616) + record(626, many(1))
    styles += record(47, struct.pack("<HH", 0xFFFF, 9) + bytes(12)) + record(627)
    styles += record(617, many(1 + len(CODES))) + record(47, struct.pack("<HH", 0, 0) + bytes(12))
    for at in range(len(CODES)):
        styles += record(47, struct.pack("<HH", 0, 164 + at) + bytes(12))
    plain, target = xlsb([HEADER, *[NUMBERS] * ROWS]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            for at, number in enumerate(NUMBERS):
                value = struct.pack("<d", number)
                part = part.replace(
                    struct.pack("<II", at, 0) + value, struct.pack("<II", at, at + 1) + value
                )
            new.writestr(name, part)
        new.writestr("xl/styles.bin", styles + record(618))
    return target.getvalue()


@pytest.mark.parametrize(
    ("made", "name"), [(as_xls, "a.xls"), (as_ods, "a.ods"), (as_xlsb, "a.xlsb")]
)
def test_currencies_units_percent_and_leading_zeros_are_told_of_each_kind_of_workbook(
    read: Reader, made: Callable[[], bytes], name: str
) -> None:
    got = read(made(), name)
    assert [row[:6] for row in got.rows] == [("4.5", "5.5", "0.075", "2.25", "7.5", "02131")] * 3
    found = {one.column: (one.mark, one.cells) for one in got.reading.shown_as}
    told = {c: found.get(c) for c in HEADER}
    assert told == {
        "euros": ("EUR", 3), "dollars": ("USD", 3), "share": ("percent", 3), "load": ("kg", 3),
        "bare": None, "postcode": None,
    }  # fmt: skip
    assert "numbers are shown with leading zeros" in got.said
    if name == "a.xls":
        assert [*found.values()].count(("lb", 3)) == 6


@pytest.mark.parametrize(
    ("made", "name"), [(as_xls, "a.xls"), (as_ods, "a.ods"), (as_xlsb, "a.xlsb")]
)
def test_numbers_are_read_as_they_are_shown_where_that_is_asked_for(
    read: Reader, made: Callable[[], bytes], name: str
) -> None:
    beside = frozenset({"euros", "share", "load", "bare"})
    got = read(made(), name, beside=beside, marks={"share": "comma", "load": "either"})
    shown = ("4.5 EUR", "5.5", "7,5 %", "2.25 kg", "7.5", "02131")
    assert [row[:6] for row in got.rows] == [shown] * 3


@pytest.mark.parametrize(
    ("shown", "mark"),
    [
        ("5.50 lb", "lb"),
        ("€ 1.234,50", "EUR"),
        ("-5,5 kg", "kg"),
        ("(5.50) $", "USD"),
        ("1.2E+05", ""),
        ("5 T€", "EUR"),
        ("7 %", "%"),
        ("1 234.5", ""),
        ("", ""),
        ("none", ""),
    ],
)
def test_what_a_cell_shows_beside_its_number_is_found_in_its_text(shown: str, mark: str) -> None:
    assert mark_in(shown) == mark

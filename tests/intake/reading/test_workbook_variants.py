"""Workbooks of other kinds and other makers, and those that would take a machine down."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlsxwriter
import xlwt

from consulting.errors import UnreadableFileError
from consulting.intake.reading import ReadOptions, find_corrections

if TYPE_CHECKING:
    from pathlib import Path

Reader = Callable[..., Any]


def record(kind: int, body: bytes = b"") -> bytes:
    """A record of an xlsb."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(body)]) + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(rows: list[list[Any]], *, corner: bool = False) -> bytes:
    """A small xlsb, by the format's published description; an Ellipsis is an error.

    With `corner`, there is a value in the last cell a sheet has.
    """
    size = struct.pack("<IIII", 0, len(rows), 0, 10)
    parts = [record(129), record(148, size), record(145)]
    for at, row in enumerate(rows):
        parts.append(record(0, struct.pack("<IIHBBBI", at, 0, 300, 0, 0, 0, 0)))
        for column, value in enumerate(row):
            head = struct.pack("<II", column, 0)
            if value is ...:
                parts.append(record(3, head + b"\x2a"))
            elif isinstance(value, str):
                parts.append(record(6, head + wide(value)))
            elif value is not None:
                parts.append(record(5, head + struct.pack("<d", value)))
    if corner:
        parts.append(record(0, struct.pack("<IIHBBBI", 2**20 - 1, 0, 300, 0, 0, 0, 0)))
        parts.append(record(5, struct.pack("<IId", 2**14 - 1, 0, 1)))
    parts += [record(146), record(130)]
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = (
        '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.'
        'org/package/2006/relationships"><Relationship Id="rId1" Type="{}/{}" Target="{}"/>'
        "</Relationships>"
    )
    book = record(131) + record(143)
    book += record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Data")) + record(144)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", links.format(kind, "officeDocument", "xl/workbook.bin"))
        archive.writestr("xl/workbook.bin", book + record(132))
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            links.format(kind, "worksheet", "worksheets/sheet1.bin"),
        )
        archive.writestr("xl/worksheets/sheet1.bin", b"".join(parts))
    return target.getvalue()


def saved(fill: Callable[[Any], None], **options: Any) -> bytes:
    """A workbook of XlsxWriter."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, **options}) as book:
        fill(book)
    return target.getvalue()


def xls_with_password(password: str) -> bytes:
    """An xls encrypted with RC4, as Excel 97 did it, by the library's own cipher."""
    from hashlib import md5

    import olefile
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher
    from msoffcrypto.method.rc4 import DocumentRC4, _makekey

    book, target = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Data")
    for at in range(400):
        sheet.write(at, 0, "id" if at == 0 else at)
        sheet.write(at, 1, "name" if at == 0 else f"n{at}")
    book.save(target)
    with olefile.OleFileIO(target) as ole:
        stream = ole.openstream("Workbook").read()
    salt, verifier = bytes(range(16)), b"verifierverifier"
    cipher = Cipher(ARC4(_makekey(password, salt, 0)), mode=None).encryptor()
    checks = cipher.update(verifier) + cipher.update(md5(verifier).digest())
    header = struct.pack("<HHHHH", 0x2F, 54, 1, 1, 1) + salt + checks
    # the record of the password goes in behind the first record, and all later offsets move
    plain, masked, at, begun = b"", b"", 0, False
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind == 0 and size == 0:
            break
        body = stream[at + 4 : at + 4 + size]
        if kind == 0x85:
            body = struct.pack("<I", struct.unpack_from("<I", body)[0] + len(header)) + body[4:]
        clear = size if kind == 0x809 else 4 if kind == 0x85 else 0
        plain += stream[at : at + 4] + body
        masked += b"\1" * (4 + clear) + b"\0" * (size - clear)
        if not begun:
            plain, masked, begun = plain + header, masked + b"\1" * len(header), True
        at += 4 + size
    # a record of any kind to a length of whole fours, as what fills the last sector is read in
    fill = -len(plain) % 4
    plain += struct.pack("<HH", 0x1234, fill) + bytes(fill)
    masked += b"\1" * 4 + b"\0" * fill
    cut = DocumentRC4.decrypt(password, salt, io.BytesIO(plain), blocksize=1024).read()
    mixed = bytes(a if keep else b for a, b, keep in zip(plain, cut, masked, strict=True))
    whole = xlwt.CompoundDoc.XlsDoc()
    final = io.BytesIO()
    whole.save(final, mixed)
    return final.getvalue()


def test_an_xlsb_is_read_and_its_rows_are_counted_twice(read: Reader) -> None:
    rows = [["id", "name", "v"], [1, "ann", 1.5], [2, "bob", ...], [None, None, ...], [3, "eve", 2]]
    got = read(xlsb(rows), "x.xlsb")
    assert (got.reading.format, got.columns) == ("xlsb", ["id", "name", "v"])
    assert got.rows == [("1", "ann", "1.5"), ("2", "bob", ""), ("3", "eve", "2")]
    assert [(r["_row"], r["_reason"]) for r in got.rejects] == [(4, "no_readable_cell")]
    assert "2 cells hold an error" in got.said
    assert "counted a second time" not in got.said


@pytest.mark.parametrize("password", [None, "wrong", "secret"])
def test_a_protected_xls_opens_with_its_password_only(read: Reader, password: str | None) -> None:
    data = xls_with_password("secret")
    if password == "secret":
        got = read(data, "x.xls", password=password)
        assert (got.reading.format, len(got.rows), got.rows[-1]) == ("xls", 399, ("399", "n399"))
        return
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "x.xls", password=password)
    assert caught.value.code == ("password_wrong" if password else "password_protected")


def two_sheets(state: str) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    for name, word in (("Shown", "a"), ("Kept", "b")):
        sheet = book.create_sheet(name)
        sheet.append(["id", "word"])
        sheet.append([1, word])
    del book["Sheet"]
    book["Kept"].sheet_state = state
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_read_only_where_it_is_declared(read: Reader, state: str) -> None:
    got = read(two_sheets(state), "x.xlsx")
    assert got.rows == [("1", "a")]
    assert "Hidden sheets were not read: 'Kept'" in got.said
    got = read(two_sheets(state), "x.xlsx", sheet="Kept")
    assert got.rows == [("1", "b")]
    assert "The sheet 'Kept' is hidden." in got.said


def test_a_workbook_with_macros_is_read_and_its_macros_are_not(read: Reader) -> None:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(two_sheets("visible"))) as old,
        zipfile.ZipFile(target, "w") as new,
    ):
        for name in old.namelist():
            kind, macros = b"sheet.main+xml", b"vnd.ms-excel.sheet.macroEnabled.main+xml"
            new.writestr(name, old.read(name).replace(b"x-" + kind, macros))
        new.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Sub Auto_Open()")
    got = read(target.getvalue(), "x.xlsm")
    assert got.rows == [("1", "a")]
    assert "named .xlsm" not in got.said


@pytest.mark.parametrize("early", [False, True])
def test_dates_are_right_whichever_year_the_workbook_counts_from(
    read: Reader, *, early: bool
) -> None:
    day = dt.datetime(2024, 2, 29)  # noqa: DTZ001 - a date in a sheet has no zone

    def fill(book: Any) -> None:
        sheet, style = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["id", "day"])
        sheet.write(1, 0, 1)
        sheet.write_datetime(1, 1, day, style)

    assert read(saved(fill, date_1904=early), "x.xlsx").rows == [("1", "2024-02-29")]


def test_errors_in_an_xls_are_counted(read: Reader) -> None:
    book, target = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("S")
    for at, row in enumerate([["id", "v"], [1, 2], [2, None]]):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(at, column, value)
    sheet.row(2).set_cell_error(1, 0x2A)
    book.save(target)
    got = read(target.getvalue(), "x.xls")
    assert got.rows == [("1", "2"), ("2", "")]
    assert "1 cell holds an error" in got.said


def far(book: Any) -> None:
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, ["id", "name"])
    sheet.write_row(1, 0, [1, "a"])
    sheet.write(1_048_575, 16_383, "x")


@pytest.mark.parametrize("data", [saved(far), xlsb([["id"], [1]], corner=True)])
def test_a_value_in_the_last_cell_of_a_sheet_does_not_take_all_memory(
    read: Reader, data: bytes
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "x.xlsx")
    assert caught.value.code == "sheet_too_large"
    assert "row 1,048,576 and column 16,384" in caught.value.reason


def test_a_workbook_that_unpacks_to_too_much_is_refused(read: Reader) -> None:
    data = saved(lambda book: book.add_worksheet().write_row(0, 0, range(2000)))
    with pytest.raises(UnreadableFileError, match="max_unpacked_bytes") as caught:
        read(data, "x.xlsx", max_unpacked_bytes=10_000)
    assert caught.value.code == "archive_too_large"


def test_a_workbook_damaged_inside_is_refused(read: Reader) -> None:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(two_sheets("visible"))) as old,
        zipfile.ZipFile(target, "w") as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[: len(data) // 2] if name.endswith("workbook.xml") else data)
    with pytest.raises(UnreadableFileError) as caught:
        read(target.getvalue(), "x.xlsx")
    assert caught.value.code == "workbook_broken"


def test_an_xls_changed_anywhere_is_read_or_refused_and_takes_nothing_down(read: Reader) -> None:
    book, target = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("S")
    for at in range(20):
        sheet.write(at, 0, at)
        sheet.write(at, 1, f"n{at}")
    book.save(target)
    data = target.getvalue()
    codes = set()
    for at in range(512, 668, 2):  # at some, a record's length becomes one its reader fails on
        try:
            read(data[:at] + b"\x01" + data[at + 1 :], "x.xls")
        except UnreadableFileError as error:
            codes.add(error.code)
    assert "workbook_broken" in codes


def test_a_huge_workbook_of_corrections_is_left_for_the_reader_to_refuse(
    read: Reader, tmp_path: Path
) -> None:
    book, path = openpyxl.Workbook(), tmp_path / "x.xlsx"
    book.active.append(["_correction_id", "Name"])
    book.active["XFD1048576"] = "far away"
    book.save(path)
    assert find_corrections(path, path.name, ReadOptions()) is None
    with pytest.raises(UnreadableFileError) as caught:
        read(path.read_bytes(), path.name)
    assert caught.value.code == "sheet_too_large"


def test_damaged_corrections_are_left_for_the_reader_to_refuse(tmp_path: Path) -> None:
    book, path = xlwt.Workbook(), tmp_path / "x.xls"
    book.add_sheet("S").write(0, 0, "_correction_id")
    book.save(path)
    data = path.read_bytes()
    for at in range(512, 668, 2):
        path.write_bytes(data[:at] + b"\x01" + data[at + 1 :])
        find_corrections(path, path.name, ReadOptions())


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        ("00000", 2131, "02131"),
        ("0000000", 78, "0000078"),
        ("00", 7, "07"),
        ("000-00-0000", 12345678, "012-34-5678"),
        ("00000", 1234567, "1234567"),
        ('"PLZ "00000', 2131, "2131"),
        ("0", 7, "7"),
        ("0.00", 7.5, "7.5"),
        ("#,##0", 2131, "2131"),
        ("[$-407]00000", 1067, "01067"),
    ],
)
@pytest.mark.parametrize("left", [0, 2])
def test_numbers_shown_with_leading_zeros_keep_them(
    read: Reader, code: str, number: float, shown: str, left: int
) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet, style = book.add_worksheet(), book.add_format({"num_format": code})
        sheet.write_row(1, left, ["id", "code", "name"])
        for at in range(3):
            sheet.write_row(at + 2, left, [at, None, "x"])
            sheet.write_number(at + 2, left + 1, number, style)
    got = read(target.getvalue(), "book.xlsx")
    assert got.columns == ["id", "code", "name"]
    assert [row[1] for row in got.rows] == [shown] * 3


@pytest.mark.parametrize("first", [1900, 1904])
def test_a_number_that_is_no_date_is_read_as_the_number_and_told(read: Reader, first: int) -> None:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"date_1904": first == 1904}) as workbook:
        sheet = workbook.add_worksheet()
        day, time, span, plain = (
            workbook.add_format({"num_format": code})
            for code in ("dd.mm.yyyy", 'hh:mm "Uhr"', "[h]:mm", '0 "days"')
        )
        sheet.write_row(0, 0, ["id", "day", "time", "span", "plain"])
        for line, number in enumerate([45000, 0, -5, -0.25, 0.5], start=1):
            sheet.write_number(line, 0, line)
            for column, form in enumerate((day, time, span, plain), start=1):
                sheet.write_number(line, column, number, form)
        sheet.write_row(6, 0, [6, None, 1, 1, 1])
        sheet.write_formula(6, 1, "=B4-1", day, -6)
    got = read(data.getvalue(), "days.xlsx")
    told = [said for said in got.reading.warnings if "shown as dates" in said]
    if first == 1904:
        assert told == []
        return
    (said,) = told
    assert said.startswith("6 cells are shown as dates or times and hold a number that is none")
    assert [row[1] for row in got.rows] == ["2023-03-15", "0", "-5", "-0.25", "12:00:00", "-6"]
    assert [row[2] for row in got.rows][1:5] == ["00:00:00", "-5", "-0.25", "12:00:00"]
    assert [row[4] for row in got.rows][:4] == ["45000", "0", "-5", "-0.25"]

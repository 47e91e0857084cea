"""The scan of the binary workbooks, xls and xlsb: their records, one after the other."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from consulting.intake.reading.numberformats import formats_of, mark_styles, zero_styles
from consulting.intake.reading.sheetscan import SheetScan

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

# record types of BIFF8, the xls
FILE_PASS = 0x2F
_BOF, _EOF, _BOUNDSHEET, _FORMULA_RECORD = 0x809, 0x0A, 0x85, 0x06
_BOOLERR, _ERROR_RESULT = 0x205, 2
_CELL_RECORDS = frozenset({0xFD, 0x203, 0x27E, 0xBD, 0x204, 0x205, 0x06, 0xD6})
_NUMBER_RECORDS, _MANY_NUMBERS, _NO_NUMBER = frozenset({0x203, 0x27E, 0x06}), 0xBD, b"\xff\xff"
_FORMAT, _STYLE = 0x41E, 0xE0
# record types of BIFF12, the xlsb
_ROW, _SHEET_ENTRY = 0, 156
_CELLS_12 = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 62})
_ERRORS_12 = frozenset({3, 11})
_NUMBERS_12 = frozenset({2, 5, 9})
_FORMAT_12, _STYLE_12, _STYLES_12, _END_OF_STYLES_12 = 44, 47, 617, 618


class _Shown:
    """Notes what the formats of numbers show, row by row.

    Args:
        scan: Takes it.
        formats: Style → its number format.
    """

    def __init__(self, scan: SheetScan, formats: dict[int, str]) -> None:
        self._scan = scan
        self._marks, self._zeros = mark_styles(formats), zero_styles(formats)
        self._row, self._cells = 0, list[tuple[int, str]]()

    def add(self, row: int, column: int, style: int) -> None:
        """Note a number in a row from 1 and a column from 0; in a row 0, that there are no more."""
        if row != self._row and self._cells:
            self._scan.add_full(self._row, self._cells)
            self._cells = []
        self._row = row
        if row and self._marks:
            self._cells.append((column, self._marks.get(style, "")))
        if row and style in self._zeros:
            self._scan.shown.setdefault(row, {})[column] = self._zeros[style]


def scan_xls(data: bytes, sheet: str, *, each: bool) -> SheetScan:
    """Scan one sheet of an xls; `each` as `SheetScan.each`."""
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        name = next((item for item in ("Workbook", "Book") if ole.exists(item)), None)
        stream = ole.openstream(name).read() if name else b""
    start, formats = _xls_book(stream, sheet)
    if start is None:
        return SheetScan(None)
    scan = SheetScan(set(), each=each)
    shown = _Shown(scan, formats)
    depth = 0
    for kind, body in records(stream, start):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth == 0:
                break
        elif kind in _CELL_RECORDS and depth == 1 and len(body) > 6:  # noqa: PLR2004 - row, column, format
            row, column = struct.unpack_from("<HH", body)
            scan.add(row + 1, column + 1)
            if (kind == _BOOLERR and body[7]) or (
                kind == _FORMULA_RECORD and body[12:14] == _NO_NUMBER and body[6] == _ERROR_RESULT
            ):
                scan.errors += 1
            for at, style in _xls_numbers(kind, body):
                shown.add(row + 1, at, style)
    shown.add(0, 0, 0)
    return scan


def _xls_numbers(kind: int, body: bytes) -> Iterator[tuple[int, int]]:
    """Column from 0 and style of each number of a record."""
    column = int.from_bytes(body[2:4], "little")
    if kind == _MANY_NUMBERS:
        for at in range(4, len(body) - 7, 6):
            yield column + at // 6, int.from_bytes(body[at : at + 2], "little")
    elif kind in _NUMBER_RECORDS and (kind != _FORMULA_RECORD or body[12:14] != _NO_NUMBER):
        yield column, int.from_bytes(body[4:6], "little")


def records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The (type, content) of each record of an xls."""
    at = start
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _xls_book(stream: bytes, sheet: str) -> tuple[int | None, dict[int, str]]:
    """Where a sheet begins, and the number formats of the book's styles."""
    start: int | None = None
    codes: dict[str, str] = {}
    styles: list[str] = []
    for kind, body in records(stream, 0):
        if kind == _EOF:
            break
        if kind == _FORMAT:
            codes[str(int.from_bytes(body[:2], "little"))] = _xls_text(body[2:4], body[4:])
        elif kind == _STYLE:
            styles.append(str(int.from_bytes(body[2:4], "little")))
        elif kind == _BOUNDSHEET and _xls_text(body[6:7], body[7:]) == sheet and start is None:
            start = int(struct.unpack_from("<I", body)[0])
    return start, formats_of(codes, styles)


def _xls_text(length: bytes, rest: bytes) -> str:
    """A text behind its length and the flag whether its letters take two bytes."""
    wide = bool(rest[:1] and rest[0] & 1)
    raw = rest[1 : 1 + int.from_bytes(length, "little") * (2 if wide else 1)]
    return raw.decode("utf-16-le" if wide else "latin-1", "replace")


def scan_xlsb_part(
    archive: zipfile.ZipFile, part: str, styles: str | None, *, each: bool
) -> SheetScan:
    """Scan the part of an xlsb that holds one sheet.

    Args:
        archive: The workbook.
        part: The sheet's part.
        styles: The part of the styles of its cells.
        each: `SheetScan.each`.
    """
    scan = SheetScan(set(), each=each)
    shown = _Shown(scan, _formats_12(archive.read(styles)) if styles else {})
    row = 0
    for kind, body in _records_12(archive.read(part)):
        if kind == _ROW:
            row = struct.unpack_from("<I", body)[0] + 1
        elif kind in _CELLS_12:
            column = struct.unpack_from("<I", body)[0]
            scan.add(row, column + 1)
            scan.errors += kind in _ERRORS_12
            if kind in _NUMBERS_12:
                shown.add(row, column, int.from_bytes(body[4:7], "little"))
    shown.add(0, 0, 0)
    return scan


def _formats_12(stream: bytes) -> dict[int, str]:
    """The number format of each style of an xlsb."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside = False
    for kind, body in _records_12(stream):
        if kind == _FORMAT_12:
            codes[str(int.from_bytes(body[:2], "little"))] = _wide_string(body, 2)[0]
        elif kind in {_STYLES_12, _END_OF_STYLES_12}:
            inside = kind == _STYLES_12
        elif kind == _STYLE_12 and inside:
            styles.append(str(int.from_bytes(body[2:4], "little")))
    return formats_of(codes, styles)


def xlsb_relation(book: bytes, sheet: str) -> str | None:
    """The id of a sheet's relation, by the workbook's own part."""
    for kind, body in _records_12(book):
        if kind == _SHEET_ENTRY:
            relation, at = _wide_string(body, 8)
            name, _ = _wide_string(body, at)
            if name == sheet:
                return relation
    return None


def _wide_string(body: bytes, at: int) -> tuple[str, int]:
    end = at + 4 + 2 * int(struct.unpack_from("<I", body, at)[0])
    return body[at + 4 : end].decode("utf-16-le", "replace"), end


def _records_12(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """The (type, content) of each record of an xlsb; both heads are numbers of 7 bits a byte."""
    at = 0
    while at < len(stream):
        kind = stream[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (stream[at] << 7)
            at += 1
        size = 0
        for shift in (0, 7, 14, 21):
            byte = stream[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        yield kind, stream[at : at + size]
        at += size

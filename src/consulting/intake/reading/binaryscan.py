"""The scan of the binary workbooks, xls and xlsb: their records, one after the other."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from consulting.intake.reading.sheetscan import SheetScan

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

# record types of BIFF8, the xls
FILE_PASS = 0x2F
_BOF, _EOF, _BOUNDSHEET, _FORMULA_RECORD = 0x809, 0x0A, 0x85, 0x06
_BOOLERR, _ERROR_RESULT = 0x205, 2
_CELL_RECORDS = frozenset({0xFD, 0x203, 0x27E, 0xBD, 0x204, 0x205, 0x06, 0xD6})
# record types of BIFF12, the xlsb
_ROW, _SHEET_ENTRY = 0, 156
_CELLS_12 = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 62})
_ERRORS_12 = frozenset({3, 11})


def scan_xls(data: bytes, sheet: str) -> SheetScan:
    """Scan one sheet of an xls."""
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        name = next((item for item in ("Workbook", "Book") if ole.exists(item)), None)
        stream = ole.openstream(name).read() if name else b""
    start = _xls_sheet_start(stream, sheet)
    if start is None:
        return SheetScan(None)
    scan = SheetScan(set())
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
                kind == _FORMULA_RECORD and body[12:14] == b"\xff\xff" and body[6] == _ERROR_RESULT
            ):
                scan.errors += 1
    return scan


def records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The (type, content) of each record of an xls."""
    at = start
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _xls_sheet_start(stream: bytes, sheet: str) -> int | None:
    for kind, body in records(stream, 0):
        if kind == _EOF:
            return None
        if kind == _BOUNDSHEET and len(body) > 8:  # noqa: PLR2004 - offset, state, kind, length, flag
            length, wide = body[6], body[7] & 1
            raw = body[8 : 8 + length * (2 if wide else 1)]
            if raw.decode("utf-16-le" if wide else "latin-1", "replace") == sheet:
                return int(struct.unpack_from("<I", body)[0])
    return None


def scan_xlsb_part(archive: zipfile.ZipFile, part: str) -> SheetScan:
    """Scan the part of an xlsb that holds one sheet."""
    scan = SheetScan(set())
    row = 0
    for kind, body in _records_12(archive.read(part)):
        if kind == _ROW:
            row = struct.unpack_from("<I", body)[0] + 1
        elif kind in _CELLS_12:
            scan.add(row, struct.unpack_from("<I", body)[0] + 1)
            scan.errors += kind in _ERRORS_12
    return scan


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

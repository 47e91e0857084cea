"""A second look at a sheet, past the library that reads it: which rows hold anything at all.

The library gives cells with an error and formulas that were never calculated back as blanks; this
scan of the file itself finds them, and the rows that hold nothing else.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 4 * 1024 * 1024

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
_NUMBER = re.compile(rb'\br="(\d+)"')
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)\b[^>]*>[^<]")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_ERROR = re.compile(rb'\bt="e"')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

# BIFF8 record types of the older binary format
_BOF, _EOF, _BOUNDSHEET, _FORMULA_RECORD, _STRING_RECORD = 0x809, 0x0A, 0x85, 0x06, 0x207
_BOOLERR, _ERROR_RESULT = 0x205, 2
_CELL_RECORDS = frozenset({0xFD, 0x203, 0x27E, 0xBD, 0x204, 0x205, 0x06, 0xD6})


@dataclass
class SheetScan:
    """What a sheet holds, by the file itself.

    Attributes:
        rows: The 1-based rows with a value, an error or a formula; None where the format is not
            scanned.
        errors: Cells that hold an error.
        uncalculated: Cells with a formula and no result.
    """

    rows: set[int] | None
    errors: int = 0
    uncalculated: int = 0


def scan_sheet(data: bytes, name: str, sheet: str) -> SheetScan:
    """Scan one sheet of a workbook.

    Args:
        data: The workbook's bytes.
        name: Its format.
        sheet: The sheet's name.
    """
    if name == "xlsx":
        return _scan_xlsx(data, sheet)
    if name == "xls":
        return _scan_xls(data, sheet)
    if name == "ods":
        return _scan_ods(data, sheet)
    return SheetScan(None)


def _scan_xlsx(data: bytes, sheet: str) -> SheetScan:
    scan = SheetScan(set())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        part = _sheet_part(archive, sheet)
        if part is None:
            return SheetScan(None)
        number = 0
        for attributes, body in _xml_rows(archive, part):
            found = _NUMBER.search(attributes)
            number = int(found.group(1)) if found else number + 1
            if _scan_cells(body, scan) and scan.rows is not None:
                scan.rows.add(number)
    return scan


def _scan_cells(body: bytes, scan: SheetScan) -> bool:
    """Count a row's odd cells; whether any cell holds something."""
    if b'"e"' not in body and b"<f" not in body and b":f" not in body:
        return _VALUE.search(body) is not None
    holds = False
    for attributes, cell in _CELL.findall(body):
        if _ERROR.search(attributes):
            scan.errors += 1
            holds = True
        elif _VALUE.search(cell):
            holds = True
        elif _FORMULA.search(cell) and b't="str"' not in attributes:
            scan.uncalculated += 1
            holds = True
    return holds


def _xml_rows(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, bytes]]:
    rest = b""
    with archive.open(part) as stream:
        while piece := stream.read(PIECE):
            data = rest + piece
            end = 0
            for match in _ROW.finditer(data):
                yield match.group(1), match.group(2) or b""
                end = match.end()
            rest = data[end:]


def _sheet_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The path of a sheet's XML inside the workbook."""
    names = {name.lower(): name for name in archive.namelist()}
    book, links = names.get("xl/workbook.xml"), names.get("xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        return None
    relation = next(
        (
            item.get(_RELATION)
            for item in ET.fromstring(archive.read(book)).iter()  # noqa: S314 - expat bounds entities
            if item.tag.endswith("}sheet") and item.get("name") == sheet
        ),
        None,
    )
    for item in ET.fromstring(archive.read(links)):  # noqa: S314 - expat bounds entities
        if item.get("Id") == relation:
            target = (item.get("Target") or "").lstrip("/")
            path = target if target.startswith("xl/") else f"xl/{target}"
            return names.get(path.lower())
    return None


def _scan_ods(data: bytes, sheet: str) -> SheetScan:
    scan = SheetScan(set())
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        archive.open("content.xml") as stream,
    ):
        inside, number = False, 0
        for event, item in ET.iterparse(stream, events=("start", "end")):  # noqa: S314 - expat bounds entities
            tag = item.tag.rpartition("}")[2]
            if event == "start":
                if tag == "table":
                    inside = _attribute(item, "name") == sheet
                continue
            if tag == "table":
                inside = False
            elif tag == "table-row":
                repeat = int(_attribute(item, "number-rows-repeated") or 1)
                if inside and _ods_row_holds(item) and scan.rows is not None:
                    scan.rows.update(range(number + 1, number + 1 + repeat))
                number = number + repeat if inside else 0
                item.clear()
    return scan


def _attribute(item: ET.Element, name: str) -> str | None:
    return next((value for key, value in item.items() if key.rpartition("}")[2] == name), None)


def _ods_row_holds(row: ET.Element) -> bool:
    return any(
        cell.tag.endswith("}table-cell")
        and (_attribute(cell, "value-type") is not None or "".join(cell.itertext()).strip() != "")
        for cell in row
    )


def _scan_xls(data: bytes, sheet: str) -> SheetScan:
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        name = next((item for item in ("Workbook", "Book") if ole.exists(item)), None)
        stream = ole.openstream(name).read() if name else b""
    start = _xls_sheet_start(stream, sheet)
    if start is None:
        return SheetScan(None)
    scan = SheetScan(set())
    depth = 0
    for kind, body in _records(stream, start):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth == 0:
                break
        elif kind in _CELL_RECORDS and depth == 1 and scan.rows is not None and len(body) > 6:  # noqa: PLR2004 - row, column, format
            scan.rows.add(struct.unpack_from("<H", body)[0] + 1)
            if (kind == _BOOLERR and body[7]) or (
                kind == _FORMULA_RECORD and body[12:14] == b"\xff\xff" and body[6] == _ERROR_RESULT
            ):
                scan.errors += 1
    return scan


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    at = start
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _xls_sheet_start(stream: bytes, sheet: str) -> int | None:
    for kind, body in _records(stream, 0):
        if kind == _EOF:
            return None
        if kind == _BOUNDSHEET and len(body) > 8:  # noqa: PLR2004 - offset, state, kind, length, flag
            length, wide = body[6], body[7] & 1
            raw = body[8 : 8 + length * (2 if wide else 1)]
            if raw.decode("utf-16-le" if wide else "latin-1", "replace") == sheet:
                return int(struct.unpack_from("<I", body)[0])
    return None

"""A second look at a sheet, past the library that reads it: which rows hold anything at all.

The library gives cells with an error and formulas that were never calculated back as blanks; this
scan of the file itself finds them, and the rows that hold nothing else.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError

from consulting.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PIECE = 4 * 1024 * 1024

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
_TABLE_END = re.compile(rb"</(?:\w+:)?sheetData>")
_NUMBER = re.compile(rb'\br="(\d+)"')
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)\b[^>]*>[^<]")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_LETTERS = re.compile(rb"[A-Z]{1,4}")
_ERROR = re.compile(rb'\bt="e"')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

MAX_CELLS = 60_000_000
MAX_SHEET_ROWS = 2**20  # more than any spreadsheet program has

# what reading a damaged workbook may end in, in the libraries and in the scans here
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ET.ParseError,
    ExpatError,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    RuntimeError,
)


def workbook_broken(filename: str) -> UnreadableFileError:
    """The refusal of a damaged workbook."""
    return UnreadableFileError(
        filename,
        "workbook_broken",
        "The workbook ends early or is damaged.",
        "Open it, save it again and send it once more.",
    )


@dataclass
class SheetScan:
    """What a sheet holds, by the file itself.

    Attributes:
        rows: The 1-based rows with a value, an error or a formula; None where the format is not
            scanned.
        errors: Cells that hold an error.
        uncalculated: Cells with a formula and no result.
        last_row: The last row with anything in it.
        last_column: The last column with anything in it.
    """

    rows: set[int] | None
    errors: int = 0
    uncalculated: int = 0
    last_row: int = 0
    last_column: int = 0

    def add(self, row: int, column: int, *, repeated: int = 1) -> None:
        """Note that a row holds something, and the row's last column that does."""
        self.last_row = max(self.last_row, row + repeated - 1)
        self.last_column = max(self.last_column, column)
        if self.rows is not None and self.last_row <= MAX_SHEET_ROWS:
            self.rows.update(range(row, row + repeated))

    def refuse_if_huge(self, filename: str, sheet: str) -> None:
        """Refuse what would take all memory: a program must hold the whole square of cells.

        Raises:
            UnreadableFileError: `sheet_too_large`.
        """
        if self.last_row <= MAX_SHEET_ROWS and self.last_row * self.last_column <= MAX_CELLS:
            return
        raise UnreadableFileError(
            filename,
            "sheet_too_large",
            f"The sheet {sheet!r} reaches to row {self.last_row:,} and column "
            f"{self.last_column:,}, which is more than the {MAX_CELLS:,} cells that are read.",
            "Often a single value stands far from the table: delete the rows and columns beyond "
            "it. Send larger tables as CSV or Parquet.",
        )


def scan_sheet(data: bytes, name: str, sheet: str) -> SheetScan:
    """Scan one sheet of a workbook.

    Args:
        data: The workbook's bytes.
        name: Its format.
        sheet: The sheet's name.
    """
    from consulting.intake.reading.binaryscan import scan_xls

    if name == "xls":
        return scan_xls(data, sheet)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if name == "ods":
            return _scan_ods(archive, sheet)
        if name == "xlsb":
            return _scan_xlsb(archive, sheet)
        return _scan_xlsx(archive, sheet)


def _scan_xlsx(archive: zipfile.ZipFile, sheet: str) -> SheetScan:
    part = _sheet_part(archive, sheet)
    if part is None:
        return SheetScan(None)
    scan = SheetScan(set())
    number = 0
    for attributes, body in _xml_rows(archive, part):
        found = _NUMBER.search(attributes)
        number = int(found.group(1)) if found else number + 1
        if _scan_cells(body, scan):
            scan.add(number, _last_column(body))
    return scan


def _last_column(body: bytes) -> int:
    """The column of a row's last cell, by its reference ("AB12") or else by counting."""
    at = body.rfind(b' r="')
    letters = _LETTERS.match(body, at + 4) if at >= 0 else None
    if letters is None:
        return sum(1 for _ in _CELL.finditer(body))
    column = 0
    for letter in letters.group():
        column = column * 26 + letter - ord("A") + 1
    return column


def _scan_xlsb(archive: zipfile.ZipFile, sheet: str) -> SheetScan:
    from consulting.intake.reading.binaryscan import scan_xlsb_part, xlsb_relation

    names = {name.lower(): name for name in archive.namelist()}
    relation = xlsb_relation(archive.read(names["xl/workbook.bin"]), sheet)
    part = _target(archive, names, "xl/_rels/workbook.bin.rels", relation)
    return scan_xlsb_part(archive, part) if part else SheetScan(None)


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
            if _TABLE_END.search(rest):
                return


def _sheet_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The path of a sheet's XML inside the workbook."""
    names = {name.lower(): name for name in archive.namelist()}
    book = names.get("xl/workbook.xml")
    if book is None:
        return None
    relation = next(
        (
            item.get(_RELATION)
            for item in ET.fromstring(archive.read(book)).iter()  # noqa: S314 - expat bounds entities
            if item.tag.endswith("}sheet") and item.get("name") == sheet
        ),
        None,
    )
    return _target(archive, names, "xl/_rels/workbook.xml.rels", relation)


def _target(
    archive: zipfile.ZipFile, names: Mapping[str, str], links: str, relation: str | None
) -> str | None:
    """Where a relation leads to."""
    if relation is None or links not in names:
        return None
    for item in ET.fromstring(archive.read(names[links])):  # noqa: S314 - expat bounds entities
        if item.get("Id") == relation:
            target = (item.get("Target") or "").lstrip("/")
            path = target if target.startswith("xl/") else f"xl/{target}"
            return names.get(path.lower())
    return None


def _scan_ods(archive: zipfile.ZipFile, sheet: str) -> SheetScan:
    scan = SheetScan(set())
    with archive.open("content.xml") as stream:
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
                width = _ods_width(item) if inside else 0
                if width:
                    scan.add(number + 1, width, repeated=repeat)
                number = number + repeat if inside else 0
                item.clear()
    return scan


def _attribute(item: ET.Element, name: str) -> str | None:
    return next((value for key, value in item.items() if key.rpartition("}")[2] == name), None)


def _ods_width(row: ET.Element) -> int:
    """The last column of a row that holds something; 0 where none does."""
    column = last = 0
    for cell in row:
        column += int(_attribute(cell, "number-columns-repeated") or 1)
        if cell.tag.endswith("}table-cell") and (
            _attribute(cell, "value-type") is not None or "".join(cell.itertext()).strip() != ""
        ):
            last = column
    return last

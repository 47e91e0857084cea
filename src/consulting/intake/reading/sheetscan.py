"""A second look at a sheet, past the library that reads it: which rows hold anything at all.

The library gives cells with an error and formulas that were never calculated back as blanks; this
scan of the file itself finds them, and the rows that hold nothing else.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError

from consulting.errors import UnreadableFileError
from consulting.intake.reading.numberformats import (
    date_styles,
    mark_in,
    mark_styles,
    number_formats,
    zero_styles,
)
from consulting.intake.reading.sources import ZIP_DAMAGE
from consulting.records import PERCENT
from consulting.rules.currencies import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PIECE = 4 * 1024 * 1024

# No pattern looks further than the next tag: whatever a file holds, each byte is looked at once.
_TAG = re.compile(rb"<(/?)(?:\w{1,20}+:)?(row|sheetData)\b([^<>]*+)>")
_CELL = re.compile(rb"<(?:\w{1,20}+:)?(c|v|t|f)\b([^<>]*+)>([^<]|<!)?")
_VALUE = re.compile(rb"<(?:\w{1,20}+:)?[vt]\b[^<>]*+>(?:[^<]|<!)")
_NUMBER = re.compile(rb"\br\s{0,9}=\s{0,9}[\"'](\d{1,9})[\"']")
_PLACE = re.compile(rb"\br\s{0,9}=\s{0,9}[\"']\$?([A-Za-z]{1,4})\$?(\d{1,9})[\"']")
_ERROR = re.compile(rb"\bt\s{0,9}=\s{0,9}[\"']e[\"']")
_STYLE = re.compile(rb"\bs\s{0,9}=\s{0,9}[\"'](\d{1,9})[\"']")
_NO_NUMBER = re.compile(rb"\bt\s{0,9}=\s{0,9}[\"'](?!n[\"'])")
_UNDATED = re.compile(
    rb"<(?:\w{1,20}+:)?c\b([^<>]*+)>(?:<(?:\w{1,20}+:)?f\b[^<>]*+>[^<]*+</(?:\w{1,20}+:)?f>)?"
    rb"<(?:\w{1,20}+:)?v\b[^<>]*+>(-\d{1,20}+(?:\.\d{1,20}+)?|0(?:\.0{1,20}+)?)<"
)
_HIDDEN = re.compile(rb"\bhidden\s{0,9}=\s{0,9}[\"'](?:1|true)[\"']")
_COLUMNS = re.compile(rb"<(?:\w{1,20}+:)?col\b([^<>]*+)>")
_SPAN = re.compile(rb"\b(min|max)\s{0,9}=\s{0,9}[\"'](\d{1,9})[\"']")
_HEAD_BYTES = 256 * 1024
_FULL = re.compile(
    rb"<(?:\w{1,20}+:)?c\b([^<>]*?)\br\s{0,9}=\s{0,9}[\"']\$?([A-Za-z]{1,4})\$?\d{1,9}[\"']"
    rb"([^<>]*+)>(?=<[^/])"
)
_HEAD, _END = 1_000, 200  # rows, within which a table begins, and within which it ends
_ZEROS = re.compile("0[0-9]{1,99}")
_ODS_NUMBERS = frozenset({"float", "currency", "percentage"})
_BOOK = "xl/workbook.xml"
_FROM_1904 = re.compile(rb"\bdate1904\s{0,9}=\s{0,9}[\"'](?:1|true)[\"']")
_STRING = re.compile(rb"\bt\s{0,9}=\s{0,9}[\"']str[\"']")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

MAX_ROW_BYTES = 128 * 1024 * 1024
MAX_SHEET_ROWS = 2**20  # more than any spreadsheet program has

# what reading a damaged workbook may end in, in the libraries and in the scans here
DAMAGE = (*ZIP_DAMAGE, ET.ParseError, ExpatError)


_PROVEN = (zipfile.BadZipFile, zlib.error, EOFError)


def workbook_broken(filename: str, error: BaseException) -> UnreadableFileError:
    """The refusal of a workbook that does not open; damaged it is only where a checksum says so."""
    reason = "its content is not as spreadsheet programs write it"
    if isinstance(error, _PROVEN):
        reason = "it ends early or is damaged, for its checksums do not match"
    return UnreadableFileError(
        filename,
        "workbook_broken",
        f"The workbook can not be opened: {reason}.",
        "Open it in Excel, save it again as xlsx and send it once more.",
    )


_Cell = tuple[bytes, bytes, bytes] | tuple[int, str]
"""A cell's column, between the attributes before and after its place; else the column from 0 of a
number and what is shown beside it."""


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
        shown: Row, then column from 0, of numbers that are shown with leading zeros, and how.
        undated: The same of numbers that are shown as dates and are none: 0, and below.
        hidden_rows: The rows with something in them that whoever opens the file does not see; of
            xlsx and ods.
        hidden_columns: From which column to which, from 0, nobody sees them; of xlsx and ods.
        marks: The styles that show a currency, percent or a unit beside a number, and which.
        each: Whether it is kept of each row which of its numbers these are.
    """

    rows: set[int] | None
    errors: int = 0
    uncalculated: int = 0
    last_row: int = 0
    last_column: int = 0
    shown: dict[int, dict[int, str]] = field(default_factory=dict)
    undated: dict[int, dict[int, float]] = field(default_factory=dict)
    hidden_rows: int = 0
    hidden_columns: list[range] = field(default_factory=list)
    marks: Mapping[bytes, str] = field(default_factory=dict)
    each: bool = False
    _full: dict[int, Counter[_Cell]] = field(default_factory=dict)
    _last: deque[tuple[int, Iterable[_Cell] | Mapping[_Cell, int]]] = field(default_factory=deque)

    def add_full(self, row: int, cells: Iterable[_Cell] | Mapping[_Cell, int]) -> None:
        """Count a row's cells with anything in them: of most rows together, for they are many."""
        self._last.append((row, cells))
        if self.each:
            self._full[row] = Counter(self._last.pop()[1])
        elif len(self._last) > _END:
            early, found = self._last.popleft()
            self._full.setdefault(min(early, _HEAD), Counter()).update(found)

    def shown_as(self, first: int, aside: Sequence[range]) -> dict[int, Counter[str]]:
        """Column from 0 → how many of its numbers are shown with each mark, or "".

        Args:
            first: The table's first row.
            aside: Rows from there on that are not of the table.
        """
        found: dict[int, Counter[str]] = {}
        cells: Counter[_Cell] = Counter()
        for row, in_row in (*self._full.items(), *self._last):
            if (row == _HEAD and not self.each) or (
                row >= first and not any(row in rows for rows in aside)
            ):
                cells.update(in_row)
        for cell, count in cells.items():
            for column, mark in self._numbers(cell):
                found.setdefault(column, Counter())[mark] += count
        return {column: marks for column, marks in found.items() if set(marks) != {""}}

    def beside(self, row: int) -> dict[int, str]:
        """Column from 0 → what is shown beside the number there, of a row, where it is kept."""
        cells = self._full.get(row, ()) if self.each else ()
        return {column: mark for cell in cells for column, mark in self._numbers(cell) if mark}

    def _numbers(self, cell: _Cell) -> Iterator[tuple[int, str]]:
        """The column from 0 of a cell that holds a number, and what is shown beside it."""
        if len(cell) == 2:  # noqa: PLR2004 - a pair is both
            yield cell
            return
        before, letters, after = cell
        style = _STYLE.search(before + after)
        if not after.endswith(b"/") and not _NO_NUMBER.search(before + after):
            yield column_number(letters) - 1, self.marks.get(style.group(1), "") if style else ""

    def add(self, row: int, column: int, *, repeated: int = 1) -> None:
        """Note that a row holds something, and the row's last column that does."""
        self.reach(row + repeated - 1, column)
        if self.rows is not None and self.last_row <= MAX_SHEET_ROWS:
            self.rows.update(range(row, row + repeated))

    def reach(self, row: int, column: int) -> None:
        """Note that a cell stands there, which takes the square up to it to be held."""
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)

    def refuse_if_huge(self, filename: str, sheet: str, max_cells: int) -> None:
        """Refuse what would take all memory: a program must hold the whole square of cells.

        Raises:
            UnreadableFileError: `sheet_too_large`.
        """
        if self.last_row <= MAX_SHEET_ROWS and self.last_row * self.last_column <= max_cells:
            return
        raise UnreadableFileError(
            filename,
            "sheet_too_large",
            f"The sheet {sheet!r} reaches to row {self.last_row:,} and column "
            f"{self.last_column:,}, which is more than the {max_cells:,} cells allowed.",
            "Often a single value stands far from the table: delete the rows and columns beyond "
            "it. Send larger tables as CSV or Parquet, or raise `max_cells` and "
            "`max_memory_bytes` for the feed if this is right.",
        )


def scan_sheet(data: bytes, name: str, sheet: str, *, each: bool = False) -> SheetScan:
    """Scan one sheet of a workbook.

    Args:
        data: The workbook's bytes.
        name: Its format.
        sheet: The sheet's name.
        each: `SheetScan.each`.
    """
    from consulting.intake.reading.binaryscan import scan_xls

    if name == "xls":
        return scan_xls(data, sheet, each=each)
    if name == "ods":
        return scan_ods(data, each=each).get(sheet, SheetScan(None))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if name == "xlsb":
            return _scan_xlsb(archive, sheet, each=each)
        return _scan_xlsx(archive, sheet, each=each)


def _scan_xlsx(archive: zipfile.ZipFile, sheet: str, *, each: bool) -> SheetScan:
    part = sheet_part(archive, sheet)
    if part is None:
        return SheetScan(None)
    scan = SheetScan(set(), each=each)
    number = 0
    formats = number_formats(archive)
    styles, dates, scan.marks = zero_styles(formats), date_styles(formats), mark_styles(formats)
    book = next(name for name in archive.namelist() if name.lower() == _BOOK)
    if _FROM_1904.search(archive.read(book)):
        dates = {}  # its days begin with 0
    scan.hidden_columns = _hidden_columns(archive, part)
    for attributes, body in _xml_rows(archive, part):
        found = _NUMBER.search(attributes)
        number = int(found.group(1)) if found else number + 1
        places = _PLACE.findall(body)
        holds = _scan_cells(body, scan)
        if holds:
            scan.add(number, len(places) or body.count(b"<c"))
            scan.hidden_rows += _HIDDEN.search(attributes) is not None
        if places and holds:
            # a cell's own place counts for who reads it, wherever in the file it stands
            letters, rows = map(set, zip(*places, strict=True))
            scan.reach(max(map(int, rows)), max(map(column_number, letters)))
        for match in _CELL.finditer(body) if styles else ():
            _note_zeros(match[2], styles, scan.shown)
        if scan.marks:
            scan.add_full(number, _FULL.findall(body))
        if dates and (b">-" in body or b">0" in body):
            _note_undated(body, dates, scan.undated)
    return scan


def _hidden_columns(archive: zipfile.ZipFile, part: str) -> list[range]:
    """The columns of a sheet that its program hides, which stand before its rows."""
    with archive.open(part) as stream:
        head = stream.read(_HEAD_BYTES).partition(b"sheetData")[0]
    spans = [dict(_SPAN.findall(c)) for c in _COLUMNS.findall(head) if _HIDDEN.search(c)]
    return [
        range(int(span[b"min"]) - 1, int(span[b"max"]))
        for span in spans
        if span.keys() >= {b"min", b"max"}
    ]


def _note_zeros(cell: bytes, styles: Mapping[bytes, str], shown: dict[int, dict[int, str]]) -> None:
    """Note a cell of numbers whose style shows leading zeros."""
    style, place = _STYLE.search(cell), _PLACE.search(cell)
    code = styles.get(style.group(1)) if style else None
    if code is not None and place and not cell.endswith(b"/") and not _NO_NUMBER.search(cell):
        shown.setdefault(int(place.group(2)), {})[column_number(place.group(1)) - 1] = code


def _note_undated(
    body: bytes, dates: Mapping[bytes, bool], undated: dict[int, dict[int, float]]
) -> None:
    """Note the cells of a row that are shown as a date and hold 0, or as a time and are below."""
    for cell, text in _UNDATED.findall(body):
        style, place = _STYLE.search(cell), _PLACE.search(cell)
        day = dates.get(style.group(1)) if style else None
        value = float(text)
        if place and day is not None and (day or value < 0) and not _NO_NUMBER.search(cell):
            undated.setdefault(int(place.group(2)), {})[column_number(place.group(1)) - 1] = value


@lru_cache(maxsize=1 << 15)
def column_number(letters: bytes) -> int:
    """The number of a column by its letters ("AB")."""
    column = 0
    for letter in letters.upper():
        column = column * 26 + letter - ord("A") + 1
    return column


def _scan_xlsb(archive: zipfile.ZipFile, sheet: str, *, each: bool) -> SheetScan:
    from consulting.intake.reading.binaryscan import scan_xlsb_part, xlsb_relation

    names = {name.lower(): name for name in archive.namelist()}
    relation = xlsb_relation(archive.read(names["xl/workbook.bin"]), sheet)
    part = _target(archive, names, "xl/_rels/workbook.bin.rels", relation)
    if part is None:
        return SheetScan(None)
    return scan_xlsb_part(archive, part, names.get("xl/styles.bin"), each=each)


def _scan_cells(body: bytes, scan: SheetScan) -> bool:
    """Count a row's odd cells; whether any cell holds something."""
    if b'e"' not in body and b"e'" not in body and b"<f" not in body and b":f" not in body:
        return _VALUE.search(body) is not None
    holds = False
    cells: list[list[bool]] = []  # for each cell: an error, a text, a formula, a value
    for name, attributes, content in _CELL.findall(body):
        if name == b"c":
            cells.append([bool(_ERROR.search(attributes)), bool(_STRING.search(attributes))])
            cells[-1] += [False, False]
        elif cells:
            cells[-1][2] |= name == b"f"
            cells[-1][3] |= name != b"f" and bool(content)
    for error, text, formula, value in cells:
        uncalculated = formula and not (error or value or text)
        scan.errors += error
        scan.uncalculated += uncalculated
        holds = holds or error or value or uncalculated
    return holds


def _xml_rows(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, bytes]]:
    """The (attributes, content) of each row of a sheet's XML.

    Raises:
        ValueError: If a row has no end within `MAX_ROW_BYTES`.
    """
    data, at, start = b"", 0, -1
    attributes = b""
    with archive.open(part) as stream:
        while piece := stream.read(PIECE):
            data += piece
            for tag in _TAG.finditer(data, at):
                if start >= 0:
                    yield attributes, data[start : tag.start()]
                    start = -1
                if tag[2] != b"row" and tag[1]:
                    return
                if tag[2] == b"row" and not tag[1]:
                    attributes, start = tag[3], tag.end()
                at = tag.end()
            # what may be the beginning of a tag is looked at again with the next piece
            unfinished = data.rfind(b"<", at)
            at = max(at, unfinished if unfinished > data.rfind(b">", at) else len(data))
            keep = min(at, start) if start >= 0 else at
            if len(data) - keep > MAX_ROW_BYTES:
                raise ValueError("a row without an end")
            data, at, start = data[keep:], at - keep, max(start - keep, -1)
    if start >= 0:
        yield attributes, data[start:]


def sheet_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The path of a sheet's XML inside the workbook."""
    names = {name.lower(): name for name in archive.namelist()}
    book = names.get(_BOOK)
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


def scan_ods(data: bytes, *, each: bool = False) -> dict[str, SheetScan]:
    """Scan all sheets of an ods, which its reader opens at once."""
    scans: dict[str, SheetScan] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("content.xml") as stream:
        scan, number, column = SheetScan(set()), 0, 0
        for event, item in ET.iterparse(stream, events=("start", "end")):  # noqa: S314 - expat bounds entities
            tag = item.tag.rpartition("}")[2]
            if event == "start":
                if tag == "table":
                    number = column = 0
                    scan = scans.setdefault(
                        _attribute(item, "name") or "", SheetScan(set(), each=each)
                    )
            elif tag == "table-column":
                last = column + int(_attribute(item, "number-columns-repeated") or 1)
                if _is_hidden(item):
                    scan.hidden_columns.append(range(column, last))
                column = last
            elif tag == "table-row":
                repeat = int(_attribute(item, "number-rows-repeated") or 1)
                width, reach = _ods_width(item)
                if width:
                    scan.add(number + 1, width, repeated=repeat)
                    scan.hidden_rows += repeat * _is_hidden(item)
                if reach:
                    scan.reach(number + repeat, reach)
                numbers = [*_ods_numbers(item)]
                scan.add_full(number + 1, {(at, mark): repeat for at, mark, _ in numbers})
                for row in range(number + 1, number + 1 + min(repeat, _HEAD)):
                    zeros = {at: "0" * digits for at, _, digits in numbers if digits}
                    scan.shown.update({row: zeros} if zeros else {})
                number += repeat
                item.clear()
    return scans


def _attribute(item: ET.Element, name: str) -> str | None:
    return next((value for key, value in item.items() if key.rpartition("}")[2] == name), None)


def _is_hidden(item: ET.Element) -> bool:
    """Whether a row or column of an ods is hidden, by hand or by a filter."""
    return _attribute(item, "visibility") in {"collapse", "filter"}


def _ods_numbers(row: ET.Element) -> Iterator[tuple[int, str, int]]:
    """The column from 0 of each number of a row, what is shown beside it, and with how many digits.

    (Digits of those alone that are shown with leading zeros; else 0.)
    """
    column = 0
    for cell in row:
        repeat = int(_attribute(cell, "number-columns-repeated") or 1)
        kind = _attribute(cell, "value-type")
        if kind in _ODS_NUMBERS:
            shown = "".join(text for p in cell if p.tag.endswith("}p") for text in p.itertext())
            currency = _attribute(cell, "currency") if kind == "currency" else None
            mark = code_of(currency) if currency else mark_in(shown)
            digits = len(shown) if _ZEROS.fullmatch(shown) else 0
            for at in range(column, column + min(repeat, _HEAD)):
                yield at, PERCENT if kind == "percentage" else mark, digits
        column += repeat


def _ods_width(row: ET.Element) -> tuple[int, int]:
    """The last column of a row that holds something, and that of cells hidden by merged ones."""
    column = last = reach = 0
    for cell in row:
        column += int(_attribute(cell, "number-columns-repeated") or 1)
        if cell.tag.endswith("table-cell") and (
            _attribute(cell, "value-type") is not None or "".join(cell.itertext()).strip() != ""
        ):
            reach = column
            if cell.tag.endswith("}table-cell"):
                last = column
    return last, reach

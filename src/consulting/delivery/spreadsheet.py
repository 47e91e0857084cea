"""Workbooks that a client can open without harm, and that come out the same every time.

Text that a spreadsheet would run as a formula is written as text with Excel's own "quote prefix",
its value unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import CellNumberTuple, CellStringTuple, Worksheet

from consulting.formulas import is_formula_like

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

MAX_SHEET_ROWS = 1_048_576
MAX_CELL_CHARACTERS = 32_767
MAX_SHEET_NAME = 31
_LARGEST_EXACT_INTEGER = 2**53
_EARLIEST_EXCEL_YEAR = 1900
_NUMBERS = (int, float, Decimal)
_AS_IT_IS = re.compile(r"(?!\s)[^&<>_\x00-\x1f\ufffe\uffff]*(?<!\s)")
"""A text that stands in XML as it is."""


def sheet_name(wanted: str, taken: Iterable[str] = ()) -> str:
    r"""Return a name Excel accepts, close to the wanted one and unlike those taken.

    Excel allows 31 characters, none of `[]:*?/\`, no apostrophe at either end, no control
    characters, not "History", and compares names without case.
    """
    clean = "".join(
        " " if c in "[]:*?/\\" or unicodedata.category(c).startswith("C") else c for c in wanted
    )
    clean = clean.strip(" '") or "Sheet"
    if clean.casefold() == "history":
        clean = f"{clean} table"
    used = {name.casefold() for name in taken}
    name = clean[:MAX_SHEET_NAME].strip(" '")
    number = 2
    while name.casefold() in used:
        suffix = f" ({number})"
        name = clean[: MAX_SHEET_NAME - len(suffix)].strip(" '") + suffix
        number += 1
    return name


class _Sheet(Worksheet):  # type: ignore[misc]
    """A sheet whose cells are written at once; most texts and numbers are as plain as can be.

    A text is never markup: what looks like the XML of rich text is one, too.
    """

    def put_text(self, row: int, col: int, text: str, style: Any) -> None:
        """Write a text, without a look for cells that are named like "A1"."""
        self._write_string(row, col, text, style)

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        place, style = xl_rowcol_to_cell_fast(row, col), cell.format._get_xf_index()  # noqa: SLF001
        if isinstance(cell, CellNumberTuple):
            self.fh.write(f'<c r="{place}" s="{style}"><v>{cell.number:.16G}</v></c>')
        elif not isinstance(cell, CellStringTuple):
            super()._write_cell(row, col, cell)
        elif _AS_IT_IS.fullmatch(cell.string):
            text = f"<is><t>{cell.string}</t></is>"
            self.fh.write(f'<c r="{place}" s="{style}" t="inlineStr">{text}</c>')
        else:
            text = self._escape_control_characters(cell.string)
            kept = text != text.strip()
            self._xml_inline_string(text, kept, [("r", place), ("s", style)])


class Workbook:
    """An xlsx file written row by row, with Excel's limits handled and noted.

    Args:
        path: The file to write.
        created: The date in its properties; the clock is never asked.
        title: The title in its properties.
        max_rows: Rows of a sheet, the header included; the rest goes on in a further sheet.
    """

    def __init__(
        self, path: Path, *, created: datetime, title: str, max_rows: int = MAX_SHEET_ROWS
    ) -> None:
        self.notes: list[str] = []
        self._max_rows = max_rows
        self._names: list[str] = []
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
                "default_date_format": "yyyy-mm-dd",
            },
        )
        naive = created.replace(tzinfo=None)
        self._book.set_properties({"title": title, "created": naive})
        add = self._book.add_format
        wrap = {"valign": "top", "text_wrap": True}
        self._header = add({"bold": True, "bg_color": "#123C47", "font_color": "#FFFFFF", **wrap})
        self._text = add({"num_format": "@", **wrap})
        self._quoted = add({"num_format": "@", "quote_prefix": True, **wrap})
        self._plain = add({"valign": "top"})
        self._date = add({"num_format": "yyyy-mm-dd", "valign": "top"})
        self._moment = add({"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top"})
        self._title = add({"bold": True, "font_size": 14})

    def close(self) -> None:
        """Write what was noted as a last sheet, and the file."""
        if self.notes:
            sheet = self._add_sheet("Notes")
            sheet.set_column(0, 0, 110)
            for line, note in enumerate(self.notes):
                self._write(sheet, line, 0, note)
        self._book.close()

    def add_lines(self, name: str, lines: Sequence[str]) -> None:
        """Add a sheet of plain sentences, the first as its title."""
        sheet = self._add_sheet(name)
        sheet.set_column(0, 0, 110)
        for number, line in enumerate(lines):
            if number == 0:
                sheet.write_string(0, 0, line, self._title)
            else:
                self._write(sheet, number, 0, line)

    def add_table(
        self,
        name: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        widths: Mapping[str, int] | None = None,
        frozen_columns: int = 0,
    ) -> int:
        """Add a table as one sheet, or as several where it is longer than a sheet.

        Returns:
            How many rows of data were written.
        """
        widths = widths or {}
        sheet, line, written, sheets = None, 0, 0, 0
        for row in rows:
            if sheet is None or line >= self._max_rows:
                self._finish(sheet, line, len(columns))
                sheet = self._start(name, columns, widths, frozen_columns)
                line, sheets = 1, sheets + 1
            for position, value in enumerate(row):
                self._write(sheet, line, position, value, column=columns[position])
            line, written = line + 1, written + 1
        if sheet is None:
            sheet = self._start(name, columns, widths, frozen_columns)
            line = 1
        self._finish(sheet, line, len(columns))
        if sheets > 1:
            self.notes.append(
                f"{name} has {written:,} rows, more than one Excel sheet holds; "
                f"it goes on over {sheets} sheets."
            )
        return written

    def _add_sheet(self, name: str) -> Any:
        chosen = sheet_name(name, self._names)
        self._names.append(chosen)
        return self._book.add_worksheet(chosen, _Sheet)

    def _start(
        self, name: str, columns: Sequence[str], widths: Mapping[str, int], frozen: int
    ) -> Any:
        sheet = self._add_sheet(name)
        sheet.freeze_panes(1, frozen)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for position, column in enumerate(columns):
            sheet.set_column(position, position, widths.get(column, max(10, len(column) + 2)))
            sheet.write_string(0, position, column, self._header)
        return sheet

    @staticmethod
    def _finish(sheet: Any, lines: int, width: int) -> None:
        if sheet is not None and width:
            sheet.autofilter(0, 0, max(lines - 1, 0), width - 1)

    def _write(self, sheet: Any, line: int, position: int, value: Any, *, column: str = "") -> None:
        if value is None:
            return
        if isinstance(value, str):  # most are
            self._write_text(sheet, line, position, value, column)
        elif isinstance(value, bool):
            sheet.write_boolean(line, position, value, self._plain)
        elif isinstance(value, _NUMBERS) and _fits_excel_number(value):
            sheet.write_number(line, position, float(value), self._plain)
        elif isinstance(value, datetime) and _fits_excel_date(value):
            sheet.write_datetime(line, position, value, self._moment)
        elif isinstance(value, date) and _fits_excel_date(value):
            sheet.write_datetime(line, position, value, self._date)
        else:
            self._write_text(sheet, line, position, str(value), column)

    def _write_text(self, sheet: Any, line: int, position: int, text: str, column: str) -> None:
        if len(text) > MAX_CELL_CHARACTERS:
            ending = f" [cut: {len(text):,} characters]"
            where = f" of {column}" if column else ""
            self.notes.append(
                f"Line {line + 1}{where}: the text has {len(text):,} characters and Excel "
                f"holds {MAX_CELL_CHARACTERS:,}; the Parquet or CSV file has it in full."
            )
            text = text[: MAX_CELL_CHARACTERS - len(ending)] + ending
        style = self._quoted if is_formula_like(text) else self._text
        sheet.put_text(line, position, text, style)


def _fits_excel_number(value: float | Decimal) -> bool:
    """Excel keeps 15 digits and no NaN: a longer number is handed over as text, not rounded."""
    if isinstance(value, int):
        return abs(value) <= _LARGEST_EXACT_INTEGER
    if isinstance(value, Decimal):
        return value.is_finite() and len(value.as_tuple().digits) <= 15  # noqa: PLR2004
    return value == value and value not in (float("inf"), float("-inf"))  # noqa: PLR0124


def _fits_excel_date(value: date) -> bool:
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.year >= _EARLIEST_EXCEL_YEAR and not aware

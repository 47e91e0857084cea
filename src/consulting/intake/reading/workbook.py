"""Workbooks: one sheet, its cells as text, counted a second time in the file itself."""

from __future__ import annotations

import datetime as dt
import io
from statistics import median
from typing import TYPE_CHECKING, Any

from consulting.errors import UnreadableFileError
from consulting.intake.reading.cells import filled
from consulting.intake.reading.formats import MAX_OFFICE_BYTES
from consulting.intake.reading.layout import HEAD_ROWS, Row, find_layout
from consulting.intake.reading.sheetscan import SheetScan, scan_sheet
from consulting.intake.reading.table import TableWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from python_calamine import CalamineSheet, CalamineWorkbook

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.outcome import Outcome, StoreFactory
    from consulting.intake.reading.sources import ByteSource

EXACT_INTEGER = 2**53  # above it, a workbook's numbers are no longer exact
BATCH = 20_000

_MIDNIGHT = dt.time()


def read_workbook(
    source: ByteSource, name: str, options: ReadOptions, store: StoreFactory
) -> Outcome:
    """Read one sheet of a workbook.

    Args:
        source: The file's bytes.
        name: Its format, "encrypted" included.
        options: The sheet and the password, where they are declared.
        store: Takes the rows.

    Raises:
        UnreadableFileError: `password_protected`, `password_wrong`, `workbook_broken`,
            `sheet_missing`, `sheet_empty`, `rows_unaccounted`.
    """
    data = source.all_bytes(MAX_OFFICE_BYTES)
    notes: list[str] = []
    if name == "encrypted":
        data, name = _decrypted(source, data, options)
        notes.append("The workbook was encrypted and opened with the declared password.")
    with _opened(source, data) as workbook:
        sheet, warnings = _chosen_sheet(source, workbook, options)
        cells = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    scan = scan_sheet(data, name, sheet.name)
    outcome = _read_rows(source, cells, merged, scan, options, store)
    outcome.format = name
    outcome.sheet = sheet.name
    outcome.decisions[:0] = [*notes, f"Read the sheet {sheet.name!r}."]
    outcome.warnings[:0] = warnings
    return outcome


def _decrypted(source: ByteSource, data: bytes, options: ReadOptions) -> tuple[bytes, str]:
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError

    if options.password is None:
        raise UnreadableFileError(
            source.filename,
            "password_protected",
            "The workbook is protected by a password.",
            "Declare the password for the feed (from the environment), or send it unprotected.",
        )
    target = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        office.load_key(password=options.password.get_secret_value())
        office.decrypt(target)
    except (InvalidKeyError, DecryptionError, FileFormatError) as error:
        raise UnreadableFileError(
            source.filename,
            "password_wrong",
            "The declared password does not open the workbook.",
            "Correct the feed's password; the client may have changed it.",
        ) from error
    plain = target.getvalue()
    return plain, "xlsx" if plain[:2] == b"PK" else "xls"


def _opened(source: ByteSource, data: bytes) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as error:
        raise UnreadableFileError(
            source.filename,
            "password_protected",
            "The workbook is protected by a password.",
            "Declare the password for the feed (from the environment), or send it unprotected.",
        ) from error
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFileError(
            source.filename,
            "workbook_broken",
            "The workbook ends early or is damaged.",
            "Open it, save it again and send it once more.",
        ) from error


def _chosen_sheet(
    source: ByteSource, workbook: CalamineWorkbook, options: ReadOptions
) -> tuple[CalamineSheet, list[str]]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    tables = [item for item in workbook.sheets_metadata if item.typ == SheetTypeEnum.WorkSheet]
    hidden = [item.name for item in tables if item.visible != SheetVisibleEnum.Visible]
    if options.sheet is not None:
        name = _declared_sheet(source, [item.name for item in tables], options.sheet)
        warnings = [f"The sheet {name!r} is hidden."] if name in hidden else []
        return workbook.get_sheet_by_name(name), warnings
    full = [
        item.name
        for item in tables
        if item.name not in hidden and workbook.get_sheet_by_name(item.name).height
    ]
    if not full:
        where = f" (hidden: {', '.join(map(repr, hidden))})" if hidden else ""
        raise UnreadableFileError(
            source.filename,
            "sheet_empty",
            f"No visible sheet of the workbook holds a value{where}.",
            "Send the workbook with data, or declare the feed's `sheet`.",
        )
    warnings = []
    if len(full) > 1:
        others = ", ".join(map(repr, full[1:6])) + (", …" if len(full) > 6 else "")  # noqa: PLR2004
        warnings.append(
            f"Only the first sheet with data, {full[0]!r}, was read. Also there: {others}. Declare "
            "the feed's `sheet` if another is meant."
        )
    if hidden:
        warnings.append(f"Hidden sheets were not read: {', '.join(map(repr, hidden[:5]))}.")
    return workbook.get_sheet_by_name(full[0]), warnings


def _declared_sheet(source: ByteSource, names: Sequence[str], wanted: str | int) -> str:
    if isinstance(wanted, int):
        if 1 <= wanted <= len(names):
            return names[wanted - 1]
    else:
        for name in names:
            if name.strip().casefold() == wanted.strip().casefold():
                return name
    raise UnreadableFileError(
        source.filename,
        "sheet_missing",
        f"The workbook has no sheet {wanted!r}; it has {', '.join(map(repr, names[:10]))}.",
        "Correct the feed's `sheet`, or ask the client what changed.",
    )


def _read_rows(  # noqa: PLR0913, PLR0917 - the parts of one sheet
    source: ByteSource,
    cells: Sequence[Sequence[Any]],
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    scan: SheetScan,
    options: ReadOptions,
    store: StoreFactory,
) -> Outcome:
    used = _used_columns(cells)
    rows = [
        Row(number, [as_text(row[at]) for at in used])
        for number, row in enumerate(cells, start=1)
        if any(value not in {"", None} for value in row)
    ]
    if not rows:
        raise UnreadableFileError(
            source.filename,
            "sheet_empty",
            "The sheet holds no value.",
            "Send the workbook with data, or declare the feed's `sheet`.",
        )
    head = rows[:HEAD_ROWS]
    layout = find_layout(head, len(used), options, unit="row")
    merges = _fill_down(rows, merged, used, layout.first_line)
    with store(layout.columns) as kept:
        writer = TableWriter(layout, kept, options.max_rows, source.filename)
        for at in range(0, len(rows), BATCH):
            writer.add_rows(rows[at : at + BATCH])
        blank = scan.rows - {row.line for row in rows} if scan.rows is not None else set()
        blank = {number for number in blank if number >= layout.first_line}
        kept.reject([(number, "no_readable_cell", "") for number in sorted(blank)])
        stored = writer.finish()
    outcome = writer.outcome(stored)
    _reconcile(source, rows, scan, writer, outcome)
    if len(used) < (len(cells[0]) if cells else 0):
        outcome.decisions.append(f"{len(cells[0]) - len(used)} empty columns left out.")
    outcome.warnings += _about_cells(cells, scan, merges, len(blank))
    return outcome


def _used_columns(cells: Sequence[Sequence[Any]]) -> list[int]:
    width = max((len(row) for row in cells), default=0)
    used: set[int] = set()
    for row in cells:
        if len(used) == width:
            break
        used.update(at for at, value in enumerate(row) if value not in {"", None})
    return sorted(used)


def _fill_down(
    rows: Sequence[Row],
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    used: Sequence[int],
    first_line: int,
) -> int:
    """Give each row of a cell merged over several rows its value; how many merges there were."""
    by_line = {row.line: row for row in rows} if merged else {}
    filled_in = 0
    for (top, left), (bottom, _) in merged:
        start = by_line.get(top + 1)
        if bottom == top or top + 1 < first_line or start is None or left not in used:
            continue
        at = used.index(left)
        for line in range(top + 2, bottom + 2):
            row = by_line.get(line)
            if row is not None and isinstance(row.cells, list):
                row.cells[at] = start.cells[at]
        filled_in += 1
    return filled_in


def _reconcile(
    source: ByteSource,
    rows: Sequence[Row],
    scan: SheetScan,
    writer: TableWriter,
    outcome: Outcome,
) -> None:
    counted = len(rows) if scan.rows is None else len(scan.rows)
    above = 0
    if scan.rows is not None:
        ours = {row.line for row in rows}
        above = sum(1 for row in scan.rows - ours if row < writer.layout.first_line)
    outcome.received = counted - writer.lines_not_records - above
    if outcome.received != outcome.seen + outcome.rejected:
        raise UnreadableFileError(
            source.filename,
            "rows_unaccounted",
            f"The sheet has {outcome.received:,} records by a count of the file itself, but "
            f"{outcome.seen:,} were read and {outcome.rejected:,} set aside.",
            "Send the data as CSV, and report the workbook's structure: the reader is at fault.",
        )
    if scan.rows is None:
        outcome.warnings.append(
            "The rows of this format can not be counted a second time; the count is the reader's."
        )


def _about_cells(
    cells: Sequence[Sequence[Any]], scan: SheetScan, merges: int, blank: int
) -> list[str]:
    words = []
    if scan.errors:
        words.append(
            f"{scan.errors:,} cells hold an error (like #N/A or #REF!); they were read as blank."
        )
    if scan.uncalculated:
        words.append(
            f"{scan.uncalculated:,} cells hold a formula that was never calculated; they were read "
            "as blank. Open the workbook in Excel, save it and send it again."
        )
    if blank:
        words.append(f"{blank:,} rows hold nothing that can be read and were set aside.")
    if merges:
        words.append(f"{merges:,} cells merged over several rows: each row was given the value.")
    large = sum(
        1
        for row in cells
        for value in row
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) >= EXACT_INTEGER
    )
    if large:
        words.append(
            f"{large:,} cells hold numbers of more than 15 digits: a workbook can not keep all of "
            "them. Send long identifiers as text."
        )
    return words


def as_text(value: Any) -> str:  # noqa: PLR0911 - one line for each type
    """A cell's value as text: numbers without noise, dates in ISO form.

    Numbers have the 15 significant digits a workbook is exact to.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        if value.time() == _MIDNIGHT:
            return value.date().isoformat()
        return value.isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        return _duration(value)
    return str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:  # noqa: PLR2004 - beyond, digits are noise
        return str(int(value))
    text = f"{value:.15g}"
    if "e" in text:
        from decimal import Decimal

        return f"{Decimal(text):f}"
    return text


def _duration(value: dt.timedelta) -> str:
    seconds = int(value.total_seconds())
    sign = "-" if seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    return f"{sign}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def typical_width(rows: Sequence[Row]) -> int:
    """How many cells a row usually fills."""
    return int(median([filled(row.cells) for row in rows])) if rows else 0

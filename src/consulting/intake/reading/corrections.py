"""A rejects file that came back is told by its content, whatever its name, and read as one."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from consulting.corrections import CORRECTION_ID, is_corrections
from consulting.errors import UnreadableFileError
from consulting.intake.reading.detection import HEAD, detect_format
from consulting.intake.reading.reader import read_file
from consulting.intake.reading.sheetscan import scan_sheet
from consulting.intake.reading.sources import open_source
from consulting.intake.reading.workbook import refuse_huge_ods, refusing_damage
from consulting.privacy.tiers import FULL_TIER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consulting.intake.reading.options import Door, ReadOptions
    from consulting.intake.reading.sources import ByteSource
    from consulting.records import FileReading
    from consulting.sealed import SealedFile

_MARKS = tuple(CORRECTION_ID.encode(codec) for codec in ("ascii", "utf-16-le", "utf-16-be"))
_WHOLE = ("xl/sharedStrings.xml", "xl/sharedStrings.bin", "content.xml")
_SHEETS = "xl/worksheets/"
_HEADER_ROWS = 100
_CHUNK = 1024 * 1024


_NOT_AS_DECLARED = {
    "header_row": None,
    "skip_rows": None,
    "delimiter": None,
    "quotechar": None,
    "encoding": None,
    "expected_columns": (CORRECTION_ID,),
}


def read_either(
    path: Path | SealedFile, *, filename: str, options: ReadOptions, door: Door, **told: Any
) -> FileReading | None:
    """Read a file as corrections where it holds the ids of rejects, else as its feed declares it.

    Args:
        path: As for `read_file`, and so is what follows.
        filename: The file as the client named it.
        options: What is declared for the feed.
        door: What may be stored.
        told: What else `read_file` takes.

    Returns:
        None where it holds corrections, and the tier keeps none of the full rows that they need.

    Raises:
        UnreadableFileError: As `read_file`.
    """
    found, allowed = find_corrections(path, filename, options), door.tier >= FULL_TIER
    if found and not allowed:
        return None
    for either in filter(None, (found, options.model_copy(update={"beside": frozenset()}))):
        reading = read_file(path, filename=filename, options=either, door=door, **told)
        if is_corrections(reading.columns):  # or of a format that is not looked into beforehand
            return reading if allowed else None
    return reading


def find_corrections(
    path: Path | SealedFile, filename: str, options: ReadOptions
) -> ReadOptions | None:
    """Look whether the file is a corrections file.

    What the feed declares of its files (sheet, delimiter, encoding) need not hold for a file of
    ours that a client saved again.

    Args:
        path: The landed copy.
        filename: The file as the client named it, for messages.
        options: What is declared for the feed.

    Returns:
        How to read it, in place of what is declared; None if it is none.

    Raises:
        UnreadableFileError: If the file can not be opened.
    """
    source = open_source(path, filename, options)
    kind = detect_format(source, options).name
    sheet = None
    if kind in {"xlsx", "xlsb", "xls", "ods"}:
        sheet = _marked_sheet(source, kind, options)
    if sheet is None and not (kind == "csv" and _marked(source.head(HEAD))):
        return None
    return options.model_copy(update={"sheet": sheet, **_NOT_AS_DECLARED})


def _marked(data: bytes) -> bool:
    return any(mark in data.lower() for mark in _MARKS)


def _marked_sheet(source: ByteSource, kind: str, options: ReadOptions) -> str | None:
    """The sheet that has the ids; the workbook is opened only if the word is in it at all."""
    data = source.office_bytes(options)
    pieces = iter([data]) if kind == "xls" else _texts(data)
    if not any(_marked(piece) for piece in pieces):
        return None
    from python_calamine import CalamineWorkbook

    try:
        with refusing_damage(source):
            refuse_huge_ods(source, data, kind, options)
        with refusing_damage(source), CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            for name in workbook.sheet_names:
                # opening a sheet takes memory for all of its square
                scan_sheet(data, kind, name).refuse_if_huge(
                    source.filename, name, options.max_cells
                )
                rows = workbook.get_sheet_by_name(name).to_python(nrows=_HEADER_ROWS)
                cells = (cell for row in rows for cell in row if isinstance(cell, str))
                if any(cell.strip().casefold() == CORRECTION_ID for cell in cells):
                    return name
    except UnreadableFileError:
        return None  # the reader says what is wrong with it
    return None


def _texts(data: bytes) -> Iterator[bytes]:
    """The parts of a workbook where a header can stand: shared texts, and the top of each sheet."""
    overlap = max(map(len, _MARKS))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if name in _WHOLE:
                    with archive.open(name) as part:
                        tail = b""
                        while chunk := part.read(_CHUNK):
                            yield tail + chunk
                            tail = chunk[-overlap:]
                elif name.startswith(_SHEETS):
                    with archive.open(name) as part:
                        yield part.read(HEAD)
    except (zipfile.BadZipFile, OSError, EOFError):
        return  # the reader says what is wrong with it

"""The parts of a file, sheets of a workbook or files of a zip, and which of them are tables.

Each is read as a feed's is, but of its rows only the first are looked at, and none is stored.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from consulting.errors import UnreadableFileError
from consulting.intake.reading.cells import filled, kind
from consulting.intake.reading.detection import detect_format
from consulting.intake.reading.formats import WorkbookFormat
from consulting.intake.reading.rows import RowStore
from consulting.intake.reading.sheetscan import (
    DAMAGE,
    column_number,
    scan_sheet,
    sheet_part,
)
from consulting.intake.reading.sources import open_source, zip_members
from consulting.intake.reading.workbook import open_workbook
from consulting.privacy.tiers import FULL_TIER, SCHEMA_ONLY_TIER
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from consulting.intake.reading.options import Door, ReadOptions
    from consulting.intake.reading.outcome import Outcome
    from consulting.intake.reading.sources import ByteSource

MOST_PARTS = 40
"""Further ones are told, not read."""
BEYOND = "is one of too many"
_GLANCE = 200
_LEAST_WORDS = 3
_MOST_OF_COVER = 20
_WIDTH_OF_COVER = 3
_MUCH = 0.8
_HALF = 0.5
_PIVOT = re.compile(
    "row labels|zeilenbeschriftungen|étiquettes de lignes|etiquetas de fila|etichette di riga|"
    "rijlabels|rótulos de linha",
    re.IGNORECASE,
)
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")


class Part(Record):
    """A part of a file.

    Attributes:
        member: The file inside a zip.
        sheet: The sheet's name.
        place: The sheet's number, from 1.
        columns: The names of its columns.
        left: Why it is no table, in words that go on from "it"; None where it is one.
    """

    member: str | None = None
    sheet: str | None = None
    place: int | None = None
    columns: tuple[str, ...] = ()
    left: str | None = None


def find_parts(path: Path, filename: str, options: ReadOptions, door: Door) -> tuple[Part, ...]:
    """The parts of a file, in its order; none where it has only one.

    Args:
        path: The file.
        filename: As the client named it.
        options: What is known of it, and what reading it may take.
        door: At tier 3 it is told why a part can not be read; below, the reason's code.

    Raises:
        UnreadableFileError: If it can not be opened.
    """
    # titles are looked at as they are, at any tier, and only what is made of them is told
    told = door.tier == FULL_TIER
    door = door.model_copy(update={"tier": SCHEMA_ONLY_TIER})
    found: list[tuple[Part, list[list[str]]]] = []
    members = zip_members(path, filename)
    some: Sequence[str | None] = members[:MOST_PARTS] or [None]
    for member in some:
        inside = options.model_copy(update={"member": member})
        try:
            source = open_source(path, filename, inside)
            sheets = _sheets(source, inside)
        except UnreadableFileError as error:
            if member is None:
                raise
            found.append((Part(member=member, left=_refused(error, told=told)), []))
            continue
        for sheet in sheets or [Part()]:
            part = sheet.model_copy(update={"member": member})
            try:
                found.append(_looked_at(path, source, part, inside, door))
            except UnreadableFileError as error:
                left = _refused(error, told=told)
                found.append((part.model_copy(update={"left": left}), []))
    many = [Part(member=m, left=BEYOND) for m in members[MOST_PARTS:]]
    parts = [*_without_dictionaries(found), *many]
    return tuple(parts) if len(parts) > 1 else ()


class _Glance(RowStore):
    """Keeps the first rows in memory, and nothing else."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        self.first: list[list[str]] = []

    def add(self, rows: Sequence[Sequence[str | None]], lines: Sequence[int]) -> None:
        """Take rows, as the store does."""
        if len(self.first) < _GLANCE:
            self.first += [[cell or "" for cell in row] for row in rows[:_GLANCE]]
        super().add(rows, lines)

    def add_columns(self, arrays: Sequence[Any], lines: Any) -> None:
        """Take rows as columns, as the store does."""
        if not self.first:
            columns = [array.slice(0, _GLANCE).to_pylist() for array in arrays]
            self.first += [[cell or "" for cell in row] for row in zip(*columns, strict=True)]
        super().add_columns(arrays, lines)


def _sheets(source: ByteSource, options: ReadOptions) -> list[Part]:
    """The worksheets of a workbook with several; the hidden ones are none to read."""
    found = detect_format(source, options)
    if not isinstance(found.format, WorkbookFormat):
        return []
    with open_workbook(source, found.name, options) as opened:
        sheets = opened.worksheets()
    parts = [
        Part(
            sheet=name,
            place=place,
            left="is hidden" if hidden else BEYOND if place > MOST_PARTS else None,
        )
        for place, (name, hidden) in enumerate(sheets, start=1)
    ]
    return parts if len(parts) > 1 else []


def _looked_at(
    path: Path, source: ByteSource, part: Part, options: ReadOptions, door: Door
) -> tuple[Part, list[list[str]]]:
    """A part with its columns, or why it is no table, and its first rows."""
    if part.left:
        return part, []
    options = options.model_copy(update={"sheet": part.place})
    glance: list[_Glance] = []

    def store(columns: Sequence[str], spacers: Sequence[int] = ()) -> RowStore:
        glance.append(
            _Glance(
                run_folder=path.parent,
                name="parts",
                filename=source.filename,
                columns=columns,
                door=door,
                declared={},
                spacers=spacers,
            )
        )
        return glance[-1]

    found = detect_format(source, options)
    outcome = found.format.read(path, source, found.name, options, store)
    pivot = bool(part.sheet) and _is_pivot(source, found.name, part.sheet or "", options)
    rows = glance[-1].first
    left = "holds a pivot table" if pivot else _left(outcome, rows)
    return part.model_copy(update={"columns": outcome.columns, "left": left}), rows


def _refused(error: UnreadableFileError, *, told: bool) -> str:
    if error.code in {"sheet_empty", "empty_file"}:
        return "is empty"
    return f"can not be read ({error.reason.rstrip('.') if told else error.code})"


def _left(outcome: Outcome, rows: list[list[str]]) -> str | None:
    """Why rows are no table, by what they hold."""
    titles = list(outcome.columns) if outcome.header_lines else []
    if not outcome.received:
        return "holds titles and no row" if len(titles) > 1 else "holds a single line"
    whole = [titles, *rows] if titles else rows
    if titles and _PIVOT.fullmatch(titles[0].strip()):
        return "holds a pivot table"
    if _is_prose(whole):
        return "holds notes"
    return "is a cover sheet" if _is_cover(whole) else None


def _is_prose(rows: Sequence[Sequence[str]]) -> bool:
    """Whether nearly all lines hold one text, and many are sentences."""
    lone = [[cell for cell in row if cell.strip()] for row in rows if filled(row)]
    alone = [cells[0] for cells in lone if len(cells) == 1]
    if len(alone) < _MUCH * len(lone):
        return False
    words = sum(len(re.findall(r"[^\W\d_]+", text)) for text in alone)
    return words >= _LEAST_WORDS * len(alone)


def _is_cover(rows: Sequence[Sequence[str]]) -> bool:
    """Whether lines are names with a value each: names with a colon, or values of all kinds."""
    lines = [[cell.strip() for cell in row if cell.strip()] for row in rows if filled(row)]
    if len(lines) > _MOST_OF_COVER or max(map(len, lines), default=0) > _WIDTH_OF_COVER:
        return False
    names = [cells[0] for cells in lines]
    if sum(name.endswith(":") for name in names) >= _HALF * len(names):
        return True
    kinds = [kind(cells[1]) for cells in lines if len(cells) > 1]
    told = all(kind(name) == "text" for name in names) and len({*names}) == len(names)
    # below a title, a column of a table is of one kind
    mixed = [kinds[1:].count(each) < _MUCH * len(kinds[1:]) for each in {*kinds[1:]}]
    return told and len(mixed) > 1 and all(mixed)


def _without_dictionaries(found: Sequence[tuple[Part, list[list[str]]]]) -> Iterator[Part]:
    """The parts; one whose first column names the columns of the others describes them."""
    for part, rows in found:
        others = {
            name.casefold()
            for other, _ in found
            if other is not part and other.left is None
            for name in other.columns
        }
        names = {row[0].strip().casefold() for row in rows if row and row[0].strip()}
        described = len(names & others) >= max(2, _HALF * len(names))
        told = "describes columns" if described and part.left is None else part.left
        yield part.model_copy(update={"left": told})


def _is_pivot(source: ByteSource, name: str, sheet: str, options: ReadOptions) -> bool:
    """Whether a pivot table takes most of a sheet, by what the workbook says itself."""
    with open_workbook(source, name, options) as opened:
        data, name = opened.data, opened.name
    if name != "xlsx":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            area = sum(_pivot_cells(archive, sheet))
        scan = scan_sheet(data, name, sheet) if area else None
    except DAMAGE:
        return False
    return scan is not None and area >= _HALF * scan.last_row * scan.last_column


def _pivot_cells(archive: zipfile.ZipFile, sheet: str) -> Iterator[int]:
    """How many cells each pivot table of a sheet has."""
    names = {each.lower(): each for each in archive.namelist()}
    folder, _, base = (sheet_part(archive, sheet) or "").rpartition("/")
    links = names.get(f"{folder}/_rels/{base}.rels".lower())
    for item in ET.fromstring(archive.read(links)) if links else ():  # noqa: S314 - expat bounds entities
        if not (item.get("Type") or "").endswith("/pivotTable"):
            continue
        target = posixpath.normpath(posixpath.join(folder, item.get("Target") or ""))
        pivot = names.get(target.lstrip("/").lower())
        for each in ET.fromstring(archive.read(pivot)).iter() if pivot else ():  # noqa: S314
            place = _PLACE.fullmatch(each.get("ref") or "")
            if place and each.tag.endswith("}location"):
                wide = column_number(place[3].encode()) - column_number(place[1].encode()) + 1
                yield wide * (int(place[4]) - int(place[2]) + 1)

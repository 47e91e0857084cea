"""What stands below a table: notes, totals and empty rows."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, NamedTuple

from consulting.intake.reading.blocks import Row, blocks, own_table
from consulting.intake.reading.cells import filled, kind
from consulting.intake.reading.skipping import NOTE
from consulting.rules.numbers import read_number
from consulting.rules.sums import ALONE, MAYBE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.reading.evidence import Columns

TAIL_ROWS = 30
NOTE_WIDTH = 3  # a single cell in a row means "note" only where rows have at least this many
CENT = 0.005
GAPS = 2  # so many blanks where records have none make a row of numbers alone one of totals


def _is_footnote(row: Row, width: int) -> bool:
    """Whether a row at the end holds a note, not data: one cell at its beginning and no other."""
    return width >= NOTE_WIDTH and filled(row.cells) == 1 and bool(row.cells[0].strip())


class Cut(NamedTuple):
    """A row that stands below the table.

    Attributes:
        row: The row.
        reason: What it is.
        doubtful: Whether it may be data all the same.
    """

    row: Row
    reason: str
    doubtful: bool


def is_like_rows(cells: Sequence[str], columns: Columns) -> bool:
    """Whether a line that was taken for none of the table holds as much that speaks for one."""
    found, alike = columns.against(cells), columns.like_values(cells)
    return alike > 0 and alike >= found.texts + found.others


def _begins_a_row(row: Row, width: int, columns: Columns) -> bool:
    """Whether a lone first cell is what its column holds, in a row of all cells.

    Such a row may have lost its other values; a note is words, or has no delimiters.
    """
    alone = filled(row.cells) == 1 and len(row.cells) == width
    return alone and columns.begins_as_rows_do(row.cells[0])


def _is_odd(row: Row, width: int, columns: Columns, *, padded: bool = False) -> bool:
    """Whether a row holds words where the columns hold something else, or a lone cell.

    Args:
        row: The row.
        width: The number of columns.
        columns: What they hold.
        padded: Whether a row may be one that has all delimiters, or a cell that fits.
    """
    if len(row.cells) > width:
        return False
    cells = [*row.cells, *([""] * (width - len(row.cells)))]
    found = columns.against(cells)
    alone = filled(cells) == 1 and found.gaps == width - 1 and not found.fits
    if padded:
        return alone or found.texts > 0
    if alone and width >= NOTE_WIDTH:
        return True
    return len(row.cells) < width and not found.fits and (alone or found.texts > 0)


def _is_total(row: Row, columns: Columns) -> bool:
    """Whether a row at the end may sum up the rows above it.

    It has a word for it, numbers and gaps; or a label that its column contradicts, or none, and
    gaps where no record has one.
    """
    if _is_named_total(row.cells):
        return filled(row.cells) > 1 or columns.against(row.cells).gaps > 0
    kinds = [kind(cell) for cell in row.cells]
    if "number" not in kinds or kinds.count("text") > 1:
        return False
    found = columns.against(row.cells)
    labelled = kinds.count("text") == found.texts == 1 and kind(_label(row.cells)) == "text"
    others = len(kinds) - kinds.count("number") - kinds.count("empty") - kinds.count("text")
    return (labelled or not kinds.count("text")) and not others and found.gaps >= GAPS


def _label(cells: Sequence[str]) -> str:
    return next((cell for cell in cells if cell.strip()), "")


def _is_named_total(cells: Sequence[str]) -> bool:
    """Whether a row is a word for totals, with or without numbers."""
    kinds = [kind(cell) for cell in cells]
    words = kinds.count("text")
    sums = words == filled(cells) or "number" in kinds
    return words == 1 and sums and ALONE.fullmatch(_label(cells)) is not None


def _total(kept: Sequence[Row], width: int, columns: Columns) -> Cut | None:
    """The last row as what sums up those above it; None where it is a record.

    No sum is less than what it sums up: where a key is, it goes on. A row without a word for
    totals is doubtful, unless a number of it is the sum of its column.
    """
    row = kept[-1]
    if not _is_total(row, columns):
        return None
    named = MAYBE.match(_label(row.cells)) is not None
    records = [r.cells for r in kept[:-1] if len(r.cells) == width]
    full = [cells for cells in records if not columns.against(cells).gaps]
    above = {
        at: [x for cells in full if (x := _number(cells[at])) is not None]
        for at, cell in enumerate(row.cells[:width])
        if kind(cell) == "number"
    }
    if not named and any(_goes_on(row.cells[at], at, values) for at, values in above.items()):
        return None
    sums = any(
        isclose(_number(row.cells[at]) or 0, sum(values), abs_tol=CENT)
        for at, values in above.items()
    )
    return Cut(row, "totals row", doubtful=not (named or sums))


def _goes_on(cell: str, at: int, above: Sequence[float]) -> bool:
    """Whether a number is one more key: less than the whole numbers above it sum up to, and new.

    In the first column a key may come again.
    """
    value = _number(cell)
    if value is None or not above or any(x < 0 or x % 1 for x in (value, *above)):
        return False
    new = len({value, *above}) == len(above) + 1
    return value < sum(above) and (new or at == 0)


def _number(cell: str) -> float | None:
    found = read_number(cell.strip())
    return found.value if found else None


def trim_tail(tail: list[Row], width: int, columns: Columns) -> tuple[list[Row], list[Cut]]:
    """Tell data from what stands below it.

    Args:
        tail: The last records of the file.
        width: The number of columns.
        columns: What the columns hold, by the first records.

    Returns:
        The records that are data, and the others.
    """
    kept = list(tail)
    cut: list[Cut] = []
    full = sorted(count for row in tail if (count := filled(row.cells)) > 1)
    typical = full[len(full) // 2] if full else 0
    while kept:
        last = [*blocks(kept)][-1:] if filled(kept[-1].cells) else []
        block = [kept[at] for at in last[0]] if last and last[0].start else []
        notes = all(
            _is_odd(row, width, columns, padded=True) and not _begins_a_row(row, width, columns)
            for row in block
        )
        if block and notes and own_table(block) is None:
            cut += [_note(row, width, columns) for row in block[::-1]]
            del kept[-len(block) :]
        elif not filled(kept[-1].cells) and width > 1:
            cut.append(Cut(kept.pop(), "empty row at the end", doubtful=False))
        elif _is_note(kept[-1], width, typical, columns):
            cut.append(_note(kept.pop(), width, columns))
        else:
            break
    if typical < NOTE_WIDTH - 1 and not any(len(row.cells) == width for row in kept):
        return list(tail), []
    while kept and width > 1 and (total := _total(kept, width, columns)):
        cut.append(total)
        kept.pop()
    return kept, cut[::-1]


def _note(row: Row, width: int, columns: Columns) -> Cut:
    named = MAYBE.match(_label(row.cells)) is not None
    like_rows = not named and is_like_rows(row.cells, columns)
    return Cut(row, NOTE, doubtful=like_rows or filled(row.cells) == width)


def _is_note(row: Row, width: int, typical: int, columns: Columns) -> bool:
    """Whether the last row is a note."""
    if not filled(row.cells) or _begins_a_row(row, width, columns):
        return False
    alone = typical >= NOTE_WIDTH - 1 and _is_footnote(row, width)
    return alone or _is_odd(row, width, columns)

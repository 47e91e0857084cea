"""What stands below a table: notes, totals and empty rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.intake.reading.blocks import blocks, own_table
from consulting.intake.reading.cells import filled, kind
from consulting.intake.reading.skipping import NOTE
from consulting.rules.sums import ALONE

if TYPE_CHECKING:
    from consulting.intake.reading.blocks import Row
    from consulting.intake.reading.evidence import Columns

TAIL_ROWS = 30
NOTE_WIDTH = 3  # a single cell in a row means "note" only where rows have at least this many
GAPS = 2  # so many blanks where records have none make a row of numbers alone one of totals


def _is_footnote(row: Row, width: int) -> bool:
    """Whether a row at the end holds a note, not data: one cell at its beginning and no other."""
    return width >= NOTE_WIDTH and filled(row.cells) == 1 and bool(row.cells[0].strip())


def _begins_a_row(row: Row, above: list[Row], width: int) -> bool:
    """Whether a lone first cell is of its column's kind, a date or a number, in a row of all cells.

    Such a row may have lost its other values; a note is words, or has no delimiters.
    """
    own = kind(row.cells[0])
    if own not in {"date", "number"} or len(row.cells) != width:
        return False
    firsts = [kind(each.cells[0]) for each in above if filled(each.cells) > 1]
    kinds = [found for found in firsts if found != "empty"]
    return kinds.count(own) == len(kinds)


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
    """Whether a row at the end sums up the rows above it.

    It has a word for it, numbers and gaps; or a label that its column contradicts, or none, and
    gaps where no record has one.
    """
    label = next((cell for cell in row.cells if cell.strip()), "")
    kinds = [kind(cell) for cell in row.cells]
    if kinds.count("text") == filled(row.cells) == 1:
        return ALONE.fullmatch(label) is not None and columns.against(row.cells).gaps > 0
    if "number" not in kinds or kinds.count("text") > 1:
        return False
    if kinds.count("text") == 1 and ALONE.fullmatch(label):
        return True
    found = columns.against(row.cells)
    labelled = kinds.count("text") == found.texts == 1 and kind(label) == "text"
    others = len(kinds) - kinds.count("number") - kinds.count("empty") - kinds.count("text")
    return (labelled or not kinds.count("text")) and not others and found.gaps >= GAPS


def trim_tail(
    tail: list[Row], width: int, columns: Columns
) -> tuple[list[Row], list[tuple[Row, str]]]:
    """Tell data from what stands below it.

    Args:
        tail: The last records of the file.
        width: The number of columns.
        columns: What the columns hold, by the first records.

    Returns:
        The records that are data, and the others with the reason.
    """
    kept = list(tail)
    cut: list[tuple[Row, str]] = []
    full = sorted(count for row in tail if (count := filled(row.cells)) > 1)
    typical = full[len(full) // 2] if full else 0
    while kept:
        last = [*blocks(kept)][-1:] if filled(kept[-1].cells) else []
        block = [kept[at] for at in last[0]] if last and last[0].start else []
        notes = all(_is_odd(row, width, columns, padded=True) for row in block)
        if block and notes and own_table(block) is None:
            cut += [(row, NOTE) for row in block[::-1]]
            del kept[-len(block) :]
        elif (reason := _reason(kept, width, typical, columns)) is not None:
            cut.append((kept.pop(), reason))
        else:
            break
    if typical < NOTE_WIDTH - 1 and not any(len(row.cells) == width for row in kept):
        return list(tail), []
    while kept and width > 1 and _is_total(kept[-1], columns):
        cut.append((kept.pop(), "totals row"))
    return kept, cut[::-1]


def _reason(kept: list[Row], width: int, typical: int, columns: Columns) -> str | None:
    """Why the last row is no record; None where it is one."""
    row = kept[-1]
    if not filled(row.cells):
        return "empty row at the end" if width > 1 else None
    alone = typical >= NOTE_WIDTH - 1 and _is_footnote(row, width)
    if alone and not _begins_a_row(row, kept[:-1], width):
        return NOTE
    return NOTE if _is_odd(row, width, columns) else None

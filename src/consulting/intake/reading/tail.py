"""What stands below a table: notes, totals and empty rows."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, NamedTuple

from consulting.intake.reading.blocks import Row, blocks, own_table
from consulting.intake.reading.cells import filled, kind
from consulting.intake.reading.evidence import is_lone
from consulting.intake.reading.skipping import NOTE
from consulting.rules.numbers import read_number
from consulting.rules.sums import ALONE, MAYBE, SURE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.reading.evidence import Columns

TAIL_ROWS = 30
NOTE_WIDTH = 3  # a single cell in a row means "note" only where rows have at least this many
CENT = 0.005
ROUNDED = 0.01  # of itself a sum under its name may be off, for what it sums up was rounded
GAPS = 2  # so many blanks where records have none make a row of numbers alone one of totals


def _is_footnote(row: Row, width: int) -> bool:
    """Whether a row at the end holds a note, not data: one cell at its beginning and no other."""
    return width >= NOTE_WIDTH and is_lone(row.cells)


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

    No sum is less than what it sums up: where a key is, it goes on. A row is doubtful unless a
    number of it is the sum of its column, or it has a word for totals and gaps: without, a name
    is one that firms have, too, where no number can be a sum.
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
    numbers = [(_number(row.cells[at]) or 0, values) for at, values in above.items()]
    sums = any(any(v) and isclose(x, sum(v), abs_tol=CENT) for x, v in numbers)
    if named:
        sure = SURE.fullmatch(_label(row.cells)) or columns.against(row.cells).gaps or not numbers
        sums = sums or bool(sure) or any(_may_sum(x, v, len(kept)) for x, v in numbers)
    return Cut(row, "totals row", doubtful=not sums)


def _may_sum(value: float, above: Sequence[float], rows: int) -> bool:
    """Whether a number may be the sum of a column, of which only the last rows are at hand."""
    longer = rows >= TAIL_ROWS and (value >= sum(above) or min(above, default=0) < 0)
    return longer or (any(above) and isclose(value, sum(above), rel_tol=ROUNDED))


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
        block = _last_block(kept)
        notes = all(
            _is_odd(row, width, columns, padded=True) and not _begins_a_row(row, width, columns)
            for row in block
        )
        if block and notes and own_table(block) is None:
            cut += [_note(row, width, columns, apart=True) for row in block[::-1]]
            del kept[-len(block) :]
        elif not filled(kept[-1].cells) and width > 1:
            cut.append(Cut(kept.pop(), "empty row at the end", doubtful=False))
        elif _is_note(kept[-1], width, typical, columns) and (
            block or not _is_usual(kept[-1], width, columns)
        ):
            cut.append(_note(kept.pop(), width, columns, apart=bool(block)))
        else:
            break
    if typical < NOTE_WIDTH - 1 and not any(len(row.cells) == width for row in kept):
        return list(tail), []
    while kept and width > 1 and own_table(_last_block(kept)) is None:
        total = _total(kept, width, columns)
        if total is None:
            break
        cut.append(total)
        kept.pop()
    return kept, cut[::-1]


def _last_block(kept: Sequence[Row]) -> list[Row]:
    """The last rows after an empty line, where some stand before it."""
    last = [*blocks(kept)][-1:] if filled(kept[-1].cells) else []
    return [kept[at] for at in last[0]] if last and last[0].start else []


def _note(row: Row, width: int, columns: Columns, *, apart: bool) -> Cut:
    """A row as a note; doubtful where it has what rows have, and no word that notes have.

    Blanks where they are usual speak for a row unless an empty line stands before it, and so do
    some delimiters and not all.
    """
    cells = [cell.strip() for cell in row.cells]
    words = MAYBE.match(_label(cells)) is not None or any(cell.endswith(":") for cell in cells)
    begun = filled(cells) > 1 and all(cells[: filled(cells)])
    cut_off = 1 < len(cells) < width
    whole = not apart and len(cells) == width and not columns.against(cells).gaps
    like_rows = is_like_rows(cells, columns) or begun or cut_off or whole
    return Cut(row, NOTE, doubtful=(like_rows and not words) or filled(cells) == width)


def _is_usual(row: Row, width: int, columns: Columns) -> bool:
    """Whether a row has its first cell alone, as others in the midst of the table have."""
    alone = columns.lone_rows and len(row.cells) == width and is_lone(row.cells)
    return alone and not columns.against(row.cells).texts


def _is_note(row: Row, width: int, typical: int, columns: Columns) -> bool:
    """Whether the last row is a note."""
    if not filled(row.cells) or _begins_a_row(row, width, columns):
        return False
    alone = typical >= NOTE_WIDTH - 1 and _is_footnote(row, width)
    return alone or _is_odd(row, width, columns)

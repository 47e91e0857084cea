"""What stands below a table: notes, totals and empty rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.intake.reading.cells import filled, kind

if TYPE_CHECKING:
    from consulting.intake.reading.blocks import Row

TAIL_ROWS = 30
NOTE_WIDTH = 3  # a single cell in a row means "note" only where rows have at least this many

_TOTAL = re.compile(
    r"\s*+(?:(?:grand|sub|over\s?all)?[\s-]*+totals?|(?:total|suma?)\s++general|sum(?:me|a)?|"
    r"(?:gesamt|end|zwischen)summe|gesamt|totaal|totale|insgesamt|合計|総計|итого|всего)\s*+:?\s*+",
    re.IGNORECASE,
)


def is_footnote(row: Row, width: int) -> bool:
    """Whether a row at the end holds a note, not data: one cell at its beginning and no other."""
    return width >= NOTE_WIDTH and filled(row.cells) == 1 and bool(row.cells[0].strip())


def _begins_a_row(row: Row, above: list[Row], width: int) -> bool:
    """Whether a lone first cell is of its column's kind, a date or a number, in a row of all cells.

    Such a row may have lost its other values; a note is words, or has no delimiters.
    """
    own = kind(row.cells[0])
    if own not in {"date", "number"} or len(row.cells) != width:
        return False
    kinds = [kind(each.cells[0]) for each in above if filled(each.cells) > 1]
    return bool(kinds) and kinds.count(own) == len(kinds)


def is_total(row: Row) -> bool:
    """Whether a row at the end sums up the rows above it: a word for it, numbers and gaps."""
    label = next((cell for cell in row.cells if cell.strip()), "")
    if not _TOTAL.fullmatch(label):
        return False
    kinds = [kind(cell) for cell in row.cells]
    return "number" in kinds and kinds.count("text") == 1


def trim_tail(tail: list[Row], width: int) -> tuple[list[Row], list[tuple[Row, str]]]:
    """Tell data from what stands below it.

    Args:
        tail: The last records of the file.
        width: The number of columns.

    Returns:
        The records that are data, and the others with the reason.
    """
    kept = list(tail)
    cut: list[tuple[Row, str]] = []
    full = sorted(count for row in tail if (count := filled(row.cells)) > 1)
    typical = full[len(full) // 2] if full else 0
    while (
        kept
        and len(kept[-1].cells)
        and (
            (filled(kept[-1].cells) == 0 and width > 1)
            or (
                typical >= NOTE_WIDTH - 1
                and is_footnote(kept[-1], width)
                and not _begins_a_row(kept[-1], kept[:-1], width)
            )
        )
    ):
        row = kept.pop()
        cut.append((row, "note below the table" if filled(row.cells) else "empty row at the end"))
    if typical < NOTE_WIDTH - 1 and not any(len(row.cells) == width for row in kept):
        return list(tail), []
    while kept and width > 1 and is_total(kept[-1]):
        cut.append((kept.pop(), "totals row"))
    return kept, cut[::-1]

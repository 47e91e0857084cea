"""Whether a first row is a header or a record: what the rows below it say, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.intake.reading.blocks import even_steps, like_titles, told_apart
from consulting.intake.reading.cells import dominant_kind, is_year, kind, shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.reading.blocks import Row

SURE_STEPS = 5  # so many numbers in even steps are titles whatever stands before them
YEAR_SHARE = 0.8  # of the values below that are years, for a year above them to be one
EVEN_SHARE = 0.2  # of the rows below may do so by chance
EVEN_ROWS = 20  # are looked at for whether they count in even steps as a header may


def is_data(first: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is a record like those below it, column by column."""
    for_header = for_data = 0
    others = [row for row in data if list(row) != list(first)]
    counts = _counts(first, others)
    for position, cell in enumerate(first):
        below = [row[position] for row in others if len(row) > position]
        usual, found = dominant_kind(below), kind(cell)
        if found in {"email", "url"}:
            for_data += 1
        elif found == "empty" or usual == "empty":
            continue
        elif usual not in {"text", "empty"}:
            title = is_year(cell) and not _hold_years(below)
            if found == usual and not title and not counts:
                for_data += 1
            elif found == "text":
                for_header += 1
        elif found == "text":
            for_data += _recurs(cell, below)
    return for_data > for_header


def _hold_years(values: Sequence[str]) -> bool:
    """Whether a column holds years, so that a year above them is one more."""
    filled_in = [value for value in values if value.strip()]
    return sum(map(is_year, filled_in)) >= YEAR_SHARE * len(filled_in)


def _counts(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers of a row count ("Shop", 0, 1, 2, …), as titles do, and no row's below."""
    steps = even_steps(first)
    looked_at = others[:EVEN_ROWS]
    if not steps or sum(map(bool, map(even_steps, looked_at))) > EVEN_SHARE * len(looked_at):
        return False
    labels = {shape(row[0]) for row in others if row}
    return steps >= SURE_STEPS or shape(first[0]) not in labels


def _recurs(cell: str, below: Sequence[str]) -> bool:
    """Whether a text stands in its own column again, or has the one shape of all its codes."""
    text = cell.strip()
    if any(text == other.strip() for other in below):
        return True
    pattern = shape(text)
    values = [other for other in below if other.strip()]
    if "9" not in pattern or len(values) < 2:  # noqa: PLR2004 - one other value makes no pattern
        return False
    return all(shape(other) == pattern for other in values)


def is_proven(header: Sequence[str], data: Sequence[Row]) -> bool:
    """Whether a row can be no record like those below it: below tier 3 no other names a column."""
    below = [row.cells for row in data]
    recurs = any(
        cell.strip() and cell.strip() == row[at].strip()
        for at, cell in enumerate(header)
        for row in below
        if len(row) > at
    )
    return like_titles(header) and told_apart(header, below) and not recurs


def is_undecidable(header: Sequence[str], data: Sequence[Row]) -> bool:
    """Whether no column tells its title from its values by kind."""
    if not data:
        return False
    for position in range(len(header)):
        below = [row.cells[position] for row in data if len(row.cells) > position]
        if dominant_kind(below) not in {"text", "empty"}:
            return False
    return True

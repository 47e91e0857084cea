"""A record with more fields than there are columns: what was meant, where only one thing can be.

Either a delimiter too many (an empty field that belongs to no column), or a delimiter inside a
value that should have been quoted. The kinds of values the columns hold (dates, numbers, …) often
leave a single reading without contradiction; in any other case the record is set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.intake.reading.cells import dominant_kind, kind

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_WIDTH = 300  # wider records are not tried
PROFILE_ROWS = 200
HABIT_ROWS = 4
HABIT = 0.1  # the share of rows with a delimiter too many at the end that makes it a habit


class SurplusJudge:
    """Knows what each column holds, from records that fit.

    Args:
        rows: Records from the beginning of the file.
        width: The number of columns.
    """

    def __init__(self, rows: Sequence[Sequence[str]], width: int) -> None:
        sample = [row for row in rows if len(row) == width][:PROFILE_ROWS]
        trailing = [
            row for row in rows if len(row) > width and not any(map(str.strip, row[width:]))
        ]
        self._width = width
        self._trailing_habit = len(trailing) > max(HABIT_ROWS, HABIT * len(rows))
        self._kinds = [dominant_kind([row[at] for row in sample], 0.95) for at in range(width)]
        self._never_blank = [
            bool(sample) and all(row[at].strip() for row in sample) for at in range(width)
        ]

    def fitted(self, cells: Sequence[str]) -> list[str] | None:
        """The record with its surplus delimiter taken out, or None where that is not certain."""
        width = self._width
        if self._trailing_habit and not any(cell.strip() for cell in cells[width:]):
            return list(cells[:width])
        if len(cells) != width + 1 or width > MAX_WIDTH:
            return None
        without = {
            tuple(cells[:at]) + tuple(cells[at + 1 :])
            for at, cell in enumerate(cells)
            if not cell.strip()
        }
        possible = [row for row in without if self._no_contradiction(row)]
        if len(possible) != 1 or self._may_be_unquoted(cells):
            return None
        return list(possible[0])

    def _may_be_unquoted(self, cells: Sequence[str]) -> bool:
        """Whether two neighbouring fields may be one value with a delimiter in it."""
        return any(
            self._no_contradiction((*cells[:at], f"{cells[at]},{cells[at + 1]}", *cells[at + 2 :]))
            for at in range(len(cells) - 1)
            if cells[at].strip() and cells[at + 1].strip()
        )

    def _no_contradiction(self, row: Sequence[str]) -> bool:
        for cell, usual, never_blank in zip(row, self._kinds, self._never_blank, strict=True):
            found = kind(cell)
            if found == "empty":
                if never_blank:
                    return False
            elif usual not in {"text", found}:
                return False
        return True

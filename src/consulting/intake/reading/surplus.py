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

    def contradicts(self, cells: Sequence[str]) -> bool:
        """Whether a cell is of another kind than all values of its column."""
        kinds = [kind(cell) for cell in cells[: self._width]]
        return any(
            found != "empty" and not self._may_be(found, at) for at, found in enumerate(kinds)
        )

    def vouches_for(self, cells: Sequence[str]) -> bool:
        """Whether cells are a row's first ones: none contradicts its column, and one speaks for it.

        A spreadsheet leaves out the delimiters of empty cells at the end of rows.
        """
        if len(cells) < 2 or self.contradicts(cells):  # noqa: PLR2004 - a lone cell may be a note
            return False
        own = [self._kinds[at] for at in range(len(cells))]
        return any(
            usual not in {"text", "empty"} and kind(cell) == usual
            for usual, cell in zip(own, cells, strict=True)
        )

    def fitted(self, cells: Sequence[str]) -> list[str] | None:
        """The record with its surplus delimiter taken out, or None where that is not certain."""
        width = self._width
        if self._trailing_habit and not any(cell.strip() for cell in cells[width:]):
            return list(cells[:width])
        if len(cells) != width + 1:
            return None
        kinds = [kind(cell) for cell in cells]
        fits_here = [self._may_be(kinds[at], at) for at in range(width)]
        fits_left = [self._may_be(kinds[at + 1], at) for at in range(width)]
        # a field may be taken out between those before it, which stay, and those after, which move
        stays = next((at for at in range(width) if not fits_here[at]), width)
        moves = next((at + 1 for at in reversed(range(width)) if not fits_left[at]), 0)
        possible = [at for at in range(moves, stays + 1) if kinds[at] == "empty"]
        without = {(*cells[:at], *cells[at + 1 :]) for at in _one_of_each_run(possible)}
        if len(without) != 1 or self._may_be_unquoted(cells, kinds, stays, moves):
            return None
        return list(without.pop())

    def _may_be_unquoted(
        self, cells: Sequence[str], kinds: Sequence[str], stays: int, moves: int
    ) -> bool:
        """Whether two neighbouring fields may be one value with a delimiter in it."""
        return any(
            kinds[at] != "empty"
            and kinds[at + 1] != "empty"
            and self._may_be(kind(f"{cells[at]},{cells[at + 1]}"), at)
            for at in range(max(moves - 1, 0), min(stays + 1, self._width))
        )

    def _may_be(self, found: str, column: int) -> bool:
        """Whether a value of a kind does not contradict what a column holds."""
        if found == "empty":
            return not self._never_blank[column]
        return self._kinds[column] in {"text", found}


def _one_of_each_run(places: Sequence[int]) -> list[int]:
    """The first of each run of neighbours: which of some empty fields goes makes no difference."""
    return [at for at in places if at - 1 not in places]

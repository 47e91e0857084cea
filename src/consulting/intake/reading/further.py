"""Further tables of a file: told from the one that is read, and set aside with their place.

A table begins with titles that the columns above contradict (text in a column of numbers, or
another number of fields), after an empty line or with titles that are known, and with rows below
that the titles stand over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from consulting.intake.reading.blocks import Row, like_titles, names_a_value, reach, told_apart
from consulting.intake.reading.cells import dominant_kind, filled, is_year, kind
from consulting.records import OtherTable
from consulting.rules.missing import is_null_like

if TYPE_CHECKING:
    from collections.abc import Sequence

AHEAD = 6  # rows that are looked at to tell titles from data
SURE_ROWS = 3  # of another width below titles make a table without an empty line before it
KIND_SHARE = 0.8

Verdict = Literal["row", "title", "titles", "other"]


class FurtherTables:
    """Tells the rows of further tables from those of the table that is read.

    Args:
        header: The titles of the table that is read; empty where it has none.
        width: The number of its columns.
        known: Its first rows.
    """

    def __init__(self, header: Sequence[str], width: int, known: Sequence[Sequence[str]]) -> None:
        self.found: list[OtherTable] = []
        self.open = False
        self.titled = False
        self._widths = {width, *map(len, known)}
        self._names = {name.strip().casefold() for name in header if name.strip()}
        own = [row for row in known if len(row) == width]
        self._names -= {cell.strip().casefold() for row in own for cell in row}
        self._kinds = [dominant_kind([row[at] for row in own], KIND_SHARE) for at in range(width)]

    def judge(self, row: Row, ahead: Sequence[Row], *, gap: bool) -> Verdict:
        """What a row is: of the table, a title between tables, titles, or of another table.

        Args:
            row: The row.
            ahead: The rows after it.
            gap: Whether an empty line stands before it.
        """
        gap, self.titled = gap or self.titled, False
        if gap and filled(row.cells) == 1 and self._title_of_another(ahead):
            self.titled = True
            return "title"
        if self._begins(row, ahead, gap=gap):
            self.found.append(
                OtherTable(
                    first_line=row.line, last_line=row.line, columns=reach(row.cells), rows=0
                )
            )
            self.open = True
            return "titles"
        if not self.open:
            return "row"
        last = self.found[-1]
        self.found[-1] = last.model_copy(
            update={"last_line": row.line + row.span - 1, "rows": last.rows + 1}
        )
        return "other"

    def follows(self, ahead: Sequence[Row]) -> bool:
        """Whether another table begins below some empty rows."""
        rows = [row for row in ahead if filled(row.cells)]
        if rows and filled(rows[0].cells) == 1:
            return self._title_of_another(rows[1:])
        return self._title_of_another(rows)

    def _title_of_another(self, ahead: Sequence[Row]) -> bool:
        rows = [row for row in ahead if filled(row.cells)]
        return bool(rows) and self._begins(rows[0], rows[1:], gap=True)

    def _begins(self, row: Row, ahead: Sequence[Row], *, gap: bool) -> bool:
        """Whether a row holds the titles of another table."""
        cells, count = row.cells, filled(row.cells)
        if count < 2 or not like_titles(cells) or names_a_value(cells):  # noqa: PLR2004 - a lone title
            return False
        if not all(_is_title(cell) for cell in cells[: reach(cells)]):
            return False
        below = _without_gap(row, ahead)
        if not below or any(reach(other) > reach(cells) for other in below):
            return False
        known = sum(cell.strip().casefold() in self._names for cell in cells)
        other_width = len(cells) not in self._widths and all(len(b) == len(cells) for b in below)
        sure = gap or known * 2 >= count
        against, typed = self._against(cells)
        if told_apart(cells, below):
            if typed and against == typed:
                return sure or (other_width and len(below) >= SURE_ROWS)
            return other_width and not against and not typed and sure
        return other_width and not typed and sure and len(below) > 1

    def _against(self, cells: Sequence[str]) -> tuple[int, int]:
        """How many texts stand in columns of numbers or dates, and how many cells do at all."""
        typed = [
            kind(cell)
            for cell, usual in zip(cells, self._kinds, strict=False)
            if usual not in {"text", "empty"} and cell.strip()
        ]
        return typed.count("text"), len(typed)


def _is_title(cell: str) -> bool:
    return is_year(cell) or (any(map(str.isalpha, cell)) and not is_null_like(cell))


def _without_gap(row: Row, ahead: Sequence[Row]) -> list[Sequence[str]]:
    """The rows directly below a row."""
    below: list[Sequence[str]] = []
    end = row.line + row.span
    for other in ahead[:AHEAD]:
        if other.line != end or not filled(other.cells):
            break
        below.append(other.cells)
        end = other.line + other.span
    return below

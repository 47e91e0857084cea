"""Whether a row holds titles or a record: what the rows below it say, column by column."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from consulting.intake.reading.blocks import even_steps, like_titles
from consulting.intake.reading.cells import dominant_kind, filled, is_year, kind, shape
from consulting.privacy.labels import are_labels, style_of
from consulting.rules.missing import is_null_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.reading.blocks import Row

SURE_STEPS = 5  # so many numbers in even steps are titles whatever stands before them
YEAR_SHARE = 0.8  # of the values below that are years, for a year above them to be one
ALIKE_SHARE = 0.2  # of the values below may be written like a title
EVEN_SHARE = 0.2  # of the rows below may do so by chance
EVEN_ROWS = 20  # are looked at for whether they count in even steps as a header may
REPEATS = 3  # of one row below itself tell nothing yet
LOOKED_AT = 40  # rows tell what the columns hold
ODD_ONE_OUT = 5  # among so many rows one may be none, as the totals of a short table
CODE_SHARE = 0.8  # of a column's texts have digits in them where it holds codes
LIST_ROWS = 4  # fewer rows make no list of values

_UNIT = re.compile(r"1(?:0{2,9}|(?:[., \u00a0]000){1,3})")  # "in 1000"


@dataclass
class Against:
    """What a row has against being a record like those below it.

    Attributes:
        fits: Cells that are as their column.
        texts: Words in columns of something else.
        others: Cells of another kind that are no words.
        gaps: Blanks in columns that have none.
        alike: Texts written like those of their column.
    """

    fits: int = 0
    texts: int = 0
    others: int = 0
    gaps: int = 0
    alike: int = 0


class Columns:
    """What the columns of a table hold, by its first rows.

    Args:
        rows: Their cells.

    Attributes:
        kinds: Of what each column holds.
        typed: Whether one holds something else than texts.
        lone_rows: Whether a row of its first cell alone stands among others.
    """

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        columns = [*zip(*_as_wide(rows[:LOOKED_AT]), strict=True)]
        self.kinds = [dominant_kind(column) for column in columns]
        self.typed = any(found not in {"text", "empty"} for found in self.kinds)
        lone = [is_lone(row) for row in rows]
        self.lone_rows = any(one and not after for one, after in pairwise(lone))
        self._never_blank = [
            sum(not cell.strip() for cell in column) <= (len(column) >= ODD_ONE_OUT)
            for column in columns
        ]
        self._texts = [
            _Texts.of([cell.strip() for cell in column if cell.strip()])
            if found == "text"
            else None
            for column, found in zip(columns, self.kinds, strict=True)
        ]

    def against(self, cells: Sequence[str]) -> Against:
        """What a row's cells have against being a record."""
        found = Against()
        for at, cell in enumerate(cells[: len(self.kinds)]):
            self._look(cell.strip(), at, found)
        return found

    def like_values(self, cells: Sequence[str]) -> int:
        """How many cells are written as the values of their columns are: of one kind or shape."""
        return sum(self._is_like_values(cell.strip(), at) for at, cell in enumerate(cells) if cell)

    def begins_as_rows_do(self, cell: str) -> bool:
        """Whether a cell is what the first column holds: its kind of value, or a code as all."""
        texts = self._texts[0] if self._texts else None
        code = texts is None or (texts.mostly_coded and "9" in shape(cell))
        return code and self._is_like_values(cell.strip(), 0)

    def _is_like_values(self, cell: str, at: int) -> bool:
        if not cell or at >= len(self.kinds):
            return False
        texts = self._texts[at]
        return kind(cell) == self.kinds[at] if texts is None else shape(cell) in texts.shapes

    def _look(self, cell: str, at: int, found: Against) -> None:
        usual, texts = self.kinds[at], self._texts[at]
        if not cell or (is_null_like(cell) and (texts is None or cell not in texts.values)):
            found.gaps += self._never_blank[at]
        elif texts is not None:
            found.fits += cell in texts.values
            against = texts.contradicts(cell)
            found.texts += against
            found.alike += not against and _case(cell) in texts.cases
        elif usual != "empty":
            own = kind(cell)
            unit = _UNIT.fullmatch(cell) is not None or (own == "number" and is_year(cell))
            found.fits += own == usual and not unit
            found.texts += own == "text"
            found.others += own not in {"text", usual}


@dataclass(frozen=True)
class _Texts:
    """The texts of a column.

    Attributes:
        values: All of them.
        coded: Whether each has digits in it, so that words alone are none.
        listed: Whether they are few and come again.
        cases: How they are written, in small letters or large ones.
        shapes: Those of more than one of them.
        mostly_coded: Whether nearly all have digits in them.
    """

    values: frozenset[str]
    coded: bool
    listed: bool
    cases: frozenset[str]
    shapes: frozenset[str]
    mostly_coded: bool

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Texts:
        values = frozenset(texts)
        shapes = Counter(map(shape, texts))
        digits = sum(n for found, n in shapes.items() if "9" in found)
        coded = len(texts) > 1 and digits == len(texts)
        mostly = digits >= CODE_SHARE * len(texts)
        several = frozenset(found for found, n in shapes.items() if n > 1)
        listed = len(texts) >= LIST_ROWS and len(values) * 2 <= len(texts)
        return cls(values, coded, listed, frozenset(map(_case, values)), several, mostly)

    def contradicts(self, cell: str) -> bool:
        if cell in self.values or kind(cell) != "text":
            return False
        return self.listed or (self.coded and "9" not in shape(cell))


def is_lone(cells: Sequence[str]) -> bool:
    """Whether a row holds its first cell and no other."""
    return filled(cells[:1]) == 1 and not any(cell and not cell.isspace() for cell in cells[1:])


def _case(text: str) -> str:
    """How the letters of a text are written."""
    if text.isupper() or text.islower():
        return "upper" if text.isupper() else "lower"
    return "title" if text[:1].isupper() else "other"


def _as_wide(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Rows with blanks at their ends, so that all are equally wide."""
    width = max(map(len, rows), default=0)
    return [[*row, *([""] * (width - len(row)))] for row in rows]


def is_data(first: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is a record like those below it, column by column."""
    for_header = for_data = 0
    others = [row for row in data if list(row) != list(first)]
    if len(data) > REPEATS and len(others) * 2 < len(data):
        return True  # a header comes again, but not more often than records do
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


def is_record(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a line above a table is a record of it, not of a report's head that fits by chance.

    "Printed on" with a day fits a column of days, and leaves blank what no record does.
    """
    found = Columns(below).against(cells)
    by_chance = found.gaps and found.gaps + found.texts + found.others > found.fits
    return is_data(cells, below) and not by_chance


def _hold_years(values: Sequence[str]) -> bool:
    """Whether a column holds years, so that a year above them is one more."""
    filled_in = [value for value in values if value.strip()]
    return sum(map(is_year, filled_in)) >= YEAR_SHARE * len(filled_in)


def _counts(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers of a row count ("Shop", 0, 1, 2, …), as titles do, and no row's below."""
    steps = even_steps(first)
    if steps and not any(map(even_steps, others[:EVEN_ROWS])) and _are_years(first):
        return True
    looked_at = others[:EVEN_ROWS]
    if not steps or sum(map(bool, map(even_steps, looked_at))) > EVEN_SHARE * len(looked_at):
        return False
    labels = {shape(row[0]) for row in others if row}
    return steps >= SURE_STEPS or shape(first[0]) not in labels


def _are_years(cells: Sequence[str]) -> bool:
    """Whether all numbers of a row are years that follow on each other."""
    years = [int(cell) for cell in cells if kind(cell) == "number" and is_year(cell)]
    numbers = sum(kind(cell) == "number" for cell in cells)
    return len(years) == numbers and years == [*range(years[0], years[0] + numbers)]


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
    """Whether a row is a header by its words, and no record like those below it.

    Below tier 3 no other row names columns.
    """
    below = [row.cells for row in data]
    recurs = any(
        cell.strip() and cell.strip() == row[at].strip()
        for at, cell in enumerate(header)
        for row in below
        if len(row) > at
    )
    return (
        like_titles(header)
        and not recurs
        and are_labels(header, [_stands_apart(cell, at, below) for at, cell in enumerate(header)])
    )


def _stands_apart(cell: str, position: int, below: Sequence[Sequence[str]]) -> bool:
    """Whether a cell is a word above values of another kind, or written as few of them are."""
    if kind(cell) != "text" or is_null_like(cell):
        return False
    values = [row[position] for row in below if len(row) > position and row[position].strip()]
    if dominant_kind(values) not in {"text", "empty"}:
        return True
    style = style_of(cell)
    alike = sum(style_of(value) == style for value in values)
    return style != "other" and len(values) > 1 and alike <= ALIKE_SHARE * len(values)


def is_undecidable(header: Sequence[str], data: Sequence[Row]) -> bool:
    """Whether no column tells its title from its values by kind."""
    if not data:
        return False
    for position in range(len(header)):
        below = [row.cells[position] for row in data if len(row.cells) > position]
        if dominant_kind(below) not in {"text", "empty"}:
            return False
    return True

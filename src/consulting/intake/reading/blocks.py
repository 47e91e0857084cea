"""The blocks of a file: tables, notes and report heads, with empty lines between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from consulting.intake.reading.cells import dominant_kind, filled, is_year, kind
from consulting.records import OtherTable
from consulting.rules.missing import is_null_like

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEAST_ROWS = 2  # below its titles, for lines to be a table of their own
FIRST_LINES = 4  # of a block, in which a table's titles are looked for
LEAST_STEPS = 3  # fewer numbers in even steps are no titles

_RULE = re.compile(r"[-=_+*~|:.\s─━═—–]*")  # noqa: RUF001 - lines are drawn with them
_DRAWN = re.compile(r"([-=_+*~─━═—–])\1\1")  # noqa: RUF001 - as above
_WHOLE = re.compile(r"\d{1,4}")


@dataclass(frozen=True)
class Row:
    """A record with the line (or sheet row) it starts on and how many lines it takes."""

    line: int
    cells: Sequence[str]
    span: int = 1


def reach(cells: Sequence[str]) -> int:
    """How far a row reaches: its cells less the blank ones at its end."""
    count = len(cells)
    while count and not cells[count - 1].strip():
        count -= 1
    return count


def blocks(rows: Sequence[Row]) -> Iterator[range]:
    """The places of rows that follow on each other without an empty line or a blank row."""
    start = 0
    for at, row in enumerate(rows):
        blank = not filled(row.cells)
        after_gap = at > start and row.line > rows[at - 1].line + rows[at - 1].span
        if blank or after_gap:
            if at > start:
                yield range(start, at)
            start = at + blank
    if start < len(rows):
        yield range(start, len(rows))


def is_rule(cells: Sequence[str], width: int) -> bool:
    """Whether a line is drawn, not written: dashes or the like in one cell, or in every cell."""
    if filled(cells) not in {1, len(cells), len(cells) - 2} or (filled(cells) == 1 == width):
        return False
    return is_drawn("".join(cells))


def is_drawn(line: str) -> bool:
    """Whether a line is drawn of dashes or the like."""
    return _RULE.fullmatch(line) is not None and _DRAWN.search(line) is not None


def like_titles(cells: Sequence[str]) -> bool:
    """Whether all cells are words or years, as titles are, and none twice."""
    texts = [cell.strip().casefold() for cell in cells if cell.strip()]
    return len(set(texts)) == len(texts) and all(
        kind(cell) in {"text", "empty"} or is_year(cell) for cell in cells
    )


def names_a_value(cells: Sequence[str]) -> bool:
    """Whether a line is of a report's head: "Period:" with what it is."""
    texts = [cell.strip() for cell in cells if cell.strip()]
    names, values = texts[::2], texts[1::2]
    return any(t.endswith(":") for t in names) and not any(t.endswith(":") for t in values)


def even_steps(cells: Sequence[str]) -> int:
    """How many cells count in even steps, as hours, days or years above columns do; 0 below 3."""
    texts = [cell.strip() for cell in cells]
    numbers = [int(text) for text in texts if _WHOLE.fullmatch(text)]
    if len(numbers) < LEAST_STEPS:
        return 0
    step = numbers[1] - numbers[0]
    even = step > 0 and all(b - a == step for a, b in pairwise(numbers))
    return len(numbers) if even else 0


def told_apart(titles: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a column holds values of another kind than the text above them."""
    return any(
        kind(title) == "text"
        and not is_null_like(title)
        and dominant_kind([row[at] for row in below if len(row) > at]) not in {"text", "empty"}
        for at, title in enumerate(titles)
    )


def own_table(rows: Sequence[Row]) -> OtherTable | None:
    """The table that some lines without a gap are, if they are one.

    Its titles are words, all rows below are no wider, and a column of them holds no words.
    """
    for start, row in enumerate(rows[:FIRST_LINES]):
        width = reach(row.cells)
        below = rows[start + 1 :]
        if len(below) < LEAST_ROWS:
            return None
        if width < 2 or filled(row.cells) < width or not like_titles(row.cells):  # noqa: PLR2004
            continue
        if names_a_value(row.cells):
            continue
        fitting = [r.cells for r in below if filled(r.cells) > 1 and reach(r.cells) <= width]
        if len(fitting) < len(below) or not told_apart(row.cells, fitting):
            continue
        last = rows[-1].line + rows[-1].span - 1
        return OtherTable(first_line=row.line, last_line=last, columns=width, rows=len(below))
    return None


def tables_above(rows: Sequence[Row]) -> list[OtherTable]:
    """The tables among lines that stand above the one that is read."""
    found = (own_table([rows[at] for at in block]) for block in blocks(rows))
    return [table for table in found if table is not None]

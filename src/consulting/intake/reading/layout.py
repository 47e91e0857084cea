"""Where the table is: its header, what stands above it, and what stands below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.intake.reading.cells import dominant_kind, filled, is_year, kind, shape
from consulting.intake.reading.columns import column_names
from consulting.records import SkippedLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.reading.options import ReadOptions

HEAD_ROWS = 300
TAIL_ROWS = 30
NOTE_WIDTH = 3  # a single cell in a row means "note" only where rows have at least this many

_TOTAL = re.compile(
    r"\s*(?:(?:grand|sub|over\s?all)?[\s-]*totals?|(?:total|suma?)\s+general|sum(?:me|a)?|"
    r"(?:gesamt|end|zwischen)summe|gesamt|totaal|totale|insgesamt|合計|総計|итого|всего)\s*:?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Row:
    """A record with the line (or sheet row) it starts on and how many lines it takes."""

    line: int
    cells: Sequence[str]
    span: int = 1


@dataclass(frozen=True)
class Layout:
    """Where the table begins and what its columns are called.

    Attributes:
        columns: The names of the columns.
        header: The header's cells as they stand in the file, to know it when it comes again.
        header_lines: The lines the header was taken from.
        first_line: The first line that may be data.
        skipped: The lines above the header.
        decisions: What was decided, in words.
        warnings: What the client should confirm.
    """

    columns: tuple[str, ...]
    header: tuple[str, ...]
    header_lines: tuple[int, ...]
    first_line: int
    skipped: tuple[SkippedLines, ...]
    decisions: tuple[str, ...]
    warnings: tuple[str, ...]


def find_layout(
    head: Sequence[Row],
    usual: int,
    options: ReadOptions,
    *,
    width: int | None = None,
    unit: str = "line",
) -> Layout:
    """Find the header in the first records.

    Args:
        head: The first records, blank ones left out.
        usual: The most common number of fields.
        width: The number of fields of the table, where some rows have more than usual.
        options: A declared header row, or columns the feed is known to have, decide at once.
        unit: What a position is called: "line" or "row".
    """
    rows = [row for row in head if row.line > (options.skip_rows or 0)]
    width = width or usual
    start, end, how = _header_rows(rows, usual, options)
    header_rows = rows[start:end]
    data = rows[end:]
    names = _joined([row.cells for row in header_rows], width)
    titles = len(names)
    names = _without_surplus(names, data, width)
    width = max(width, len(names))
    columns, warnings = column_names(names, width)
    if header_rows and titles != width:
        warnings.append(
            f"The header has {titles} titles for {width} columns. They were given from left to "
            "right: please check that each stands over its column."
        )
    header_lines = tuple(
        line for row in header_rows for line in range(row.line, row.line + row.span)
    )
    if header_lines:
        shown = ", ".join(map(str, header_lines))
        decisions = [
            f"Header taken from {unit}{'s' if len(header_lines) > 1 else ''} {shown}{how}."
        ]
    else:
        decisions = [f"No header{how}; columns are named after their position."]
        warnings = [
            (
                "The file has no header row: its columns are named column_1, column_2, … Please "
                "confirm what they are."
            )
        ]
    first = header_lines[-1] + 1 if header_lines else (rows[start].line if rows[start:] else 1)
    if not how and header_rows and _undecidable(header_rows[-1].cells, data):
        warnings.append(
            f"All columns are text, so {unit} {header_lines[0]} was taken for the header without "
            "a second sign. Please confirm that it is one."
        )
    skipped = _preamble(head, header_lines[0] if header_lines else first)
    return Layout(
        columns=columns,
        header=tuple(header_rows[-1].cells) if header_rows else (),
        header_lines=header_lines,
        first_line=first,
        skipped=skipped,
        decisions=tuple(decisions),
        warnings=tuple(warnings),
    )


def _preamble(head: Sequence[Row], until: int) -> tuple[SkippedLines, ...]:
    above = [row for row in head if row.line < until]
    if not above:
        return ()
    last = above[-1].line + above[-1].span - 1
    return (
        SkippedLines(first_line=above[0].line, last_line=last, reason="lines above the header"),
    )


def _header_rows(rows: Sequence[Row], width: int, options: ReadOptions) -> tuple[int, int, str]:
    """The half-open range of header rows among `rows`, and how it was known, in words."""
    if options.header_row is not None:
        return (*_declared(rows, options.header_row), ", as declared")
    if options.expected_columns:
        for index, row in enumerate(rows[:HEAD_ROWS]):
            if _holds(row.cells, options.expected_columns):
                return index, index + 1, ", by the columns the feed is known to have"
    start = _table_start(rows, width)
    if start >= len(rows):
        return start, start, ""
    data = [row.cells for row in rows[start + 1 : HEAD_ROWS]]
    if _is_data(rows[start].cells, data):
        return start, start, ": the first row is like the rows below it"
    end = start + 1
    if _is_group_row(rows, start, width):
        end += 1
    elif start and len(rows[start - 1].cells) == width and _is_group_row(rows, start - 1, width):
        start -= 1
    return start, end, ""


def _declared(rows: Sequence[Row], line: int) -> tuple[int, int]:
    if line == 0:
        return 0, 0
    for index, row in enumerate(rows):
        if row.line <= line < row.line + row.span:
            return index, index + 1
    return len(rows), len(rows)


def _holds(cells: Sequence[str], expected: Sequence[str]) -> bool:
    found = {cell.strip().casefold() for cell in cells}
    known = {name.strip().casefold() for name in expected}
    return len(known & found) * 2 > len(known)


def _table_start(rows: Sequence[Row], width: int) -> int:
    """The first row that is as wide as the table and not a lone title in an empty row."""
    if width == 1:
        return 0
    least = max(2, (width + 1) // 2)
    start = next(
        (
            index
            for index, row in enumerate(rows)
            if len(row.cells) == width and filled(row.cells) >= least
        ),
        None,
    )
    if start is None:
        return next((i for i, row in enumerate(rows) if len(row.cells) >= width), 0)
    # the header itself may be a little narrower or wider than the rows below it
    above = rows[start - 1].cells if start else ()
    near = filled(above) >= least and len(above) != width
    if near and _like_titles(above) and not _like_titles(rows[start].cells):
        return start - 1
    return start


def _like_titles(cells: Sequence[str]) -> bool:
    """Whether all cells are words or years, as titles are, and none twice."""
    texts = [cell.strip().casefold() for cell in cells if cell.strip()]
    return len(set(texts)) == len(texts) and all(
        kind(cell) in {"text", "empty"} or is_year(cell) for cell in cells
    )


def _is_data(first: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is a record like those below it, column by column."""
    for_header = for_data = 0
    others = [row for row in data if list(row) != list(first)]
    for position, cell in enumerate(first):
        below = [row[position] for row in others if len(row) > position]
        usual, found = dominant_kind(below), kind(cell)
        if found in {"email", "url"}:
            for_data += 1
        elif found == "empty" or usual == "empty":
            continue
        elif usual not in {"text", "empty"}:
            if found == usual and not is_year(cell):
                for_data += 1
            elif found == "text":
                for_header += 1
        elif found == "text":
            for_data += _recurs(cell, below)
    return for_data > for_header


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


def _undecidable(header: Sequence[str], data: Sequence[Row]) -> bool:
    """Whether no column tells its title from its values by kind."""
    if not data:
        return False
    for position in range(len(header)):
        below = [row.cells[position] for row in data if len(row.cells) > position]
        if dominant_kind(below) not in {"text", "empty"}:
            return False
    return True


def _is_group_row(rows: Sequence[Row], index: int, width: int) -> bool:
    """Whether a row holds titles of groups of columns, with the columns' own titles below."""
    if index + 2 >= len(rows):
        return False
    groups, titles = rows[index].cells, rows[index + 1].cells
    if len(groups) != width or len(titles) != width or filled(titles) < filled(groups):
        return False
    texts = [cell.strip() for cell in groups if cell.strip()]
    gaps = len(texts) < width or len(set(texts)) < len(texts)
    if not gaps or len(texts) < 2:  # noqa: PLR2004 - a lone cell is a title of the whole table
        return False
    if not all(kind(cell) in {"text", "empty"} or is_year(cell) for cell in (*groups, *titles)):
        return False
    data = [row.cells for row in rows[index + 2 : HEAD_ROWS]]
    return any(
        dominant_kind([row[at] for row in data if len(row) > at]) not in {"text", "empty"}
        for at in range(width)
    )


def _joined(header: Sequence[Sequence[str]], width: int) -> list[str]:
    """One title per column; a group's title spans the blanks after it."""
    if not header:
        return [f"column_{position}" for position in range(1, width + 1)]
    if len(header) == 1:
        return list(header[0])
    group = ""
    names = []
    for above, below in zip(header[0], header[1], strict=False):
        group = above.strip() or group
        title = below.strip()
        names.append(title if not group or group == title else f"{group} {title}".strip())
    return names


def _without_surplus(names: list[str], data: Sequence[Row], width: int) -> list[str]:
    """A header with more cells than any row below it, of which as many are blank: without those."""
    surplus = len(names) - width
    blank = [at for at, name in enumerate(names) if not name.strip()]
    if surplus <= 0 or len(blank) < surplus or any(len(row.cells) > width for row in data):
        return names
    leave = set(blank[-surplus:])
    return [name for at, name in enumerate(names) if at not in leave]


def is_footnote(row: Row, width: int) -> bool:
    """Whether a row at the end holds a note, not data: one cell at its beginning and no other."""
    return width >= NOTE_WIDTH and filled(row.cells) == 1 and bool(row.cells[0].strip())


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
            or (typical >= NOTE_WIDTH - 1 and is_footnote(kept[-1], width))
        )
    ):
        row = kept.pop()
        cut.append((row, "note below the table" if filled(row.cells) else "empty row at the end"))
    if typical < NOTE_WIDTH - 1 and not any(len(row.cells) == width for row in kept):
        return list(tail), []
    while kept and width > 1 and is_total(kept[-1]):
        cut.append((kept.pop(), "totals row"))
    return kept, cut[::-1]

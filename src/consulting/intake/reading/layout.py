"""Where the table is: its header, what stands above it, and what stands below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.intake.reading.blocks import (
    Row,
    TableAbove,
    blocks,
    is_rule,
    like_titles,
    names_a_value,
    tables_above,
    told_apart,
)
from consulting.intake.reading.cells import dominant_kind, filled, is_year, kind
from consulting.intake.reading.columns import column_names
from consulting.intake.reading.evidence import is_data, is_proven, is_undecidable
from consulting.records import SkippedLines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.intake.reading.options import ReadOptions

HEAD_ROWS = 300
HEAD_LINES = 10  # of a report may stand directly above the titles, as wide as they are
OTHER_TITLES = "the header of another table"
MANY_LINES = 5  # more lines than that above the header may be more than a report's head
MAIN_SHARE = 0.5  # of the rows of a later table the first must have to be the one that is read


@dataclass(frozen=True)
class Layout:
    """Where the table begins and what its columns are called.

    Attributes:
        columns: The names of the columns.
        header: The header's cells as they stand in the file, to know it when it comes again.
        header_lines: The lines the header was taken from.
        first_line: The first line that may be data.
        skipped: The lines above the header.
        above: Other tables above the header.
        decided: Whether the header was declared, or told from the rows by what they hold; if not,
            the first row may as well be data.
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
    above: tuple[TableAbove, ...] = ()
    decided: bool = True


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
    start, end, how, own = _header_rows(rows, usual, options)
    width = own or width or usual
    unproven = not how and start < end and not is_proven(rows[end - 1].cells, rows[end:])
    if unproven and not options.guess_header:
        end, how = start, f": {unit} {rows[start].line} may be one, and may as well be data"
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
        if unproven:
            warnings = [
                (
                    f"Whether {unit} {rows[start].line} is the header can not be told, and what "
                    "may be data is not taken for names at this tier: the columns are named "
                    "column_1, column_2, … If it is the header, set the feed's `header_row: "
                    f"{rows[start].line}`."
                )
            ]
    first = header_lines[-1] + 1 if header_lines else (rows[start].line if rows[start:] else 1)
    undecided = not how and bool(header_rows) and is_undecidable(header_rows[-1].cells, data)
    if undecided:
        warnings.append(
            f"All columns are text, so {unit} {header_lines[0]} was taken for the header without "
            "a second sign. Please confirm that it is one."
        )
    until = header_lines[0] if header_lines else first
    above = tuple(tables_above([row for row in rows if row.line < until]))
    return Layout(
        columns=columns,
        header=tuple(header_rows[-1].cells) if header_rows else (),
        header_lines=header_lines,
        first_line=first,
        skipped=tuple(_preamble(head, until, above, data, width)),
        decisions=tuple(decisions),
        warnings=tuple(warnings),
        above=above,
        decided=not undecided,
    )


def _preamble(
    head: Sequence[Row],
    until: int,
    above: Sequence[TableAbove],
    data: Sequence[Row],
    width: int,
) -> Iterator[SkippedLines]:
    """The lines above the header, less the rows of tables there."""
    lines: list[Row] = []
    for row in head:
        if row.line >= until:
            break
        table = next((t for t in above if t.titles <= row.line <= t.last), None)
        if table is None:
            lines.append(row)
            continue
        if lines:
            yield _skipped_above(lines, data, width)
            lines = []
        if row.line == table.titles:
            last = row.line + row.span - 1
            yield SkippedLines(first_line=row.line, last_line=last, reason=OTHER_TITLES)
    if lines:
        yield _skipped_above(lines, data, width)


def _skipped_above(lines: Sequence[Row], data: Sequence[Row], width: int) -> SkippedLines:
    cells = [row.cells for row in data]
    like_rows = any(len(row.cells) == width and is_data(row.cells, cells) for row in lines)
    written = sum(1 for row in lines if filled(row.cells) and not is_rule(row.cells, width))
    return SkippedLines(
        first_line=lines[0].line,
        last_line=lines[-1].line + lines[-1].span - 1,
        reason="lines above the header",
        doubtful=like_rows or written > MANY_LINES,
    )


def _header_rows(
    rows: Sequence[Row], width: int, options: ReadOptions
) -> tuple[int, int, str, int | None]:
    """Where the header is among `rows`.

    Returns:
        Its half-open range; how it was known, in words; and the number of columns, where the table
        is not as wide as most rows of the file.
    """
    if options.header_row is not None:
        return (*_declared(rows, options.header_row), ", as declared", None)
    if options.expected_columns:
        for index, row in enumerate(rows[:HEAD_ROWS]):
            if _holds(row.cells, options.expected_columns):
                return index, index + 1, ", by the columns the feed is known to have", None
    start = _table_start(rows, width)
    if start >= len(rows):
        return start, start, "", None
    own = None
    if first := _first_table(rows, start):
        start = next(at for at, row in enumerate(rows) if row.line == first.titles)
        own = width = first.columns
    data = [row.cells for row in rows[start + 1 : HEAD_ROWS]]
    if is_data(rows[start].cells, data):
        return start, start, ": the first row is like the rows below it", own
    end = start + 1
    if _is_group_row(rows, start, width):
        end += 1
    elif start and len(rows[start - 1].cells) == width and _is_group_row(rows, start - 1, width):
        start -= 1
    return start, end, "", own


def _first_table(rows: Sequence[Row], start: int) -> TableAbove | None:
    """The first of the tables above, if it is no mere summary of the one that starts there."""
    above = tables_above(rows[:start])
    below = next(blocks(rows[start:]), range(0))
    large = above and above[0].rows >= MAIN_SHARE * len(below)
    return above[0] if large and len(rows) < HEAD_ROWS else None


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
    """The first row that is as wide as the table and not a lone title in an empty row.

    The head of a report may have rows as wide: where an empty line and a better header follow,
    that is where the table starts.
    """
    if width == 1:
        return 0
    least = max(2, (width + 1) // 2)
    found, until = None, 0
    for block in blocks(rows):
        start = next((at for at in block if _is_wide(rows[at], width, least)), None)
        if start is None:
            continue
        start = _below_head(rows, start, block.stop, width)
        if found is None or _is_better(rows, start, block.stop, range(found, until), width):
            found, until = start, block.stop
    if found is None:
        return next((i for i, row in enumerate(rows) if len(row.cells) >= width), 0)
    # the header itself may be a little narrower or wider than the rows below it
    above = rows[found - 1].cells if found else ()
    near = filled(above) >= least and len(above) != width and not names_a_value(above)
    if near and like_titles(above) and not like_titles(rows[found].cells):
        return found - 1
    return found


def _is_wide(row: Row, width: int, least: int) -> bool:
    return len(row.cells) == width and filled(row.cells) >= least


def _opens(rows: Sequence[Row], start: int, stop: int, width: int) -> bool:
    """Whether a row is the header of the rows below it, by what they hold."""
    below = [row.cells for row in rows[start + 1 : stop] if len(row.cells) == width]
    titles = rows[start].cells
    return (
        bool(below)
        and not names_a_value(titles)
        and like_titles(titles)
        and told_apart(titles, below)
    )


def _is_better(rows: Sequence[Row], start: int, stop: int, before: range, width: int) -> bool:
    """Whether a block's first row is the header, and the lines of a block before it are not."""
    titles = rows[start].cells
    above = [rows[at].cells for at in before]
    below = [row.cells for row in rows[start + 1 : stop] if len(row.cells) == width]
    opened = _opens(rows, before.start, before.stop, width)
    if titles == above[0] or (opened and len(above) - 1 >= MAIN_SHARE * len(below)):
        return False
    if any(len(cells) == width and is_data(cells, below) for cells in above):
        return False
    if _opens(rows, start, stop, width):
        return True
    fuller = min(filled(titles), len(titles)) > max(map(filled, above))
    return fuller and like_titles(titles) and len(below) > len(above)


def _below_head(rows: Sequence[Row], start: int, stop: int, width: int) -> int:
    """Past lines of a report's head that are as wide as the table and directly above its titles."""
    first = rows[start].cells
    if like_titles(first) and not names_a_value(first) and not first[0].startswith("#"):
        return start
    for at in range(start + 1, min(start + HEAD_LINES + 1, stop)):
        titles = rows[at].cells
        if len(titles) != width or filled(titles) < filled(first):
            continue
        below = [row.cells for row in rows[at + 1 : stop] if len(row.cells) == width]
        if _opens(rows, at, stop, width) and not any(
            len(row.cells) == width and is_data(row.cells, below) for row in rows[start:at]
        ):
            return at
    return start


def _is_group_row(rows: Sequence[Row], index: int, width: int) -> bool:
    """Whether a row holds titles of groups of columns, with the columns' own titles below."""
    if index + 2 >= len(rows):
        return False
    groups, titles = rows[index].cells, rows[index + 1].cells
    if names_a_value(groups):
        return False
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

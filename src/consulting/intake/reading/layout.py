"""Where the table is: its header, what stands above it, and what stands below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from consulting.intake.reading.blocks import (
    Row,
    is_rule,
    tables_above,
)
from consulting.intake.reading.cells import filled
from consulting.intake.reading.columns import column_names
from consulting.intake.reading.evidence import is_proven, is_record, is_undecidable
from consulting.intake.reading.headers import (
    are_shifted,
    header_rows,
    is_unquoted,
    joined_titles,
    named_above,
    without_surplus,
)
from consulting.records import SkippedLines
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.intake.reading.options import ReadOptions
    from consulting.records import OtherTable

NO_HEADER = (
    "The file has no header row: its columns are named column_1, column_2, … Please confirm what "
    "they are."
)
MAY_BE_UNQUOTED = (
    "As well it may be that values with the delimiter in them, like 2,05 or Meier, Paul, stand "
    "there without quotes."
)
OTHER_TITLES = "the header of another table"
MANY_LINES = 5  # more lines than that above the header may be more than a report's head


@dataclass(frozen=True)
class Layout:
    """Where the table begins and what its columns are called.

    Attributes:
        columns: The names of the columns.
        titles: The header's rows as they stand in the file, to know them when they come again.
        header_lines: The lines the header was taken from.
        first_line: The first line that may be data.
        skipped: The lines above the header.
        above: Other tables above the header.
        spacers: The places of columns without a title that are left out where they hold nothing.
        decisions: What was decided, in words.
        warnings: What the client should confirm.
    """

    columns: tuple[str, ...]
    titles: tuple[tuple[str, ...], ...]
    header_lines: tuple[int, ...]
    first_line: int
    skipped: tuple[SkippedLines, ...]
    decisions: tuple[str, ...]
    warnings: tuple[str, ...]
    above: tuple[OtherTable, ...] = ()
    spacers: tuple[int, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        """The last row of the header, which names the columns themselves."""
        return self.titles[-1] if self.titles else ()


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
    rows = [
        row
        for row in head
        if row.line > (options.skip_rows or 0) and not is_rule(row.cells, width or usual)
    ]
    header = _find_header(rows, usual, options, width=width, unit=unit)
    data, lines = header.data, header.lines
    names = joined_titles([row.cells for row in header.rows], header.width)
    if lines:
        names = named_above(names, head, header.rows[0], options.expected_columns)
    shifted = bool(names) and are_shifted(names, data, header.width)
    named = ["", *names] if shifted else without_surplus(names, data, header.width)
    width = max(header.width, len(named))
    columns, warnings = column_names(named, width, options)
    if names and len(names) != width:
        said = _uneven(len(names), width, shifted=shifted)
        warnings.append(f"{said} {MAY_BE_UNQUOTED}" if is_unquoted(data, width) else said)
    if not lines:
        warnings = [header.doubt or NO_HEADER]
    if lines and not header.how and is_undecidable(header.rows[-1].cells, data):
        warnings.append(
            f"All columns are text, so {unit} {lines[0]} was taken for the header without "
            "a second sign. Please confirm that it is one."
        )
    first = lines[-1] + 1 if lines else data[0].line if data else 1
    until = lines[0] if lines else first
    above = tuple(tables_above([row for row in rows if row.line < until]))
    return Layout(
        columns=columns,
        titles=tuple(tuple(row.cells) for row in header.rows),
        header_lines=lines,
        first_line=first,
        skipped=tuple(_preamble(head, until, above, data, width)),
        decisions=(header.decision(unit),),
        warnings=tuple(warnings),
        above=above,
        spacers=_spacers(named, columns, options.expected_columns) if lines else (),
    )


class _Header(NamedTuple):
    """The rows taken for the header, which may be none.

    Attributes:
        rows: Those rows.
        data: The rows after them.
        width: The number of fields of the table.
        how: What decided it, in words; empty where the rows themselves did.
        doubt: What to confirm, where a row may be the header and was not taken for it.
    """

    rows: Sequence[Row]
    data: Sequence[Row]
    width: int
    how: str
    doubt: str = ""

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines of its rows."""
        return tuple(line for row in self.rows for line in range(row.line, row.line + row.span))

    def decision(self, unit: str) -> str:
        """What was decided, in words."""
        if not self.rows:
            return f"No header{self.how}; columns are named after their position."
        shown = ", ".join(map(str, self.lines))
        return f"Header taken from {unit}{'s' if len(self.lines) > 1 else ''} {shown}{self.how}."


def _find_header(
    rows: Sequence[Row], usual: int, options: ReadOptions, *, width: int | None, unit: str
) -> _Header:
    start, end, how, own = header_rows(rows, usual, options)
    found = _Header(rows[start:end], rows[end:], own or width or usual, how)
    if how or not found.rows or not options.names.hidden:
        return found
    if is_proven(found.rows[-1].cells, found.data):
        return found
    line = found.rows[0].line
    doubt = (
        f"Is {unit} {line} the header? That can not be told, and what may be data is not taken for "
        "names at this tier: the columns are named column_1, column_2, … Please tell us."
    )
    how = f": {unit} {line} may be one, and may as well be data"
    return found._replace(rows=(), data=rows[start:], how=how, doubt=doubt)


def _uneven(titles: int, width: int, *, shifted: bool) -> str:
    how_given = "They were given from left to right"
    if shifted:
        how_given = "The first column names the rows and was left without one"
    return (
        f"The header has {counted(titles, 'title')} for {counted(width, 'column')}. "
        f"{how_given}: please check that each stands over its column."
    )


def _spacers(
    titles: Sequence[str], columns: Sequence[str], known: Sequence[str]
) -> tuple[int, ...]:
    """The places without a title between others, and at the end, if columns are known and not they.

    What a first file has there is asked about.
    """
    named = [at for at, title in enumerate(titles) if title.strip()]
    until = len(columns) if known else (named or [0])[-1]
    behind = range(named[0], until) if named else range(0)
    return tuple(at for at in behind if at not in named and columns[at] not in known)


def _preamble(
    head: Sequence[Row],
    until: int,
    above: Sequence[OtherTable],
    data: Sequence[Row],
    width: int,
) -> Iterator[SkippedLines]:
    """The lines above the header, less the rows of tables there."""
    lines: list[Row] = []
    for row in head:
        if row.line >= until:
            break
        table = next((t for t in above if t.first_line <= row.line <= t.last_line), None)
        if table is None:
            lines.append(row)
            continue
        if lines:
            yield _skipped_above(lines, data, width)
            lines = []
        if row.line == table.first_line:
            last = row.line + row.span - 1
            yield SkippedLines(first_line=row.line, last_line=last, reason=OTHER_TITLES)
    if lines:
        yield _skipped_above(lines, data, width)


def _skipped_above(lines: Sequence[Row], data: Sequence[Row], width: int) -> SkippedLines:
    cells = [row.cells for row in data]
    like_rows = any(len(row.cells) == width and is_record(row.cells, cells) for row in lines)
    written = sum(1 for row in lines if filled(row.cells) and not is_rule(row.cells, width))
    return SkippedLines(
        first_line=lines[0].line,
        last_line=lines[-1].line + lines[-1].span - 1,
        reason="lines above the header",
        doubtful=like_rows or written > MANY_LINES,
    )

"""Rows on their way into the store: each one kept, padded, set aside or skipped, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.corrections import set_aside
from consulting.intake.reading.blocks import Row, blocks, is_drawn, is_rule
from consulting.intake.reading.cells import filled
from consulting.intake.reading.columns import refuse_if_long
from consulting.intake.reading.evidence import Columns
from consulting.intake.reading.further import AHEAD, FurtherTables
from consulting.intake.reading.layout import OTHER_TITLES, Layout
from consulting.intake.reading.outcome import Outcome
from consulting.intake.reading.skipping import (
    AGAIN,
    BETWEEN,
    OTHER_TABLE,
    about,
    merged,
    span,
)
from consulting.intake.reading.surplus import SurplusJudge
from consulting.intake.reading.tail import TAIL_ROWS, is_like_rows, trim_tail
from consulting.intake.reading.words import NOT_TOLD
from consulting.records import SkippedLines
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from consulting.intake.reading.parser import Parsed
    from consulting.intake.reading.rows import RowStore, Stored
    from consulting.records import OtherTable

SHOWN = 5  # how many lines a message names
REMARK_SHARE = 0.2  # more rows than that begin with # because their values do

_MARKS = frozenset("#-=_+*~─━═—–")  # noqa: RUF001 - what comments and drawn lines begin with


class TableWriter:
    """Sorts a file's records and keeps the account of its lines.

    Args:
        layout: Where the table is and what its columns are called.
        store: Takes the rows.
        max_rows: The most records the file may hold.
        filename: The file as the client named it.
        known: The first records, to judge by what the columns hold.
        sheet: Whether a row number that is passed over is an empty row.
    """

    def __init__(  # noqa: PLR0913 - what it knows of a file
        self,
        layout: Layout,
        store: RowStore,
        max_rows: int,
        filename: str,
        *,
        known: Sequence[Row] = (),
        sheet: bool = False,
    ) -> None:
        self.layout = layout
        self.lines_not_records = 0
        self._width = len(layout.columns)
        self._store = store
        self._max_rows = max_rows
        self._filename = filename
        self._tail: list[Row] = []
        self._skipped = list(layout.skipped)
        self._blank = 0
        self._repaired = self._formulas = 0
        self._short: list[int] = []
        self._short_count = 0
        self._surplus = 0
        own = _first_block(known)
        plain = [row for row in own if not row[0].startswith("#")]
        self._draws = any(map(self._holds_drawn, own))
        self._remarks = len(plain) >= (1 - REMARK_SHARE) * len(own)
        own = plain if self._remarks else own
        self._judge = SurplusJudge(own, len(layout.columns))
        self._columns = Columns([row for row in own if len(row) == len(layout.columns)])
        self._further = FurtherTables(layout.header, len(layout.columns), own)
        self._first_titles = {titles[0] for titles in layout.titles}
        self._last_titles = {titles[-1] for titles in layout.titles}
        self._sheet = sheet
        self._gaps: set[int] = set()
        self._gap, self._last = False, 0
        self._first_rejects: dict[str, tuple[int, int]] = {}

    def add_parsed(self, parsed: Parsed, first_line: int) -> None:
        """Take the records of one block that starts at `first_line`."""
        self._repaired += parsed.repaired
        self._formulas += parsed.formulas
        self.lines_not_records += sum(span - 1 for span in parsed.spans.values())
        self.lines_not_records += sum(span - 1 for _, span, _, _ in parsed.rejects)
        if parsed.spans:
            rows = [
                Row(first_line + line, cells, parsed.spans.get(index, 1))
                for index, (line, cells) in enumerate(zip(parsed.lines, parsed.rows, strict=True))
            ]
        else:
            rows = [
                Row(first_line + line, cells)
                for line, cells in zip(parsed.lines, parsed.rows, strict=True)
            ]
        late = [
            item
            for item in parsed.rejects
            if self._is_record(first_line + item[0])
            or (item[2] == NOT_TOLD and first_line + item[0] not in self.layout.header_lines)
        ]
        self.lines_not_records += len(parsed.rejects) - len(late)
        self._set_aside([(first_line + line, code, raw) for line, _, code, raw in late])
        self.add_rows(rows)

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Take records; the last of them wait, for the file may end with what is not data."""
        kept = []
        above: list[Row] = []
        for row in rows:
            if row.line < self.layout.first_line:
                if filled(row.cells) and self._is_record(row.line):
                    above.append(row)
                else:
                    self.lines_not_records += 1
            elif not row.cells or (self._width > 1 and not any(row.cells)):
                self.lines_not_records += 1
                self._blank += 1
                self._gap = True
            else:
                if self._gap or (self._sheet and row.line > self._last + 1):
                    self._gaps.add(row.line)
                self._gap, self._last = False, row.line
                kept.append(row)
        self._set_aside([(row.line, OTHER_TABLE, _raw(row.cells)) for row in above])
        waiting = self._tail + kept
        cut = max(0, len(waiting) - TAIL_ROWS)
        self._tail = waiting[cut:]
        self._flush(waiting[:cut])

    def _is_record(self, line: int) -> bool:
        """Whether a line may hold a record: of the table, or of another one above it."""
        if line >= self.layout.first_line:
            return True
        return any(table.first_line < line <= table.last_line for table in self.layout.above)

    def add_table(self, table: pa.Table, first_line: int) -> None:
        """Take a block that Arrow parsed, one record a line."""
        import pyarrow as pa
        import pyarrow.compute as pc

        lines = pa.array(range(first_line, first_line + table.num_rows), pa.int64())
        arrays = [column.combine_chunks() for column in table.columns]
        waiting = self._further.open or self._gap or self._gaps
        if waiting or self._holds_titles(pc, arrays) or _holds_blank(pc, arrays):
            rows = zip(*(array.to_pylist() for array in arrays), strict=True)
            self.add_rows([Row(first_line + at, [*cells]) for at, cells in enumerate(rows)])
            return
        self._flush(self._tail)
        self._tail = []
        self._store.add_columns(arrays, lines)
        self._check_size()

    def _holds_titles(self, pc: Any, arrays: Sequence[pa.Array]) -> bool:
        """Whether any value of a block is its column's title, as in a header that comes again."""
        found = zip(arrays, self.layout.header, strict=False)
        return any(pc.any(pc.equal(array, title)).as_py() for array, title in found if title)

    def _flush(self, rows: Sequence[Row]) -> None:
        width = self._width
        good: list[Sequence[str | None]] = []
        lines: list[int] = []
        bad: list[tuple[int, str, str]] = []
        for at, row in enumerate(rows):
            cells: Sequence[str | None] = row.cells
            if self._is_suspect(row):
                code = self._odd(row, [*rows[at + 1 : at + 1 + AHEAD], *self._tail][:AHEAD])
                if code:
                    bad.append((row.line, code, _raw(row.cells)))
                if code is not None:
                    continue
            if len(cells) != width:
                fitted = self._fitted(row)
                if isinstance(fitted, str):
                    bad.append((row.line, fitted, _raw(row.cells)))
                    continue
                cells = fitted
            good.append(cells)
            lines.append(row.line)
        self._set_aside(bad)
        self._store.add(good, lines)
        self._check_size()

    def _is_suspect(self, row: Row) -> bool:
        """Whether a row may be no record of the table; must be quick, as nearly none is."""
        cells = row.cells
        return (
            len(cells) != self._width
            or self._further.open
            or self._further.titled
            or not any(cells)
            or cells[0] in self._first_titles
            or cells[-1] in self._last_titles
            or (cells[0] or cells[-2:][0])[:1] in _MARKS
            or row.line in self._gaps
        )

    def _odd(self, row: Row, ahead: Sequence[Row]) -> str | None:
        """What a row is that is no record of the table.

        Returns:
            The reason code to set it aside with, nothing where it was skipped, or None where it is
            a record of the table.
        """
        gap = row.line in self._gaps
        self._gaps.discard(row.line)
        if tuple(row.cells) in self.layout.titles:
            self._further.open = False
            return self._skip(row, AGAIN)
        if self._is_drawn(row) or self._is_remark(row):
            return self._skip_mark(row)
        if not filled(row.cells) and (self._further.open or self._further.follows(ahead)):
            return self._skip(row, "empty row")
        verdict = self._further.judge(row, ahead, gap=gap)
        if verdict == "row":
            return None
        if verdict == "other":
            return OTHER_TABLE
        return self._skip(row, OTHER_TITLES if verdict == "titles" else BETWEEN)

    def _holds_drawn(self, cells: Sequence[str]) -> bool:
        """Whether a row that is no drawn line holds such a value: stars of a rating, no shift."""
        drawn = any(cell[:1] in _MARKS and is_drawn(cell) for cell in cells)
        return drawn and not is_rule(cells, self._width)

    def _is_drawn(self, row: Row) -> bool:
        """Whether a line is drawn; with all delimiters it is a row where rows hold such values."""
        return is_rule(row.cells, self._width) and not (
            self._draws and len(row.cells) == self._width
        )

    def _is_remark(self, row: Row) -> bool:
        """Whether a line begins with # and is not like the rows, none of which does."""
        if not self._remarks or not row.cells[0].startswith("#"):
            return False
        ways = (row.cells, _unmarked(row.cells))
        return len(row.cells) != self._width or all(map(self._judge.contradicts, ways))

    def _skip_mark(self, row: Row) -> str:
        """Skip a comment, which may be a row after all, or a drawn line."""
        if row.cells[0][:1] != "#":
            return self._skip(row, "a drawn line")
        doubtful = is_like_rows(_unmarked(row.cells), self._columns)
        return self._skip(row, "a comment", doubtful=doubtful)

    def _fitted(self, row: Row) -> Sequence[str | None] | str:
        """The cells of a ragged row made to fit, or the reason code why they can not be."""
        cells, width = row.cells, self._width
        if len(cells) > width:
            fitted = self._judge.fitted(cells)
            self._surplus += fitted is not None
            return fitted if fitted is not None else "too_many_fields"
        if len(cells) * 2 < width and not self._judge.vouches_for(cells):
            return "too_few_fields"
        self._short_count += 1
        if len(self._short) < SHOWN:
            self._short.append(row.line)
        return [*cells, *([None] * (width - len(cells)))]

    def _set_aside(self, rejects: Sequence[tuple[int, str, str]]) -> None:
        for line, code, _ in rejects:
            first, count = self._first_rejects.get(code, (line, 0))
            self._first_rejects[code] = (first, count + 1)
        self._store.reject(rejects)

    def _skip(self, row: Row, reason: str, *, doubtful: bool = False) -> str:
        self.lines_not_records += 1
        last = row.line + row.span - 1
        self._skipped.append(
            SkippedLines(first_line=row.line, last_line=last, reason=reason, doubtful=doubtful)
        )
        return ""

    def _check_size(self) -> None:
        refuse_if_long(self._filename, self._store.seen + self._store.rejected, self._max_rows)

    def finish(self) -> Stored:
        """Tell data from notes and totals at the end of the file, and close the store."""
        kept, cut = trim_tail(self._tail, self._width, self._columns)
        self._tail = []
        self._flush(kept)
        for row, reason, doubtful in cut:
            self._skip(row, reason, doubtful=doubtful)
        return self._store.finish()

    def outcome(self, stored: Stored) -> Outcome:
        """The facts of the table, with what was done to its rows in words."""
        return Outcome(
            columns=tuple(
                name for at, name in enumerate(self.layout.columns) if at not in stored.left_out
            ),
            stored=stored,
            seen=stored.seen,
            rejected=stored.rejected,
            header_lines=self.layout.header_lines,
            skipped=merged(self._skipped),
            other_tables=self._others,
            decisions=[*self.layout.decisions, *self._decided()],
            warnings=[*self.layout.warnings, *self._noticed(stored)],
        )

    @property
    def _others(self) -> list[OtherTable]:
        return [*self.layout.above, *self._further.found]

    def _decided(self) -> list[str]:
        words = [about(table) for table in self._others]
        words += [f"{span(item)} skipped: {item.reason}." for item in merged(self._skipped)[:SHOWN]]
        if self._formulas:
            words.append(
                f'{counted(self._formulas, "value")} written as ="…" for Excel: read without it.'
            )
        if self._blank:
            words.append(f"{counted(self._blank, 'blank line')} skipped.")
        return words

    def _noticed(self, stored: Stored) -> list[str]:
        words = []
        if not stored.seen and not stored.rejected:
            words.append("The file has a header but no data row.")
        if stored.left_out:
            words.append(
                f"{counted(len(stored.left_out), 'empty column')} without a title left out. Where "
                "two tables stand side by side, please send each in a file of its own."
            )
        if self._short_count:
            shown = ", ".join(map(str, self._short))
            more = ", …" if self._short_count > len(self._short) else ""
            words.append(
                f"{counted(self._short_count, 'row')} with too few fields (line "
                f"{shown}{more}): the missing ones at the end are empty (NULL)."
            )
        if self._surplus:
            words.append(
                f"{counted(self._surplus, 'row')} with one delimiter too many: an empty "
                "field that belongs to no column was left out."
            )
        if self._repaired:
            words.append(
                f"{counted(self._repaired, 'record')} with stray quotes, read with the "
                "quotes as part of the value."
            )
        for code, (first, count) in self._first_rejects.items():
            if code == OTHER_TABLE:
                continue
            words.append(set_aside(code, count, first))
        return words


def _holds_blank(pc: Any, arrays: Sequence[pa.Array]) -> bool:
    """Whether any row of a block holds nothing but delimiters."""
    blank = pc.equal(arrays[0], "")
    for array in arrays[1:]:
        if not pc.any(blank).as_py():
            return False
        blank = pc.and_(blank, pc.equal(array, ""))
    return bool(pc.any(blank).as_py())


def _raw(cells: Sequence[str]) -> str:
    """A record that does not fit, as JSON: exact, whatever the delimiter was."""
    import json

    return json.dumps(list(cells), ensure_ascii=False)


def _unmarked(cells: Sequence[str]) -> list[str]:
    """A line's cells without the # it begins with."""
    return [cells[0].lstrip("# "), *cells[1:]]


def _first_block(known: Sequence[Row]) -> list[Sequence[str]]:
    """The first rows up to an empty line, or all of them where that are too few."""
    first = next(([known[at] for at in block] for block in blocks(known)), [])
    return [row.cells for row in (first if len(first) > 1 else known)]

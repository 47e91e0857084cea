"""Rows on their way into the store: each one kept, padded, set aside or skipped, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.errors import UnreadableFileError
from consulting.intake.reading.layout import TAIL_ROWS, Layout, Row, trim_tail
from consulting.intake.reading.outcome import Outcome
from consulting.intake.reading.surplus import SurplusJudge
from consulting.records import SkippedLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from consulting.intake.reading.parser import Parsed
    from consulting.intake.reading.rows import RowStore, Stored

SHOWN = 5  # how many lines a message names


class TableWriter:
    """Sorts a file's records and keeps the account of its lines.

    Args:
        layout: Where the table is and what its columns are called.
        store: Takes the rows.
        max_rows: The most records the file may hold.
        filename: The file as the client named it.
        known: The first records, to judge by what the columns hold.
    """

    def __init__(
        self,
        layout: Layout,
        store: RowStore,
        max_rows: int,
        filename: str,
        *,
        known: Sequence[Sequence[str]] = (),
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
        self._repaired = 0
        self._short: list[int] = []
        self._short_count = 0
        self._surplus = 0
        self._judge = SurplusJudge(known, len(layout.columns))
        self._first_rejects: dict[str, tuple[int, int]] = {}

    def add_parsed(self, parsed: Parsed, first_line: int) -> None:
        """Take the records of one block that starts at `first_line`."""
        self._repaired += parsed.repaired
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
        above = self.layout.first_line
        late = [item for item in parsed.rejects if first_line + item[0] >= above]
        self.lines_not_records += len(parsed.rejects) - len(late)
        self._set_aside([(first_line + line, code, raw) for line, _, code, raw in late])
        self.add_rows(rows)

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Take records; the last of them wait, for the file may end with what is not data."""
        kept = []
        for row in rows:
            if row.line < self.layout.first_line:
                self.lines_not_records += 1
            elif not row.cells:
                self.lines_not_records += 1
                self._blank += 1
            else:
                kept.append(row)
        waiting = self._tail + kept
        cut = max(0, len(waiting) - TAIL_ROWS)
        self._tail = waiting[cut:]
        self._flush(waiting[:cut])

    def add_table(self, table: pa.Table, first_line: int) -> None:
        """Take a block that Arrow parsed, one record a line."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self._flush(self._tail)
        self._tail = []
        lines = pa.array(range(first_line, first_line + table.num_rows), pa.int64())
        arrays = [column.combine_chunks() for column in table.columns]
        if self.layout.header:
            again = pc.equal(arrays[0], self.layout.header[0])
            if pc.any(again).as_py():
                rows = [
                    Row(first_line + at, [str(cell) for cell in cells])
                    for at, cells in enumerate(zip(*(a.to_pylist() for a in arrays), strict=True))
                ]
                self._flush(rows)
                return
        self._store.add_columns(arrays, lines)
        self._check_size()

    def _flush(self, rows: Sequence[Row]) -> None:
        width, header = self._width, self.layout.header
        good: list[Sequence[str | None]] = []
        lines: list[int] = []
        bad: list[tuple[int, str, str]] = []
        for row in rows:
            cells: Sequence[str | None] = row.cells
            if len(cells) != width:
                fitted = self._fitted(row)
                if isinstance(fitted, str):
                    bad.append((row.line, fitted, _raw(row.cells)))
                    continue
                cells = fitted
            elif header and cells[0] == header[0] and tuple(row.cells) == header:
                self._skip(row, "the header again")
                continue
            good.append(cells)
            lines.append(row.line)
        self._set_aside(bad)
        self._store.add(good, lines)
        self._check_size()

    def _fitted(self, row: Row) -> Sequence[str | None] | str:
        """The cells of a ragged row made to fit, or the reason code why they can not be."""
        cells, width = row.cells, self._width
        if len(cells) > width:
            fitted = self._judge.fitted(cells)
            self._surplus += fitted is not None
            return fitted if fitted is not None else "too_many_fields"
        if len(cells) * 2 < width:
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

    def _skip(self, row: Row, reason: str) -> None:
        self.lines_not_records += 1
        last = row.line + row.span - 1
        self._skipped.append(SkippedLines(first_line=row.line, last_line=last, reason=reason))

    def _check_size(self) -> None:
        if self._store.seen + self._store.rejected > self._max_rows:
            raise UnreadableFileError(
                self._filename,
                "too_many_rows",
                f"The file holds more than the {self._max_rows:,} records allowed.",
                "Send it in parts, or raise `max_rows` for the feed if this is right.",
            )

    def finish(self) -> Stored:
        """Tell data from notes and totals at the end of the file, and close the store."""
        kept, cut = trim_tail(self._tail, self._width)
        self._tail = []
        self._flush(kept)
        for row, reason in cut:
            self._skip(row, reason)
        return self._store.finish()

    def outcome(self, stored: Stored) -> Outcome:
        """The facts of the table, with what was done to its rows in words."""
        return Outcome(
            columns=self.layout.columns,
            stored=stored,
            seen=stored.seen,
            rejected=stored.rejected,
            header_lines=self.layout.header_lines,
            skipped=_merged(self._skipped),
            decisions=[*self.layout.decisions, *self._decided()],
            warnings=[*self.layout.warnings, *self._noticed(stored)],
        )

    def _decided(self) -> list[str]:
        words = [
            f"{_span(item)} skipped: {item.reason}." for item in _merged(self._skipped)[:SHOWN]
        ]
        if self._blank:
            words.append(f"{self._blank:,} blank line{_s(self._blank)} skipped.")
        return words

    def _noticed(self, stored: Stored) -> list[str]:
        words = []
        if not stored.seen and not stored.rejected:
            words.append("The file has a header but no data row.")
        if self._short_count:
            shown = ", ".join(map(str, self._short))
            more = ", …" if self._short_count > len(self._short) else ""
            words.append(
                f"{self._short_count:,} row{_s(self._short_count)} with too few fields (line "
                f"{shown}{more}): the missing ones at the end are empty (NULL)."
            )
        if self._surplus:
            words.append(
                f"{self._surplus:,} row{_s(self._surplus)} with one delimiter too many: an empty "
                "field that belongs to no column was left out."
            )
        if self._repaired:
            words.append(
                f"{self._repaired:,} record{_s(self._repaired)} with stray quotes, read with the "
                "quotes as part of the value."
            )
        for code, (first, count) in self._first_rejects.items():
            words.append(
                f"{count:,} record{_s(count)} set aside: {code.replace('_', ' ')} "
                f"(first: line {first:,})."
            )
        return words


def _raw(cells: Sequence[str]) -> str:
    """A record that does not fit, as JSON: exact, whatever the delimiter was."""
    import json

    return json.dumps(list(cells), ensure_ascii=False)


def _merged(skipped: Sequence[SkippedLines]) -> list[SkippedLines]:
    """Neighbouring lines with one reason as one entry, in order."""
    merged: list[SkippedLines] = []
    for item in sorted(skipped, key=lambda found: found.first_line):
        if merged and merged[-1].reason == item.reason:
            last = merged[-1]
            if item.first_line == last.last_line + 1:
                merged[-1] = last.model_copy(update={"last_line": item.last_line})
                continue
        merged.append(item)
    return merged


def _span(item: SkippedLines) -> str:
    if item.first_line == item.last_line:
        return f"Line {item.first_line:,}"
    return f"Lines {item.first_line:,} to {item.last_line:,}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"

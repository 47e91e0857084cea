"""One sheet's rows: where its table is, its cells as text, held against the scan of the file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consulting.errors import UnreadableFileError
from consulting.intake.reading.blocks import Row
from consulting.intake.reading.headers import HEAD_ROWS
from consulting.intake.reading.layout import find_layout
from consulting.intake.reading.marks import with_mark
from consulting.intake.reading.numberformats import with_zeros
from consulting.intake.reading.table import TableWriter
from consulting.records import PERCENT, ShownAs
from consulting.rules.currencies import TOLD
from consulting.shown import on_one_line
from consulting.wording import counted, inflected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from python_calamine import CalamineSheet

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.outcome import Outcome, StoreFactory
    from consulting.intake.reading.sheetscan import SheetScan
    from consulting.intake.reading.sources import ByteSource
    from consulting.rules.numbers import OtherMark

EXACT_INTEGER = 2**53  # above it, a workbook's numbers are no longer exact
BATCH = 5_000
_NAMED = 5  # columns that one sentence names

_MIDNIGHT = dt.time()


def read_rows(
    source: ByteSource,
    sheet: CalamineSheet,
    scan: SheetScan,
    options: ReadOptions,
    store: StoreFactory,
) -> Outcome:
    """Read one sheet.

    Raises:
        UnreadableFileError: `sheet_empty`, `rows_unaccounted`.
    """
    survey = _Survey.of(sheet, scan)
    if not survey.lines:
        raise UnreadableFileError(
            source.filename,
            "sheet_empty",
            "The sheet holds no value.",
            "Send the workbook with data, or declare the feed's `sheet`.",
        )
    head = [Row(line, survey.texts(line, row)) for line, row in survey.head]
    layout = find_layout(head, len(survey.used), options, unit="row")
    merges = _Merges(sheet, survey, layout.first_line)
    marks = {at: options.marks[n] for at, n in enumerate(layout.columns) if n in options.marks}
    beside = {at for at, name in enumerate(layout.columns) if name in options.beside}
    with store(layout.columns) as kept:
        known = [row for row in head if row.line >= layout.first_line]
        writer = TableWriter(
            layout, kept, options.max_rows, source.filename, known=known, sheet=True
        )
        batch: list[Row] = []
        written: set[int] = set()
        for line, row in _rows(sheet):
            if line in survey.lines:
                texts = survey.as_rules_read(line, row, marks, beside)
                batch.append(Row(line, merges.fill(line, texts)))
                if line >= layout.first_line:
                    written.update(_digits_in_texts(row))
            if len(batch) >= BATCH:
                writer.add_rows(batch)
                batch = []
        writer.add_rows(batch)
        unread = (scan.rows or set()) - survey.lines
        blank = sorted(line for line in unread if line >= layout.first_line)
        kept.reject([(line, "no_readable_cell", "") for line in blank])
        stored = writer.finish()
    outcome = writer.outcome(stored)
    named = [*zip(layout.columns, survey.used, strict=False)]
    outcome.typed_columns = tuple(name for name, at in named if at not in written)
    aside = [range(part.first_line, part.last_line + 1) for part in outcome.skipped]
    aside += [range(part.first_line, part.last_line + 1) for part in outcome.other_tables]
    shown = scan.shown_as(layout.first_line, aside)
    outcome.shown_as = tuple(
        ShownAs(column=name, mark=_told(mark, options), cells=cells)
        for name, at in named
        for mark, cells in shown.get(survey.left + at, {}).items()
    )
    found = len(survey.lines) if scan.rows is None else len(scan.rows)
    outcome.received = found - writer.lines_not_records - (len(unread) - len(blank))
    _check(source, outcome, scan)
    empty = (sheet.end[1] + 1 if sheet.end else 0) - len(survey.used)
    if empty:
        outcome.decisions.append(f"{counted(empty, 'empty column')} left out.")
    zeros = sum(map(len, scan.shown.values()))
    if zeros:
        outcome.decisions.append(
            f"{zeros:,} numbers are shown with leading zeros (like 00000): read as shown."
        )
    outcome.warnings += _about_hidden(scan, survey)
    outcome.decisions += _about_marks(outcome.shown_as)
    outcome.warnings += _about_cells(scan, survey.large, merges.count, len(blank))
    return outcome


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """(row number, cells) of each row; the cells begin at the first column in use."""
    return enumerate(sheet.iter_rows(), start=1)


@dataclass
class _Survey:
    """What a first pass over a sheet finds.

    Attributes:
        scan: What the file itself says of the sheet.
        left: The first column that holds a value.
        lines: The rows that hold a value.
        used: The places of the columns that do.
        head: The first rows that do.
        large: How many numbers are too large to be exact.
    """

    scan: SheetScan
    left: int
    lines: set[int] = field(default_factory=set)
    used: list[int] = field(default_factory=list)
    head: list[tuple[int, list[Any]]] = field(default_factory=list)
    large: int = 0
    _places: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, sheet: CalamineSheet, scan: SheetScan) -> _Survey:
        """Look at every cell of a sheet."""
        left, used = sheet.start[1] if sheet.start else 0, set[int]()
        survey = cls(scan, left)
        for line, row in _rows(sheet):
            places = [at for at, value in enumerate(row) if value not in {"", None}]
            if not places:
                continue
            used.update(places)
            survey.lines.add(line)
            if len(survey.head) < HEAD_ROWS:
                survey.head.append((line, row))
            survey.large += sum(1 for value in row if _is_large(value))
        survey.used = sorted(used)
        survey._places = {at: place for place, at in enumerate(survey.used)}
        return survey

    def texts(self, line: int, row: Sequence[Any]) -> list[str]:
        """A row's cells in the used columns."""
        texts = [as_text(row[at]) for at in self.used]
        for column, code in self.scan.shown.get(line, {}).items():
            place = self._places.get(column - self.left)
            if place is not None:
                texts[place] = with_zeros(texts[place], code)
        for column, number in self.scan.undated.get(line, {}).items():
            place = self._places.get(column - self.left)
            if place is not None:
                texts[place] = _number(number)
        return texts

    def as_rules_read(
        self, line: int, row: Sequence[Any], marks: Mapping[int, OtherMark], beside: set[int]
    ) -> list[str]:
        """The same with the decimal marks of these places, and what formats show at those."""
        texts = self.texts(line, row)
        places = ((self._places.get(c - self.left), m) for c, m in self.scan.beside(line).items())
        shown = {at: mark for at, mark in places if at is not None and at in beside}
        for at in (at for at, mark in shown.items() if mark == PERCENT):
            texts[at] = _number(100.0 * row[self.used[at]])
        for at, mark in marks.items():
            if type(row[self.used[at]]) is float:
                texts[at] = with_mark(texts[at], mark)
        for at, sign in shown.items():
            texts[at] += " %" if sign == PERCENT else f" {sign}"
        return texts


def _digits_in_texts(row: Sequence[Any]) -> Iterator[int]:
    """The places of texts with a digit."""
    return (
        at for at, value in enumerate(row) if type(value) is str and any(map(str.isdigit, value))
    )


def _is_large(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) >= EXACT_INTEGER


class _Merges:
    """Gives each row of a cell that is merged over several rows its value.

    Merges that begin above the first row of data are left as they are.
    """

    def __init__(self, sheet: CalamineSheet, survey: _Survey, first_line: int) -> None:
        self.count = 0
        self._starts: dict[int, list[tuple[int, int]]] = {}
        self._open: dict[int, tuple[int, str]] = {}
        places = {survey.left + at: position for position, at in enumerate(survey.used)}
        for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
            if bottom > top and top + 1 >= first_line and left in places:
                self._starts.setdefault(top + 1, []).append((places[left], bottom + 1))
                self.count += top + 1 in survey.lines

    def fill(self, line: int, cells: list[str]) -> list[str]:
        """The cells of the next row, with what is merged into it from above."""
        for position, (last, text) in list(self._open.items()):
            if line <= last:
                cells[position] = text
            else:
                del self._open[position]
        for position, last in self._starts.get(line, ()):
            self._open[position] = (last, cells[position])
        return cells


def _check(source: ByteSource, outcome: Outcome, scan: SheetScan) -> None:
    outcome.refuse_unaccounted(
        source.filename,
        "The sheet has {} records by a count of the file itself",
        "Send the data as CSV, and report the workbook's structure: the reader is at fault.",
    )
    if scan.rows is None:
        outcome.warnings.append(
            "The rows of this sheet could not be counted a second time; the count is the reader's."
        )


def _about_hidden(scan: SheetScan, survey: _Survey) -> list[str]:
    """What is read, though whoever opens the workbook does not see it."""
    columns = sum(
        any(survey.left + at in span for span in scan.hidden_columns) for at in survey.used
    )
    told = {"row": scan.hidden_rows, "column": columns}
    where = "hidden in the sheet, by hand or by a filter"
    return [
        inflected(
            f"{{n}} [{what} with data is|{what}s with data are] {where}; "
            "[it was|they were] read like the others.",
            count,
        )
        for what, count in told.items()
        if count
    ]


def _told(mark: str, options: ReadOptions) -> str:
    """What is shown beside a number; units are the client's own words."""
    return mark if mark in {"", PERCENT, *TOLD} else options.names.told(mark)


def _about_marks(shown: Sequence[ShownAs]) -> Iterator[str]:
    columns: dict[str, list[str]] = {}
    for one in shown:
        if one.mark:
            columns.setdefault(one.mark, []).append(f"“{on_one_line(one.column)}”")
    for mark, names in columns.items():
        more = [counted(len(names) - _NAMED, "other column")] if len(names) > _NAMED else []
        yield (
            f"Shown as {on_one_line(mark)} by the format of cells, and read as numbers alone: "
            f"{', '.join([*names[:_NAMED], *more])}."
        )


def _about_cells(scan: SheetScan, large: int, merges: int, blank: int) -> list[str]:
    hold, it = "{n} [cell holds|cells hold]", "[it was|they were] read as"
    undated = sum(map(len, scan.undated.values()))
    uncalculated = f"{hold} a formula that was never calculated; {it} blank. Open the workbook in "
    shown = "{n} [cell is shown as a date or time and holds|cells are shown as dates or times and "
    told = (
        (scan.errors, f"{hold} an error (like #N/A or #REF!); {it} blank."),
        (scan.uncalculated, f"{uncalculated}Excel, save it and send it again."),
        (undated, f"{shown}hold] a number that is none (0, or below): {it} that number."),
        (blank, "{n} [row holds|rows hold] nothing that can be read and [was|were] set aside."),
    )
    words = [inflected(sentence, count) for count, sentence in told if count]
    if merges:
        words.append(
            f"{counted(merges, 'cell')} merged over several rows: each row was given the value."
        )
    if large:
        words.append(
            inflected("{n} [cell holds a number|cells hold numbers] of more than 15 digits", large)
            + ": a workbook can not keep all of them. Send long identifiers as text."
        )
    return words


def as_text(value: Any) -> str:  # noqa: PLR0911 - one line for each type
    """A cell's value as text: numbers without noise, dates in ISO form.

    Numbers have the 15 significant digits a workbook is exact to.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        if value.time() == _MIDNIGHT:
            return value.date().isoformat()
        return value.isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        return _duration(value)
    return str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < EXACT_INTEGER:
        return str(int(value))
    text = f"{value:.15g}"
    if "e" in text or abs(value) >= EXACT_INTEGER:
        from decimal import Decimal

        # beyond what is exact, no more digits than tell the number from its neighbours
        digits = Decimal(repr(value) if abs(value) >= EXACT_INTEGER else text)
        return f"{digits:f}".removesuffix(".0")
    return text


def _duration(value: dt.timedelta) -> str:
    seconds = int(value.total_seconds())
    sign = "-" if seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    return f"{sign}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"

"""From lines to records, exactly, with the damage of a stray quote kept to its own line.

Python's `csv` in strict mode reads what is written by the rules. Where it stumbles, records are
taken one at a time: a quote that never closes, or closes so late that whole records would vanish
inside one field, costs its own line and nothing else.
"""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consulting.intake.reading.mending import grouped
from consulting.intake.reading.words import NOT_TOLD, QUOTED, joined

if TYPE_CHECKING:
    import _csv
    from collections.abc import Iterable, Sequence

    from consulting.intake.reading.evidence import Columns

# csv refuses fields above 128 kB unless told otherwise; the setting is the process's
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))

EXCEL_TEXT = '="'  # ="00123" keeps Excel from taking a text for a number
BLANKS = "  "  # as a delimiter: two blanks or more
MAX_PIECES = 2000  # a longer line is not mended
FEW_LINES = 20  # a quoted field of more than that is looked at more sternly
MAX_STATES = 20_000  # how many ways to begin a field of a line are looked at
EFFORT = 20_000_000  # lines and ways that may be looked at in vain, in all lines together
FEW_AHEAD = 50  # how many lines a record may take once that is used up

_QUOTED_WORD = re.compile(r'(?:^|(?<= ))"((?:[^"]|"")*)"(?=[ \r\n]|$)')
_BLANKS = re.compile(r" {2,}")
_PRIVATE = tuple(map(chr, range(0xFDD0, 0xFDE0)))  # no characters, so that no text holds them


@dataclass(frozen=True)
class Dialect:
    """How delimited text is written.

    Attributes:
        delimiter: What separates fields; None where a line is one field.
        quotechar: What fields are quoted with, if they are.
        escape: Whether a backslash escapes a quote, besides doubling it.
        skip_space: Whether blanks after a delimiter belong to it.
        space_after: Whether blanks between a closing quote and a delimiter are no value's.
        wrapped: Whether each whole line is quoted once more, its own quotes doubled.
        held: What each column holds, where values that are not quoted hold the delimiter, a blank;
            empty while that is not known yet.
    """

    delimiter: str | None
    quotechar: str | None = '"'
    escape: bool = False
    skip_space: bool = False
    space_after: bool = False
    wrapped: bool = False
    held: tuple[str, ...] | None = None


@dataclass
class Parsed:
    """The records of some lines.

    Attributes:
        rows: The fields of each record that parsed.
        lines: The line each of them starts on, counted from the first line given (0).
        spans: How many lines each record takes, where it is not one; by position in `rows`.
        rejects: (line, span, code, raw text) of each record that did not parse.
        formulas: How many fields were written for Excel as `="00123"`, which keeps their zeros.
        repaired: How many records had quotes against the rules and were read all the same.
        consumed: How many lines were used; the rest is the beginning of an unfinished record.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: Sequence[int] = ()
    spans: dict[int, int] = field(default_factory=dict)
    rejects: list[tuple[int, int, str, str]] = field(default_factory=list)
    formulas: int = 0
    repaired: int = 0
    consumed: int = 0


class RecordParser:
    """Parses lines of one dialect.

    Args:
        dialect: How the lines are written.
        width: How many fields a record should have; None while that is not known yet.
        columns: What the columns hold, where that is known.
    """

    def __init__(
        self, dialect: Dialect, width: int | None = None, columns: Columns | None = None
    ) -> None:
        self._columns = columns
        self.dialect = dialect
        self.width = width if dialect.held is None else None  # words are no fields yet
        self._delimiter = dialect.delimiter or _PRIVATE[-1]
        self._multi = len(self._delimiter) > 1
        self._mark = _PRIVATE[0] if self._multi else self._delimiter
        self._effort = EFFORT

    def parse(self, lines: Sequence[str], *, final: bool) -> Parsed:
        """Parse whole lines.

        Args:
            lines: Lines with their ends.
            final: Whether the file ends here; if not, an unfinished record is left over.
        """
        prepared, restore = self._prepare(lines)
        try:
            rows = list(self._reader(prepared, strict=True))
        except csv.Error:
            rows = []
        if len(rows) == len(lines):
            parsed = Parsed(rows, range(len(rows)), consumed=len(rows))
        else:
            parsed = self._one_by_one(prepared, lines, final=final)
        if restore:
            parsed.rows = [[_restored(cell, restore) for cell in row] for row in parsed.rows]
        if any(EXCEL_TEXT in line for line in lines):
            parsed.rows = [[_plain(cell, parsed) for cell in row] for row in parsed.rows]
        if self.dialect.held:
            _join_words(parsed, lines, self.dialect.held)
        return parsed

    def leniently(self, line: str) -> list[str]:
        """The fields of one line, whatever its quotes are like."""
        return next(csv.reader([line], delimiter=self._delimiter[0]), [])

    def _reader(self, lines: Iterable[str], *, strict: bool) -> _csv.Reader:
        if self.dialect.quotechar is None:
            return csv.reader(lines, delimiter=self._mark, quoting=csv.QUOTE_NONE, strict=strict)
        return csv.reader(
            lines,
            delimiter=self._mark,
            quotechar=self.dialect.quotechar,
            skipinitialspace=self.dialect.skip_space,
            strict=strict,
        )

    def _prepare(self, lines: Sequence[str]) -> tuple[Sequence[str], dict[str, str]]:
        """Put what `csv` can not express (long delimiters, escapes) into private characters."""
        restore: dict[str, str] = {}
        prepared = lines
        if self.dialect.wrapped:
            prepared = [_unwrapped(line) for line in prepared]
        if self.dialect.delimiter == BLANKS:
            prepared = [_BLANKS.sub(_PRIVATE[0], _without_edges(line)) for line in prepared]
        elif self._multi:
            prepared = [line.replace(self._delimiter, _PRIVATE[0]) for line in prepared]
            restore[_PRIVATE[0]] = self._delimiter
        if self.dialect.space_after and self.dialect.quotechar:
            blank = blanks_after(self.dialect.quotechar, self._delimiter)
            prepared = [blank.sub(r"\1", line) for line in prepared]
        if self.dialect.held is not None:
            prepared = [_QUOTED_WORD.sub(rf'"{QUOTED}\1"', line) for line in prepared]
        if self.dialect.escape and self.dialect.quotechar:
            quote = self.dialect.quotechar
            prepared = [
                line.replace("\\\\", _PRIVATE[1]).replace("\\" + quote, _PRIVATE[2])
                for line in prepared
            ]
            restore[_PRIVATE[1]] = "\\"
            restore[_PRIVATE[2]] = quote
        return prepared, restore

    def _one_by_one(self, lines: Sequence[str], raw: Sequence[str], *, final: bool) -> Parsed:
        parsed = Parsed()
        starts: list[int] = []
        at = 0
        while at < len(lines):
            row, span, repaired = self._record(lines, at)
            if row is None and span == 0 and not final:
                break  # unfinished: the next block has the rest
            span = max(span, 1)
            if row is None:
                parsed.rejects.append((at, span, "malformed_quotes", "".join(raw[at : at + span])))
            else:
                if span > 1:
                    parsed.spans[len(parsed.rows)] = span
                parsed.rows.append(row)
                starts.append(at)
                parsed.repaired += repaired
            at += span
        parsed.lines = starts
        parsed.consumed = at
        return parsed

    def _record(self, lines: Sequence[str], at: int) -> tuple[list[str] | None, int, bool]:
        """The record at a line: its fields, how many lines it takes, whether quotes were mended.

        No fields and no lines mean that it is not finished within `lines`.
        """
        line = lines[at]
        quote = self.dialect.quotechar
        if quote is None or quote not in line:
            return next(self._reader([line], strict=False)), 1, False
        row, span = self._by_the_rules(lines, at)
        fits = row is not None and (self._fits(row) or self._goes_on(lines, at + span, len(row)))
        if row is not None and (fits or span == 1):
            if span == 1 or not self._swallows_records(lines, at, span):
                return row, span, False
            self._effort -= span
        elif row is None and span == 0 and self.mended(line) is None:
            # open to the end of what we have: either a long field or a stray quote
            return None, 0, False
        mended = self.mended(line)
        if mended is not None:
            return mended, 1, True
        if row is not None and self.width is None:
            return row, span, False
        return None, 1, False

    def _by_the_rules(self, lines: Sequence[str], at: int) -> tuple[list[str] | None, int]:
        ahead = len(lines) if self._effort > 0 else at + FEW_AHEAD
        waiting = (lines[index] for index in range(at, min(ahead, len(lines))))
        reader = self._reader(waiting, strict=True)
        try:
            row = next(reader)
        except csv.Error as error:
            unfinished = "unexpected end of data" in str(error) and ahead >= len(lines)
            self._effort -= reader.line_num
            return None, 0 if unfinished else 1
        if reader.line_num > 1 and not self._fits(row):
            self._effort -= reader.line_num
        return row, reader.line_num

    def _fits(self, row: Sequence[str]) -> bool:
        return self.width is None or len(row) == self.width

    def _goes_on(self, lines: Sequence[str], at: int, width: int) -> bool:
        """Whether the record after a record has as many fields: both are of another table."""
        if not 1 < width <= MAX_PIECES or at >= len(lines):
            return False
        row = next(self._reader(lines[at : at + FEW_AHEAD], strict=False), [])
        return len(row) == width

    def _swallows_records(self, lines: Sequence[str], at: int, span: int) -> bool:
        """Whether a long quoted field holds lines that are records of their own.

        Text with line breaks may look like records, too (an address in a table of two columns). So
        a field of a few lines is one, unless each line of it, the first and the last included, is a
        record if its quote is a stray one, and holds what the columns hold.
        """
        inner = lines[at + 1 : at + span - 1]
        if self.width is None or self.width < 2 or not inner:  # noqa: PLR2004 - one field tells nothing
            return False
        whole = sum(1 for line in inner if self._is_whole_record(line))
        if len(inner) > FEW_LINES:
            return whole * 2 >= len(inner)
        return whole == len(inner) and all(map(self._is_like_rows, lines[at : at + span]))

    def _is_like_rows(self, line: str) -> bool:
        """Whether a line by itself is a record, and what it holds speaks for it."""
        cells = self.mended(line)
        if cells is None or self._columns is None:
            return False
        found = self._columns.against(cells)
        return found.fits > 0 and not found.texts and not found.others

    def _is_whole_record(self, line: str) -> bool:
        try:
            row = next(self._reader([line], strict=True))
        except csv.Error:
            return False
        return len(row) == self.width

    def mended(self, line: str) -> list[str] | None:
        """One line read against the rules, where that gives a record of the right width."""
        if self.width is None:
            return None
        quote = self.dialect.quotechar or '"'
        pieces = line.rstrip("\r\n").split(self._mark)
        surplus = len(pieces) - self.width
        states = len(pieces) * (surplus + 1)
        if surplus < 0 or len(pieces) > MAX_PIECES or states > MAX_STATES or self._effort <= 0:
            return None
        self._effort -= states if surplus else 0
        return grouped(pieces, self.width, quote, self._mark, skip_space=self.dialect.skip_space)


def is_wrapped(line: str) -> bool:
    """Whether a whole line is quoted, and what is inside would be well quoted by itself."""
    text = line.strip("\r\n")
    inner = text[1:-1]
    return len(text) > 1 and text[0] == text[-1] == '"' and '"' not in inner.replace('""', "")


def _unwrapped(line: str) -> str:
    text = line.rstrip("\r\n")
    return text[1:-1].replace('""', '"') + line[len(text) :] if is_wrapped(line) else line


def _without_edges(line: str) -> str:
    """A line without the blanks at its two ends."""
    text = line.rstrip("\r\n")
    return text.strip(" ") + line[len(text) :]


def blanks_after(quote: str, delimiter: str) -> re.Pattern[str]:
    """Blanks between a closing quote and a delimiter, with the quotes before them."""
    mark, end = re.escape(quote), re.escape(delimiter)
    empty = rf"(?:^|{end})[ \t]*{mark}{mark}"
    return re.compile(rf"({empty}|(?<!{mark}){mark}(?:{mark}{mark})*)[ \t]+(?={end}|[\r\n]*$)")


def _plain(cell: str, parsed: Parsed) -> str:
    """A field without the formula that keeps Excel from taking it for a number."""
    if len(cell) > len(EXCEL_TEXT) and cell.startswith(EXCEL_TEXT) and cell.endswith('"'):
        parsed.formulas += 1
        return cell[len(EXCEL_TEXT) : -1].replace('""', '"')
    return cell


def _restored(cell: str, restore: dict[str, str]) -> str:
    for private, original in restore.items():
        if private in cell:
            cell = cell.replace(private, original)
    return cell


def _join_words(parsed: Parsed, lines: Sequence[str], columns: Sequence[str]) -> None:
    """Make records of words, and reject those that are not told by their words."""
    kept: list[list[str]] = []
    starts: list[int] = []
    spans: dict[int, int] = {}
    for at, (words, line) in enumerate(zip(parsed.rows, parsed.lines, strict=True)):
        span = parsed.spans.get(at, 1)
        values = joined(words, columns)
        if values is None:
            raw = "".join(lines[line : line + span])
            parsed.rejects.append((line, span, NOT_TOLD, raw))
            continue
        if span > 1:
            spans[len(kept)] = span
        kept.append(values)
        starts.append(line)
    parsed.rows, parsed.lines, parsed.spans = kept, starts, spans

"""From lines to records, exactly, with the damage of a stray quote kept to its own line.

Python's `csv` in strict mode reads what is written by the rules. Where it stumbles, records are
taken one at a time: a quote that never closes, or closes so late that whole records would vanish
inside one field, costs its own line and nothing else.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# csv refuses fields above 128 kB unless told otherwise; the setting is the process's
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))

_PRIVATE = tuple(map(chr, range(0xE000, 0xE010)))


@dataclass(frozen=True)
class Dialect:
    """How delimited text is written.

    Attributes:
        delimiter: What separates fields; None where a line is one field.
        quotechar: What fields are quoted with, if they are.
        escape: Whether a backslash escapes a quote, besides doubling it.
        skip_space: Whether blanks after a delimiter belong to it.
    """

    delimiter: str | None
    quotechar: str | None = '"'
    escape: bool = False
    skip_space: bool = False


@dataclass
class Parsed:
    """The records of some lines.

    Attributes:
        rows: The fields of each record that parsed.
        lines: The line each of them starts on, counted from the first line given (0).
        spans: How many lines each record takes, where it is not one; by position in `rows`.
        rejects: (line, span, code, raw text) of each record that did not parse.
        repaired: How many records had quotes against the rules and were read all the same.
        consumed: How many lines were used; the rest is the beginning of an unfinished record.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: Sequence[int] = ()
    spans: dict[int, int] = field(default_factory=dict)
    rejects: list[tuple[int, int, str, str]] = field(default_factory=list)
    repaired: int = 0
    consumed: int = 0


class RecordParser:
    """Parses lines of one dialect.

    Args:
        dialect: How the lines are written.
        width: How many fields a record should have; None while that is not known yet.
    """

    def __init__(self, dialect: Dialect, width: int | None = None) -> None:
        self.dialect = dialect
        self.width = width
        self._delimiter = dialect.delimiter or _PRIVATE[-1]
        self._multi = len(self._delimiter) > 1

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
        return parsed

    def _reader(self, lines: Iterable[str], *, strict: bool) -> Iterator[list[str]]:
        delimiter = _PRIVATE[0] if self._multi else self._delimiter
        if self.dialect.quotechar is None:
            return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=strict)
        return csv.reader(
            lines,
            delimiter=delimiter,
            quotechar=self.dialect.quotechar,
            skipinitialspace=self.dialect.skip_space,
            strict=strict,
        )

    def _prepare(self, lines: Sequence[str]) -> tuple[Sequence[str], dict[str, str]]:
        """Put what `csv` can not express (long delimiters, escapes) into private characters."""
        restore: dict[str, str] = {}
        prepared = lines
        if self._multi:
            prepared = [line.replace(self._delimiter, _PRIVATE[0]) for line in prepared]
            restore[_PRIVATE[0]] = self._delimiter
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
        if row is not None and (self._fits(row) or span == 1):
            if span == 1 or not self._swallows_records(lines, at, span):
                return row, span, False
        elif row is None and span == 0 and not self._single_line_fits(line):
            # open to the end of what we have: either a long field or a stray quote
            return None, 0, False
        mended = self._mended(line)
        if mended is not None:
            return mended, 1, True
        if row is not None and self.width is None:
            return row, span, False
        return None, 1, False

    def _by_the_rules(self, lines: Sequence[str], at: int) -> tuple[list[str] | None, int]:
        reader = csv.reader(
            (lines[index] for index in range(at, len(lines))),
            delimiter=_PRIVATE[0] if self._multi else self._delimiter,
            quotechar=self.dialect.quotechar,
            skipinitialspace=self.dialect.skip_space,
            strict=True,
        )
        try:
            return next(reader), reader.line_num
        except csv.Error as error:
            unfinished = "unexpected end of data" in str(error)
            return None, 0 if unfinished else 1

    def _fits(self, row: Sequence[str]) -> bool:
        return self.width is None or len(row) == self.width

    def _single_line_fits(self, line: str) -> bool:
        mended = self._split_at_outer_quotes(line)
        return self.width is not None and mended is not None and len(mended) == self.width

    def _swallows_records(self, lines: Sequence[str], at: int, span: int) -> bool:
        """Whether a long quoted field holds lines that are records of their own."""
        inner = lines[at + 1 : at + span - 1]
        if self.width is None or self.width < 2 or not inner:  # noqa: PLR2004 - one field tells nothing
            return False
        whole = sum(1 for line in inner if self._is_whole_record(line))
        return whole * 2 >= len(inner)

    def _is_whole_record(self, line: str) -> bool:
        try:
            row = next(self._reader([line], strict=True))
        except csv.Error:
            return False
        return len(row) == self.width

    def _mended(self, line: str) -> list[str] | None:
        """One line read against the rules, where that gives a record of the right width."""
        for attempt in (self._split_at_outer_quotes(line), self._split_leniently(line)):
            if attempt is not None and self.width is not None and len(attempt) == self.width:
                return attempt
        return None

    def _split_leniently(self, line: str) -> list[str] | None:
        return next(self._reader([line], strict=False), None)

    def _split_at_outer_quotes(self, line: str) -> list[str] | None:
        """Split a line where a quote closes a field only before a delimiter or the line's end."""
        quote = self.dialect.quotechar or '"'
        delimiter = _PRIVATE[0] if self._multi else self._delimiter
        rest = line.rstrip("\r\n")
        fields: list[str] = []
        while True:
            if self.dialect.skip_space:
                rest = rest.lstrip(" ")
            if rest.startswith(quote):
                end = rest.find(quote + delimiter, 1)
                if end < 0:
                    closed = len(rest) > 1 and rest.endswith(quote)
                    body = rest[1:-1] if closed else rest[1:]
                    fields.append(body.replace(quote * 2, quote))
                    return fields
                fields.append(rest[1:end].replace(quote * 2, quote))
                rest = rest[end + 1 + len(delimiter) :]
                continue
            value, found, rest = rest.partition(delimiter)
            fields.append(value)
            if not found:
                return fields


def _restored(cell: str, restore: dict[str, str]) -> str:
    for private, original in restore.items():
        if private in cell:
            cell = cell.replace(private, original)
    return cell

"""Delimited text: detect its dialect and table, then read it block by block.

Blocks that are written by the plainest rules are parsed by Arrow, all others by `parser`; either
way the lines of each block are accounted for, and at the end all lines of the file against a
count of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.errors import UnreadableFileError
from consulting.intake.reading.blocks import Row, like_titles
from consulting.intake.reading.dialects import Scored, detect_dialect
from consulting.intake.reading.encodings import Encoding, detect_encoding
from consulting.intake.reading.evidence import Columns
from consulting.intake.reading.fast import PlainParser
from consulting.intake.reading.headers import HEAD_ROWS, counts_rows, is_unquoted
from consulting.intake.reading.layout import Layout, find_layout
from consulting.intake.reading.parser import EXCEL_TEXT, Dialect, RecordParser
from consulting.intake.reading.plausible import may_be_table, named_otherwise
from consulting.intake.reading.survey import LineCount, Survey, survey
from consulting.intake.reading.table import TableWriter
from consulting.intake.reading.text import MARK, Block, blocks, lines_of, spread_of
from consulting.intake.reading.words import QUOTED, bare
from consulting.wording import counted as in_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.outcome import Outcome, StoreFactory
    from consulting.intake.reading.sources import ByteSource

ODD_SHARE, ZERO_SHARE = 0.1, 0.3  # of control characters, and of NULs, in what is no text
MANY_CONTROLS, MIXED_SHARE = 10, 0.02  # kinds of control characters, and their share then
FOREIGN_SHARE, STRAY_SHARE = 0.25, 0.01  # beyond ASCII, and of control characters among them
MAX_SHOWN = 20  # lines tell where the quoted values stand
MAX_EMPTY = 2  # columns at the end may have titles and no values, not even delimiters
MAX_OPEN_LINES = 200_000  # an open quote may wait for its end over so many lines
MAX_OPEN_CHARS = 64 * 1024 * 1024  # and over so much text

ALIGNED_SHARE = 0.8  # of the lines have runs of blanks where the columns have a fixed width

# NULs fill up a field, a record or the file's last block
_PADDING = re.compile(r"(?:\A|(?<=[\r\n]))\x00+|(?<!\x00)\x00++(?=[\r\n,;|\t]|\Z)")
_SURE = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-32"})  # no other bytes come out as these
_CONTROLS = tuple(map(chr, (*range(1, 9), *range(14, 32))))
_SHOWN = {
    ",": "commas",
    ";": "semicolons",
    "|": "pipes",
    "\t": "tabs",
    " ": "blanks",
    "  ": "two blanks or more",
}
_SEP_LINE = "sep="


@dataclass
class _Sample:
    """What detection looks at: the file's first block, and lines from all over the file."""

    first: Block
    lines: list[str]


def read_delimited(source: ByteSource, options: ReadOptions, store: StoreFactory) -> Outcome:
    """Read a text file of delimited fields.

    Raises:
        UnreadableFileError: `empty_file`, `binary_file`, `delimiter_wrong`, `rows_unaccounted` and
            those of the encoding and the archive.
    """
    found = survey(source)
    encoding = detect_encoding(source, options.encoding, found)
    counted = lines_of(source, encoding, found)
    sample = _sample(source, encoding, found)
    _refuse_no_text(source, sample, encoding)
    _refuse_other_delimiter(source, sample, options)
    hint, options = _excel_hint(sample, options)
    scored = detect_dialect(sample.lines, options)
    head = _head(sample, scored, skip=1 if hint else 0)
    layout = find_layout(head, scored.usual, options, width=scored.width)
    known = [row for row in head if row.line >= layout.first_line]
    _refuse_unquoted(source, layout, known, options)
    columns = Columns([row.cells for row in known if len(row.cells) == len(layout.columns)])
    parser = RecordParser(scored.dialect, len(layout.columns), columns)
    with store(layout.columns, layout.spacers) as rows:
        writer = TableWriter(layout, rows, options.max_rows, source.filename, known=known)
        marks = _load(source, encoding, counted, parser, writer)
        stored = writer.finish()
    outcome = writer.outcome(stored)
    outcome.format = "csv"
    outcome.encoding = encoding.codec.replace("utf-8-sig", "utf-8")
    outcome.delimiter = scored.dialect.delimiter
    outcome.quotechar = scored.dialect.quotechar if scored.dialect.delimiter else None
    # each line of the file must be a record's, a blank one, or one that was skipped
    outcome.received = counted.lines - writer.lines_not_records
    outcome.refuse_unaccounted(source.filename, "The file has {} records by a count of its lines")
    _explain(outcome, encoding, counted, scored, hint=hint)
    if marks:
        outcome.decisions.append(f"{marks:,} byte order marks inside the file were left out.")
    if scored.dialect.delimiter is None and _is_aligned(sample.lines):
        outcome.warnings.append(
            "The lines look like columns of a fixed width, and were not split: each is one value. "
            "Please send the columns with a delimiter between them (CSV)."
        )
    return outcome


def _sample(source: ByteSource, encoding: Encoding, found: Survey) -> _Sample:
    first = next(blocks(source, encoding))
    if first.last:
        return _Sample(first, first.lines())
    return _Sample(first, first.lines()[: HEAD_ROWS * 4] + spread_of(source, encoding, found))


def _refuse_unquoted(
    source: ByteSource, layout: Layout, data: Sequence[Row], options: ReadOptions
) -> None:
    """Refuse a file whose titles are all known and would stand over other columns than before.

    Raises:
        UnreadableFileError: `values_unquoted`.
    """
    titles, columns, known = (
        {name.strip().casefold() for name in names}
        for names in (layout.header, layout.columns, options.expected_columns)
    )
    more = columns - titles
    if len(more) != 1 or not titles <= known or more <= known or counts_rows(data):
        return
    if len(layout.header) < len(layout.columns) and is_unquoted(data, len(layout.columns)):
        raise UnreadableFileError(
            source.filename,
            "values_unquoted",
            f"Its rows have {in_number(len(layout.columns), 'field')}, its header has "
            f"{in_number(len(layout.header), 'title')}, all known: as where values with the "
            "delimiter in them (2,05) are not quoted.",
            "Have the client quote them, or write another delimiter. If one column more is right "
            f"without a title, name it in the feed's YAML (`from: {more.pop()}`).",
        )


def _refuse_no_text(source: ByteSource, sample: _Sample, encoding: Encoding) -> None:
    if sample.first.last and not sample.first.text.strip("\ufeff\x00 \t\r\n"):
        raise UnreadableFileError(
            source.filename,
            "empty_file",
            "The file is empty.",
            "Ask the client whether nothing was to be sent, and send the file again if not.",
        )
    head = _PADDING.sub("", sample.first.text[:65536])
    named, sure = named_otherwise(source), encoding.codec in _SURE
    if named and not may_be_table(head, whole=sample.first.last, sure=sure):
        raise UnreadableFileError(
            source.filename,
            "binary_file",
            f"The file is named .{named}, and is neither that nor a table of text.",
            "It may have been cut off or changed on its way: open it where it comes from, export "
            "it again and send that.",
        )
    if not head.count("\x00") > len(head) * ZERO_SHARE and not _is_packed(head, encoding):
        return
    raise UnreadableFileError(
        source.filename,
        "binary_file",
        "The file is not text, nor any format that is read here.",
        "Send CSV, Excel, OpenDocument, JSON or Parquet.",
    )


def _is_packed(head: str, encoding: Encoding) -> bool:
    """Whether a text has so many control characters, or of so many kinds, that it is none.

    Text knows a few, and one of them may be its delimiter; what is packed or encrypted knows all.
    Half of its bytes are beyond ASCII, too: there, each one speaks against a text.
    """
    counts = Counter({sign: head.count(sign) for sign in _CONTROLS})
    [(sign, often)] = counts.most_common(1)
    odd = counts.total() - often + head.count("\ufffd")
    share = ODD_SHARE if sum(map(bool, counts.values())) < MANY_CONTROLS else MIXED_SHARE
    if odd > len(head) * share:
        return True
    if encoding.codec in _SURE or _beyond_ascii(head) < FOREIGN_SHARE * len(head):
        return False
    strays = odd if _is_in_each_line(sign, head) else odd + often
    return strays >= max(1, STRAY_SHARE * len(head))


def _is_in_each_line(sign: str, text: str) -> bool:
    """Whether a sign may be the delimiter: nearly all lines have it, and there are several."""
    lines = [line for line in re.split(r"[\r\n]+", text) if line]
    return sum(sign in line for line in lines) >= ALIGNED_SHARE * len(lines) > 2  # noqa: PLR2004 - two lines may agree by chance


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _is_aligned(lines: Sequence[str]) -> bool:
    """Whether nearly all lines have runs of blanks between words."""
    written = [line.strip() for line in lines if line.strip()]
    return sum("  " in line for line in written) >= ALIGNED_SHARE * len(written) > 1


def _refuse_other_delimiter(source: ByteSource, sample: _Sample, options: ReadOptions) -> None:
    """A declared delimiter that no line has is wrong where another one makes columns."""
    declared = options.delimiter
    if declared is None or any(declared in line for line in sample.lines):
        return
    undeclared = options.model_copy(update={"delimiter": None})
    found = detect_dialect(sample.lines, undeclared).dialect.delimiter
    if found is not None:
        raise UnreadableFileError(
            source.filename,
            "delimiter_wrong",
            f"The feed declares the delimiter {declared!r}, which stands in no line of the file; "
            f"its fields are separated by {_SHOWN.get(found, repr(found))}.",
            "Correct or remove the feed's `delimiter`.",
        )


def _excel_hint(sample: _Sample, options: ReadOptions) -> tuple[bool, ReadOptions]:
    """Excel's own first line "sep=;" names the delimiter and is no data."""
    first = sample.lines[0].rstrip("\r\n") if sample.lines else ""
    mark = first[len(_SEP_LINE) :]
    if not first.lower().startswith(_SEP_LINE) or len(mark) != 1:
        return False, options
    sample.lines = sample.lines[1:]
    update: dict[str, object] = {"skip_rows": max(1, options.skip_rows or 0)}
    if options.delimiter is None:
        update["delimiter"] = mark
    return True, options.model_copy(update=update)


def _head(sample: _Sample, scored: Scored, *, skip: int) -> list[Row]:
    """The first records, read with the dialect found."""
    lines = sample.first.lines()[skip : HEAD_ROWS * 4]
    whole = sample.first.last and len(sample.first.lines()) <= HEAD_ROWS * 4
    parser = RecordParser(scored.dialect, scored.usual)
    parsed = parser.parse(lines, final=whole)
    rows = [
        Row(line + 1 + skip, cells, parsed.spans.get(index, 1))
        for index, (cells, line) in enumerate(zip(parsed.rows, parsed.lines, strict=True))
        if cells
    ]
    if scored.dialect.held:
        # titles that blanks do not tell apart would name other columns
        untold = any(line == 0 for line, *_ in parsed.rejects)
        titles = [*_titles(lines, scored, skip)] if untold else []
        return [*titles, *rows][:HEAD_ROWS]
    # a header may be malformed too: here it is read as well as it can be
    rows += [Row(line + 1 + skip, parser.leniently(raw)) for line, _, _, raw in parsed.rejects]
    return sorted(rows, key=lambda row: row.line)[:HEAD_ROWS]


def _titles(lines: Sequence[str], scored: Scored, skip: int) -> Iterator[Row]:
    """The first line between blanks, where it has titles for further, empty columns at the end.

    A blank in a title would look alike; here quoted titles stand over quoted values.
    """
    first, *rows = RecordParser(Dialect(" ", held=())).parse(lines[:MAX_SHOWN], final=True).rows
    spare = len(first) - scored.usual
    ends = {_after_quotes(row) for row in rows}
    titles = [*map(bare, first)]
    above = ends == {_after_quotes(first) - spare}
    if above and 0 < spare <= MAX_EMPTY and all(titles) and like_titles(titles):
        yield Row(1 + skip, titles)


def _after_quotes(words: Sequence[str]) -> int:
    """How many words follow on the last one that is quoted."""
    return next((at for at, word in enumerate(reversed(words)) if QUOTED in word), len(words))


def _load(
    source: ByteSource,
    encoding: Encoding,
    counted: LineCount,
    parser: RecordParser,
    writer: TableWriter,
) -> int:
    """Parse the file block by block; returns how many byte order marks stand inside it."""
    marks = 0
    plain = None
    if not counted.cr and parser.dialect.held is None:
        plain = PlainParser(parser.dialect, len(writer.layout.columns))
    done, rest = 0, ""
    for number, block in enumerate(blocks(source, encoding)):
        text = rest + block.text
        marks += text.count(MARK)
        odd = any(sign in text for sign in ("\x00", MARK, EXCEL_TEXT))
        quick = plain if number and not (rest or block.last or odd) else None
        table = quick.parse(text) if quick is not None else None
        if table is not None:
            writer.add_table(table, done + 1)
            done += table.num_rows
            continue
        lines = Block(text, block.last).lines()
        final = block.last
        parsed = parser.parse(lines, final=final)
        rest = "".join(lines[parsed.consumed :])
        if not final and (
            len(lines) - parsed.consumed > MAX_OPEN_LINES or len(rest) > MAX_OPEN_CHARS
        ):
            parsed, rest = parser.parse(lines, final=True), ""
        writer.add_parsed(parsed, done + 1)
        done += parsed.consumed
    return marks


def _explain(
    outcome: Outcome, encoding: Encoding, counted: LineCount, scored: Scored, *, hint: bool
) -> None:
    dialect = scored.dialect
    words = [*encoding.decisions]
    if hint:
        words.append("The first line names the delimiter (sep=), as Excel writes it.")
    if dialect.delimiter is None:
        words.append("No delimiter: each line is one value.")
    else:
        delimiter = _SHOWN.get(dialect.delimiter, repr(dialect.delimiter))
        quotes = f"quoted with {dialect.quotechar}" if dialect.quotechar else "nothing quoted"
        escape = ", a backslash escapes a quote" if dialect.escape else ""
        space = ", blanks after it left out" if dialect.skip_space else ""
        if dialect.held:
            space = " (blanks in values that are not quoted told by what the columns hold)"
        words.append(
            f"Fields separated by {delimiter}{space}, {quotes}{escape}: "
            f"{scored.consistency:.1%} of the records looked at have {scored.width} fields."
        )
    words.append(outcome.lines_in_words(counted.lines))
    ends = counted.ends
    if len(ends) > 1:
        shown = ", ".join(f"{count:,} {kind}" for kind, count in ends.items())
        outcome.warnings.append(f"Line ends are mixed ({shown}); each ends a line.")
    if counted.zeros:
        outcome.warnings.append(f"{counted.zeros:,} NUL characters were removed.")
    outcome.decisions[:0] = words
    outcome.warnings[:0] = encoding.warnings

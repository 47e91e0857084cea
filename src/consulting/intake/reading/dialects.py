"""Which delimiter and quotes a text is written with.

Every candidate reads the sample; the winner is the one whose rows are most often of one width and
whose cells look most like values (Van den Burg et al., "Wrangling messy CSV files by detecting
row and type patterns", 2019, with our own weights).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from consulting.intake.reading.blocks import is_drawn, like_titles, told_apart
from consulting.intake.reading.cells import kind
from consulting.intake.reading.further import AHEAD
from consulting.intake.reading.parser import BLANKS, Dialect, RecordParser, blanks_after, is_wrapped
from consulting.intake.reading.words import CLEAN_ROWS, QUOTED, held

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.intake.reading.options import ReadOptions

COMMON = (",", ";", "\t", "|")
RARE = ("^", "~", "\x01", "\x14", "\x1f", "¦", "§", "#", "!", "*", "&", "$", "%", "\\t")
OTHER_QUOTES = ("'", "þ")  # thorns are those of legal discovery, with \x14 between the fields
WEAK = (" ", ":", BLANKS)  # these live inside values too
SAMPLE_LINES = 3000
SCORED_CELLS = 3000
QUOTE_LINES = 500  # looked at for the kind of quotes
WIDER_ROWS = 10  # fewer wider rows are accidents, not a new column
WIDER_SHARE = 0.2  # of the rows must have a column more for the table to have it
IN_COLUMNS = 0.95  # the share of lines that runs of blanks must split alike
TITLE_LINES = 200  # are looked at for whether a title speaks for all of each line
ONE_COLUMN = 0.9  # the share of them that must say so
WORDED = 0.9  # the share of records that must be told where values hold the delimiter, a blank
LONG_WORTH = 1.25  # a long delimiter is only tried where no part of it occurs alone
RUN = 3  # rows of one width below each other may be a table
RUNS_WORTH = 0.85
MENDED = 200  # how many malformed lines are tried to be mended
MENDED_WORTH = 0.95  # a line that can be mended speaks for a dialect a little less than a good one

_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_RUN = re.compile(r"([^\w\s\"'.()\-])\1{1,3}|\t{2,4}|[|~^@#&]{2,5}")


@dataclass(frozen=True)
class Scored:
    """A dialect with what it makes of the sample.

    Attributes:
        dialect: The dialect.
        score: Higher is better, up to 1.
        usual: The most common number of fields.
        width: The number of fields of the table; above the usual where it gains a column.
        consistency: The share of records that have it.
    """

    dialect: Dialect
    score: float
    usual: int
    width: int
    consistency: float


def detect_dialect(lines: Sequence[str], options: ReadOptions) -> Scored:
    """Score every plausible dialect on a sample of lines.

    Args:
        lines: Lines of the file with their ends: its beginning, and lines from all over it.
        options: What is declared is not questioned.
    """
    written = [line for line in lines if line.strip("\r\n")]
    sample = [line for line in written if not is_drawn(line)][:SAMPLE_LINES] or written
    delimiters = [options.delimiter] if options.delimiter is not None else _delimiters(sample)
    best = _score(sample, Dialect(None, _quotes(sample, None, options)[0]))
    whole = best
    if options.delimiter is not None:
        best = Scored(best.dialect, -1, best.usual, best.width, best.consistency)
    for delimiter in delimiters:
        best = max(best, *_scores(sample, delimiter, options), key=lambda scored: scored.score)
    if " " in delimiters and not _stands_outside_quotes(best.dialect.delimiter, sample):
        best = max((best, *_worded(sample)), key=lambda scored: scored.score)
    if options.delimiter is None and _is_one_column(written, best):
        return whole
    return best


def _is_one_column(lines: Sequence[str], best: Scored) -> bool:
    """Whether a title of one field speaks for one column, whose values hold the delimiter.

    They do where a blank follows it ("Ruiz, Ana") or the lines are numbers ("1,50"), and the line
    below the title is no header.
    """
    delimiter, text = best.dialect.delimiter, "".join(lines[1:])
    if delimiter not in COMMON or delimiter in lines[0] or not text or '"' in text:
        return False
    below = lines[1:TITLE_LINES]
    if sum(kind(line) != "text" for line in below) >= ONE_COLUMN * len(below):
        return True
    if text.count(f"{delimiter} ") < ONE_COLUMN * text.count(delimiter):
        return False
    first, *rows = (line.rstrip("\r\n").split(delimiter) for line in below)
    return not rows or not told_apart(first, rows)


def _delimiters(sample: Sequence[str]) -> list[str]:
    text = "".join(sample)
    found = [mark for mark in (*COMMON, *RARE, *WEAK) if mark in text]
    return [*_runs(sample, text), *found]


def _runs(sample: Sequence[str], text: str) -> list[str]:
    """Delimiters of several characters: runs that occur in most lines, and never in part.

    Two commas are taken for an empty field between two commas.
    """
    counts: Counter[str] = Counter()
    for line in sample[:200]:
        counts.update({match.group() for match in _RUN.finditer(line)})
    runs = []
    for run, count in counts.items():
        if count < 0.8 * min(len(sample), 200) or run.startswith((",", ";")):
            continue
        alone = text.count(run[0])
        if len(set(run)) > 1 or alone == len(run) * text.count(run):
            runs.append(run)
    return runs


def _scores(sample: Sequence[str], delimiter: str, options: ReadOptions) -> Iterator[Scored]:
    """What each way to write with a delimiter makes of the sample."""
    exact: set[str | None] = set()
    for dialect in _dialects(sample, delimiter, options):
        if dialect.escape and dialect.quotechar in exact:
            continue  # a backslash that no rule needs is a backslash
        scored = _score(sample, dialect)
        if scored.consistency == 1:
            exact.add(dialect.quotechar)
        if scored.consistency == 1 or not dialect.wrapped:
            yield scored


def _dialects(sample: Sequence[str], delimiter: str, options: ReadOptions) -> Iterator[Dialect]:
    for quote in _quotes(sample, delimiter, options):
        skips = quote is not None and any(f"{delimiter} {quote}" in line for line in sample)
        escapes = quote is not None and any(f"\\{quote}" in line for line in sample)
        after = (
            quote is not None
            and delimiter not in {" ", BLANKS}
            and _any(blanks_after(quote, delimiter), sample)
        )
        for escape in (False, True) if escapes else (False,):
            plain = Dialect(delimiter, quote, escape=escape)
            yield plain
            if skips:
                yield replace(plain, skip_space=True)
            if after:
                yield replace(plain, skip_space=skips, space_after=True)
    if delimiter in COMMON and all(map(is_wrapped, sample)):
        yield Dialect(delimiter, '"', wrapped=True)


def _any(pattern: re.Pattern[str], sample: Sequence[str]) -> bool:
    return any(map(pattern.search, sample))


def _quotes(
    sample: Sequence[str], delimiter: str | None, options: ReadOptions
) -> tuple[str | None, ...]:
    """The double quote, and before it the apostrophe or another sign where it seems to be one.

    A few words between apostrophes are words; they seem to be quoted where a delimiter is between
    them or half the lines have them.
    """
    if options.quotechar is not None:
        return (options.quotechar or None,)
    looked_at = sample[:QUOTE_LINES]
    plain, _ = _quoted_fields(looked_at, '"', delimiter)
    for quote in OTHER_QUOTES:
        others, needed = _quoted_fields(looked_at, quote, delimiter)
        if others > 2 * plain and (needed or others * 2 >= len(looked_at)):
            return quote, '"'
    return ('"',)


def _quoted_fields(sample: Sequence[str], quote: str, delimiter: str | None) -> tuple[int, int]:
    """How many fields with something in them are quoted, and how many because of a delimiter."""
    mark = re.escape(delimiter) if delimiter else r"(?!)"
    pattern = re.compile(
        rf"(?:^|{mark})\s?{quote}((?:[^{quote}]|{quote}{quote})++){quote}(?={mark}|[\r\n]*$)"
    )
    fields = [field for line in sample if quote in line for field in pattern.findall(line)]
    return len(fields), sum(1 for field in fields if delimiter and delimiter in field)


def _score(sample: Sequence[str], dialect: Dialect) -> Scored:
    parsed = RecordParser(dialect).parse(sample, final=True)
    rows = [row for row in parsed.rows if row]
    records = len(rows) + len(parsed.rejects)
    if not rows:
        return Scored(dialect, 0, 1, 1, 0)
    widths = Counter(map(len, rows))
    # a tie between widths goes to the wider: a narrow preamble is not the table
    usual = max(widths, key=lambda size: (widths[size], size))
    width = _wider_at_the_end(rows, widths, usual)
    mender = RecordParser(dialect, usual)
    mended = sum(mender.mended(raw) is not None for _, _, _, raw in parsed.rejects[:MENDED])
    fitting = widths[usual] + (widths[width] if width > usual else 0)
    consistency = (fitting + MENDED_WORTH * mended) / records
    if dialect.delimiter is not None and width == 1:
        return Scored(dialect, 0, 1, 1, consistency)
    if dialect.delimiter == BLANKS and not _stand_in_columns(rows, usual, consistency):
        return Scored(dialect, 0, usual, width, consistency)
    looks = _looks(rows, usual, dialect)
    score = max(consistency * (1 - 0.5 / width), _in_runs(rows, records, dialect)) * looks
    if len(dialect.delimiter or "") > 1 and dialect.delimiter not in RARE:
        score *= LONG_WORTH
    if dialect.delimiter in WEAK:
        quoted = dialect.quotechar is not None and any(
            f"{dialect.quotechar}{dialect.delimiter}{dialect.quotechar}" in line for line in sample
        )
        if not quoted and (width == 2 or consistency < 0.9):  # noqa: PLR2004 - "First Last" is one value
            score = 0
        score *= 0.8
    return Scored(dialect, score, usual, width, consistency)


def _in_runs(rows: Sequence[Sequence[str]], records: int, dialect: Dialect) -> float:
    """The share of records that stand in tables of any width, a little discounted.

    A file of several small tables has no usual width.
    """
    if dialect.delimiter not in COMMON:
        return 0.0
    runs = ((width, len([*run])) for width, run in groupby(map(len, rows)))
    found = sum(count * (1 - 0.5 / width) for width, count in runs if width > 1 and count >= RUN)
    return RUNS_WORTH * found / records


def _stands_outside_quotes(delimiter: str | None, sample: Sequence[str]) -> bool:
    """Whether many lines have one of the common delimiters beside what they quote."""
    if delimiter not in COMMON:
        return False
    bare = (_QUOTED.sub("", line) for line in sample)
    return sum(delimiter in line for line in bare) > (1 - WORDED) * len(sample)


def _worded(sample: Sequence[str]) -> Iterator[Scored]:
    """Blanks as delimiters, with blanks in values that are not quoted, for each possible width.

    Half the records must have a quoted value, and nearly all must be told by what the columns hold.
    """
    found = RecordParser(Dialect(" ", held=())).parse(sample, final=True).rows
    quoted = sum(any(QUOTED in word for word in words) for words in found)
    widths = Counter(map(len, found))
    if len(widths) == 1 or quoted * 2 < len(sample):
        return
    for width, rows in widths.items():
        columns = held(found, width) if width > 1 and rows >= CLEAN_ROWS else ()
        if not columns:
            continue
        dialect = Dialect(" ", held=columns)
        told = RecordParser(dialect).parse(sample, final=True)
        share = len(told.rows) / (len(told.rows) + len(told.rejects))
        if share >= WORDED:
            yield Scored(dialect, share * (1 - 0.5 / width), width, width, share)


def _stand_in_columns(rows: Sequence[Sequence[str]], usual: int, consistency: float) -> bool:
    """Whether runs of blanks are delimiters: between the titles as between the values."""
    titled = any(len(row) == usual and like_titles(row) for row in rows[:AHEAD])
    return titled and consistency >= IN_COLUMNS


def _wider_at_the_end(rows: Sequence[Sequence[str]], widths: Counter[int], width: int) -> int:
    """A file may gain a column half-way: from there on all rows are wider, and none before."""
    wider = max((size for size in widths if size > width), default=width)
    if width == 1 or widths[wider] < max(WIDER_ROWS, WIDER_SHARE * len(rows)):
        return width
    sizes = [len(row) for row in rows]
    first = sizes.index(wider)
    if first and like_titles(rows[first]) and told_apart(rows[first], rows[first + 1 :][:AHEAD]):
        return width  # another table begins there
    return wider if sizes[first:].count(wider) >= 0.98 * (len(sizes) - first) else width


def _looks(rows: Sequence[Sequence[str]], width: int, dialect: Dialect) -> float:
    """How much the cells look like values, from 0 to 1."""
    cells = total = 0.0
    for row in rows:
        if len(row) != width:
            continue
        for cell in row:
            total += _look(cell, dialect)
            cells += 1
        if cells > SCORED_CELLS:
            break
    return total / cells if cells else 0.0


def _look(cell: str, dialect: Dialect) -> float:
    if not cell:
        return 0.9  # many empty cells are a sign of a wrong delimiter, but a weak one
    if kind(cell) != "text":
        return 1.0
    text = cell.strip()
    if text[0] == '"' or (text[-1] == '"' and dialect.quotechar != '"'):
        return 0.0
    if any(mark in text for mark in (";", "|", "\t") if mark != dialect.delimiter):
        return 0.2 if not dialect.quotechar or dialect.delimiter is None else 0.5
    if "," in text and dialect.delimiter != ",":
        return 0.6
    return 1.0

"""The rows that hold a table's titles: which they are, and what names they come to."""

from __future__ import annotations

import re
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from consulting.intake.reading.blocks import (
    Row,
    blocks,
    like_titles,
    names_a_value,
    tables_above,
    told_apart,
)
from consulting.intake.reading.cells import dominant_kind, filled, is_year, kind
from consulting.intake.reading.evidence import Columns, is_data, is_record
from consulting.untitled import untitled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.reading.options import ReadOptions
    from consulting.records import OtherTable

HEAD_ROWS = 300
HEAD_LINES = 10  # of a report may stand directly above the titles, as wide as they are
MAIN_SHARE = 0.5  # of the rows of a later table the first must have to be the one that is read
TITLE_ROWS = 4  # a header has at most
LEAST_NUMBERED = 4  # columns that a row below the titles may count

LEAST_NAMED = 3  # rows tell that each has a name
LEAST_TENTHS = 5  # digits tell that they are no yes and no, and no grades

_WORDS = re.compile(r"[^\W\d_]{3}")
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,12}")


def header_rows(
    rows: Sequence[Row], width: int, options: ReadOptions
) -> tuple[int, int, str, int | None]:
    """Where the header is among `rows`.

    Returns:
        Its half-open range; how it was known, in words; and the number of columns, where the table
        is not as wide as most rows of the file.
    """
    if options.header_row is not None:
        return (*_declared(rows, options.header_row), ", as declared", None)
    start, end, how, own = _detected(rows, width, options)
    known = _known(rows, range(start, end), width, options.expected_columns)
    if known is None:
        return start, end, how, own
    own = own if known == range(start, end) else None
    return known.start, known.stop, ", by the columns the feed is known to have", own


def _detected(
    rows: Sequence[Row], width: int, options: ReadOptions
) -> tuple[int, int, str, int | None]:
    """The header by what the rows hold; as `header_rows`."""
    start = _table_start(rows, width)
    if start >= len(rows):
        return start, start, "", None
    own = None
    if first := _first_table(rows, start):
        start = next(at for at, row in enumerate(rows) if row.line == first.first_line)
        own = width = first.columns
    end = _end_of_titles(rows, start, width) if not options.names.hidden else start + 1
    data = [row.cells for row in rows[end:HEAD_ROWS]]
    if end == start + 1 and is_data(rows[start].cells, data):
        return start, start, ": the first row is like the rows below it", own
    if end == start + 1 and _is_group_row(rows, start, start + 1, width):
        end += 1
    while end - start < TITLE_ROWS and start and _is_group_row(rows, start - 1, end - 1, width):
        start -= 1
    return start, end, "", own


def _end_of_titles(rows: Sequence[Row], start: int, width: int) -> int:
    """Past the rows that go on with the titles of the first: second words, codes or units."""
    end = start + 1
    while end - start < TITLE_ROWS and _continues(rows, start, end, width):
        end += 1
    return end


def _continues(rows: Sequence[Row], start: int, at: int, width: int) -> bool:
    """Whether a row goes on with the titles above it: no record, by what the rows below it hold.

    A record with words in columns of numbers ("closed") may stand there, too. So a row must leave
    blank what no record does, or name what has no title yet, or say something in several columns.
    """
    if at + 1 >= len(rows) or not _adjoin(rows[at - 1], rows[at]):
        return False
    cells, above = rows[at].cells, [row.cells for row in rows[start:at]]
    if len(cells) != width or cells in above or names_a_value(above[0]):
        return False
    if at == start + 1 and numbers_columns(cells, above[0]):
        return all(kind(row.cells[0]) == "text" for row in rows[at + 1 :][:LEAST_NUMBERED])
    if not any(map(_has_sign, cells)):
        return False
    below = Columns([row.cells for row in rows[at + 1 : HEAD_ROWS] if row.cells not in above])
    found = below.against(cells)
    if not below.typed or found.fits or found.others or not found.texts:
        return False
    named = [*zip_longest(*above, fillvalue="")]
    unnamed = any(
        cell.strip() and not any(map(str.strip, titles))
        for cell, titles in zip(cells, named, strict=False)
    )
    words = {
        cell.strip().casefold()
        for cell, usual in zip(cells, below.kinds, strict=False)
        if usual != "text" and _WORDS.search(cell)
    }
    bracketed = all(map(_in_brackets, filter(str.strip, cells)))
    several = found.texts > 1 and not found.alike and (len(words) > 1 or found.texts > len(words))
    again = any(cell.strip() and cell in titles for cell, titles in zip(cells, named, strict=False))
    return bool(found.gaps or unnamed or bracketed or again) or several


def _adjoin(above: Row, below: Row) -> bool:
    return below.line == above.line + above.span


def _has_sign(cell: str) -> bool:
    return any(map(str.isalpha, cell)) or any(sign in cell for sign in "%°€$£¥#")


def _in_brackets(cell: str) -> bool:
    return cell.strip()[:1] in {"(", "["} and cell.strip()[-1:] in {")", "]"}


def numbers_columns(cells: Sequence[str], titles: Sequence[str]) -> bool:
    """Whether a row below titles only counts the columns: 1, 2, 3, ..."""
    count = [*map(str, range(1, len(cells) + 1))]
    return (
        len(cells) >= LEAST_NUMBERED and like_titles(titles) and [*map(str.strip, cells)] == count
    )


def _first_table(rows: Sequence[Row], start: int) -> OtherTable | None:
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


def _known(rows: Sequence[Row], found: range, width: int, expected: Sequence[str]) -> range | None:
    """The rows that name more than half of the columns that a feed is known to have.

    The first row that does so, or several about it that name more of them when they are joined;
    what was found by what the rows hold, where no other rows name more.
    """
    known = set(map(_tidied, expected))
    if not known:
        return None

    def named(at: range) -> int:
        titles = joined_titles([rows[place].cells for place in at], width) if at else []
        return len(known & set(map(_tidied, titles)))

    head = min(len(rows), HEAD_ROWS)
    first = next((at for at in range(head) if named(range(at, at + 1)) * 2 > len(known)), None)
    ranges = [found] if first is None or first in found else []
    if first is not None:
        starts = range(first, max(first - TITLE_ROWS, -1), -1)
        ends = range(first + 1, min(first + TITLE_ROWS, head) + 1)
        ranges += [
            range(start, end) for start in starts for end in ends if end - start <= TITLE_ROWS
        ]
    best = max(ranges, key=named)
    return best if named(best) * 2 > len(known) else None


def named_above(
    names: Sequence[str], rows: Sequence[Row], first: Row, expected: Sequence[str]
) -> list[str]:
    """Titles, of which those that are blank stand directly above, where the feed is known for them.

    Args:
        names: The titles as they stand in the header.
        rows: The rows of the file.
        first: The header's first row.
        expected: The columns the feed is known to have.
    """
    lacking = {_tidied(name): name for name in expected} if not all(names) else {}
    for name in names:
        lacking.pop(_tidied(name), None)
    found, below = [*names], first
    for row in reversed([row for row in rows if row.line < first.line][-TITLE_ROWS:]):
        if not _adjoin(row, below):
            break
        for at, cell in enumerate(row.cells[: len(found)]):
            if not found[at].strip():
                found[at] = lacking.pop(_tidied(cell), "")
        below = row
    return found


def _tidied(name: str) -> str:
    return " ".join(name.split()).casefold()


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
    if any(len(cells) == width and is_record(cells, below) for cells in above):
        return False
    if _opens(rows, start, stop, width):
        return True
    fuller = min(filled(titles), len(titles)) > max(map(filled, above))
    return fuller and like_titles(titles) and len(below) > len(above)


def _below_head(rows: Sequence[Row], start: int, stop: int, width: int) -> int:
    """Past lines of a report's head that are as wide as the table and directly above its titles."""
    first = rows[start].cells
    titled = like_titles(first) and not names_a_value(first) and not first[0].startswith("#")
    begin = _end_of_titles(rows[:stop], start, width) if titled else start + 1
    for at in range(begin, min(start + HEAD_LINES + 1, stop)):
        titles = rows[at].cells
        if len(titles) != width or filled(titles) < filled(first) or not like_titles(titles):
            continue
        if titled and not _stands_above(rows[start:at], [row.cells for row in rows[at + 1 : stop]]):
            continue
        below = [row.cells for row in rows[at + 1 : stop] if len(row.cells) == width]
        fuller = names_a_value(first) and filled(titles) > filled(first)
        opens = _opens(rows, at, stop, width) or (fuller and not names_a_value(titles))
        if opens and not any(
            len(row.cells) == width and is_record(row.cells, below) for row in rows[start:at]
        ):
            return at
    return start


def _stands_above(lines: Sequence[Row], below: Sequence[Sequence[str]]) -> bool:
    """Whether no line is like a record: each holds something that its column never does."""
    columns = Columns(below)
    found = [columns.against(row.cells) for row in lines]
    return len(lines) > 1 and all(f.texts + f.others for f in found)


def _is_group_row(rows: Sequence[Row], index: int, titled: int, width: int) -> bool:
    """Whether a row holds titles of groups of columns.

    Args:
        rows: The rows.
        index: The place of the row.
        titled: The place of the row with the columns' own titles.
        width: How many columns there are.
    """
    if titled + 1 >= len(rows) or not _adjoin(rows[index], rows[index + 1]):
        return False
    groups, titles, above = (rows[at].cells for at in (index, titled, index + 1))
    texts = [cell.strip() for cell in groups if cell.strip()]
    # a narrower row may be a title with the delimiter in it, a lone cell that of the whole table
    fits = len(groups) == width or (len(groups) < width and not groups[0].strip())
    gaps = len(texts) < width or len(set(texts)) < len(texts)
    if len(texts) < 2 or not gaps or not fits or len(titles) != width or groups == titles:  # noqa: PLR2004 - as said
        return False
    words = all(kind(cell) in {"text", "empty"} or is_year(cell) for cell in (*groups, *above))
    if not words or not all(_has_sign(text) or is_year(text) for text in texts):
        return False
    if filled(above) < filled(groups) or names_a_value(groups):
        return False
    data = [row.cells for row in rows[titled + 1 : HEAD_ROWS]]
    return any(
        dominant_kind([row[at] for row in data if len(row) > at]) not in {"text", "empty"}
        for at in range(width)
    )


def joined_titles(header: Sequence[Sequence[str]], width: int) -> list[str]:
    """One title per column, of its words in each row; a group's title spans the blanks after it."""
    if not header:
        return [*map(untitled, range(1, width + 1))]
    rows = [row for row in header if row is header[0] or not numbers_columns(row, header[0])]
    if len(rows) == 1:
        return list(rows[0])
    spread = [*map(_spread, rows[:-1]), rows[-1]]
    return [" ".join(_words(column)) for column in zip_longest(*spread, fillvalue="")]


def _spread(groups: Sequence[str]) -> list[str]:
    """Groups' titles with the blanks after each filled."""
    spread = [""]
    for cell in groups:
        spread.append(cell.strip() or spread[-1])
    return spread[1:]


def _is_dash(text: str) -> bool:
    return not _has_sign(text) and not any(map(str.isdigit, text))


def _words(cells: Sequence[str]) -> list[str]:
    """The words of one column's title, without dashes and those that only repeat the one above."""
    texts = [text for cell in cells if (text := cell.strip()) and not _is_dash(text)]
    return [text for at, text in enumerate(texts) if not at or text != texts[at - 1]]


def are_shifted(names: Sequence[str], data: Sequence[Row], width: int) -> bool:
    """Whether the first column has no title, as where R or pandas wrote the rows' names.

    All rows have one cell more than the header, the last cells are not blank, and the first name
    each row.
    """
    rows = [row.cells for row in data if filled(row.cells)]
    if len(names) != width - 1 or len(rows) < LEAST_NAMED or not all(map(str.strip, names)):
        return False
    if any(len(row) != width for row in rows):
        return False
    firsts = [row[0].strip() for row in rows]
    return all(firsts) and len(set(firsts)) == len(rows) and all(row[-1].strip() for row in rows)


def is_unquoted(data: Sequence[Row], width: int) -> bool:
    """Whether two neighbouring fields of each row may be one value with a delimiter in it.

    Digits and, always as many, the digits behind a decimal mark, zeros in front among them; or a
    text and what goes on with a blank: "2,05" and "Meier, Paul". Not where a delimiter stands at
    the end of each row, or a blank behind each.
    """
    rows = [row.cells for row in data if len(row.cells) == width]
    columns = [[row[at] for row in rows] for at in range(width)]
    if len(rows) < LEAST_NAMED or not any(map(str.strip, columns[-1])):
        return False
    spaced = {all(cell[:1] == " " and cell.strip() for cell in column) for column in columns[1:]}
    return spaced == {True, False} or any(
        all(map(_WHOLE.fullmatch, before)) and _are_fractions(after)
        for before, after in pairwise(columns)
    )


def _are_fractions(cells: Sequence[str]) -> bool:
    lengths = {len(cell) if cell.isdecimal() else 0 for cell in cells}
    zeros = any(cell.startswith("0") for cell in cells)
    several = lengths != {1} or len(set(cells)) >= LEAST_TENTHS
    return len(lengths) == 1 and lengths != {0} and zeros and several


def counts_rows(data: Sequence[Row]) -> bool:
    """Whether the first cells number the rows, as R and pandas do."""
    firsts = [row.cells[0].strip() for row in data if row.cells]
    return any(firsts == [*map(str, range(first, first + len(firsts)))] for first in (0, 1))


def without_surplus(names: list[str], data: Sequence[Row], width: int) -> list[str]:
    """A header with more cells than any row below it, of which as many are blank: without those."""
    surplus = len(names) - width
    blank = [at for at, name in enumerate(names) if not name.strip()]
    if surplus <= 0 or len(blank) < surplus or any(len(row.cells) > width for row in data):
        return names
    leave = set(blank[-surplus:])
    return [name for at, name in enumerate(names) if at not in leave]

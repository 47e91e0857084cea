"""Tables of awkward texts, written as others write them and read with nothing told.

Each row must come back as it was written, at its line, or its line must be among the rejects or the
lines skipped; the counts must agree (`read_bytes` holds them against each other).

What is left out, because nothing in the file could tell:
- Every table has a first column of numbers under a word and is two columns wide or more. A table
  of texts alone may be without a header, and in one column any mark may be a delimiter.
- A table has three rows or more: of one or two, several delimiters can be equally right.
- Cells that Python's `csv` leaves unquoted although a line end of another kind is in them.
- Cells between apostrophes: they may be the quotes, and the reader says when it takes them so.
- A text of three lines or more of which each has the delimiters of a whole row: as likely, a quote
  that never closed has swallowed these rows.
- Cells of nothing but blanks in a workbook: openpyxl writes them without the mark that keeps them.
- Windows-1252 is told from its lookalikes by the letters of western languages only.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from .conftest import Read

Table = list[list[str]]

# the long search sets it: tests/long/reading_round_trips.py
LONG = os.environ.get("ROUND_TRIP_EXAMPLES")
quick = settings(
    max_examples=int(LONG or 60),
    deadline=None,
    derandomize=LONG is None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

AWKWARD = (
    *("", " ", "  padded  ", "007", "00", "1E5", "=1+1", "+49 30", "-", "NULL", "null", "None"),
    *("N/A", "nan", "TRUE", "'", "it's", "''", '"', '""', 'say "hi"', '"quoted"', ",", ";", "|"),
    *("\t", "a,b", "a;b", "1,5", "1.234,5", "2024-01-02", "10:30", "Total", "total:", "id", "name"),
    *("#", "[x]", "{x}", "<b>", "sep=;", "\\", 'a\\"b', "a\\", "ü", "Straße", "日本語", "😀"),
    *("\u00a0", "\u2028", "\x1f", "x" * 400, "a@b.de", "http://x.de/?a=1&b=2", "_row", "a  b"),
    *("%", "$5", "*", "~", "^", "&", ":", "a: b"),
)
BREAKS = ("\n", "l1\nl2", "l1\r\nl2", "a\n\nb", '"\n"', "see\nfoo, bar\nend", "l1\na,b,c\nl3")
WESTERN = ("", "Müller", "Straße", "café", "Señor", "garçon", "Ærø", "naïve", "007", "a,b", "plain")
NAMES = ("name", "Full Name", "city", "Ort", "größe", "a b", "E-Mail", "x.y", "note", "Amount €")

texts = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),
        max_size=6,
    ),
    st.text("ab\"',; |1.", max_size=6),
).filter(lambda text: not (text[:1] == text[-1:] == "'" and len(text) > 2))


@st.composite
def tables(
    draw: st.DrawFn,
    cells: st.SearchStrategy[str],
    most: int = 12,
    names: Sequence[str] = NAMES,
) -> Table:
    """A header of words, an id in each row, and cells of text."""
    width = draw(st.integers(1, min(4, len(names))))
    chosen = st.lists(st.sampled_from(names), min_size=width, max_size=width, unique=True)
    header = ["id", *draw(chosen)]
    row = st.lists(cells, min_size=width, max_size=width)
    rows = draw(st.lists(row, min_size=3, max_size=most))
    return [header, *([str(number), *row] for number, row in enumerate(rows, start=11))]


def _here() -> ModuleType:
    """The reading fixtures, by their path: the tests are no package."""
    found = sys.modules.get("reading_conftest")
    if found is None:
        spec = importlib.util.spec_from_file_location(
            "reading_conftest", Path(__file__).with_name("conftest.py")
        )
        assert spec
        assert spec.loader
        found = sys.modules["reading_conftest"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
    return found


def read(data: bytes, filename: str) -> Read:
    with tempfile.TemporaryDirectory() as folder:
        got: Read = _here().read_bytes(Path(folder), data, filename)
    return got


def held(
    got: Read, columns: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int]
) -> None:
    """Each row is as it was written, or its line is told to be no row."""
    told = {reject["_row"] for reject in got.rejects}
    for item in got.reading.skipped:
        told.update(range(item.first_line, item.last_line + 1))
    assert got.columns == list(columns), got.said
    written = dict(zip(lines, rows, strict=True))
    for line, row in zip(got.lines, got.rows, strict=True):
        assert list(row) == list(written[line]), (line, got.said)
    missing = set(lines) - set(got.lines) - told
    assert not missing, (missing, got.said)


class Written(NamedTuple):
    """How a table is written."""

    delimiter: str
    end: str
    quoting: int


def delimited(table: Table, dialect: Written) -> tuple[str, list[int]]:
    """The text of a table, and the line each row begins on."""
    target, starts = io.StringIO(newline=""), []
    writer = csv.writer(
        target,
        delimiter=dialect.delimiter,
        lineterminator=dialect.end,
        quoting=dialect.quoting,  # type: ignore[arg-type] # one of csv's constants
    )
    for row in table:
        text = target.getvalue()
        starts.append(text.count("\n") + text.replace("\r\n", "").count("\r") + 1)
        writer.writerow(row)
    return target.getvalue(), starts


def packed(data: bytes, how: str) -> bytes:
    if how == "gz":
        return gzip.compress(data)
    if how == "zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("folder/data", data)
        return target.getvalue()
    return data


written = st.builds(
    Written,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)


@quick
@given(
    tables(st.one_of(texts, st.sampled_from(BREAKS))),
    written,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    st.sampled_from(["", "gz", "zip"]),
)
def test_delimited_text_comes_back_in_every_dialect_and_unicode_encoding(
    table: Table, dialect: Written, codec: str, how: str
) -> None:
    text, starts = delimited(table, dialect)
    got = read(packed(text.encode(codec), how), "data.csv")
    held(got, table[0], table[1:], starts[1:])


@quick
@given(tables(st.sampled_from(WESTERN), names=NAMES[:2]), written)
def test_windows_1252_comes_back_or_is_told_to_be_a_guess(table: Table, dialect: Written) -> None:
    text, starts = delimited(table, dialect)
    got = read(text.encode("cp1252"), "data.csv")
    if got.reading.encoding not in {"utf-8", "cp1252"}:
        assert "Please confirm" in got.said
        return
    held(got, table[0], table[1:], starts[1:])


# what XML and therefore a workbook can not hold, or holds as one line end
in_a_sheet = st.one_of(
    st.sampled_from([text for text in AWKWARD if text != "\x1f"]),
    st.sampled_from(["l1\nl2", "a\n\nb"]),
    st.text(
        st.characters(
            codec="utf-8",
            exclude_categories=("Cs", "Cc"),
            exclude_characters="\ufeff\ufffe\uffff",
        ),
        max_size=6,
    ),
).filter(lambda text: not text or bool(text.strip()))


def by_openpyxl(table: Table) -> bytes:
    import openpyxl

    book, target = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for at, row in enumerate(table, start=1):
        for column, text in enumerate(row, start=1):
            if text:
                sheet.cell(at, column, text).data_type = "s"  # "=1+1" is a text here
    book.save(target)
    return target.getvalue()


def by_xlsxwriter(table: Table) -> bytes:
    import xlsxwriter

    target = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(table):
            for column, text in enumerate(row):
                if text:
                    sheet.write_string(at, column, text)
    return target.getvalue()


def by_xlwt(table: Table) -> bytes:
    import xlwt

    book, target = xlwt.Workbook(encoding="utf-8"), io.BytesIO()
    sheet = book.add_sheet("Data")
    for at, row in enumerate(table):
        for column, text in enumerate(row):
            if text:
                sheet.write(at, column, text)
    book.save(target)
    return target.getvalue()


@quick
@given(
    tables(in_a_sheet, most=8),
    st.sampled_from([by_openpyxl, by_xlsxwriter, by_xlwt]),
    st.sampled_from(["", "gz", "zip"]),
)
def test_a_workbook_comes_back(table: Table, write: Callable[[Table], bytes], how: str) -> None:
    got = read(packed(write(table), how), "data.xlsx")
    held(got, table[0], table[1:], range(2, len(table) + 1))


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    texts,
)


def spelt(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_json(record: dict[str, object]) -> str:
    """One object, its numbers spelt as they are."""
    fields = (
        f"{json.dumps(name)}: {spelt(value) if _bare(value) else json.dumps(value)}"
        for name, value in record.items()
    )
    return "{" + ", ".join(fields) + "}"


def _bare(value: object) -> bool:
    return value is not None and not isinstance(value, str | bool)


records = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.fixed_dictionaries({f"c{at}": values for at in range(width)}), min_size=1, max_size=8
    )
)


@quick
@given(
    records,
    st.sampled_from(["lines", "array", "spread", "inside"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
    st.sampled_from(["", "gz", "zip"]),
)
def test_json_comes_back_in_every_shape(
    found: list[dict[str, object]], shape: str, codec: str, how: str
) -> None:
    objects = [as_json(record) for record in found]
    text = {
        "lines": "\n".join(objects) + "\n",
        "array": "[" + ", ".join(objects) + "]",
        "spread": "[\n  " + ",\n  ".join(objects) + "\n]\n",
        "inside": '{"count": 3, "data": [' + ",".join(objects) + '], "next": null}',
    }[shape]
    got = read(packed(text.encode(codec), how), "data.json")
    assert got.columns == list(found[0])
    assert [dict(zip(got.columns, row, strict=True)) for row in got.rows] == [
        {name: spelt(value) for name, value in record.items()} for record in found
    ]


@quick
@given(
    st.lists(
        st.tuples(
            st.none() | texts, st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | texts
        ),
        max_size=8,
    ),
    st.sampled_from(["snappy", "zstd", "none"]),
    st.sampled_from(["", "gz", "zip"]),
)
def test_parquet_comes_back(
    found: list[tuple[str | None, int | None, str | None]], compression: str, how: str
) -> None:
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    types = (pa.string(), pa.int64(), pa.large_string())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    target = io.BytesIO()
    pq.write_table(pa.table(dict(zip("abc", arrays, strict=True))), target, compression=compression)
    got = read(packed(target.getvalue(), how), "data.parquet")
    assert [list(row) for row in got.rows] == [list(map(spelt, row)) for row in found]

"""A file whose name promises a format that its bytes are not: refused, unless it is text."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.intake.reading.conftest import read_bytes

from consulting.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.intake.reading.conftest import Read

NAMES = [
    "orders.xlsx",
    "orders.xls",
    "orders.ods",
    "orders.parquet",
    "orders.json",
    "orders.csv.gz",
]
REFUSED = {
    "archive_broken",
    "archive_unsupported",
    "binary_file",
    "empty_file",
    "json_broken",
    "parquet_broken",
    "unsupported_format",
    "workbook_broken",
}
ROWS = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(200))


def _xlsx() -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    for n in range(200):
        book.active.append([n, f"name {n}"])
    book.save(target)
    return target.getvalue()


def _parquet() -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table({"id": range(200)}), target)
    return target.getvalue()


def _zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("orders.csv", ROWS)
    return target.getvalue()


WHOLE = {
    "orders.xlsx": _xlsx(),
    "orders.parquet": _parquet(),
    "orders.json": b'[{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]',
    "orders.csv.gz": gzip.compress(ROWS),
    "orders.zip": _zip(),
}


def _refused(data: bytes, name: str) -> UnreadableFileError | Read:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return read_bytes(Path(folder), data, name)
        except UnreadableFileError as error:
            return error


def _is_told(error: UnreadableFileError) -> None:
    assert error.code in REFUSED
    assert error.reason
    assert any(word in error.fix.lower() for word in ("send", "export", "pack"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\xde\xad\xbe\xef",
        b"\x01\x02\x03",
        b"\x93\x07\xf1k\xd8",
        b"oops",
        b"PK",
        b"\xfc\xe4\xf6;\xdf",
        bytes(range(256)),
        bytes(40),
    ],
)
def test_garbage_is_refused(data: bytes, name: str) -> None:
    error = _refused(data, name)
    assert isinstance(error, UnreadableFileError)
    _is_told(error)


@pytest.mark.parametrize("name", NAMES)
def test_no_byte_at_all_is_an_empty_file(name: str) -> None:
    error = _refused(b"", name)
    assert isinstance(error, UnreadableFileError)
    assert error.code == "empty_file"


def test_the_refusal_says_what_the_file_is_named_and_what_to_do(read: Callable[..., Read]) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(b"\x93\x07\xf1k\xd8", "orders.xlsx")
    assert caught.value.reason == (
        "The file is named .xlsx, and is neither that nor a table of text."
    )
    assert caught.value.fix == (
        "It may have been cut off or changed on its way: open it where it comes from, export it "
        "again and send that."
    )


@settings(derandomize=True, deadline=None, max_examples=150)
@given(name=st.sampled_from(NAMES), data=st.one_of(st.binary(max_size=12), st.binary(min_size=200)))
def test_random_bytes_are_refused_or_text_that_is_told(name: str, data: bytes) -> None:
    got = _refused(data, name)
    if isinstance(got, UnreadableFileError):
        _is_told(got)
        return
    cells = "".join([*got.columns, *(cell or "" for row in got.rows for cell in row)])
    assert not {chr(code) for code in range(32)} - set("\t\r\n\f\x1a") & set(cells)
    assert f"is named .{name.rpartition('.')[2]} but is" in got.said


@settings(derandomize=True, deadline=None, max_examples=120)
@given(name=st.sampled_from(sorted(WHOLE)), share=st.floats(0, 0.97))
def test_a_file_that_was_cut_off_is_refused(name: str, share: float) -> None:
    whole = WHOLE[name]
    error = _refused(whole[: int(len(whole) * share)], name)
    assert isinstance(error, UnreadableFileError)
    _is_told(error)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id,name\n1,a\n", "utf-8"),
        ("id;name\n", "utf-8"),
        ("Nr;Preis\n1;10 €\n2;20 €\n", "cp1252"),
        ("Nr\tName\n1\tJürgen Groß\n", "cp1252"),
        ("номер;товар\n" + "1;Чай зелёный\n" * 8, "cp1251"),
        ("id,mood\n1,😀\n2,😢\n", "utf-8"),
        ("id,name\n1,a\n", "utf-16"),
    ],
)
def test_text_under_another_formats_name_is_read_and_told(
    read: Callable[..., Read], text: str, encoding: str, name: str
) -> None:
    got = read(text.encode(encoding), name)
    assert len(got.columns) == 2
    assert len(got.rows) == text.count("\n") - 1
    assert f"is named .{name.rpartition('.')[2]} but is delimited text" in got.said

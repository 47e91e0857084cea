"""Archives and Parquet files of makers that do as few do: each read, or refused for what it is."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consulting.errors import UnreadableFileError

Reader = Callable[..., Any]
CSV = b"id,name\n1,ann\n2,bob\n"


def packed(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def by_method(method: int) -> bytes:
    """A zip whose file is said to be packed by a method, in both of its heads."""
    data = bytearray(packed({"a.csv": CSV}))
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.index(mark) + at
        data[place : place + 2] = method.to_bytes(2, "little")
    return bytes(data)


@pytest.mark.parametrize("method", [9, 95, 98], ids=["Deflate64", "XZ", "PPMd"])
def test_a_method_of_packing_that_is_not_read_is_no_damage(read: Reader, method: int) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read(by_method(method), "a.zip")
    assert refused.value.code == "archive_unsupported"
    assert "damaged" not in str(refused.value)


def test_a_spreadsheet_of_apple_numbers_is_told_as_one(read: Reader) -> None:
    parts = {"Index/Document.iwa": b"\0", "Index/Tables/DataList.iwa": b"\0", "preview.jpg": b"\0"}
    with pytest.raises(UnreadableFileError) as refused:
        read(packed(parts), "orders.numbers")
    assert "Numbers" in str(refused.value)
    assert "damaged" not in str(refused.value)


def test_a_workbook_packed_with_backslashes_is_read(read: Reader) -> None:
    target = io.BytesIO()
    book = openpyxl.Workbook()
    for row in (["id", "name"], [1, "ann"], [2, "bob"]):
        book.active.append(row)
    book.save(target)
    with zipfile.ZipFile(target) as archive:
        parts = {name.replace("/", "\\"): archive.read(name) for name in archive.namelist()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is, which the constructor would not leave it
            archive.writestr(info, content)
    got = read(target.getvalue(), "a.xlsx")
    assert got.rows == [("1", "ann"), ("2", "bob")]


def test_every_kind_of_parquet_value_has_one_writing(read: Reader) -> None:
    moment = 1_700_000_000_123_456_789
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int64()),
            "price": pa.array([Decimal("1.50"), Decimal("20.25")], pa.decimal128(9, 2)),
            "at": pa.array([moment, None], pa.timestamp("ns", tz="UTC")),
            "raw": pa.array([b"\x00\x01", b"ab"], pa.binary()),
            "tags": pa.array([["a", "b"], []], pa.list_(pa.string())),
            "who": pa.array([{"n": "ann", "on": dt.date(2024, 1, 2)}, None]),
        }
    )
    target = io.BytesIO()
    pq.write_table(table, target)
    first, second = read(target.getvalue(), "a.parquet").rows
    assert first[:2] == ("1", "1.50")
    assert first[2].startswith("2023-11-14 22:13:20.123456789")
    assert (first[3], second[3]) == ("0x0001", "0x6162"), "one writing in a column"
    assert (first[4], second[4]) == ('["a", "b"]', "[]")
    assert '"2024-01-02"' in first[5]
    assert second[5] in {None, ""}


def test_a_uuid_of_duckdb_is_its_text(read: Reader, tmp_path: Any) -> None:
    path = tmp_path / "u.parquet"
    text = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
    duckdb.sql(f"COPY (SELECT '{text}'::UUID AS id, 1 AS n) TO '{path}' (FORMAT parquet)")
    assert read(path.read_bytes(), "u.parquet").rows == [(text, "1")]

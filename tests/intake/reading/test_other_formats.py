"""JSON, JSON lines, Parquet, and the raw tables made of what was read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consulting.errors import UnreadableFileError
from consulting.intake.reading import Door, load_raw, read_file

if TYPE_CHECKING:
    from pathlib import Path

Reader = Callable[..., Any]


def test_numbers_in_json_keep_their_digits_and_objects_become_columns(read: Reader) -> None:
    got = read(b'[{"a": 1.10, "b": {"c": "x", "d": [1, 2.50]}}, {"a": null, "e": true}]', "x.json")
    assert got.columns == ["a", "b.c", "b.d", "e"]
    assert got.rows == [("1.10", "x", "[1, 2.50]", None), (None, None, None, "true")]


def test_a_broken_json_line_is_set_aside(read: Reader) -> None:
    got = read(b'{"a": 1}\n{bad\n\n{"a": "00123"}\n', "x.ndjson")
    assert got.rows == [("1",), ("00123",)]
    assert [(r["_row"], r["_reason"]) for r in got.rejects] == [(2, "malformed_json")]


def test_the_array_inside_an_object_holds_the_records(read: Reader) -> None:
    got = read(b'{"meta": {"n": 2}, "data": [{"id": 1}, {"id": 2}]}', "x.json")
    assert got.rows == [("1",), ("2",)]


def test_json_that_ends_early_is_refused(read: Reader) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(b'[{"a": 1}, {"a": 2', "x.json")
    assert caught.value.code == "json_broken"


def test_parquet_values_become_text_without_loss(read: Reader) -> None:
    target = io.BytesIO()
    table = pa.table(
        {
            "whole": pa.array([2**60, None]),
            "price": pa.array(["1.50", "2.25"]).cast(pa.decimal128(10, 2)),
            "share": [1.0, 0.1],
            "many": [[1, 2], None],
        }
    )
    pq.write_table(table, target)
    got = read(target.getvalue(), "x.parquet")
    assert got.rows == [(str(2**60), "1.50", "1", "[1, 2]"), (None, "2.25", "0.1", None)]


def test_a_cut_parquet_file_is_refused(read: Reader) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(b"PAR1" + b"x" * 100, "x.parquet")
    assert caught.value.code == "parquet_broken"


def test_raw_tables_unite_files_by_name_and_number_the_rows(tmp_path: Path) -> None:
    readings = []
    for name, data in [
        ("a.csv", b"ID,name\n1,x\n2,y\n"),
        ("b.csv", b"id,v\n3,z\n"),
        ("c.csv", b"id,v\n3,z\n"),
    ]:
        (tmp_path / name).write_bytes(data)
        readings.append(
            read_file(
                tmp_path / name,
                filename=name,
                feed="f",
                sha256=hashlib.sha256(data).hexdigest(),
                run_folder=tmp_path,
                door=Door(tier=3, client_id="acme"),
            )
        )
    warehouse = tmp_path / "warehouse.duckdb"
    expected = {"f": ["Id", "New"], "g": ["a b"]}
    for _ in range(2):
        assert load_raw(warehouse, tmp_path, readings, expected=expected) == {"f": 4, "g": 0}
    with duckdb.connect(warehouse) as connection:
        assert connection.execute("SELECT * FROM raw.f ORDER BY _row_id").fetchall() == [
            ("1", "x", None, None, "a.csv", 2, 1),
            ("2", "y", None, None, "a.csv", 3, 2),
            ("3", None, "z", None, "b.csv", 2, 3),
            ("3", None, "z", None, "c.csv", 2, 4),
        ]

"""JSON, JSON lines, Parquet, and the raw tables made of what was read."""

from __future__ import annotations

import hashlib
import io
import json
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


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_lines_whose_first_cell_is_json_are_delimited_text(read: Reader, delimiter: str) -> None:
    lines = [f'{{"first":"N{n}"}};{{"last":"L{n}"}};{n}'.replace(";", delimiter) for n in range(40)]
    got = read("\n".join(lines).encode(), "log.csv")
    assert got.rows[7] == ('{"first":"N7"}', '{"last":"L7"}', "7")
    assert len(got.rows) == 40, "the first line is no header: it has a number"


def test_a_json_cell_before_a_comma_is_one_where_no_json_follows(read: Reader) -> None:
    lines = [f'{{"id":{n}}},Ada,{n}' for n in range(40)]
    assert read("\n".join(lines).encode(), "log.csv").rows[7] == ('{"id":7}', "Ada", "7")
    # JSON lines under another name stay JSON
    assert read(b'{"a":1}\n{"a":2}\n', "log.csv").rows == [("1",), ("2",)]
    assert read(b'[{"a":1},{"a":2}]', "log.txt").rows == [("1",), ("2",)]


@pytest.mark.parametrize(
    "data",
    [
        b'[{"a":1}]\n[{"a":2}\n',
        b'{"a":1} and more',
        b'{"data":[{"a":1}],"n":',
        b"[" * 100_000,
        b'[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
    ],
)
def test_what_goes_on_after_the_json_or_never_ends_is_refused(read: Reader, data: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "x.json")
    assert caught.value.code == "json_broken"


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b'[{"a":1}]\n[{"a":2}]\n[]', [("1",), ("2",)]),
        (b"[1,2]\n[3,4]\n", [("1", "2"), ("3", "4")]),
        (b'{\n"a":1}\n{\n"a":2}\n', [("1",), ("2",)]),
        (b'{"a":1}{"a":2}', [("1",), ("2",)]),
    ],
)
def test_documents_one_after_the_other_are_read_as_one_list(
    read: Reader, data: bytes, rows: list[tuple[str, ...]]
) -> None:
    got = read(data, "x.json")
    assert got.rows == rows
    assert "JSON documents stand in the file one after the other" in got.said


def test_a_json_sequence_is_read(read: Reader) -> None:
    assert read(b'\x1e{"a":1}\n\x1e{"a":2}\n', "x.json").rows == [("1",), ("2",)]


def test_names_of_columns_in_objects_are_no_records(read: Reader) -> None:
    data = {
        "meta": {"view": {"columns": [{"name": "id"}, {"name": "town"}]}},
        "data": [[1, "York"]],
    }
    got = read(json.dumps(data).encode(), "x.json")
    assert (got.columns, got.rows) == (["id", "town"], [("1", "York")])


@pytest.mark.parametrize("data", [b"null", b"42", b'"x"', b'// c\n[{"a":1}]', b'f([{"a":1}]);'])
def test_what_is_named_json_and_is_none_is_refused(read: Reader, data: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "x.json")
    assert caught.value.code == "json_broken"


def test_only_the_longest_list_of_a_document_is_read_and_the_others_are_named(read: Reader) -> None:
    got = read(b'{"n":2,"a":[{"x":1},{"x":2}],"b":[{"y":1}]}', "x.json")
    assert got.rows == [("1",), ("2",)]
    assert "Also there: 'b'" in got.said
    assert "not read: 'n'" in got.said


def test_a_field_named_twice_is_counted(read: Reader) -> None:
    got = read(b'{"a":1,"a":2}\n{"a.b":1,"a":{"b":2}}\n{"a":3}\n', "x.json")
    assert [row[0] for row in got.rows] == ["2", None, "3"]
    assert "2 objects name a field twice" in got.said


def test_half_a_character_in_json_is_replaced_and_counted(read: Reader) -> None:
    got = read(b'{"a":"\\ud800x","\\udc00":1}\n{"a":"\\ud83d\\ude00"}\n', "x.json")
    assert got.columns == ["a", "\ufffd"]
    assert [row[0] for row in got.rows] == ["\ufffdx", "😀"]
    assert "1 value holds half a character" in got.said


def test_a_line_nested_without_end_costs_that_line(read: Reader) -> None:
    deep = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    got = read(b'{"a":1}\n' + deep + b"\nno json\n" + b'{"a":2}\n', "x.json")
    assert got.rows == [("1",), ("2",)]
    assert [reject["_row"] for reject in got.rejects] == [2, 3]


def test_a_first_line_longer_than_what_is_looked_at_is_still_json_lines(read: Reader) -> None:
    got = read(b'{"a":"' + b"x" * 100_000 + b'"}\n{"a":"y"}\n', "x.json")
    assert [len(row[0]) for row in got.rows] == [100_000, 1]


def test_json_in_utf_16_without_a_mark_is_json(read: Reader) -> None:
    data = '[{"a":"é"},{"a":"b"}]'.encode("utf-16-le")
    assert read(data, "x.json").rows == [("é",), ("b",)]


def test_json_without_any_field_loads_as_an_empty_table(read: Reader, tmp_path: Path) -> None:
    reading = read(b"[]", "x.json").reading
    folder = tmp_path / "acme" / "runs" / "b1"
    counts = load_raw(tmp_path / "w.duckdb", folder, [reading], expected={"feed": ["a"]})
    assert counts == {"feed": 0}


def test_text_in_parquet_that_is_no_utf_8_is_written_in_hexadecimal_and_counted(
    read: Reader,
) -> None:
    target = io.BytesIO()
    column = pa.array([b"caf\xe9", b"ok"]).view(pa.string())
    pq.write_table(pa.table({"a": column}), target)
    got = read(target.getvalue(), "x.parquet")
    assert got.rows == [("0x636166e9",), ("ok",)]
    assert "1 value of a text column is not UTF-8" in got.said

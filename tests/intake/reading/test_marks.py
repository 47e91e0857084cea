"""Numbers that a file has as numbers, in a column whose rule reads another mark than a point."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workbooks import xlsx

from consulting.intake.reading.marks import all_with_mark, with_mark

Reader = Callable[..., Any]
NUMBERS = [1.025, -12.5, 7, 1234.5678]
WRITTEN = {
    "comma": ["1,025", "-12,5", "7", "1234,5678"],
    "either": ["1.0250", "-12.5", "7", "1234.5678"],
}


def _parquet(values: list[Any], kind: pa.DataType) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table({"id": [*range(len(values))], "kg": pa.array(values, kind)}), target)
    return target.getvalue()


FILES = {
    "x.xlsx": xlsx({"S": [["id", "kg"], *enumerate(NUMBERS)]}),  # type: ignore[list-item]
    "x.json": json.dumps([{"id": n, "kg": kg} for n, kg in enumerate(NUMBERS)]).encode(),
    "x.jsonl": "\n".join(json.dumps({"id": n, "kg": kg}) for n, kg in enumerate(NUMBERS)).encode(),
    "x.parquet": _parquet(NUMBERS, pa.float64()),
}


@pytest.mark.parametrize("mark", ["comma", "either"])
@pytest.mark.parametrize("filename", FILES)
def test_numbers_are_written_as_the_rule_reads_them(read: Reader, filename: str, mark: str) -> None:
    got = read(FILES[filename], filename, marks={"kg": mark})
    assert got.rows == [(str(n), text) for n, text in enumerate(WRITTEN[mark])]
    plain = read(FILES[filename], filename)
    assert [row[1] for row in plain.rows] == ["1.025", "-12.5", "7", "1234.5678"]


def test_decimals_keep_their_scale(read: Reader) -> None:
    data = _parquet([Decimal("1.500"), None], pa.decimal128(10, 3))
    assert [row[1] for row in read(data, "x.parquet", marks={"kg": "comma"}).rows] == [
        "1,500",
        None,
    ]


def test_texts_beside_numbers_stay_as_they_are(read: Reader) -> None:
    rows = [["id", "kg"], [1, "1,5"], [2, 1.025], [3, "2.107"]]
    got = read(xlsx({"S": rows}), marks={"kg": "comma"})  # type: ignore[dict-item]
    assert [row[1] for row in got.rows] == ["1,5", "1,025", "2.107"]


@given(st.decimals(-(10**6), 10**6, allow_nan=False, places=3).map(str))
def test_one_number_and_a_column_of_them_are_written_alike(number: str) -> None:
    for mark in ("comma", "either"):
        assert all_with_mark(pa.array([number]), mark).to_pylist() == [with_mark(number, mark)]  # type: ignore[arg-type]

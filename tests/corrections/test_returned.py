"""A corrections file as it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from consulting.corrections import returned_rows
from consulting.records import FileReading

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_number_is_taken_only_where_it_can_be_one(tmp_path: Path) -> None:
    lines = ["2", " 3 ", "", "-1", "two", "\u0663", "9" * 5000]
    table = {
        "_correction_id": [f"R-{at}" for at in range(len(lines))],
        "_row_2": lines,
        "_row": pa.array(range(2, 2 + len(lines)), pa.int64()),
    }
    pq.write_table(pa.table(table), tmp_path / "rows.parquet")
    reading = FileReading(
        filename="customers_rejects.csv",
        feed="customers",
        sha256="0" * 64,
        size_bytes=1,
        format="csv",
        columns=("_correction_id", "_row_2"),
        received_rows=len(lines),
        loaded_rows=len(lines),
        rows_path="rows.parquet",
    )
    found = [row.row for row in returned_rows(reading, tmp_path)]
    assert found == [2, 3, None, None, None, None, None]

"""What the profile says of files as a whole."""

from __future__ import annotations

from typing import Any

from consulting.profiling.files import file_issues
from consulting.profiling.thresholds import Thresholds
from consulting.records import FileReading, OtherTable, SkippedLines


def reading(**said: Any) -> FileReading:
    return FileReading(
        filename="may.csv", feed="orders", sha256="0" * 64, size_bytes=9, format="csv",
        columns=("id",), received_rows=10, loaded_rows=7, **said,
    )  # fmt: skip


def test_another_table_is_an_error_with_its_place_and_is_told_once() -> None:
    table = OtherTable(first_line=20, last_line=23, columns=2, rows=3)
    found = file_issues("orders", [reading(unparsed_rows=3, other_tables=(table,))], Thresholds())
    assert [(one.issue_type, one.severity, one.evidence_count) for one in found] == [
        ("another_table", "error", 3)
    ]
    assert found[0].detail == (
        "may.csv holds another table in lines 20 to 23: 3 rows of 2 columns. They were set aside "
        "and are not in the delivery."
    )


def test_skipped_lines_that_may_be_data_are_a_warning() -> None:
    skipped = (
        SkippedLines(first_line=1, last_line=7, reason="lines above the header", doubtful=True),
        SkippedLines(first_line=99, last_line=99, reason="totals row"),
    )
    found = file_issues("orders", [reading(skipped=skipped)], Thresholds())
    assert [(one.issue_type, one.severity, one.evidence_count) for one in found] == [
        ("skipped_lines", "warn", 7)
    ]
    assert "lines 1 to 7 were skipped (lines above the header)" in found[0].detail

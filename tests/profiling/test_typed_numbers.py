"""Numbers that are numbers in the file have a decimal point; only a text may mean two."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from tests.intake.reading.conftest import read_bytes

from consulting.profiling import FeedProfile, Thresholds, profile_feed
from consulting.profiling.propose import propose_columns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.profiling.conftest import Landing

VALUES = [1.234, 12.345, 123.456, 7.125, 2.107, 345.25, 0.125, 9.875]
# with the same digits in a text, or with no text, or with a word for "no value"
ODD: dict[str, Any] = {"numbers": 9.001, "words": "n/a", "texts": "9.001"}


def _workbook(values: list[Any]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Report of 2026"])
        for at, row in enumerate(
            [["key", "kg 2026"], *([f"A{n}", v] for n, v in enumerate(values))]
        ):
            sheet.write_row(2 + at, 0, row)
    return target.getvalue()


def _records(values: list[Any]) -> list[dict[str, Any]]:
    return [{"key": f"A{n}", "kg 2026": v} for n, v in enumerate(values)]


def _parquet(values: list[Any], kind: pa.DataType) -> bytes:
    target = io.BytesIO()
    keys = [f"A{n}" for n in range(len(values))]
    pq.write_table(pa.table({"key": keys, "kg 2026": pa.array(values, kind)}), target)
    return target.getvalue()


MADE: dict[str, Callable[[list[Any]], bytes]] = {
    "book.xlsx": _workbook,
    "list.json": lambda values: json.dumps(_records(values)).encode(),
    "lines.ndjson": lambda values: "\n".join(map(json.dumps, _records(values))).encode(),
}


def _profile(folder: Path, data: bytes, name: str, few: int) -> FeedProfile:
    reading = read_bytes(folder, data, name).reading
    thresholds = Thresholds(few_distinct=few)
    return profile_feed("feed", [reading], folder / "acme" / "runs" / "b1", thresholds=thresholds)


def _decimal(profile: FeedProfile) -> tuple[Any, Any]:
    return next(
        (c["rule"], c.get("decimal")) for c in propose_columns(profile) if c["from"] == "kg 2026"
    )


@pytest.mark.parametrize("few", [10_000, 1])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", MADE)
def test_only_a_number_in_a_text_is_asked_about(
    tmp_path: Path, name: str, odd: str, few: int
) -> None:
    values = [v for v in VALUES if len(f"{v}".partition(".")[2]) == 3 and v >= 1] * 3
    profile = _profile(tmp_path, MADE[name]([*values, ODD[odd]]), name, few)
    asked = "ambiguous_numbers" in {issue.issue_type for issue in profile.issues}
    assert asked == (odd == "texts")
    assert _decimal(profile)[1] == ("either" if odd == "texts" else None)


@pytest.mark.parametrize("few", [10_000, 1])
@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (pa.float64(), False),
        (pa.float32(), False),
        (pa.decimal128(10, 3), False),
        (pa.string(), True),
    ],
    ids=str,
)
def test_parquets_types_say_what_a_number_is(
    tmp_path: Path, kind: pa.DataType, few: int, *, asked: bool
) -> None:
    texts = ["1.234", "12.345", "123.456", "2.107"]
    convert: Callable[[str], Any] = {"double": float, "float": float, "string": str}.get(
        str(kind), Decimal
    )
    profile = _profile(tmp_path, _parquet([convert(t) for t in texts], kind), "t.parquet", few)
    assert ("ambiguous_numbers" in {i.issue_type for i in profile.issues}) == asked
    assert _decimal(profile)[1] == ("either" if asked else None)


@pytest.mark.parametrize("second", [("kg",), ()])
def test_a_column_that_one_file_has_in_texts_is_asked_about(
    land: Landing, tmp_path: Path, second: tuple[str, ...]
) -> None:
    files = {"a.xlsx": ("kg",), "b.xlsx": second}
    rows = {"kg": ["1.234", "2.107"]}
    readings = [land(rows, name=name, typed_columns=typed) for name, typed in files.items()]
    profile = profile_feed("orders", readings, tmp_path)
    asked = "ambiguous_numbers" in {issue.issue_type for issue in profile.issues}
    assert asked == (not second)

"""What each tier lets through the door."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

if TYPE_CHECKING:
    from pathlib import Path

Reader = Callable[..., Any]

PEOPLE = b"id,email,amount\n" + b"".join(b"%d,p%d@mail.com,%d.5\n" % (n, n, n) for n in range(5000))


def test_tier_1_stores_no_row_and_no_file(read: Reader, tmp_path: Path) -> None:
    got = read(PEOPLE + b"x,y,z,too,long\n", tier=1)
    assert got.columns == ["id", "email", "amount"]
    assert (got.reading.received_rows, got.reading.loaded_rows) == (5001, 0)
    assert got.reading.rows_path is None
    assert got.reading.rejects_path is None
    assert not list(tmp_path.rglob("*.parquet*"))


def test_tier_2_keeps_an_even_sample_with_masked_columns(read: Reader) -> None:
    got = read(PEOPLE, tier=2)
    assert len(got.rows) == 500
    assert got.reading.sampled_from == 5000
    assert got.reading.masked_columns == ("email",)
    assert not any("mail.com" in str(row[1]) for row in got.rows)
    assert got.lines[-1] > 4900
    assert 2400 < got.lines[250] < 2600


def test_tier_2_keeps_the_reason_of_a_reject_but_not_its_text(read: Reader, tmp_path: Path) -> None:
    got = read(b"id,name\n1,a\n2,b,secretword,d\n3,c\n", tier=2)
    assert [(r["_row"], r["_reason"], r["_raw"]) for r in got.rejects] == [
        (3, "too_many_fields", None)
    ]
    stored = [path.read_bytes() for path in tmp_path.rglob("*.parquet")]
    assert not any(b"secretword" in data for data in stored)


def test_tier_3_keeps_everything(read: Reader) -> None:
    assert len(read(PEOPLE).rows) == 5000


MARK = "Zebulon Quartermain"  # a person who is in no other file
ROWS = [["id", "customer_name", "email"]] + [
    [number, f"{MARK} {number}", f"zebulon{number}@quartermain.com"] for number in range(1, 2001)
]


def in_each_format() -> dict[str, bytes]:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(ROWS):
            sheet.write_row(at, 0, row)
    records = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    parquet = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(records), parquet, compression="none")
    text = "".join(",".join(map(str, row)) + "\n" for row in ROWS)
    # a record set aside has a person in it too
    csv = (text + f"2001,{MARK},x@quartermain.com,more,and,more\n").encode()
    lines = "\n".join(map(json.dumps, records)) + f'\n{{"customer_name": "{MARK}\n'
    return {
        "csv": csv,
        "csv.gz": gzip.compress(csv),
        "xlsx": target.getvalue(),
        "json": json.dumps(records).encode(),
        "jsonl": lines.encode(),
        "parquet": parquet.getvalue(),
    }


FILES = in_each_format()


def stored(folder: Path) -> str:
    """All that is written below a folder: the bytes, and what is packed inside Parquet."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            found.append(path.read_bytes().decode("latin-1"))
            if ".parquet" in path.name:
                found.append(str(pq.read_table(path).to_pylist()))
    return "\n".join(found).casefold()


@pytest.mark.parametrize("form", FILES)
def test_at_tier_1_no_value_is_in_any_file_or_word_whatever_the_format(
    read: Reader, tmp_path: Path, form: str
) -> None:
    got = read(FILES[form], f"x.{form}", tier=1)
    assert got.columns == ROWS[0]
    assert got.reading.received_rows >= 2000
    assert not list((tmp_path / "acme").rglob("*")), "not even an empty folder"
    assert "zebulon" not in got.reading.model_dump_json().casefold()


@pytest.mark.parametrize("form", FILES)
def test_at_tier_2_the_sample_alone_is_stored_and_no_person_in_it_whatever_the_format(
    read: Reader, tmp_path: Path, form: str
) -> None:
    got = read(FILES[form], f"x.{form}", tier=2)
    assert len(got.rows) == 500
    assert got.reading.masked_columns == ("customer_name", "email")
    held = stored(tmp_path / "acme")
    assert "customer_name" in held, "or the search finds nothing"
    assert "zebulon" not in held
    assert "quartermain" not in held
    assert "zebulon" not in got.reading.model_dump_json().casefold()


def test_at_tier_3_the_search_for_a_value_finds_it(read: Reader, tmp_path: Path) -> None:
    read(FILES["xlsx"], "x.xlsx")
    assert "zebulon quartermain 17" in stored(tmp_path / "acme")

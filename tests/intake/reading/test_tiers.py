"""What each tier lets through the door."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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

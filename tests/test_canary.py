"""The canary scanner finds a value wherever a run could leave it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import sqlite3
import zipfile
import zlib
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from .canary import sightings, sightings_in

if TYPE_CHECKING:
    from pathlib import Path

CANARY = 'Zq7 Jürgen "Kö" O\'Neill\nx'
OTHER = "Wv3-never-there"


@pytest.mark.parametrize(
    "written",
    [
        CANARY.encode(),
        CANARY.upper().encode(),
        CANARY.encode("utf-16"),
        CANARY.encode("utf-16-be"),
        CANARY.encode("cp1252"),
        json.dumps({"a": CANARY}).encode(),
        json.dumps({"a": CANARY}, ensure_ascii=False).encode(),
        json.dumps(json.dumps({"a": CANARY})).encode(),
        repr({"a": CANARY}).encode(),
        b"%22Zq7%20J%C3%BCrgen%20%22K%C3%B6%22%20O%27Neill%0Ax",
        b'<td>Zq7 J&#252;rgen "K&#246;" O\'Neill\nx</td>',
        "<td>Zq7 Jürgen &quot;Kö&quot; O&#x27;Neill\nx</td>".encode(),
        *(base64.b64encode(b"-" * before + CANARY.encode() + b"after") for before in range(3)),
        base64.b64encode(b"-" + CANARY.encode()),
        CANARY.encode().hex().encode(),
        gzip.compress(CANARY.encode(), mtime=0),
        b"before" + zlib.compress(CANARY.encode()) + b"after",
        b"before" + pa.compress(CANARY.encode(), codec="zstd", asbytes=True),
        gzip.compress(json.dumps(CANARY).encode("utf-16"), mtime=0),
    ],
)
def test_a_canary_is_found_in_every_encoding(written: bytes) -> None:
    found = sightings_in(b"something " + written, [CANARY, OTHER])
    assert {each.canary for each in found} == {CANARY}


def test_a_canary_is_found_in_every_container(tmp_path: Path) -> None:
    table = pa.table({"name": ["a", CANARY] * 5000})
    pq.write_table(table, tmp_path / "rows.parquet", compression="zstd")
    pq.write_table(pa.table({CANARY: ["a"]}), tmp_path / "header.parquet", compression="brotli")
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        book.add_worksheet().write_string(0, 0, CANARY)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", CANARY)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("inner.zip", inner.getvalue())
    with sqlite3.connect(tmp_path / "events.db") as events:
        events.execute("CREATE TABLE log (body)")
        events.execute("INSERT INTO log VALUES (?)", [zlib.compress(json.dumps(CANARY).encode())])
        events.execute("INSERT INTO log VALUES (?)", ["." * 4090 + CANARY])  # over two pages
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / f"{CANARY.splitlines()[0]}.txt".replace('"', "")).touch()
    name = "Zq7 Jürgen Kö O'Neill"
    found = {each.place for each in sightings([tmp_path], [CANARY, name, OTHER])}
    files = {place.split(" > ")[0].rpartition("/")[2] for place in found}
    assert files == {
        "rows.parquet", "header.parquet", "book.xlsx", "outer.zip", "events.db", f"{name}.txt",
    }  # fmt: skip


def test_a_canary_is_found_in_a_duckdb_file_also_compressed_and_after_it_was_dropped(
    tmp_path: Path,
) -> None:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute(
            "CREATE TABLE people AS SELECT i || ? || i % 7 AS name FROM range(5000) t(i)", [CANARY]
        )
        db.execute("SET force_compression = 'uncompressed'")
        db.execute("CREATE TABLE plain AS FROM people")
        db.execute("CHECKPOINT")
        db.execute("CREATE TABLE kept AS SELECT hash(i) AS one FROM range(100000) t(i)")
        db.execute("CHECKPOINT")
    cells = {each.place for each in sightings([path], [CANARY]) if ">" in each.place}
    assert cells == {f"{path} > main.people", f"{path} > main.plain"}
    with duckdb.connect(str(path)) as db:
        db.execute("DROP TABLE people")
        db.execute("DROP TABLE plain")
        db.execute("CHECKPOINT")
    found = sightings([path], [CANARY, OTHER])
    assert {each.place for each in found} == {str(path)}, "in the free pages alone"
    assert {each.canary for each in found} == {CANARY}


def test_what_is_left_out_is_not_searched_and_nothing_is_found_where_nothing_is(
    tmp_path: Path,
) -> None:
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "a.csv").write_text(CANARY)
    (tmp_path / "half.parquet").write_bytes(b"PAR1 cut short")
    (tmp_path / "half.zip").write_bytes(b"PK\x03\x04 cut short")
    assert sightings([tmp_path], [CANARY], leave_out=[tmp_path / "incoming"]) == []
    assert len(sightings([tmp_path], [CANARY])) == 1

"""A file may be as hostile as it likes: reading it ends, takes its share, and harms nobody else."""

from __future__ import annotations

import bz2
import hashlib
import importlib.util
import io
import lzma
import os
import tarfile
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from patience import await_that

from consulting.bounded_child import BoundedChild
from consulting.chain.apart import child_of, end_child
from consulting.errors import UnreadableFileError
from consulting.intake.reading import Door, ReadingApart, ReadOptions, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.records import FileReading

_SPEC = importlib.util.spec_from_file_location(
    "hostile_attacks", Path(__file__).with_name("attacks.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
attacks = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(attacks)

SIZES = (20_000, 80_000)
MOST_TIMES = 9  # four times as large a file may take four times as long, and some more
FREE_SECONDS = 0.3
MIB = 1024**2

ATTACKS = [(kind, name) for kind, found in attacks.ALL.items() for name in found]


@pytest.fixture(scope="module")
def apart() -> Iterator[ReadingApart]:
    with BoundedChild() as child:
        yield ReadingApart(child)


def read_with(
    reader: Any, folder: Path, data: bytes, filename: str, **options: Any
) -> FileReading | UnreadableFileError:
    """What becomes of a file: how it was read, or why it was refused."""
    path = folder / "landed"
    path.write_bytes(data)
    try:
        return reader(
            path,
            filename=filename,
            feed="feed",
            sha256=hashlib.sha256(data).hexdigest(),
            run_folder=folder / "runs" / "b1",
            options=ReadOptions(**options),
            door=Door(tier=3, client_id="acme"),
        )
    except UnreadableFileError as error:
        return error


@pytest.mark.parametrize(("kind", "name"), ATTACKS, ids=[f"{k}: {n}" for k, n in ATTACKS])
def test_a_file_four_times_as_large_takes_no_more_than_its_share(
    tmp_path: Path, apart: ReadingApart, kind: str, name: str
) -> None:
    spent = []
    for size in SIZES:
        data = attacks.ALL[kind][name](size)
        before = seconds_of_children(apart)
        outcome = read_with(apart.read_file, tmp_path, data, f"x.{kind}", max_read_seconds=60)
        code = getattr(outcome, "code", None)
        assert code not in {"too_slow", "too_much_memory", "reader_failed"}, str(outcome)
        spent.append(seconds_of_children(apart) - before)
    assert spent[1] < FREE_SECONDS or spent[1] < MOST_TIMES * spent[0], spent


def seconds_of_children(reader: ReadingApart) -> float:
    """Processor seconds that the reading process has taken."""
    reader._child.start()
    pid = reader._child._process.pid
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_file_beyond_a_limit_is_refused_by_the_limit_s_name_and_the_next_one_is_read(
    tmp_path: Path, apart: ReadingApart
) -> None:
    rows = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(400_000))
    wide = b",".join(b"c%d" % n for n in range(300)) + b"\n"
    sheet = attacks.xlsx(
        "".join(f'<row r="{r}">{attacks.cell(f"A{r}", r)}</row>' for r in range(1, 200))
    )
    cases = [
        (rows, {"max_read_seconds": 0.01}, "too_slow"),
        (rows, {"max_rows": 1000}, "too_many_rows"),
        (wide, {"max_columns": 100}, "too_many_columns"),
        (sheet, {"max_cells": 100}, "sheet_too_large"),
        (sheet, {"max_unpacked_bytes": 100}, "archive_too_large"),
        (sheet, {"max_file_bytes": 100}, "file_too_large"),
    ]
    for data, limits, code in cases:
        outcome = read_with(apart.read_file, tmp_path, data, "x", **limits)
        assert isinstance(outcome, UnreadableFileError), code
        assert outcome.code == code
        assert f"`{next(iter(limits))}`" in outcome.fix
    outcome = read_with(apart.read_file, tmp_path, b"id,name\n1,a\n", "x.csv")
    assert not isinstance(outcome, UnreadableFileError), outcome
    assert not list((tmp_path / "runs").rglob("*.partial"))


def test_too_much_memory_ends_the_child_alone(tmp_path: Path, apart: ReadingApart) -> None:
    table = pa.table({"text": pa.array(["x" * MIB] * 300)})
    target = io.BytesIO()
    pq.write_table(table, target)
    outcome = read_with(
        apart.read_file, tmp_path, target.getvalue(), "x.parquet", max_memory_bytes=64 * MIB
    )
    assert isinstance(outcome, UnreadableFileError)
    assert outcome.code == "too_much_memory"
    assert "`max_memory_bytes`" in outcome.fix
    assert not list((tmp_path / "runs").rglob("*.partial"))


@pytest.mark.parametrize("name", [n for n in attacks.WORKBOOKS if "far" in n or "repeated" in n])
def test_a_small_workbook_that_would_fill_all_memory_is_refused_before_it_is_opened(
    tmp_path: Path, apart: ReadingApart, name: str
) -> None:
    data = attacks.WORKBOOKS[name](1)
    assert len(data) < 4000
    outcome = read_with(apart.read_file, tmp_path, data, "x.xlsx")
    assert isinstance(outcome, UnreadableFileError)
    assert outcome.code == "sheet_too_large"


def test_the_reading_process_has_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOBEX_SECRET_ACCESS_KEY", "secret-of-globex")
    end_child()
    child = child_of()
    child.start()
    assert child._process is not None
    line = Path(f"/proc/{child._process.pid}/environ")
    await_that(lambda: b"TZ=UTC" in line.read_bytes(), lambda: "it has not begun", every=0.01)
    assert b"secret-of-globex" not in line.read_bytes()


def tar(compression: str = "") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=f"w:{compression}") as archive:
        archive.addfile(tarfile.TarInfo("orders.csv"), io.BytesIO())
    return target.getvalue()


def old_tar() -> bytes:
    """A tar without the word "ustar", as before 1988: its checksum tells it."""
    data = bytearray(tar())
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def of_method(method: int) -> bytes:
    data = attacks.packed({"a.csv": b"id,n\n1,2\n"})
    packed = bytearray(data)
    at = data.index(b"PK\x01\x02")
    packed[8:10] = packed[at + 10 : at + 12] = method.to_bytes(2, "little")
    return bytes(packed)


CYRILLIC = "\u0438\u043c\u044f;\u0433\u043e\u0440\u043e\u0434\n"
CSV = b"id,name\n1,a\n2,b\n"
EBCDIC = "".join(f"{n},Client {n},{n * 3}\x85" for n in range(40)).encode("cp037")
REFUSED = {
    "a tar": (tar(), "archive_unsupported", "tar"),
    "a tar in gz": (tar("gz"), "archive_unsupported", "tar"),
    "an old tar": (old_tar(), "archive_unsupported", "tar"),
    "bzip2": (bz2.compress(CSV), "archive_unsupported", "bzip2"),
    "xz": (lzma.compress(CSV), "archive_unsupported", "xz"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(40), "archive_unsupported", "zstd"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(40), "archive_unsupported", "7-Zip"),
    "rar": (b"Rar!\x1a\x07\x00" + bytes(40), "archive_unsupported", "RAR"),
    "Deflate64": (of_method(9), "archive_unsupported", "Deflate64"),
    "PPMd": (of_method(98), "archive_unsupported", "PPMd"),
    "a way of packing nobody knows": (of_method(77), "archive_unsupported", "method 77"),
    "Numbers": (
        attacks.packed({"Index/Document.iwa": b"", "Metadata/Properties.plist": b""}, 0),
        "unsupported_format",
        "Apple Numbers",
    ),
    "Word": (
        attacks.packed({"[Content_Types].xml": b"", "word/document.xml": b""}),
        "unsupported_format",
        "a Word document",
    ),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\n", "unsupported_format", "a PDF"),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(30), "unsupported_format", "an image"),
    "a TIFF": (b"II*\x00" + bytes(30), "unsupported_format", "an image"),
    "SQLite": (b"SQLite format 3\x00" + bytes(30), "unsupported_format", "an SQLite database"),
    "Access": (b"\x00\x01\x00\x00Standard Jet DB\x00", "unsupported_format", "an Access database"),
    "EBCDIC": (EBCDIC, "encoding_unsupported", "EBCDIC"),
    "Python's repr": (b"[{'id': 1, 'v': None}]\n", "json_broken", "single quotes"),
    "JavaScript": (b'{id: 1, v: "a"}\n', "json_broken", "no JSON"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_by_what_it_is_and_never_called_damaged(
    tmp_path: Path, name: str
) -> None:
    data, code, said = REFUSED[name]
    outcome = read_with(read_file, tmp_path, data, "x.dat")
    assert isinstance(outcome, UnreadableFileError)
    assert outcome.code == code
    assert said in outcome.reason
    assert "damaged" not in str(outcome)


@pytest.mark.parametrize("text", ["id;name\n1;Müller\n", CYRILLIC * 30, "a\tb\n"])
@pytest.mark.parametrize("codec", ["utf-8", "cp1251", "koi8-r", "utf-16"])
def test_text_of_other_encodings_is_not_taken_for_a_mainframe_s(
    tmp_path: Path, text: str, codec: str
) -> None:
    outcome = read_with(read_file, tmp_path, text.encode(codec, "replace"), "x.csv")
    assert not isinstance(outcome, UnreadableFileError), outcome


def test_damaged_is_said_where_a_checksum_proves_it(tmp_path: Path) -> None:
    whole = attacks.packed({"a.csv": CSV * 100}, zipfile.ZIP_STORED)
    outcome = read_with(read_file, tmp_path, whole.replace(b"1,a", b"1,z", 1), "x.zip")
    assert isinstance(outcome, UnreadableFileError)
    assert outcome.code == "archive_broken"
    row = f'<row r="1">{attacks.cell("A1", "id")}</row><row r="2">'
    outcome = read_with(read_file, tmp_path, attacks.xlsx(row + "<c r="), "x.xlsx")
    assert isinstance(outcome, UnreadableFileError)
    assert outcome.code == "workbook_broken"
    assert "damaged" not in outcome.reason


def test_a_workbook_packed_with_backslashes_is_read(tmp_path: Path) -> None:
    rows = f'<row r="1">{attacks.cell("A1", "id")}{attacks.cell("B1", "name")}</row>'
    rows += f'<row r="2">{attacks.cell("A2", 7)}{attacks.cell("B2", "Ada")}</row>'
    for slash in ("\\", "/"):
        got = read_with(read_file, tmp_path, attacks.xlsx(rows, slash), "x.xlsx")
        assert not isinstance(got, UnreadableFileError), got
        assert (got.columns, got.loaded_rows) == (("id", "name"), 1)


def rows_of(folder: Path, data: bytes, filename: str) -> tuple[FileReading, list[dict[str, Any]]]:
    got = read_with(read_file, folder, data, filename)
    assert not isinstance(got, UnreadableFileError), got
    assert got.rows_path is not None
    rows = pq.read_table(folder / "runs" / "b1" / got.rows_path).to_pylist()
    return got, [{k: v for k, v in row.items() if k[0] != "_"} for row in rows]


EXPECTED = [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}, {"id": "3", "name": "c"}]
SHAPES = {
    "a wrapper": b'{"ok": true, "data": {"n": 3, "items": [{"id": 1, "name": "a"}, '
    b'{"id": 2, "name": "b"}, {"id": 3, "name": "c"}]}}',
    "split": b'{"columns": ["id", "name"], "index": [0, 1, 2], '
    b'"data": [[1, "a"], [2, "b"], [3, "c"]]}',
    "lists": b'[["id", "name"], [1, "a"], [2, "b"], [3, "c"]]',
    "columns of lists": b'{"id": [1, 2, 3], "name": ["a", "b", "c"]}',
    "columns by row": b'{"id": {"0": 1, "1": 2, "2": 3}, "name": {"0": "a", "1": "b", "2": "c"}}',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_json_of_other_shapes_is_read_and_told(tmp_path: Path, shape: str) -> None:
    got, rows = rows_of(tmp_path, SHAPES[shape], "x.json")
    assert rows == EXPECTED
    assert got.received_rows == 3
    assert "confirm" in " ".join(got.warnings) or "data.items" in " ".join(got.decisions)


def test_json_records_under_their_keys_keep_the_key(tmp_path: Path) -> None:
    data = b'{"A-1": {"name": "a", "n": 1}, "A-2": {"name": "b"}, "A-3": {"name": "c", "n": 3}}'
    got, rows = rows_of(tmp_path, data, "x.json")
    assert [row["key"] for row in rows] == ["A-1", "A-2", "A-3"]
    assert [row["n"] for row in rows] == ["1", None, "3"]
    assert "its name became the column 'key'" in " ".join(got.warnings)


def test_an_object_is_one_record_where_nothing_says_otherwise(tmp_path: Path) -> None:
    _, rows = rows_of(tmp_path, b'{"id": 1, "address": {"city": "X"}, "tags": [1, 2]}', "x.json")
    assert rows == [{"id": "1", "address.city": "X", "tags": "[1, 2]"}]


def test_parquet_writes_each_value_of_a_column_in_one_way_and_nothing_is_rounded(
    tmp_path: Path,
) -> None:
    ids = [uuid.UUID(int=1), uuid.UUID(int=2**127 + 5)]
    moment = 1_700_000_000_123_456_789
    table = pa.table(
        {
            "id": pa.array([each.bytes for each in ids], pa.uuid()),
            "bytes": pa.array([b"\x00\x01", b"\x00\xc8"], pa.binary()),
            "late": pa.array([b"text"] * 1 + [b"\xff"], pa.binary()),
            "words": pa.array([b"one", b"two"], pa.binary()),
            "at": pa.array([moment, None], pa.timestamp("ns")),
            "deep": pa.array([{"at": moment}, None], pa.struct([("at", pa.timestamp("ns"))])),
            "span": pa.array([1, 90_000_000_001], pa.duration("ns")),
            "money": pa.array(["12.3400", "-0.0001"]).cast(pa.decimal128(20, 4)),
            "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
        }
    )
    target = io.BytesIO()
    pq.write_table(table, target)
    _, rows = rows_of(tmp_path, target.getvalue(), "x.parquet")
    assert rows == [
        {
            "id": "00000000-0000-0000-0000-000000000001",
            "bytes": "0x0001",
            "late": "0x74657874",
            "words": "one",
            "at": "2023-11-14 22:13:20.123456789",
            "deep": '{"at": "2023-11-14 22:13:20.123456789"}',
            "span": "0:00:00.000000001",
            "money": "12.3400",
            "map": '{"k": 1}',
        },
        {
            "id": "80000000-0000-0000-0000-000000000005",
            "bytes": "0x00c8",
            "late": "0xff",
            "words": "two",
            "at": None,
            "deep": None,
            "span": "0:01:30.000000001",
            "money": "-0.0001",
            "map": "[]",
        },
    ]


@pytest.mark.parametrize("rounds", [999_999, 90_000_000])
def test_a_password_that_takes_ages_to_check_is_not_checked(tmp_path: Path, rounds: int) -> None:
    import olefile
    from msoffcrypto.format.ooxml import OOXMLFile

    plain = attacks.xlsx(f'<row r="1">{attacks.cell("A1", "id")}</row>')
    target = io.BytesIO()
    OOXMLFile(io.BytesIO(plain)).encrypt("secret", target)
    with olefile.OleFileIO(io.BytesIO(target.getvalue())) as ole:
        told = ole.openstream("EncryptionInfo").read()
    slow = told.replace(b'spinCount="100000"', b'spinCount="%d"' % rounds)
    cut = slow.rstrip(b"\0 \n")
    shorter = cut.replace(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', b"")
    made = shorter.ljust(len(told), b" ")[: len(told)]
    path = tmp_path / "protected.xlsx"
    path.write_bytes(target.getvalue())
    with olefile.OleFileIO(path, write_mode=True) as ole:
        ole.write_stream("EncryptionInfo", made)
    outcome = read_with(read_file, tmp_path, path.read_bytes(), "x.xlsx", password="secret")
    assert isinstance(outcome, UnreadableFileError)
    assert outcome.code == "workbook_password_slow"

"""A canary scanner: walks every byte that a run leaves, and says where a given value stands.

A canary is a value that no file of ours holds by chance. It is looked for in file names and in
bytes, in every encoding that a value commonly takes on its way to a disk, inside of containers
(zip, xlsx, gzip, zlib, zstd, Parquet) and in the cells of databases (DuckDB, SQLite), whose
compression hides values from a search of the bytes alone. The bytes of databases are searched too:
free pages hold what was deleted.

    from ..canary import sightings  # in a test one folder below
    assert sightings([data, dagster_home], ["Zq7-Ada Lovelace"]) == []

What it can not see: values inside of a DuckDB page that was compressed, then freed (FSST escapes
each byte that its table does not know, and that form is searched, but no other), encrypted bytes,
and values that were changed (a lower case is found, a number that became another number is not).
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, quote_plus

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DEEPEST = 6
"""Containers in containers are opened this far."""
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1252", "cp437")
_SQLITE = b"SQLite format 3\x00"
_STREAM = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|\x28\xb5\x2f\xfd")
"""Where a gzip, zlib or zstd stream may begin."""
_DUCK_AT = 8
_LONGEST_STREAM = 256 * 1024 * 1024


class Sighting(NamedTuple):
    """A canary that was found.

    Attributes:
        canary: The value.
        form: How it was written there.
        place: The file, and the way into it ("data/a.xlsx > xl/sharedStrings.xml").
    """

    canary: str
    form: str
    place: str


def sightings(
    places: Iterable[Path], canaries: Iterable[str], *, leave_out: Iterable[Path] = ()
) -> list[Sighting]:
    """Every place below some folders in which a canary stands.

    Args:
        places: Files and folders; folders are walked, hidden files included, links not followed.
        canaries: The values; as distinctive as can be, for "7" stands everywhere.
        leave_out: Folders that may hold them, such as the client's own `incoming/`.

    Returns:
        Each canary once per place and form, in the order of the places.
    """
    scan = _Scan(canaries)
    outside = tuple(leave_out)
    for place in places:
        paths = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in paths:
            if any(path == each or each in path.parents for each in outside):
                continue
            scan.look(path.name.encode("utf-8", "surrogateescape"), f"the name of {path}")
            if path.is_file() and not path.is_symlink():
                scan.file(path)
    return list(dict.fromkeys(scan.found))


def sightings_in(text: str | bytes, canaries: Iterable[str]) -> list[Sighting]:
    """The same for a text or bytes at hand, such as what a process printed."""
    scan = _Scan(canaries)
    scan.content(text.encode() if isinstance(text, str) else text, "the text", 0)
    return list(dict.fromkeys(scan.found))


def forms_of(canary: str) -> dict[bytes, str]:
    """The byte strings that a canary may stand as, each with the name of the form."""
    forms: dict[bytes, str] = {}

    def note(data: bytes, form: str) -> None:
        if data:
            forms.setdefault(data.lower(), form)

    # bytes are compared in lower case, which knows no letters but those of ASCII
    for cased, encoding in product((canary, canary.lower(), canary.upper()), _ENCODINGS):
        try:
            plain = cased.encode(encoding)
        except UnicodeEncodeError:
            continue
        note(plain, encoding)
        note(plain.hex().encode(), f"hex of {encoding}")
        for shift in range(3):
            # the letters that do not depend on what stands around
            inner = base64.b64encode(b"\0" * shift + plain)
            start, rest = -(-shift * 8 // 6), (shift + len(plain)) % 3
            note(inner[start : -4 if rest else None], f"base64 of {encoding}")
    note(b"".join(b"\xff" + bytes([byte]) for byte in canary.encode()), "FSST escapes")
    texts = {
        "JSON": json.dumps(canary)[1:-1],
        "JSON in UTF-8": json.dumps(canary, ensure_ascii=False)[1:-1],
        "JSON in JSON": json.dumps(json.dumps(canary)[1:-1])[1:-1],
        "Python's repr": repr(canary)[1:-1],
        "ascii()": ascii(canary)[1:-1],
        "HTML": html.escape(canary),
        "HTML, numeric": canary.encode("ascii", "xmlcharrefreplace").decode(),
        "URL": quote(canary, safe=""),
        "URL, form": quote_plus(canary),
        "CSV or SQL": canary.replace('"', '""').replace("'", "''"),
    }
    for form, text in texts.items():
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            note(text.encode(encoding, "surrogatepass"), form)
    return forms


class _Scan:
    """One walk: what is looked for, and what was found."""

    def __init__(self, canaries: Iterable[str]) -> None:
        self._forms = {canary: forms_of(canary) for canary in canaries}
        self.found: list[Sighting] = []

    def look(self, data: bytes, place: str) -> None:
        """Search bytes as they are; upper and lower case are alike."""
        lowered = data.lower()
        for canary, forms in self._forms.items():
            for needle, form in forms.items():
                if needle in lowered:
                    self.found.append(Sighting(canary, form, place))

    def file(self, path: Path) -> None:
        self.content(path.read_bytes(), str(path), 0, beside=path)

    def content(self, data: bytes, place: str, depth: int, beside: Path | None = None) -> None:
        """Search bytes, and whatever can be unpacked from them."""
        self.look(data, place)
        if depth >= DEEPEST:
            return
        for inner, name in _unpacked(data, beside):
            self.content(inner, f"{place} > {name}", depth + 1)


def _unpacked(data: bytes, beside: Path | None) -> Iterator[tuple[bytes, str]]:
    """What a container holds, piece by piece."""
    if data[:4] == b"PAR1":
        yield from _tried(_parquet, data)
    elif data[:2] == b"PK":
        yield from _tried(_zip_members, data)
    elif data.startswith(_SQLITE):
        yield from _tried(lambda raw: _database(raw, beside, "-wal", _sqlite_cells), data)
    elif data[_DUCK_AT : _DUCK_AT + 4] == b"DUCK":
        yield from _tried(lambda raw: _database(raw, beside, ".wal", _duckdb_cells), data)
    else:
        yield from _streams(data)


def _tried(
    unpack: Callable[[bytes], Iterator[tuple[bytes, str]]], data: bytes
) -> Iterator[tuple[bytes, str]]:
    """What is half written, as a killed run leaves it, is searched as far as it can be read."""
    try:
        yield from unpack(data)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return  # any other error is the test's: what can not be opened may hide anything


def _parquet(data: bytes) -> Iterator[tuple[bytes, str]]:
    try:
        file = pq.ParquetFile(io.BytesIO(data))
    except pa.ArrowInvalid:
        return  # cut short: its footer is missing, and its pages can not be found
    yield repr((file.schema_arrow.metadata, file.schema_arrow.names)).encode(), "schema"
    for group in range(file.num_row_groups):
        statistics = [
            file.metadata.row_group(group).column(at).statistics
            for at in range(file.metadata.num_columns)
        ]
        yield _as_bytes(statistics), f"statistics of row group {group}"
    for batch in file.iter_batches(batch_size=10_000):
        yield _as_bytes(batch.to_pydict()), "rows"


def _zip_members(data: bytes) -> Iterator[tuple[bytes, str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            yield info.filename.encode() + b" " + info.comment, "a member's name"
            yield archive.read(info), info.filename


def _database(
    data: bytes,
    beside: Path | None,
    suffix: str,
    cells: Callable[[Path], Iterator[tuple[bytes, str]]],
) -> Iterator[tuple[bytes, str]]:
    """The cells of a copy: the original may be open, and must not change by being looked at."""
    with tempfile.TemporaryDirectory(prefix="canary-") as folder:
        copy = Path(folder) / (beside.name if beside else "database")
        copy.write_bytes(data)
        log = beside.with_name(beside.name + suffix) if beside else None
        if log is not None and log.exists():
            shutil.copyfile(log, copy.with_name(copy.name + suffix))
        yield from cells(copy)


def _sqlite_cells(path: Path) -> Iterator[tuple[bytes, str]]:
    connection = sqlite3.connect(path)
    try:
        connection.text_factory = bytes
        names = [
            name.decode()
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for name in names:
            text = bytearray()
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                for cell in row:
                    if isinstance(cell, bytes) and _STREAM.match(cell):
                        yield cell, f"table {name}"
                    text += _as_bytes(cell) + b"\n"
            yield bytes(text), f"table {name}"
    finally:
        connection.close()


def _duckdb_cells(path: Path) -> Iterator[tuple[bytes, str]]:
    with duckdb.connect(str(path), read_only=not path.with_name(path.name + ".wal").exists()) as db:
        catalog = db.execute(
            "SELECT sql FROM duckdb_views() UNION ALL SELECT sql FROM duckdb_tables()"
        )
        yield _as_bytes(catalog.fetchall()), "catalog"
        tables = db.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        for schema, table in tables:
            cursor = db.execute(f'SELECT * FROM "{schema}"."{table}"')
            yield _as_bytes([column[0] for column in cursor.description or ()]), f"{schema}.{table}"
            while rows := cursor.fetchmany(10_000):
                yield _as_bytes(rows), f"{schema}.{table}"


def _streams(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Compressed streams that begin anywhere in the bytes."""
    whole = memoryview(data)  # marks stand by chance in large files: no copy for each
    for found in _STREAM.finditer(data):
        at, magic = found.start(), found[0]
        content = _zstd(whole[at:]) if magic[:1] == b"\x28" else _inflated(whole[at:], magic)
        if content:
            yield content, f"stream at {at}"


def _inflated(data: memoryview, magic: bytes) -> bytes:
    reader = zlib.decompressobj(wbits=31 if magic[:1] == b"\x1f" else 15)
    try:
        return reader.decompress(data, _LONGEST_STREAM)
    except zlib.error:
        return b""  # the mark stood there by chance


def _zstd(data: memoryview) -> bytes:
    content = bytearray()
    try:
        with pa.input_stream(pa.BufferReader(data), compression="zstd") as stream:
            while chunk := stream.read(1024 * 1024):
                content += chunk
    except OSError:
        pass  # by chance, or what follows the stream is none
    return bytes(content)


def _as_bytes(value: object) -> bytes:
    """A cell or rows of them as bytes in which a text stands unescaped."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"\n".join(_as_bytes(each) for pair in value.items() for each in pair)
    if isinstance(value, (list, tuple, set)):
        return b"\n".join(map(_as_bytes, value))
    return str(value).encode("utf-8", "surrogatepass")


__all__ = ["Sighting", "forms_of", "sightings", "sightings_in"]

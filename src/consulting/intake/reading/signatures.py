"""What a file is that we do not read, so that its refusal gives the true reason."""

from __future__ import annotations

import re
import tarfile

_PACKED = (
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"LZIP\x01", "lzip"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"\x1f\xa0", "compress (.Z)"),
    (b"MSCF\x00\x00\x00\x00", "a Windows cabinet"),
    (b"PK\x07\x08PK\x03\x04", "a zip in several volumes"),
    (b"]\x00\x00\x80\x00\xff\xff", "lzma"),
)
_FOREIGN = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF87a", "an image"),
    (b"GIF89a", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"{\\rtf", "a Rich Text document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x00\x01\x00\x00Standard Jet DB", "an Access database"),
    (b"\x00\x01\x00\x00Standard ACE DB", "an Access database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"ARROW1\x00\x00", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"$FL2", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"PARE", "an encrypted Parquet file"),
    (b"\x93NUMPY", "a NumPy file"),
)
_AT = ((4, b"ftyp", "a video or an image"), (8, b"WEBP", "an image"), (8, b"DUCK", "a DuckDB file"))

_DOCUMENTS = (
    (
        re.compile(r"(?:.*/)?Index(?:/.*\.iwa|\.zip)"),
        "a document of Apple Numbers, Pages or Keynote",
    ),
    (re.compile(r"(?:.*/)?index\.(?:xml|apxl)(?:\.gz)?"), "a document of an older Apple iWork"),
    (re.compile(r"word/.*"), "a Word document"),
    (re.compile(r"ppt/.*"), "a PowerPoint presentation"),
    (re.compile(r"META-INF/MANIFEST\.MF"), "a Java archive"),
)
_METHODS = {
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    16: "IBM CMPSC",
    18: "IBM TERSE",
    93: "zstd",
    95: "xz",
    98: "PPMd",
}
_OWN_METHODS = frozenset({0, 8, 12, 14})  # stored, deflate, bzip2, lzma

_TAR_BLOCK = 512


def packing(head: bytes) -> str | None:
    """What a file is packed with that we do not unpack.

    Args:
        head: Its first bytes, a tar's first block (512) at least.
    """
    for magic, name in _PACKED:
        if head.startswith(magic):
            return name
    if len(head) >= _TAR_BLOCK and head[0]:
        try:
            tarfile.TarInfo.frombuf(head[:_TAR_BLOCK], "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            return None
        return "tar"
    return None


def method_of(code: int) -> str | None:
    """The name of a zip's way of packing that we do not unpack; None where we do."""
    return None if code in _OWN_METHODS else _METHODS.get(code, f"method {code}")


def foreign_kind(head: bytes) -> str | None:
    """What a file is, by its first bytes, where it holds no table of a kind that is read."""
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            return what
    for at, magic, what in _AT:
        if head[at : at + len(magic)] == magic and b"\x00" in head[:32]:
            return what
    return None


def document_kind(names: list[str]) -> str | None:
    """What a zip is, by the names in it, where it is a document and no archive of files."""
    for pattern, what in _DOCUMENTS:
        if any(pattern.fullmatch(name) for name in names):
            return what
    return None

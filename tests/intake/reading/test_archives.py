"""Packed files: unpacked within limits, or refused with a reason."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from consulting.errors import UnreadableFileError

Reader = Callable[..., Any]

CSV = b"id,name\n1,a\n2,b\n"


def compressed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # a test's name is the same in each process


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def test_gz_is_read_through(read: Reader) -> None:
    got = read(compressed(CSV), "x.csv.gz")
    assert got.rows == [("1", "a"), ("2", "b")]
    assert got.reading.container == "gz"


def test_gz_of_several_members_is_one_file(read: Reader) -> None:
    assert len(read(compressed(CSV) + compressed(b"3,c\n")).rows) == 3


def test_a_zip_with_one_file_is_read_and_what_an_archiver_adds_is_not(read: Reader) -> None:
    data = zipped({"folder/x.csv": CSV, "__MACOSX/folder/._x.csv": b"\0", ".DS_Store": b"\0"})
    got = read(data, "x.zip")
    assert got.rows == [("1", "a"), ("2", "b")]
    assert "'folder/x.csv'" in got.said


def test_a_workbook_in_a_zip_is_read(read: Reader) -> None:
    import openpyxl

    book, target = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["id", "name"])
    book.active.append([1, "a"])
    book.save(target)
    assert read(zipped({"x.xlsx": target.getvalue()}), "x.zip").rows == [("1", "a")]


def test_a_member_can_be_declared(read: Reader) -> None:
    got = read(zipped({"a.csv": CSV, "b.csv": b"k,v\n1,2\n"}), "x.zip", member="b.csv")
    assert got.columns == ["k", "v"]


@pytest.mark.parametrize(
    ("data", "options", "code"),
    [
        (zipped({"a.csv": CSV, "b.csv": CSV}), {}, "archive_several_files"),
        (zipped({"a.csv": CSV}), {"member": "b.csv"}, "archive_member_missing"),
        (zipped({}), {}, "archive_empty"),
        (zipped({"a.zip": zipped({"a.csv": CSV})}), {}, "archive_nested"),
        (compressed(compressed(CSV)), {}, "archive_nested"),
        (zipped({"a.csv.gz": compressed(CSV)}), {}, "archive_nested"),
        (compressed(CSV * 500)[:-40], {}, "archive_broken"),
        (zipped({"a.csv": CSV * 100})[:-30], {}, "archive_broken"),
        (compressed(CSV)[:12] + b"\xff" * 30, {}, "archive_broken"),
        (bz2.compress(CSV), {}, "archive_unsupported"),
        (b"\x28\xb5\x2f\xfd" + b"x" * 50, {}, "archive_unsupported"),
        (b"7z\xbc\xaf\x27\x1c" + b"x" * 50, {}, "archive_unsupported"),
        (compressed(b""), {}, "empty_file"),
    ],
)
def test_a_bad_archive_is_refused_with_its_code(
    read: Reader, data: bytes, options: dict[str, Any], code: str
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "x.zip", **options)
    assert caught.value.code == code


def test_a_bomb_is_stopped_by_the_bytes_that_come_out(read: Reader) -> None:
    bomb = compressed(b"0" * 200_000_000)
    with pytest.raises(UnreadableFileError) as caught:
        read(bomb, "x.gz", max_unpack_ratio=100)
    assert caught.value.code == "archive_too_large"


def test_a_zip_that_lies_about_its_size_is_stopped_too(read: Reader) -> None:
    data = bytearray(zipped({"a.csv": b"id,v\n" + b"1,2\n" * 9_000_000}))
    size = (36_000_005).to_bytes(4, "little")
    assert data.count(size) == 2
    lying = bytes(data).replace(size, (10).to_bytes(4, "little"))
    with pytest.raises(UnreadableFileError) as caught:
        read(lying, "x.zip", max_unpacked_bytes=20_000_000)
    assert caught.value.code in {"archive_too_large", "archive_broken"}


def zip64(packed: bytes, claimed: int) -> bytes:
    """A zip of one member by hand, whose 64-bit sizes say what they are told to."""
    name, many = b"a.csv", b"\xff" * 4
    sizes = struct.pack("<HHQQ", 1, 16, claimed % 2**64, len(packed))
    about = struct.pack("<HHHHHI", 45, 0, 8, 0, 33, 0) + many + many + struct.pack("<HH", 5, 20)
    member = b"PK\x03\x04" + about + name + sizes + packed
    entry = b"PK\x01\x02" + b"-\0" + about + b"\0" * 14 + name + sizes
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(member), 0)
    return member + entry + b"PK\x05\x06" + end


@pytest.mark.parametrize("claimed", [10, 5 * 1024**3, 2**63, 2**64 - 1])
def test_a_zip_of_more_than_four_gigabytes_is_stopped_whatever_it_claims(
    claimed: int, read: Reader
) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b"1,22\n" * 200_000) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * 5_000 + packer.flush()  # unpacked 5 GB
    with pytest.raises(UnreadableFileError) as caught:
        read(zip64(packed, claimed), "x.zip", max_unpacked_bytes=20_000_000)
    # Python's reader stops at what is claimed, and finds the check sum wrong
    assert caught.value.code == ("archive_broken" if claimed == 10 else "archive_too_large")
    # held against the packed bytes, too, where nothing is declared
    with pytest.raises(UnreadableFileError) as caught:
        read(zip64(packed[: 10 * len(block)], claimed), "x.zip")
    assert caught.value.code in {"archive_too_large", "archive_broken"}


def test_a_zip_with_64_bit_sizes_that_are_true_is_read(read: Reader) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(zipfile.ZipInfo("a.csv"), "w", force_zip64=True) as member,
    ):
        member.write(CSV)
    assert len(read(buffer.getvalue(), "x.zip").rows) == 2


def test_a_zip_with_a_password_is_refused(read: Reader) -> None:
    data = bytearray(zipped({"a.csv": CSV}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    with pytest.raises(UnreadableFileError) as caught:
        read(bytes(data), "x.zip")
    assert caught.value.code == "archive_encrypted"


def test_bytes_behind_the_end_of_a_gz_are_told_and_zeros_are_not(read: Reader) -> None:
    assert len(read(compressed(CSV) + b"\0" * 512).rows) == 2
    with pytest.raises(UnreadableFileError) as caught:
        read(compressed(CSV) + b"trailing words")
    assert caught.value.code == "archive_broken"


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_an_archive_cut_or_changed_anywhere_is_read_right_or_refused(
    read: Reader, kind: str
) -> None:
    whole = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(200))
    data = zipped({"a.csv": whole}) if kind == "zip" else compressed(whole)
    codes = set()
    for at in range(0, len(data), 7):
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
            try:
                got = read(damaged, f"x.{kind}")
            except UnreadableFileError as error:
                codes.add(error.code)
            else:
                assert len(got.rows) == 200 or got.reading.container is None
    assert "archive_broken" in codes

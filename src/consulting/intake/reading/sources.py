"""The bytes of a file, whatever they are packed in: read again and again, never unpacked to disk.

Header fields of an archive lie, so the limits hold for the bytes that come out.
"""

from __future__ import annotations

import fnmatch
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from consulting.errors import UnreadableFileError
from consulting.intake.reading.signatures import document_kind, method_of, packing
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from consulting.intake.reading.options import ReadOptions
    from consulting.sealed import SealedFile

SMALL = 16 * 1024 * 1024  # below this, the ratio says nothing: text of one letter packs 1000:1
READ_SIZE = 1024 * 1024
MAX_LINE = 256 * 1024 * 1024
HEAD = 4096
SHOWN = 5  # how many members a message names

# what a damaged zip may end in, offsets that lead nowhere included
ZIP_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    RuntimeError,
)
_TRUNCATED = (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile)
_OFFICE_MARKS = ("[Content_Types].xml", "META-INF/manifest.xml", "mimetype")


class SharedSheets(NamedTuple):
    """The sheets of a file that feeds read: those read before, and all, as the feeds name them."""

    others: tuple[str | int | None, ...] = ()
    known: tuple[str | int | None, ...] = ()


@dataclass(frozen=True)
class ByteSource:
    """A file's content, unpacked on the fly.

    Attributes:
        filename: The file as the client named it, for messages.
        container: "gz" or "zip" where the file is packed.
        member: The name of the file inside the archive, where there is one.
        notes: What was decided on the way, in words.
        shared: Its sheets that feeds read, where several do.
        unread: What else is in the archive, in words, where feeds share it.
    """

    filename: str
    container: str | None
    member: str | None
    _open: Callable[[], IO[bytes]] = field(repr=False)
    _limit: int
    notes: tuple[str, ...] = ()
    shared: SharedSheets = field(default=SharedSheets())
    unread: tuple[str, ...] = ()

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the content from its first byte.

        Raises:
            UnreadableFileError: `archive_broken`, or `archive_too_large` while reading.
        """
        try:
            with self._open() as stream:
                yield cast("IO[bytes]", _Bounded(stream, self._limit, self.filename))
        except _TRUNCATED as error:
            raise UnreadableFileError(
                self.filename,
                "archive_broken",
                "The archive ends early or is damaged.",
                "Pack and send the file again; the upload may have been cut off.",
            ) from error

    def head(self, size: int) -> bytes:
        """The first `size` bytes of the content."""
        with self.open() as stream:
            return stream.read(size)

    def chunks(self, size: int = READ_SIZE) -> Iterator[bytes]:
        """The content in pieces of up to `size` bytes."""
        with self.open() as stream:
            while chunk := stream.read(size):
                yield chunk

    def line_blocks(self, size: int = READ_SIZE) -> Iterator[bytes]:
        """The content in pieces of whole lines, which CR, LF or both end.

        Raises:
            UnreadableFileError: `line_too_long` where a line passes `MAX_LINE` bytes.
        """
        rest: list[bytes] = []
        held = 0
        for chunk in self.chunks(size):
            # a CR at the very end may be half of a CRLF
            cut = chunk.rfind(b"\n") + 1 or chunk.rfind(b"\r", 0, len(chunk) - 1) + 1
            if not cut:
                rest.append(chunk)
                held += len(chunk)
                if held > MAX_LINE:
                    raise line_too_long(self.filename)
                continue
            yield b"".join((*rest, chunk[:cut]))
            rest = [chunk[cut:]]
            held = len(chunk) - cut
        if held:
            yield b"".join(rest)

    def all_bytes(self, limit: int) -> bytes:
        """The whole content, for formats that can not be streamed.

        Raises:
            UnreadableFileError: `file_too_large` above `limit` bytes.
        """
        with self.open() as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise file_too_large(self.filename, limit)
        return data

    def office_bytes(self, options: ReadOptions) -> bytes:
        """The whole of a workbook; its parts with the slashes that readers look for.

        Some programs pack a workbook with backslashes in the names, and Excel opens it.

        Raises:
            UnreadableFileError: As `all_bytes`, and `archive_too_large`.
        """
        data = self.all_bytes(options.max_file_bytes)
        if data[:4] != b"PK\x03\x04" or b"\\" not in data:
            return data
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if not any("\\" in info.filename for info in infos):
                return data
            target, size = io.BytesIO(), 0
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
                for info in infos:
                    with (
                        archive.open(info) as part,
                        packed.open(_slashed(info.filename), "w") as copy,
                    ):
                        while piece := part.read(READ_SIZE):
                            size += len(piece)
                            if size > options.max_unpacked_bytes:
                                raise archive_too_large(self.filename, options.max_unpacked_bytes)
                            copy.write(piece)
        return target.getvalue()


def _slashed(name: str) -> str:
    return name.replace("\\", "/")


def unsupported(filename: str, what: str) -> UnreadableFileError:
    """The refusal of a file that is whole, and of a kind that is not read."""
    return UnreadableFileError(
        filename,
        "unsupported_format",
        f"The file is {what}.",
        "Send CSV, Excel, OpenDocument spreadsheet, JSON or Parquet.",
    )


def file_too_large(filename: str, limit: int) -> UnreadableFileError:
    """The refusal of a file that would have to be held in memory whole."""
    return UnreadableFileError(
        filename,
        "file_too_large",
        f"The file is larger than the {limit:,} bytes that are opened of this format.",
        "Send it in smaller files, or as CSV, JSON lines or Parquet, or raise `max_file_bytes` for "
        "the feed if this is right.",
    )


def archive_too_large(filename: str, limit: int) -> UnreadableFileError:
    """The refusal of what unpacks to more than it may."""
    return UnreadableFileError(
        filename,
        "archive_too_large",
        f"The archive unpacks to more than the {limit:,} bytes allowed for it.",
        "Send the file unpacked or in parts, or raise `max_unpacked_bytes` and `max_unpack_ratio` "
        "for the feed if this size is right.",
    )


def line_too_long(filename: str) -> UnreadableFileError:
    """The refusal of what is no text of lines."""
    return UnreadableFileError(
        filename,
        "line_too_long",
        f"There is no line end within {MAX_LINE:,} characters.",
        "Check that this is a text file with one record a line.",
    )


class _Bounded(io.RawIOBase):
    """A stream that counts what comes out of it and stops at a limit."""

    def __init__(self, stream: IO[bytes], limit: int, filename: str) -> None:
        self._stream = stream
        self._limit = limit
        self._filename = filename
        self._seen = 0

    def read(self, size: int = -1, /) -> bytes:
        room = self._limit - self._seen + 1
        data = self._stream.read(room if size < 0 else min(size, room))
        self._seen += len(data)
        if self._seen > self._limit:
            raise archive_too_large(self._filename, self._limit)
        return data


def open_source(path: Path | SealedFile, filename: str, options: ReadOptions) -> ByteSource:
    """Find out what `path` is packed in, by its first bytes.

    Raises:
        UnreadableFileError: If an archive is damaged, encrypted, nested or holds no or several
            files to read.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    packed = path.stat().st_size
    limit = min(options.max_unpacked_bytes, max(SMALL, packed * options.max_unpack_ratio))
    if head[:2] == b"\x1f\x8b":
        source = ByteSource(
            filename,
            "gz",
            None,
            lambda: cast("IO[bytes]", gzip.GzipFile(fileobj=path.open("rb"))),
            limit,
            shared=_shared(options),
        )
        return _refuse_nested(source)
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return _open_zip(path, filename, options, limit)
    _refuse_other_archives(head, filename)
    return ByteSource(
        filename, None, None, lambda: path.open("rb"), max(packed, 1), shared=_shared(options)
    )


def zip_members(path: Path, filename: str) -> list[str]:
    """The files in a zip that holds several; none where the file is no such zip.

    Raises:
        UnreadableFileError: `archive_broken`.
    """
    with path.open("rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            return []
    names = [info.filename for info in _members(path, filename)]
    slashed = [*map(_slashed, names)]
    if any(name in _OFFICE_MARKS for name in slashed) or document_kind(slashed) is not None:
        return []
    real = [name for name in names if not _is_litter(name)]
    return real if len(real) > 1 else []


def _members(path: Path | SealedFile, filename: str) -> list[zipfile.ZipInfo]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return [info for info in archive.infolist() if not info.is_dir()]
    except ZIP_DAMAGE as error:
        raise UnreadableFileError(
            filename,
            "archive_broken",
            "The zip archive ends early or is damaged.",
            "Pack and send the file again; the upload may have been cut off.",
        ) from error


def _open_zip(
    path: Path | SealedFile, filename: str, options: ReadOptions, limit: int
) -> ByteSource:
    infos = _members(path, filename)
    names = [_slashed(info.filename) for info in infos]
    if any(name in _OFFICE_MARKS for name in names):
        size = path.stat().st_size
        return ByteSource(
            filename, None, None, lambda: path.open("rb"), size, shared=_shared(options)
        )
    document = document_kind(names)
    if document is not None:
        raise unsupported(filename, document)
    info, notes = _choose_member(infos, filename, options)
    if info.flag_bits & 0x1:
        raise UnreadableFileError(
            filename,
            "archive_encrypted",
            "The zip archive is protected by a password.",
            "Send it without a password; the transfer itself is encrypted.",
        )
    method = method_of(info.compress_type)
    if method is not None:
        raise packed_otherwise(filename, method)

    def open_member() -> IO[bytes]:
        return cast("IO[bytes]", _ZipMember(path, info.filename))

    unread = tuple(_unread(infos, options))
    of_member = options.model_copy(
        update={
            name: tuple(p for p in parts if p[0] is None or info in _fitting(infos, p[0]))
            for name, parts in (("others", options.others), ("parts", options.parts))
        }
    )
    source = ByteSource(
        filename, "zip", info.filename, open_member, limit, notes, unread=unread,
        shared=_shared(of_member),
    )  # fmt: skip
    return _refuse_nested(source)


def _shared(options: ReadOptions) -> SharedSheets:
    return SharedSheets(
        tuple(sheet for _, sheet in options.others), tuple(sheet for _, sheet in options.parts)
    )


def _unread(infos: list[zipfile.ZipInfo], options: ReadOptions) -> Iterator[str]:
    """What no feed reads of an archive that feeds share."""
    members = [member for member, _ in options.parts if member is not None]
    known = [info for member in members for info in _fitting(infos, member)]
    rest = [info for info in infos if info not in known and not _is_litter(info.filename)]
    if members and rest:
        yield no_feed_reads("file", [info.filename for info in rest], options)


def no_feed_reads(what: str, names: Sequence[str], options: ReadOptions) -> str:
    """A warning of parts that are left out of a file that feeds share."""
    shown = ", ".join(map(repr, options.names.told_all(names[:SHOWN])))
    return (
        f"No feed reads the {what}{'s' if len(names) > 1 else ''} {shown}"
        f"{', …' if len(names) > SHOWN else ''}: if rows are in there, add a feed."
    )


class _ZipMember(io.RawIOBase):
    """One member of a zip; closes the archive with itself."""

    def __init__(self, path: Path | SealedFile, member: str) -> None:
        self._file = path.open("rb")
        try:
            self._archive = zipfile.ZipFile(self._file)
            self._stream = self._archive.open(member)
        except ZIP_DAMAGE as error:
            self._file.close()
            raise zipfile.BadZipFile(str(error)) from error

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._stream.read(size)
        except ZIP_DAMAGE as error:
            raise zipfile.BadZipFile(str(error)) from error

    def close(self) -> None:
        self._stream.close()
        self._archive.close()
        self._file.close()
        super().close()


def _choose_member(
    infos: list[zipfile.ZipInfo], filename: str, options: ReadOptions
) -> tuple[zipfile.ZipInfo, tuple[str, ...]]:
    told = options.names.told
    if options.member is not None:
        fitting = _fitting(infos, options.member)
        if len(fitting) > 1:
            raise _several_members(filename, fitting, options)
        for info in fitting:
            return info, (f"Read {told(info.filename)!r} from the archive, as declared.",)
        raise UnreadableFileError(
            filename,
            "archive_member_missing",
            f"The zip archive holds no file named {options.member!r}.",
            "Check the feed's `member`, or ask the client what changed.",
        )
    real = [info for info in infos if not _is_litter(info.filename)]
    if not real:
        raise UnreadableFileError(
            filename, "archive_empty", "The zip archive holds no file.", "Send it again."
        )
    if len(real) > 1:
        raise _several_members(filename, real, options)
    return real[0], (f"Read {told(real[0].filename)!r}, the only file in the archive.",)


def _fitting(infos: list[zipfile.ZipInfo], member: str) -> list[zipfile.ZipInfo]:
    """The files that a feed's `member` names: the one of that name, else those that it fits."""
    exact = [info for info in infos if info.filename == member]
    return exact or [
        info
        for info in infos
        if not _is_litter(info.filename) and fits_member(info.filename, member)
    ]


def fits_member(name: str, member: str) -> bool:
    """Whether a file of a zip fits a feed's `member`: its path, or a glob as those of files."""
    compared = name if "/" in member else name.rpartition("/")[2]
    return name == member or fnmatch.fnmatchcase(compared.casefold(), member.casefold())


def _several_members(
    filename: str, infos: list[zipfile.ZipInfo], options: ReadOptions
) -> UnreadableFileError:
    names = ", ".join(repr(options.names.told(info.filename)) for info in infos[:SHOWN])
    more = ", …" if len(infos) > SHOWN else ""
    which = (
        f" that fit {options.member!r}"
        if options.member
        else ", and which one to read is not declared"
    )
    return UnreadableFileError(
        filename,
        "archive_several_files",
        f"The zip archive holds {counted(len(infos), 'file')} ({names}{more}){which}.",
        "Send one file per archive, or declare the feed's `member`.",
    )


def _is_litter(name: str) -> bool:
    """Whether an archiver, not the client, put the member there (macOS resource forks)."""
    base = name.rsplit("/", 1)[-1]
    return name.startswith("__MACOSX/") or base.startswith("._") or base == ".DS_Store"


def _refuse_nested(source: ByteSource) -> ByteSource:
    head = source.head(HEAD)
    if head[:2] == b"\x1f\x8b" or (head[:4] == b"PK\x03\x04" and not _is_office(head)):
        raise UnreadableFileError(
            source.filename,
            "archive_nested",
            "There is an archive inside the archive.",
            "Pack the file once only.",
        )
    _refuse_other_archives(head, source.filename)
    return source


def _is_office(head: bytes) -> bool:
    return any(mark.encode() in head for mark in (*_OFFICE_MARKS, "_rels", "xl", "docProps"))


def _refuse_other_archives(head: bytes, filename: str) -> None:
    name = packing(head)
    if name is not None:
        raise packed_otherwise(filename, name)


def part_taken(filename: str, what: str) -> UnreadableFileError:
    """The refusal of rows that are read for another feed: no row is delivered twice."""
    return UnreadableFileError(
        filename,
        "part_taken",
        f"{what} is read for another feed already.",
        "Correct the `sheet` or `member` of one of the feeds, or ask the client what changed.",
    )


def packed_otherwise(filename: str, name: str) -> UnreadableFileError:
    """The refusal of a way of packing that we do not unpack."""
    return UnreadableFileError(
        filename,
        "archive_unsupported",
        f"The file is packed with {name}, which is not read.",
        "Pack each file alone as .gz or .zip (with the usual Deflate), or send it unpacked.",
    )

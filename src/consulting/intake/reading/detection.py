"""What a file is, by its content; its extension is only compared and remarked on."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pydantic import ValidationError

from consulting.errors import ConsultingError, UnreadableFileError
from consulting.intake.reading.binaryscan import FILE_PASS, records
from consulting.intake.reading.encodings import head_text
from consulting.intake.reading.format import FileFormat, all_formats
from consulting.intake.reading.formats import JsonFormat
from consulting.intake.reading.sheetscan import DAMAGE, workbook_broken
from consulting.intake.reading.signatures import document_kind, foreign_kind
from consulting.intake.reading.sources import archive_too_large, unsupported
from consulting.plugins import blamed, is_ours
from consulting.raised import kind_of

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Sequence

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.sources import ByteSource

HEAD = 65536
PIECE = 1024 * 1024
FIRST_RECORDS = 10  # the record of a password is among the first of an xls

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKINGS = frozenset({"gz", "gzip", "zip"})
_JSON_ENDINGS = JsonFormat.extensions["ndjson"]
_MARKUP = re.compile(
    r"\s*+<(?:!doctype|!--|\?xml|(?:html|head|meta|title|style|body|div|table|tr|svg)\b)"
    r"|\s*+<[A-Za-z][\w:.-]{0,100}+(?:\s[^<>]*+)?>\s*+<|MIME-Version:",
    re.IGNORECASE,
)
_SYLK = re.compile(r"ID;P\w*+(?:;[NE])*+\r?\n[A-Z]{1,2};[A-Z]")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*+"\s*+:')
# an object as Python or JavaScript writes it, alone or first in a list
_NO_JSON = re.compile(r"\s*+(?:\[\s*+)?\{\s*+(?:'[^'\n]{0,200}+'|[A-Za-z_$][\w$]{0,200}+)\s*+:")


# a comment, a call around JSON, or a value that is no table
_SCRIPT = re.compile(
    r"\s*+(?://|/\*|[\w$.]{1,100}+\(\s*+[\[{]|(?:null|true|false|-?\d[\d.eE+-]*+|\"[^\"\n]*+\")\s*+\Z)"
)

# between JSON values there is no semicolon, tab or bar, and behind a comma comes another
_NEXT_CELL = re.compile(r" *+(?:[;\t|]|, *+[^\s{\[])")


@dataclass(frozen=True)
class Found:
    """What a file is.

    Attributes:
        format: Reads it.
        name: Which of the format's names it has.
        warning: Where the extension says otherwise.
        passed_over: The formats of packages that failed when they were asked, in words.
    """

    format: FileFormat
    name: str
    warning: str | None = None
    passed_over: Sequence[str] = ()


def detect_format(source: ByteSource, options: ReadOptions) -> Found:
    """Tell the format from the first bytes.

    Args:
        source: The file's bytes.
        options: What reading it may take, and the format where the feed declares one.

    Raises:
        UnreadableFileError: `empty_file`, or `unsupported_format` with what the file really is.
    """
    head = source.head(HEAD)
    if not head:
        raise UnreadableFileError(
            source.filename,
            "empty_file",
            "The file is empty (0 bytes).",
            "Ask the client whether nothing was to be sent, and send the file again if not.",
        )
    asked = [options.format] if options.format is not None else _in_turn()
    passed_over: list[str] = []
    for each in asked:
        if each.rank == JsonFormat.rank:
            _refuse_foreign(source, head)
        try:
            name = each.name_of(source, head, options)
        except Exception as error:
            if isinstance(error, ConsultingError) or options.format or is_ours(type(each)):
                raise
            # whose files these are not, it is not to stop
            passed_over.append(_failed(error))
            continue
        if name is not None:
            return Found(each, name, _remark(source, name), passed_over)
    declared = asked[0].type
    raise UnreadableFileError(
        source.filename,
        "unsupported_format",
        f"The file is none of the format {declared!r}, which the feed declares.",
        "Send it in that format, or correct `format` of the feed in the client's defs.yaml.",
    )


def _failed(error: Exception) -> str:
    return (
        f"The {blamed(error)} could not tell whether the file is its own ({kind_of(error)}), and "
        "was passed over."
    )


@functools.cache
def _in_turn() -> list[FileFormat]:
    """The formats that need no word of the feed, in the order in which they are asked."""
    found: list[FileFormat] = []
    for name, kind in all_formats().items():
        with contextlib.suppress(ValidationError):
            found.append(kind.model_validate({"type": name}))
    return sorted(found, key=lambda each: each.rank)


def workbook_kind(source: ByteSource, head: bytes, options: ReadOptions) -> str | None:
    """Which workbook a file is, "encrypted" included; None if it is no Office file.

    Raises:
        UnreadableFileError: If it is another document of an office, damaged or too large.
    """
    if head.startswith(_OLE):
        return _ole_kind(source, options)
    if head[:4] == b"PK\x03\x04":
        return _office_kind(source, options)
    return None


def json_kind(source: ByteSource, head: bytes) -> str | None:
    """JSON, JSON lines, or neither.

    Raises:
        UnreadableFileError: If it is meant as JSON and is none.
    """
    text = _text_of(head)
    if _NO_JSON.match(text):
        raise UnreadableFileError(
            source.filename,
            "json_broken",
            "The file looks like JSON with names in single quotes or in none, which is no JSON.",
            "Export it as JSON (in Python with `json.dump`, not `str` or `print`) and send it "
            "again.",
        )
    if _SCRIPT.match(text) and extension_of(source) in _JSON_ENDINGS:
        raise UnreadableFileError(
            source.filename,
            "json_broken",
            "The file is named as JSON, and begins as none does: with a comment, a call or a lone "
            "value.",
            "Export it as plain JSON and send it again.",
        )
    if extension_of(source) not in _JSON_ENDINGS and _is_a_cell(text):
        return None
    kind = _json_kind(text)
    meant = text.lstrip().startswith(("{", "["))
    if kind is None and meant and extension_of(source) in _JSON_ENDINGS:
        raise UnreadableFileError(
            source.filename,
            "json_broken",
            "The file is named as JSON and begins as JSON does, and its first value is none.",
            "It may have been cut off on its way: export it as JSON and send it again.",
        )
    return kind


def _text_of(head: bytes) -> str:
    return head_text(head).lstrip("\ufeff")


def _refuse_foreign(source: ByteSource, head: bytes) -> None:
    """Refuse what is known to be something else than text of rows."""
    what = foreign_kind(head)
    if what is not None:
        raise unsupported(source.filename, what)
    text = _text_of(head)
    if _SYLK.match(text):
        raise unsupported(source.filename, "a SYLK file (.slk), an exchange format of spreadsheets")
    if _MARKUP.match(text):
        # many older systems write a web page and name it .xls
        raise unsupported(
            source.filename,
            "a web page or XML, not a table; if Excel opens it, save it from there as xlsx",
        )


def _ole_kind(source: ByteSource, options: ReadOptions) -> str:
    """The older container of Office files, which also holds the newer ones once encrypted."""
    import io

    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(source.office_bytes(options))) as ole:
            if ole.exists("EncryptedPackage"):
                return "encrypted"
            book = next((name for name in ("Workbook", "Book") if ole.exists(name)), None)
            start = ole.openstream(book).read(HEAD) if book else b""
    except DAMAGE as error:
        raise workbook_broken(source.filename, error) from error
    if book is None:
        raise unsupported(source.filename, "an Office file that is no workbook")
    first = itertools.islice(records(start, 0), FIRST_RECORDS)
    return "encrypted" if any(kind == FILE_PASS for kind, _ in first) else "xls"


def _office_kind(source: ByteSource, options: ReadOptions) -> str:
    import io
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(source.office_bytes(options))) as archive:
            _refuse_bomb(source, archive, options)
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except DAMAGE as error:
        raise workbook_broken(source.filename, error) from error
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if b"spreadsheet" in kind:
        return "ods"
    what = document_kind(sorted(names)) or "a document that is no spreadsheet"
    raise unsupported(source.filename, what)


def _refuse_bomb(source: ByteSource, archive: zipfile.ZipFile, options: ReadOptions) -> None:
    """Unpack all of a workbook once, for what its directory says of sizes may be a lie."""
    size = 0
    for name in archive.namelist():
        with archive.open(name) as part:
            while piece := part.read(PIECE):
                size += len(piece)
                if size > options.max_unpacked_bytes:
                    raise archive_too_large(source.filename, options.max_unpacked_bytes)


def _json_kind(text: str) -> str | None:
    """JSON, JSON lines, or neither: the first value must really parse as far as it is there."""
    text = text.lstrip(" \t\r\n\x1e")
    if not text.startswith(("{", "[")):
        return None
    first, found, _ = text.partition("\n")
    if text.startswith("{") and found and _is_json(first):
        return "ndjson"
    return "json" if _begins_json(text) else None


def _begins_json(text: str) -> bool:
    """Whether the first value inside the outer bracket is JSON and is followed as JSON is."""
    inside = text[1:].lstrip()
    if not inside or inside[0] in "]}":
        return True
    if text[0] == "{":
        return _KEY.match(inside) is not None
    try:
        _, end = json.JSONDecoder().raw_decode(inside)
    except (ValueError, RecursionError):
        # a first record longer than what was looked at can not end there
        return inside[0] in "{[" and len(text) > HEAD // 2
    return inside[end:].lstrip()[:1] in {",", "]", ""}


def _is_a_cell(text: str) -> bool:
    """Whether the first JSON value is one of several cells of a line."""
    begin = len(text) - len(text.lstrip())
    try:
        _, end = json.JSONDecoder().raw_decode(text, begin)
    except (ValueError, RecursionError):
        return False
    return _NEXT_CELL.match(text, end) is not None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def extension_of(source: ByteSource) -> str | None:
    """The ending of the file's name, or of the one inside an archive."""
    inner = source.member or source.filename
    suffixes = [part.lstrip(".").lower() for part in PurePosixPath(inner).suffixes]
    if source.member is None:
        suffixes = [part for part in suffixes if part not in _PACKINGS]
    return suffixes[-1] if suffixes else None


def packing_named(source: ByteSource) -> str | None:
    """The ending of a name that promises a packing, of a file that is not packed."""
    ending = PurePosixPath(source.filename).suffix.lstrip(".").lower()
    return ending if source.container is None and ending in _PACKINGS else None


def _remark(source: ByteSource, name: str) -> str | None:
    extension, packing = extension_of(source), packing_named(source)
    endings: dict[str, frozenset[str]] = {}
    words: dict[str, str] = {}
    for kind in all_formats().values():
        endings |= kind.extensions
        words |= kind.names
    if packing and name in words:
        return f"The file is named .{packing} but is {words[name]}; it was read as what it is."
    if extension is None or name not in endings:
        return None
    if extension not in frozenset().union(*endings.values()) or extension in endings[name]:
        return None
    return f"The file is named .{extension} but is {words[name]}; it was read as what it is."

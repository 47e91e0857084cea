"""Text files as blocks of whole lines, with an independent count of those lines."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, AnyStr

from consulting.intake.reading.encodings import MIXED, Encoding
from consulting.intake.reading.sources import MAX_LINE, line_too_long

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.intake.reading.sources import ByteSource

MARK = "\ufeff"  # the byte order mark
BLOCK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Block:
    """Some whole lines of a file.

    Attributes:
        text: The lines, with their ends.
        last: Whether the file ends here.
    """

    text: str
    last: bool

    def lines(self) -> list[str]:
        """The lines with their ends; only CR, LF and CRLF end a line, as in Python's csv.

        Without NULs, which are taken out after the split (without one between them, a CR and an LF
        would become one line end), and without byte order marks at their beginning, which stand
        there where files were put together.
        """
        lines = list(io.StringIO(self.text, newline=""))
        if "\x00" in self.text:
            lines = [line.replace("\x00", "") for line in lines]
        if MARK in self.text:
            lines = [line.lstrip(MARK) for line in lines]
        return lines


@dataclass(frozen=True)
class LineCount:
    """The lines of a file, counted in its bytes.

    Attributes:
        lines: How many lines there are; the last needs no line end.
        crlf: How many end with CRLF.
        lf: With LF only.
        cr: With CR only.
        zeros: How many NUL characters there are.
    """

    lines: int
    crlf: int
    lf: int
    cr: int
    zeros: int

    @property
    def ends(self) -> dict[str, int]:
        """The kinds of line ends that occur."""
        found = {"CRLF": self.crlf, "LF": self.lf, "CR": self.cr}
        return {kind: count for kind, count in found.items() if count}


def count_lines(source: ByteSource, encoding: Encoding) -> LineCount:
    """Count the lines in a pass of its own, to hold the reader's work against."""
    if encoding.wide:
        return _count(decoded(source, encoding), "\r", "\n", "\x00")
    return _count(source.chunks(), b"\r", b"\n", b"\x00")


def _count(chunks: Iterator[AnyStr], cr: AnyStr, lf: AnyStr, zero: AnyStr) -> LineCount:
    crs = lfs = crlfs = zeros = 0
    tail = cr[:0]
    for chunk in chunks:
        crs += chunk.count(cr)
        lfs += chunk.count(lf)
        crlfs += chunk.count(cr + lf) + (tail == cr and chunk[:1] == lf)
        zeros += chunk.count(zero)
        tail = chunk[-1:] or tail
    ends = crs + lfs - crlfs
    unfinished = bool(tail) and tail not in {cr, lf}
    return LineCount(ends + unfinished, crlfs, lfs - crlfs, crs - crlfs, zeros)


def blocks(source: ByteSource, encoding: Encoding, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """The text in blocks of whole lines, in order; an empty file gives one empty block.

    The last block is never a scrap: its lines come with a full block, so that a footer is seen
    whole.

    Raises:
        UnreadableFileError: `line_too_long` where a line passes `MAX_LINE` characters.
    """
    waiting: str | None = None
    rest: list[str] = []
    held = 0
    for text in decoded(source, encoding, size):
        # a CR at the very end may be half of a CRLF
        cut = text.rfind("\n") + 1 or text.rfind("\r", 0, len(text) - 1) + 1
        if not cut:
            rest.append(text)
            held += len(text)
            if held > MAX_LINE:
                raise line_too_long(source.filename)
            continue
        if waiting is not None:
            yield Block(waiting, last=False)
        waiting, rest = "".join((*rest, text[:cut])), [text[cut:]]
        held = len(text) - cut
    yield Block("".join((waiting or "", *rest)), last=True)


def decoded(source: ByteSource, encoding: Encoding, size: int = BLOCK_BYTES) -> Iterator[str]:
    """The text in pieces, cut anywhere."""
    if encoding.codec == MIXED:
        first = True
        for lines in source.line_blocks(size):
            yield _decode_lines(lines.removeprefix(codecs.BOM_UTF8) if first else lines)
            first = False
        return
    decoder = codecs.getincrementaldecoder(encoding.codec)("strict")
    for chunk in source.chunks(size):
        text = decoder.decode(chunk)
        if text:
            yield text
    text = decoder.decode(b"", final=True)
    if text:
        yield text


def _decode_lines(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(map(_decode_line, data.splitlines(keepends=True)))


def _decode_line(line: bytes) -> str:
    """A line of UTF-8 with stray bytes, or of none but strays."""
    return line.decode("utf-8", errors=_STRAY)


def _stray(error: UnicodeError) -> tuple[str, int]:
    """What bytes that are no UTF-8 stand for: Windows-1252, or the half of a letter, which is lost.

    A field that was cut off by its bytes may end in the first byte of a letter: in Windows-1252
    that is a capital, which does not end a word of small letters.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    before, after = error.object[error.start - 1 : error.start], error.object[error.end :][:1]
    halved = stray[0] in _LATIN_LEADS and (before.islower() or before > b"\x7f")
    if len(stray) > 1 or (halved and not after.isalpha()):
        return "\ufffd", error.end
    return _as_windows(stray[0]), error.end


def _as_windows(byte: int) -> str:
    # the five bytes cp1252 leaves undefined read as latin-1, so every byte reads as something
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_LATIN_LEADS = range(0xC2, 0xC6)  # first bytes of the letters of Latin scripts beyond ASCII
_STRAY = "consulting.stray"
codecs.register_error(_STRAY, _stray)

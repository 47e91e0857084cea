"""Text files as blocks of whole lines."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from consulting.intake.reading.encoding_names import MIXED
from consulting.intake.reading.sources import MAX_LINE, line_too_long
from consulting.intake.reading.survey import (
    BLOCK_BYTES,
    SPREAD_BYTES,
    SPREAD_LINES,
    SPREAD_MAX,
    LineCount,
    Survey,
    count_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.intake.reading.encodings import Encoding
    from consulting.intake.reading.sources import ByteSource

MARK = "\ufeff"  # the byte order mark


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


def lines_of(source: ByteSource, encoding: Encoding, found: Survey) -> LineCount:
    """The lines of a file by the bytes alone, to hold the reader's work against."""
    return count_lines(decoded(source, encoding)) if encoding.wide else found.lines


def spread_of(source: ByteSource, encoding: Encoding, found: Survey) -> list[str]:
    """Lines from all over a file, but for its beginning."""
    if not encoding.wide:
        return [_as_text(line, encoding) for line in found.spread]
    spread: list[str] = []
    for block in islice(blocks(source, encoding), 1, None):
        half = len(block.text) // 2
        spread += Block(block.text[half : half + SPREAD_BYTES], last=False).lines()[1:-1][
            :SPREAD_LINES
        ]
        if len(spread) > SPREAD_MAX:
            spread = spread[::2]
    return spread


def _as_text(line: bytes, encoding: Encoding) -> str:
    if encoding.codec == MIXED:
        return _decode_line(line)
    return line.decode(encoding.codec, "replace")


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

"""One pass over a file's bytes: its lines counted, whether it is UTF-8, and lines from all over it.

The count is held against what the reader makes of the file in a pass of its own. What the pass is
asked for is known before anything is decided, so that nothing else of a plain file is read twice.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consulting.intake.reading.sources import ByteSource

BLOCK_BYTES = 4 * 1024 * 1024
SPREAD_BYTES = 100_000
SPREAD_LINES = 50  # from the middle of each block
SPREAD_MAX = 2000


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


@dataclass
class LineCounter:
    """Counts lines piece by piece."""

    _found: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    _tail: bytes = b""

    def add(self, chunk: bytes) -> None:
        """Count in a further piece."""
        ends = chunk.count(b"\r\n") + (self._tail == b"\r" and chunk[:1] == b"\n")
        more = (chunk.count(b"\r"), chunk.count(b"\n"), ends, chunk.count(b"\x00"))
        self._found = [a + b for a, b in zip(self._found, more, strict=True)]
        self._tail = chunk[-1:] or self._tail

    def result(self) -> LineCount:
        """What was counted."""
        crs, lfs, crlfs, zeros = self._found
        unfinished = bool(self._tail) and self._tail not in b"\r\n"
        lines = crs + lfs - crlfs + unfinished
        return LineCount(lines, crlfs, lfs - crlfs, crs - crlfs, zeros)


@dataclass(frozen=True)
class Survey:
    """What one pass over the bytes finds.

    Attributes:
        lines: The lines; of no use where a character has several bytes each.
        not_utf8: The rough place of the first byte that is no UTF-8; None where all are.
        spread: Whole lines from the middle of each block but the first.
    """

    lines: LineCount
    not_utf8: int | None
    spread: tuple[bytes, ...]


def survey(source: ByteSource) -> Survey:
    """Read a file once."""
    counter = LineCounter()
    utf8 = Strict("utf-8")
    spread: list[bytes] = []
    for number, chunk in enumerate(source.chunks(BLOCK_BYTES)):
        counter.add(chunk)
        utf8.add(chunk)
        if number:
            half = len(chunk) // 2
            middle = chunk[half : half + SPREAD_BYTES].splitlines(keepends=True)
            spread += middle[1:-1][:SPREAD_LINES]
        if len(spread) > SPREAD_MAX:
            spread = spread[::2]
    utf8.add(b"", final=True)
    return Survey(counter.result(), utf8.failed_at, tuple(spread))


def count_lines(pieces: Iterable[str]) -> LineCount:
    """Count the lines of a text."""
    counter = LineCounter()
    for piece in pieces:
        counter.add(piece.encode("utf-8", "surrogatepass"))
    return counter.result()


class Strict:
    """Whether bytes are text of a codec, piece by piece.

    Args:
        codec: As Python calls it.

    Attributes:
        failed_at: The rough place of the first byte that is not; None where all are.
    """

    def __init__(self, codec: str) -> None:
        self.failed_at: int | None = None
        self._decoder = codecs.getincrementaldecoder(codec)("strict")
        self._position = 0

    def add(self, chunk: bytes, *, final: bool = False) -> None:
        """Look at a further piece."""
        if self.failed_at is not None:
            return
        try:
            self._decoder.decode(chunk, final)
        except UnicodeError as error:
            self.failed_at = self._position + int(getattr(error, "start", 0))
        self._position += len(chunk)

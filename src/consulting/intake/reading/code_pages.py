"""Encodings of machines before Windows: told by the words they make, or refused.

chardet takes short texts in the code pages of DOS and of the old Mac for Windows, Thai or Cyrillic.
In Western words letters beyond ASCII stand alone between ASCII letters; of the code pages that is
the right one in which they are letters there, and none is drawn or cut off by a sign.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.reading.sources import ByteSource

HEAD = 65536
OLD_PAGES = ("cp850", "cp437", "mac_roman")  # where two read a text alike, the first is named
LEAST_IN_WORDS = 0.7  # of the bytes beyond ASCII stand beside ASCII letters in Western text
CLEAR = 0.25  # by how much more of them must be letters than in Windows-1252
COMMON = frozenset("äöüßéèñçàáíóåøæãêô")
LETTERS = COMMON | frozenset("ÄÖÜëâîïòúùûÑÉÈÀÇÅÆØœõìÁÍÓÚÊ")
RARER = 0.7  # of a letter of the others

_SIGNS = frozenset(sign.encode("cp1252") for sign in "\xa0’‘“”„–—…€®™°§«»´·µ¹²³ºª±×÷¼½¾")  # noqa: RUF001
_SHORTENED = re.compile(rb"(?:[stdm]|ll|re|ve)(?![A-Za-z])")
_ELIDED = re.compile(rb"(?<![A-Za-z])(?:[cdjlmnstCDJLMNST]|[Qq]u)\Z")
_STRETCH = re.compile(rb"[\x80-\xff]+")
_WORD = re.compile(rb"[A-Za-z]")

# letters, digits, blanks and signs as EBCDIC writes them, and its line ends
_EBCDIC_WORDS = bytes(
    code
    for code in range(0x81, 0xFA)
    if bytes([code]).decode("cp037").isascii() and bytes([code]).decode("cp037").isalnum()
)
_EBCDIC = _EBCDIC_WORDS + " .(+&*);-/,_?:'=\"|%#\t".encode("cp037") + b"\r\x15\x25"
EBCDIC_SHARE = 0.97
EBCDIC_LETTERS = 0.4
LEAST_BYTES = 16


def western_code_page(evidence: bytes) -> str | None:
    """The code page of DOS or the old Mac that lines are written in, or None.

    Args:
        evidence: The lines of a file that hold a byte beyond ASCII and are no UTF-8.
    """
    found = list(_STRETCH.finditer(evidence))
    inside = [match for match in found if len(match.group()) <= 2 and _beside_a_letter(match)]  # noqa: PLR2004 - "öß" at most
    if len(inside) < LEAST_IN_WORDS * len(found):
        return None
    shares = {page: _share_of_letters(inside, page) for page in (*OLD_PAGES, "cp1252")}
    best = max(OLD_PAGES, key=lambda page: shares[page])
    return best if shares[best] >= shares["cp1252"] + CLEAR else None


def _beside_a_letter(match: re.Match[bytes]) -> bool:
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return _WORD.match(before) is not None or _WORD.match(after) is not None


def _share_of_letters(found: Sequence[re.Match[bytes]], page: str) -> float:
    """How many of some bytes are letters that Western languages write, as they write them.

    A capital after a small letter is none. In Windows-1252 they may be signs, at a word's edge.
    """
    score = count = 0.0
    for match in found:
        before = match.string[: match.start()][-1:].islower()
        for letter in match.group().decode(page, "replace"):
            capital = before and letter.isupper()
            score += 0 if capital else 1 if letter in COMMON else (letter in LETTERS) * RARER
            count += 1
            before = letter.islower()
        if page == "cp1252" and match.group() in _SIGNS and _is_sign(match):
            score += 1
    return score / count if count else 0.0


def _is_sign(match: re.Match[bytes]) -> bool:
    """Whether a sign stands where it may: at a word's edge, or as the apostrophe of "it's"."""
    after = match.string[match.end() :][:4]
    if not (match.string[: match.start()][-1:].isalpha() and after[:1].isalpha()):
        return True
    return (
        _SHORTENED.match(after) is not None
        or _ELIDED.search(match.string[: match.start()][-4:]) is not None
    )


def refuse_ebcdic(source: ByteSource) -> None:
    """Refuse text of a mainframe, which no line end of ours is in.

    Raises:
        UnreadableFileError: `encoding_unsupported`.
    """
    head = source.head(HEAD)
    letters = sum(map(head.count, _EBCDIC_WORDS))
    known = sum(map(head.count, _EBCDIC))
    ends = any(code in head for code in b"\x15\x25")
    if (
        len(head) >= LEAST_BYTES
        and ends
        and known >= EBCDIC_SHARE * len(head)
        and (letters >= EBCDIC_LETTERS * len(head))
    ):
        raise UnreadableFileError(
            source.filename,
            "encoding_unsupported",
            "The file is written in EBCDIC, the encoding of mainframes.",
            "Have it converted to UTF-8 where it comes from, or by the program that transfers it "
            "(as text, not binary).",
        )

"""Whether a file whose name promises another format is text all the same."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from consulting.intake.reading.detection import extension_of, packing_named
from consulting.intake.reading.format import all_formats
from consulting.intake.reading.formats import DelimitedFormat

if TYPE_CHECKING:
    from consulting.intake.reading.sources import ByteSource

STRAYS = 0.01  # of the characters may be no text
BEYOND, ODD = 0.25, 0.1  # beyond ASCII, and those of them that are in no word
FEW = 64  # characters; fewer, of any bytes, make words of some language
_KNOWN = frozenset("\t\r\n\f\x1a")
_BREAK = re.compile(r"[\r\n]")
_DELIMITER = re.compile(r"[,;\t|]")


def named_otherwise(source: ByteSource) -> str | None:
    """The ending of a text's name that is of another format, or of a packing; None if it is not."""
    known = frozenset[str]().union(
        *(e for k in all_formats().values() for e in k.extensions.values())
    )
    extension = extension_of(source)
    if extension in known - DelimitedFormat.extensions["csv"]:
        return extension
    return packing_named(source)


def may_be_table(text: str, *, whole: bool, sure: bool) -> bool:
    """Whether a text may be a table: of signs that people write, and of more than a lone word.

    Args:
        text: Its beginning.
        whole: Whether it is all there is.
        sure: Whether its bytes can be no other text, as with UTF-8.
    """
    body = text.strip("\ufeff\x1a\f \t\r\n")
    if whole and not _BREAK.search(body) and not (sure and _has_cells(body)):
        return False
    if sum(map(_is_stray, body)) > STRAYS * len(body):
        return False
    beyond = [sign for sign in body if not sign.isascii()]
    if sure or len(beyond) <= BEYOND * len(body):
        return True
    odd = sum(unicodedata.category(sign)[0] not in "LMN" for sign in beyond)
    return len(body) >= FEW and odd <= ODD * len(beyond)


def _has_cells(line: str) -> bool:
    """Whether there are words on both sides of a delimiter."""
    before, *after = _DELIMITER.split(line, maxsplit=1)
    return all(any(map(str.isalnum, part)) for part in (before, *(after or ("",))))


def _is_stray(sign: str) -> bool:
    return sign == "\ufffd" or (
        unicodedata.category(sign) in {"Cc", "Cn", "Co"} and sign not in _KNOWN
    )

"""Which encoding a text file is in: decided on the whole file, never on its first kilobytes.

In order: what the feed declares; a byte order mark; UTF-16 by its pattern of zero bytes; strict
UTF-8 over every byte; UTF-8 with a few stray lines; a code page of DOS or of the old Mac where its
letters make words; what chardet says of all lines that hold a character beyond ASCII.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.errors import UnreadableFileError
from consulting.intake.reading.code_pages import refuse_ebcdic, western_code_page
from consulting.intake.reading.encoding_names import MIXED, encoding_in_words
from consulting.intake.reading.survey import Strict
from consulting.wording import counted

if TYPE_CHECKING:
    from consulting.intake.reading.sources import ByteSource
    from consulting.intake.reading.survey import Survey

EVIDENCE_BYTES = 4 * 1024 * 1024  # of lines beyond ASCII, spread over the file, shown to chardet
STRAY_SHARE = 0.1  # up to this share of the lines beyond ASCII may be stray in a UTF-8 file
CLEARLY = 1.2  # how much surer chardet must be of another Latin encoding than of cp1252

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_PAIR = re.compile(rb"[\x80-\xff]{2}")
_OF_TWO_BYTES = frozenset(
    {"gb18030", "gbk", "gb2312", "big5", "big5hkscs", "shift_jis", "cp932", "shift_jis_2004"}
    | {"euc_jp", "euc_jis_2004", "euc_kr", "cp949", "johab", "hz", "iso2022_jp", "iso2022_kr"}
)
_LATIN = frozenset(
    {"cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "tis-620"}
    | {f"iso8859-{part}" for part in (1, 2, 3, 4, 9, 10, 13, 14, 15, 16)}
)


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a file become text.

    Attributes:
        codec: The Python codec, or `MIXED`.
        wide: Whether a character is at least two bytes, so that bytes tell no line ends.
        decisions: What was decided, in words.
        warnings: What the client should confirm.
    """

    codec: str
    wide: bool = False
    decisions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def detect_encoding(source: ByteSource, declared: str | None, found: Survey) -> Encoding:
    """Decide the encoding of a whole file.

    Args:
        source: The file's bytes.
        declared: What the feed says.
        found: What a pass over the bytes found.

    Raises:
        UnreadableFileError: `encoding_wrong` where the declared encoding does not fit;
            `binary_file` where the bytes are no text at all.
    """
    head = source.head(4096)
    if declared is not None:
        return _declared(source, declared, found)
    for bom, codec, label in _BOMS:
        if head.startswith(bom):
            return _marked(source, codec, label, found)
    wide = _wide_without_mark(head)
    if wide is not None and _first_undecodable(source, wide) is None:
        return Encoding(wide, wide=True, decisions=(_decided(wide, "by its zero bytes"),))
    if found.not_utf8 is None:
        return Encoding("utf-8", decisions=(_decided("utf-8", "every byte of the file fits"),))
    return _legacy(source)


def _declared(source: ByteSource, declared: str, found: Survey) -> Encoding:
    codec = codecs.lookup(declared).name
    wide = _is_wide(codec)
    own = codec in {"utf-8", "utf-8-sig"}
    at = found.not_utf8 if own else _first_undecodable(source, codec)
    if at is not None:
        raise UnreadableFileError(
            source.filename,
            "encoding_wrong",
            f"The feed declares the encoding {declared}, but the bytes near position {at:,} of the "
            "file are not valid in it.",
            "Correct or remove the feed's `encoding`.",
        )
    if codec == "utf-8":
        codec = "utf-8-sig"
    return Encoding(codec, wide=wide, decisions=(_decided(codec, "as declared"),))


def _decided(codec: str, why: str) -> str:
    return f"Encoding {encoding_in_words(codec)}: {why}."


def _is_wide(codec: str) -> bool:
    """Whether a line end is more, or another, than its one byte in ASCII."""
    return codec != "utf-8-sig" and "\r\n".encode(codec) != b"\r\n"


def _marked(source: ByteSource, codec: str, label: str, found: Survey) -> Encoding:
    wide = codec != "utf-8-sig"
    if (_first_undecodable(source, codec) if wide else found.not_utf8) is None:
        return Encoding(codec, wide=wide, decisions=(_decided(codec, "by its byte order mark"),))
    if not wide:
        return _legacy(source, marked=True)
    raise UnreadableFileError(
        source.filename,
        "encoding_broken",
        f"The file says it is {label}, but not all of its bytes are.",
        "The file was cut off or changed on its way; export and send it again.",
    )


def _first_undecodable(source: ByteSource, codec: str) -> int | None:
    """The rough position of the first byte that does not fit, or None where all do."""
    strict = Strict(codec)
    for chunk in source.chunks():
        strict.add(chunk)
    strict.add(b"", final=True)
    return strict.failed_at


def _wide_without_mark(head: bytes) -> str | None:
    """UTF-16 has a zero in every other byte of Latin text, and in one byte of each line end."""
    if len(head) < 4:  # noqa: PLR2004 - two characters are the least to tell a pattern
        return None
    even, odd = head[0::2], head[1::2]
    for codec, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if low.count(0) >= 0.1 * max(1, high.count(0)):
            continue
        ends = sum(1 for zero, byte in zip(high, low, strict=False) if not zero and byte in b"\r\n")
        if high.count(0) > 0.6 * len(high) or ends > 0.5 * (head.count(b"\r") + head.count(b"\n")):
            return codec
    return None


def head_text(head: bytes) -> str:
    """The first bytes of a file as text, as well as can be told from them alone."""
    for bom, codec, _ in _BOMS:
        if head.startswith(bom):
            return head.decode(codec, "replace")
    return head.decode(_wide_without_mark(head) or "utf-8", "replace")


def _legacy(source: ByteSource, *, marked: bool = False) -> Encoding:
    refuse_ebcdic(source)
    evidence, fits, strays, first_stray = _lines_beyond_ascii(source)
    western = encoding_in_words("cp1252")
    if marked or (fits and strays <= max(1, STRAY_SHARE * (fits + strays))):
        return Encoding(
            MIXED,
            decisions=(
                (
                    f"Encoding UTF-8; {counted(strays, 'line')} that are not "
                    f"valid UTF-8 (first: line {first_stray:,}): their stray bytes read as "
                    f"{western}; a letter of which a half was cut off is lost (�)."
                ),
            ),
            warnings=(
                (
                    f"{strays:,} of {fits + strays:,} lines with special characters are not UTF-8, "
                    f"from line {first_stray:,} on. They were read as {western}: please check "
                    "the accents there, and export the file in one encoding."
                ),
            ),
        )
    codec = western_code_page(evidence) or guess_encoding(evidence)
    for candidate in (codec, "cp1252", "latin-1"):
        if _first_undecodable(source, candidate) is None:
            return Encoding(
                candidate,
                wide=_is_wide(candidate),
                decisions=(_decided(candidate, "not UTF-8, and the best fit for its letters"),),
                warnings=(
                    (
                        "The encoding was inferred from the file's letters: "
                        f"{encoding_in_words(candidate)}. Please confirm it, or send UTF-8."
                    ),
                ),
            )
    raise AssertionError("latin-1 decodes every byte")


def _lines_beyond_ascii(source: ByteSource) -> tuple[bytes, int, int, int]:
    """Lines beyond ASCII, how many of them are UTF-8, how many not, and the first that is not."""
    evidence: list[bytes] = []
    size = fits = strays = first_stray = number = 0
    for block in source.line_blocks():
        lines = block.splitlines()
        if not block.isascii():
            for at, line in enumerate(lines):
                if line.isascii():
                    continue
                try:
                    line.decode("utf-8")
                    fits += 1
                except UnicodeDecodeError:
                    strays += 1
                    first_stray = first_stray or number + at + 1
                if size < EVIDENCE_BYTES:
                    evidence.append(line)
                    size += len(line)
        number += len(lines)
    return b"\n".join(evidence), fits, strays, first_stray


def guess_encoding(evidence: bytes) -> str:
    """What chardet makes of the lines beyond ASCII, with cp1252 before its lookalikes.

    Between the Latin code pages chardet decides by a hair on short texts (confidence 0.02), so
    another than cp1252 must be clearly surer.
    """
    import chardet

    found = chardet.detect_all(
        evidence,
        ignore_threshold=True,
        max_bytes=EVIDENCE_BYTES,
        encoding_era=chardet.EncodingEra.MODERN_WEB,
        prefer_superset=True,
    )
    sure = {
        codecs.lookup(str(item["encoding"])).name: float(item["confidence"])
        for item in found
        if item["encoding"]
    }
    if not sure:
        return "cp1252"
    if not _PAIR.search(evidence):
        # scripts with letters of two bytes have several beside each other
        sure = {name: share for name, share in sure.items() if name not in _OF_TWO_BYTES}
    best = max(sure, key=lambda name: sure[name], default="cp1252")
    western = sure.get("cp1252", 0.0)
    if best in _LATIN and sure.get(best, 0) < CLEARLY * western:
        return "cp1252"
    return best

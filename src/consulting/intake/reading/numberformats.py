"""What a workbook shows of a number, by its cell's format: leading zeros, a date, or a unit.

The library that reads the cells knows numbers only, and 2131 is no postcode; and it makes a time of
day of a number that is shown as a date and is none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar
from xml.etree import ElementTree as ET

from consulting.records import PERCENT
from consulting.rules.currencies import WRITTEN, code_of

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterable, Mapping

Style = TypeVar("Style", bytes, int)
"""The number of a style of cells, as its file writes it."""
_STYLES = "xl/styles.xml"
_CODE = re.compile(r"0{2,}|(?=(?:[^0]*0){5})[0()\-/ ]+")  # 00000, and 000-00-0000
_DAYS, _TIMES = ("14", "15", "16", "17", "22"), ("18", "19", "20", "21")
"""The formats that each workbook has, of dates and of times of day."""
_SHARES = ("9", "10")
"""The same of percentages."""
_ELAPSED = re.compile(r"(?i)\[(?:h+|m+|s+)\]")
_ASIDE = re.compile(r'\\.|"[^"]*"|\[[^\]\[]*+\]|_.|\*.')
_LITERALS = re.compile(r'\\(.)|"([^"]*)"|\[\$[^\]\[]*+\]|_.')
_BESIDE = re.compile(
    r'\[\$([^\]\[-]*+)(?:-([^\]\[]*+))?\]|"([^"]*)"|\\(.)|\[[^\]\[]*+\]|_.|\*.|([$€£¥])'
)
_NUMBER = re.compile(r"[0#?]|general", re.IGNORECASE)
_SHOWN = re.compile(r"[(+\u2212-]?[0-9](?:[0-9.,'\u2019\s]*[0-9])?(?:E[+-]?[0-9]+)?\)?")
_SCALED = re.compile(r"[0#?],+(?![0#?,])")
_THOUSANDS = re.compile(r"^(?:[Mm]io\.?|[Mm]rd\.?|Tsd\.?|[TkKM])\s*")
_OF_PLACES = {
    ("kr", "41D"): "SEK", ("kr", "sv-SE"): "SEK", ("kr", "414"): "NOK", ("kr", "nb-NO"): "NOK",
    ("kr", "406"): "DKK", ("kr.", "406"): "DKK", ("kr.", "da-DK"): "DKK", ("kr", "40F"): "ISK",
    ("¥", "804"): "CNY", ("¥", "zh-CN"): "CNY", ("$", "1009"): "CAD", ("$", "en-CA"): "CAD",
    ("$", "C09"): "AUD", ("$", "en-AU"): "AUD", ("$", "1409"): "NZD", ("$", "en-NZ"): "NZD",
}  # fmt: skip
"""Signs that are of another currency in a place, by its code in a format."""


def with_zeros(text: str, code: str) -> str:
    """A number's text as its cell's format ("00000") shows it."""
    if not (text.isascii() and text.isdigit()):
        return text
    digits = iter(text.rjust(code.count("0"), "0"))
    spare = len(text) - code.count("0")
    first = "".join(next(digits) for _ in range(max(0, spare)))
    return first + "".join(next(digits) if sign == "0" else sign for sign in code)


def number_formats(archive: zipfile.ZipFile) -> dict[bytes, str]:
    """The number format of each style of cells, by the style's number, where it has one."""
    if _STYLES not in archive.namelist():
        return {}
    root = ET.fromstring(archive.read(_STYLES))  # noqa: S314 - expat bounds entities
    numbered = (item for item in root.iter() if item.tag.endswith("}numFmt"))
    codes = {item.get("numFmtId") or "": item.get("formatCode") or "" for item in numbered}
    styles = next((item for item in root if item.tag.endswith("}cellXfs")), ())
    found = formats_of(codes, (style.get("numFmtId") or "" for style in styles))
    return {str(style).encode(): code for style, code in found.items()}


def formats_of(codes: Mapping[str, str], styles: Iterable[str]) -> dict[int, str]:
    """The format of each style that has one, by the style's place.

    Args:
        codes: Number of a format → how it is written; those that each workbook has are not among
            them.
        styles: The number of each style's format.
    """
    known = {
        number: code
        for numbers, code in ((_DAYS, "d"), (_TIMES, "h"), (_SHARES, "0%"))
        for number in numbers
    }
    known |= {number: _section(code) for number, code in codes.items()}
    return {at: known[number] for at, number in enumerate(styles) if number in known}


def _section(code: str) -> str:
    """The part of a format that shows numbers; a condition or a text may stand before it."""
    sections = code.split(";")
    return next((s for s in sections if _NUMBER.search(_ASIDE.sub("", s))), sections[0])


def zero_styles(formats: Mapping[Style, str]) -> dict[Style, str]:
    """The styles that show leading zeros, with how they do."""
    codes = {style: _LITERALS.sub(r"\1\2", code) for style, code in formats.items()}
    return {style: code for style, code in codes.items() if _CODE.fullmatch(code)}


def date_styles(formats: Mapping[bytes, str]) -> dict[bytes, bool]:
    """The styles that show a date or a time of day, and whether it is a date."""
    found = {}
    for style, code in formats.items():
        signs = "" if _ELAPSED.search(code) else _ASIDE.sub("", code).lower()
        if signs != "general" and re.search("[dymhs]", signs):
            found[style] = re.search("[dy]", signs) is not None
    return found


def mark_styles(formats: Mapping[Style, str]) -> dict[Style, str]:
    """The styles that show a currency (its code), "percent" or a unit beside a number."""
    found = {style: _mark(code) for style, code in formats.items()}
    return {style: mark for style, mark in found.items() if mark}


def _mark(code: str) -> str:
    """What a format shows beside the number; of one that shows thousands, its currency alone."""
    number = _ASIDE.sub("", code)
    if not _NUMBER.search(number):
        return ""
    if "%" in number:
        return PERCENT
    shown = [(sign, place, "".join(rest)) for sign, place, *rest in _BESIDE.findall(code)]
    texts = (_OF_PLACES.get((sign, place), sign) + rest for sign, place, rest in shown)
    text = "".join(texts).strip()
    scaled = _SCALED.search(number)
    if scaled:
        text = _THOUSANDS.sub("", text)
    named = _named(text)
    return named if not scaled or text in WRITTEN else ""


def mark_in(shown: str) -> str:
    """What stands beside the number in a text that a cell shows; "" where nothing does."""
    found = _SHOWN.search(shown)
    beside = (shown[: found.start()] + shown[found.end() :]).strip() if found else ""
    of_thousands = _THOUSANDS.sub("", beside)
    return _named(of_thousands if of_thousands in WRITTEN else beside)


def _named(text: str) -> str:
    if text in WRITTEN:
        return code_of(text)
    return text if re.search(r"[^\W\d_]|[%‰°]", text) else ""

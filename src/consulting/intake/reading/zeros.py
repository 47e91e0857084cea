"""Numbers that a workbook shows with leading zeros (02131), by their cells' number format.

The library that reads the cells knows numbers only, and 2131 is no postcode.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    import zipfile

_STYLES = "xl/styles.xml"
_CODE = re.compile(r"0{2,}|(?=(?:[^0]*0){5})[0()\-/ ]+")  # 00000, and 000-00-0000
_LITERALS = re.compile(r'\\(.)|"([^"]*)"|\[\$[^\]]*\]|_.')


def with_zeros(text: str, code: str) -> str:
    """A number's text as its cell's format ("00000") shows it."""
    if not (text.isascii() and text.isdigit()):
        return text
    digits = iter(text.rjust(code.count("0"), "0"))
    spare = len(text) - code.count("0")
    first = "".join(next(digits) for _ in range(max(0, spare)))
    return first + "".join(next(digits) if sign == "0" else sign for sign in code)


def zero_styles(archive: zipfile.ZipFile) -> dict[bytes, str]:
    """The styles that show leading zeros, by number, with their format."""
    if _STYLES not in archive.namelist():
        return {}
    root = ET.fromstring(archive.read(_STYLES))  # noqa: S314 - expat bounds entities
    codes: dict[str | None, str] = {}
    for item in root.iter():
        if item.tag.endswith("}numFmt"):
            code = _LITERALS.sub(r"\1\2", (item.get("formatCode") or "").split(";")[0])
            if _CODE.fullmatch(code):
                codes[item.get("numFmtId")] = code
    formats = next((item for item in root if item.tag.endswith("}cellXfs")), ())
    return {
        str(at).encode(): codes[style.get("numFmtId")]
        for at, style in enumerate(formats)
        if style.get("numFmtId") in codes
    }

"""Numbers that a workbook shows with leading zeros (02131), by their cells' number format.

The library that reads the cells knows numbers only, and 2131 is no postcode.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from consulting.intake.reading import sheetscan

if TYPE_CHECKING:
    from collections.abc import Mapping

_STYLES = "xl/styles.xml"
_CODE = re.compile(r"0{2,}|(?=(?:[^0]*0){5})[0()\-/ ]+")  # 00000, and 000-00-0000
_LITERALS = re.compile(r'\\(.)|"([^"]*)"|\[\$[^\]]*\]|_.')
_CELL = re.compile(rb"<(?:\w{1,20}+:)?c\b([^<>]*+)>")
_STYLE = re.compile(rb'\bs="(\d+)"')
_PLACE = re.compile(rb'\br="([A-Z]{1,4})(\d+)"')
_NO_NUMBER = re.compile(rb'\bt="(?!n")')


@dataclass
class ShownZeros:
    """The cells of a sheet whose number format shows leading zeros.

    Attributes:
        codes: Row and column, from 1 and 0, with the format ("00000").
        count: How many numbers were written so.
    """

    codes: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def of(cls, data: bytes, name: str, sheet: str) -> ShownZeros:
        """Look for them in a workbook; in formats other than xlsx none is found."""
        if name != "xlsx":
            return cls()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            part = sheetscan._sheet_part(archive, sheet)  # noqa: SLF001 - one room, one way to a sheet
            styles = _zero_styles(archive)
            return cls(_cells(archive, part, styles)) if part and styles else cls()

    def shown(self, row: int, column: int, text: str) -> str:
        """A number's text as the workbook shows it."""
        code = self.codes.get(row, {}).get(column)
        if code is None or not (text.isascii() and text.isdigit()):
            return text
        self.count += 1
        digits = iter(text.rjust(code.count("0"), "0"))
        spare = len(text) - code.count("0")
        first = "".join(next(digits) for _ in range(max(0, spare)))
        return first + "".join(next(digits) if sign == "0" else sign for sign in code)


def _zero_styles(archive: zipfile.ZipFile) -> dict[bytes, str]:
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


def _cells(
    archive: zipfile.ZipFile, part: str, styles: Mapping[bytes, str]
) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    for _, body in sheetscan._xml_rows(archive, part):  # noqa: SLF001 - as above
        for match in _CELL.finditer(body):
            attributes = match.group(1)
            style, place = _STYLE.search(attributes), _PLACE.search(attributes)
            code = styles.get(style.group(1)) if style else None
            if code is None or place is None or _NO_NUMBER.search(attributes):
                continue
            column = 0
            for letter in place.group(1):
                column = column * 26 + letter - ord("A") + 1
            found.setdefault(int(place.group(2)), {})[column - 1] = code
    return found

"""What a cell of text looks like: enough to tell a header from data, never to change a value."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from consulting.rules.dates import is_time, read_date
from consulting.rules.numbers import read_number

if TYPE_CHECKING:
    from collections.abc import Sequence

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")
_URL = re.compile(r"(?:https?|ftp)://\S+|www\.\S+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")


def kind(cell: str | None) -> str:
    """One of "empty", "number", "date", "time", "email", "url" and "text"."""
    text = cell.strip() if cell else ""
    return _kind(text) if text else "empty"


@lru_cache(maxsize=4096)  # the first rows are looked at many times
def _kind(text: str) -> str:
    if any(c.isdigit() for c in text):
        number = read_number(text)
        if number is not None and number.unit in (None, "%"):
            return "number"
        if is_time(text):
            return "time"
        if read_date(text) is not None:
            return "date"
    if _EMAIL.fullmatch(text):
        return "email"
    return "url" if _URL.fullmatch(text) else "text"


def is_year(cell: str) -> bool:
    """Whether a number may be a column's title ("2024")."""
    return _YEAR.fullmatch(cell.strip()) is not None


def shape(cell: str) -> str:
    """The cell with its letters and digits blurred: "AB-12" and "C-7" have one shape."""
    return _DIGITS.sub("9", _LETTERS.sub("a", cell.strip()))


def filled(row: Sequence[str | None]) -> int:
    """How many cells of a row are not blank."""
    return sum(1 for cell in row if cell and not cell.isspace())


def dominant_kind(cells: Sequence[str | None], share: float = 0.8) -> str:
    """The kind at least `share` of the cells that are not blank have, or "text"."""
    counts: dict[str, int] = {}
    for cell in cells:
        found = kind(cell)
        if found != "empty":
            counts[found] = counts.get(found, 0) + 1
    if not counts:
        return "empty"
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= share * sum(counts.values()) else "text"

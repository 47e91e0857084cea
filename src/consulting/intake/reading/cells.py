"""What a cell of text looks like: enough to tell a header from data, never to change a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_KINDS = (
    (
        "number",
        re.compile(
            r"[-+(]?\s?(?:[$€£¥₹]|[A-Z]{3}\s)?\s?[-+]?"
            r"(?:\d{1,3}(?:[.,' \u00a0]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+)"
            r"(?:[eE][-+]?\d+)?\s?(?:%|[$€£¥₹]|[A-Z]{3})?\)?"
        ),
    ),
    (
        "date",
        re.compile(
            r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2,4})"
            r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:[AaPp][Mm]|Z|[-+]\d{2}:?\d{2})?)?"
        ),
    ),
    ("time", re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp][Mm])?")),
    ("email", re.compile(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")),
    ("url", re.compile(r"(?:https?|ftp)://\S+|www\.\S+")),
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")


def kind(cell: str | None) -> str:
    """One of "empty", "number", "date", "time", "email", "url" and "text"."""
    text = cell.strip() if cell else ""
    if not text:
        return "empty"
    for name, pattern in _KINDS:
        if pattern.fullmatch(text):
            return name
    return "text"


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

"""How a value may be shown: as it is, or as its shape, which tells nothing of what it says."""

from __future__ import annotations

import re

from consulting.privacy.content import find_personal
from consulting.privacy.person_names import is_surely_person

_OUR_IDS = re.compile(
    r"\b\w+-\d{5}-[0-9a-f]{8}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{64}\b"
)
"""Batches, runs and hashes: long numbers that are no person's."""


def shape(value: str) -> str:
    """A value with each letter as `A` or `a` and each digit as `9`; the rest stays.

    Args:
        value: Any text. `"Jane.Doe@acme.com"` gives `"Aaaa.Aaa@aaaa.aaa"`.
    """
    return "".join(
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in value
    )


def is_personal(value: str) -> bool:
    """Whether a value surely is or holds personal data, whatever its column holds otherwise."""
    inside = find_personal(value)
    return is_surely_person(value.strip()) or any(f.sure or f.kind == "name" for f in inside)


def without_personal(text: str) -> str:
    """A sentence that may leave the house: what is personal in it is named by its kind.

    Args:
        text: Our own words, with names in them that others chose.
    """
    ours = [found.span() for found in _OUR_IDS.finditer(text)]
    parts: list[str] = []
    end = 0
    for found in find_personal(text):
        dated = found.kind in {"date_of_birth", "username"} and not found.sure
        if dated or any(start < found.end and found.start < stop for start, stop in ours):
            continue
        parts += [text[end : found.start], f"[{found.kind.replace('_', ' ')}]"]
        end = found.end
    return "".join([*parts, text[end:]])


def shown(value: str, *, personal: bool) -> str:
    """A value of a client as a document may show it.

    Args:
        value: The value.
        personal: The decision on its column: `ColumnProfile.personal`.

    Returns:
        Its shape, where the column holds personal data or the value itself surely does.
    """
    return shape(value) if personal or is_personal(value) else value

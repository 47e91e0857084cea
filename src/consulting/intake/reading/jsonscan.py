"""Where the records of a JSON document are, and how many, by its brackets and commas alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]', re.DOTALL)
MAX_DEPTH = 4  # of wrappers around the list of records
MAX_WRAPPERS = 20
_SPACE = re.compile(r"[ \t\r\n\x1e]*")  # and what begins a record of a JSON sequence


@dataclass(frozen=True)
class Records:
    """Where the records of a document are.

    Attributes:
        key: The field that holds their array; "" where the document itself is the array, or the
            only record.
        start: Where the array, or the only record, starts.
        length: How many there are.
        other_arrays: Other fields that hold arrays of objects.
        other_fields: All other fields of the object.
    """

    key: str
    start: int
    length: int
    other_arrays: tuple[str, ...] = ()
    other_fields: tuple[str, ...] = ()


def find_records(text: str, start: int, length: int) -> Records:
    """The elements of the document's array, or of the longest array of objects inside it.

    Args:
        text: The document.
        start: Where its first bracket is.
        length: How many elements the document itself has.
    """
    if text[start] == "[":
        return Records("", start, length)
    fields = fields_of(text, start)
    lengths: dict[str, int] = {}
    for _ in range(MAX_DEPTH):
        begins = {key: _begin(text, at) for key, at in fields.items()}
        lengths = {key: extent(text, fields[key])[0] for key in fields if begins[key] == "[{"}
        if "[[" in begins.values() and not lengths:
            break  # rows as lists: their names may stand further down, and are no records
        # a wrapper may have another inside
        wrapped = [(key, at) for key, at in fields.items() if text[at : at + 1] == "{"]
        if lengths or not wrapped or len(wrapped) > MAX_WRAPPERS:
            break
        for key, at in wrapped:
            del fields[key]
            fields |= {f"{key}.{name}": at for name, at in fields_of(text, at).items()}
    if not lengths:
        return Records("", start, 1)
    longest = max(lengths, key=lambda key: lengths[key])
    return Records(
        longest,
        fields[longest],
        lengths[longest],
        tuple(key for key in lengths if key != longest),
        tuple(key for key in fields if key not in lengths),
    )


def _begin(text: str, at: int) -> str:
    """The first two signs of a value."""
    inner = skip_space(text, at + 1)
    return text[at : at + 1] + text[inner : inner + 1]


def skip_space(text: str, at: int) -> int:
    """The first position from `at` on that is no white space."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def fields_of(text: str, start: int) -> dict[str, int]:
    """Where the value of each field of an object starts."""
    depth, key = 0, ""
    found: dict[str, int] = {}
    for match in _MARK.finditer(text, start):
        mark = match.group()
        if mark == ":":
            if depth == 1:
                found[key] = skip_space(text, match.end())
        elif mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                break
        elif depth == 1 and mark != ",":
            key = mark[1:-1]
    return found


def extent(text: str, start: int) -> tuple[int, int]:
    """How many elements the value that starts with a bracket has, and where it ends.

    The end is 0 where the text ends first.
    """
    depth = commas = 0
    for match in _MARK.finditer(text, start):
        mark = match.group()
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                return commas + bool(text[start + 1 : match.start()].strip()), match.end()
        elif mark == "," and depth == 1:
            commas += 1
    return 0, 0

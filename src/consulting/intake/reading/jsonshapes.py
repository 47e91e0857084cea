"""Tables that JSON holds in other shapes than a list of objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consulting.privacy.labels import are_labels
from consulting.untitled import untitled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.privacy import Names

_DEEPEST = 4  # wrappers around the names of columns
_LEAST = 2  # records, or fields, that a shape shows in


@dataclass(frozen=True)
class Table:
    """A table found in a document.

    Attributes:
        records: Its rows as objects.
        told: What was made of the shape, in words; the client should confirm it.
        inside: The field whose elements are the rows; None where they are the document's own.
        titles: How many of them are no rows, but the names.
    """

    records: list[Any]
    told: str
    inside: str | None = None
    titles: int = 0


def reshaped(document: Any, names: Names) -> Table | None:
    """The table of a document that is no list of objects; None where it has none of these shapes.

    Args:
        document: The parsed document: an object without a list of objects, or a list.
        names: Below tier 3 a first row is a header by its words alone.
    """
    if isinstance(document, list):
        return _lists(document, names)
    if not isinstance(document, dict):
        return None
    return _split(document) or _columns(document) or _keyed(document)


def _lists(rows: list[Any], names_told: Names) -> Table | None:
    """`[["id", "name"], [1, "a"]]`: a header and rows, or rows alone."""
    if len(rows) < _LEAST or not all(isinstance(row, list) for row in rows):
        return None
    first = rows[0]
    titled = _are_names(first) and not all(_are_names(row) for row in rows[1:])
    if (
        titled
        and names_told.hidden
        and not are_labels(
            first,
            [type(rows[1][at : at + 1] and rows[1][at]) is not str for at in range(len(first))],
        )
    ):
        titled = False
    width = max(map(len, rows))
    names = first if titled else [*map(untitled, range(1, width + 1))]
    if len(names) < width or any(isinstance(cell, dict) for row in rows for cell in row):
        return None
    how = "the first of them has the names" if titled else "none of them has the names"
    return Table(
        [dict(zip(names, row, strict=False)) for row in rows[titled:]],
        f"The rows are lists of values, and {how}.",
        titles=int(titled),
    )


def _split(document: dict[str, Any]) -> Table | None:
    """`{"columns": [...], "data": [[...], ...]}`, as pandas' `orient="split"` writes it."""
    for key, rows in document.items():
        if not isinstance(rows, list) or not rows or not all(isinstance(r, list) for r in rows):
            continue
        widths = {len(row) for row in rows}
        names = next((found for found in _titles(document) if {len(found)} == widths), None)
        if names is not None:
            records = [dict(zip(names, row, strict=True)) for row in rows]
            told = f"The names stand apart from the rows, which are in {key!r}."
            return Table(records, told, inside=key)
    return None


def _titles(value: Any, depth: int = 0) -> Iterator[list[str]]:
    """Lists in a document that can be a header: of texts, or of objects that have a name."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    for inner in value.values():
        named: Any = [one.get("name") if isinstance(one, dict) else one for one in _listed(inner)]
        if _are_names(named):
            yield named
        yield from _titles(inner, depth + 1)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _columns(document: dict[str, Any]) -> Table | None:
    """`{"id": [1, 2], "name": ["a", "b"]}`: a list, or an object by row, for each column."""
    values = list(document.values())
    if len(values) < _LEAST:
        return None
    told = "Each field of the document is a column."
    if all(isinstance(value, list) for value in values):
        longest = len(values[0])
        if longest < _LEAST or any(len(value) != longest for value in values):
            return None
        names = list(document)
        records = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
        return Table(records, told, inside=names[0])
    if not all(isinstance(value, dict) and value for value in values):
        return None
    rows = list(values[0])
    if not all(row.isdecimal() for row in rows) or any(list(value) != rows for value in values):
        return None
    records = [{name: column[row] for name, column in document.items()} for row in rows]
    return Table(records, told, inside=next(iter(document)))


def _keyed(document: dict[str, Any]) -> Table | None:
    """`{"A-1": {...}, "A-2": {...}}`: a record under each key, all of the same fields."""
    values = list(document.values())
    if len(values) < _LEAST or not all(isinstance(value, dict) and value for value in values):
        return None
    common = set(values[0]).intersection(*map(set, values[1:]))
    if not common or len(common) * 2 < max(map(len, values)):
        return None
    name = "key"
    while any(name in value for value in values):
        name = f"_{name}"
    return Table(
        [{name: key, **value} for key, value in document.items()],
        f"Each field of the document is a record; its name became the column {name!r}.",
    )


def _are_names(row: Any) -> bool:
    """Whether a list can be a header: texts that are no numbers, each once."""
    return (
        isinstance(row, list)
        and len(row) > 0
        and all(type(cell) is str and cell.strip() for cell in row)
        and len(set(row)) == len(row)
    )

"""Values of JSON as rows: objects become columns, numbers keep their digits."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consulting.intake.reading.columns import refuse_if_wide
from consulting.intake.reading.marks import with_mark
from consulting.wording import inflected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from consulting.intake.reading.rows import RowStore
    from consulting.intake.reading.sources import ByteSource
    from consulting.rules.numbers import OtherMark

MAX_DEPTH = 8
BATCH = 10_000


class _Number(str):
    """A number as the file spells it."""

    __slots__ = ()


def make_decoder(pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> json.JSONDecoder:
    """A decoder that keeps numbers as they are spelt, and makes objects with `pairs`."""
    return json.JSONDecoder(
        parse_float=_Number, parse_int=_Number, parse_constant=_Number, object_pairs_hook=pairs
    )


PLAIN = make_decoder()


@dataclass
class Records:
    """What a first pass finds in a file's records; the second writes them.

    Attributes:
        marks: `ReadOptions.marks`.
        columns: Their names, in order.
        written: Those with digits in a text.
        kept_as_json: Those with lists or empty objects.
        flattened: Whether an object inside became columns.
        repeated: Objects that name a field twice.
    """

    marks: Mapping[str, OtherMark] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    kept_as_json: dict[str, None] = field(default_factory=dict)
    flattened: bool = False
    repeated: int = 0

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object as it is parsed; one that names a field twice is counted."""
        value = dict(pairs)
        self.repeated += len(value) < len(pairs)
        return value


class Batch:
    """Records on their way into the store, some thousands at a time."""

    def __init__(self, store: RowStore, found: Records) -> None:
        self._store = store
        self._found = found
        self._rows: list[list[str | None]] = []
        self._lines: list[int] = []
        self._mended = 0

    def add(self, value: Any, line: int) -> None:
        """Take one record."""
        self._rows.append(_row(value, self._found))
        self._lines.append(line)
        if len(self._rows) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Store what waits."""
        try:
            self._store.add(self._rows, self._lines)
        except UnicodeEncodeError:
            self._store.add([list(map(self._whole, row)) for row in self._rows], self._lines)
        self._rows, self._lines = [], []

    def _whole(self, cell: str | None) -> str | None:
        """A text without halves of characters, which JSON can spell and nothing can store."""
        whole = None if cell is None else _whole(cell)
        self._mended += whole != cell
        return whole

    def warnings(self) -> list[str]:
        """What the client should know of the values."""
        if not self._mended:
            return []
        half = "{n} [value holds|values hold] half a character, which was read as \ufffd."
        return [inflected(half, self._mended)]


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def note(found: Records, value: Any, source: ByteSource, most: int) -> None:
    """Learn the columns from one record, of which there may be `most`."""
    fields = list(_fields(value))
    # {"a.b": 1, "a": {"b": 2}} names one column twice
    found.repeated += len(fields) > len(dict(fields))
    for name, inner in fields:
        if name not in found.columns:
            found.columns[name] = None
            refuse_if_wide(source.filename, len(found.columns), most)
        if type(inner) is str and name not in found.written and any(map(str.isdigit, inner)):
            found.written.add(name)
        if isinstance(inner, list | dict):
            found.kept_as_json[name] = None
        found.flattened = found.flattened or "." in name


def _fields(value: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The columns of a record: objects inside are flattened, arrays kept."""
    if not isinstance(value, dict):
        yield prefix or "value", value
        return
    for key, inner in value.items():
        whole = key if key.isascii() else _whole(key)
        name = f"{prefix}.{whole}" if prefix else whole
        if isinstance(inner, dict) and inner and depth < MAX_DEPTH:
            yield from _fields(inner, name, depth + 1)
        else:
            yield name, inner


def _row(value: Any, found: Records) -> list[str | None]:
    fields = dict(_fields(value))
    for name, mark in found.marks.items():
        if isinstance(number := fields.get(name), _Number):
            fields[name] = with_mark(number, mark)
    return [_text(fields.get(name)) for name in found.columns]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _as_json(value)


def _as_json(value: Any) -> str:
    """JSON text of a nested value, its numbers as the file spells them."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        inner = (f"{json.dumps(k, ensure_ascii=False)}: {_as_json(v)}" for k, v in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_as_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)

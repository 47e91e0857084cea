"""JSON and JSON lines: objects become rows, their fields columns; numbers keep their digits."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consulting.errors import UnreadableFileError
from consulting.intake.reading.columns import column_names
from consulting.intake.reading.encodings import Encoding, detect_encoding
from consulting.intake.reading.outcome import Outcome, StoreFactory
from consulting.intake.reading.text import blocks, count_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.sources import ByteSource

MAX_JSON_CHARS = 1024 * 1024 * 1024
MAX_COLUMNS = 5000
MAX_DEPTH = 8
BATCH = 10_000

_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)


class _Number(str):
    """A number as the file spells it."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_Number)


@dataclass
class _Records:
    """The records of a file on their way: found twice, the second time with known columns."""

    columns: dict[str, None] = field(default_factory=dict)
    kept_as_json: dict[str, None] = field(default_factory=dict)
    flattened: bool = False
    count: int = 0


def read_json(source: ByteSource, name: str, options: ReadOptions, store: StoreFactory) -> Outcome:
    """Read an array of objects, an object that holds one, or one object a line.

    Raises:
        UnreadableFileError: `json_broken`, `too_many_columns`,
            `rows_unaccounted` and those of the encoding and the archive.
    """
    encoding = detect_encoding(source, options.encoding)
    if name == "ndjson":
        return _read_lines(source, encoding, options, store)
    return _read_document(source, encoding, options, store)


def _read_lines(
    source: ByteSource, encoding: Encoding, options: ReadOptions, store: StoreFactory
) -> Outcome:
    counted = count_lines(source, encoding)
    found = _Records()
    for _, _, value in _line_values(source, encoding):
        if value is not None:
            _note(found, value, source)
    columns, warnings = column_names(list(found.columns), len(found.columns))
    blank = 0
    with store(columns) as kept:
        rows: list[list[str | None]] = []
        lines: list[int] = []
        rejects: list[tuple[int, str, str]] = []
        for number, text, value in _line_values(source, encoding):
            if value is None:
                if text.strip():
                    rejects.append((number, "malformed_json", text.rstrip("\r\n")))
                else:
                    blank += 1
            else:
                rows.append(_row(value, found))
                lines.append(number)
            if len(rows) >= BATCH:
                kept.add(rows, lines)
                rows, lines = [], []
        kept.add(rows, lines)
        kept.reject(rejects)
        stored = kept.finish()
    if rejects:
        warnings.append(
            f"{len(rejects):,} lines set aside: malformed_json (first: line {rejects[0][0]:,})."
        )
    outcome = _outcome(columns, stored, found, encoding, warnings)
    outcome.format = "ndjson"
    outcome.received = counted.lines - blank
    _check(source, outcome, options)
    return outcome


def _line_values(source: ByteSource, encoding: Encoding) -> Iterator[tuple[int, str, Any]]:
    """(line, text, value) of each line; no value where it is blank or does not parse."""
    number = 0
    for block in blocks(source, encoding):
        for line in block.lines():
            number += 1
            value = None
            if line.strip():
                try:
                    value, end = _DECODER.raw_decode(line.strip().lstrip("\ufeff"))
                    if line.strip().lstrip("\ufeff")[end:].strip():
                        value = None
                except ValueError:
                    value = None
            yield number, line, value


def _read_document(
    source: ByteSource, encoding: Encoding, options: ReadOptions, store: StoreFactory
) -> Outcome:
    text = _whole_text(source, encoding)
    path, start, counted = _find_array(text)
    found = _Records()
    for value in _elements(source, text, start):
        _note(found, value, source)
    columns, warnings = column_names(list(found.columns), len(found.columns))
    number = 1
    with store(columns) as kept:
        rows: list[list[str | None]] = []
        for value in _elements(source, text, start):
            rows.append(_row(value, found))
            if len(rows) >= BATCH:
                kept.add(rows, range(number, number + len(rows)))
                number += len(rows)
                rows = []
        kept.add(rows, range(number, number + len(rows)))
        stored = kept.finish()
    outcome = _outcome(columns, stored, found, encoding, warnings)
    outcome.format = "json"
    where = f"the array {path!r}" if path else "the array"
    outcome.decisions.append(
        f"Each element of {where} is a row; a row's number is its place there."
    )
    outcome.received = counted
    _check(source, outcome, options)
    return outcome


def _whole_text(source: ByteSource, encoding: Encoding) -> str:
    parts: list[str] = []
    size = 0
    for block in blocks(source, encoding):
        parts.append(block.text)
        size += len(block.text)
        if size > MAX_JSON_CHARS:
            raise UnreadableFileError(
                source.filename,
                "file_too_large",
                "The JSON document is too large to be read whole.",
                "Send it as JSON lines (one object a line), CSV or Parquet.",
            )
    return "".join(parts).lstrip("\ufeff")


def _find_array(text: str) -> tuple[str, int, int]:
    """The array of records: its key ("" at the top), where it starts, and its length by a scan.

    The scan only follows brackets and commas outside strings; it does not parse values.
    """
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "[":
        return "", start, _array_length(text, start)
    found = {
        key: at
        for key, at in _arrays_inside(text, start).items()
        if text[_skip_space(text, at + 1) :][:1] == "{"
    }
    if not found:
        return "", start, 1
    key, at = max(found.items(), key=lambda item: _array_length(text, item[1]))
    return key, at, _array_length(text, at)


def _arrays_inside(text: str, start: int) -> dict[str, int]:
    """The arrays directly inside an object, by key."""
    depth, key, after_colon = 0, "", False
    found: dict[str, int] = {}
    for match in _MARK.finditer(text, start):
        mark = match.group()
        if mark == ":":
            after_colon = True
            continue
        if mark in "{[":
            if depth == 1 and after_colon and mark == "[":
                found[key] = match.start()
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                break
        elif depth == 1 and mark != "," and not after_colon:
            key = mark[1:-1]
        after_colon = False
    return found


def _array_length(text: str, start: int) -> int:
    depth = commas = 0
    end = start
    for match in _MARK.finditer(text, start):
        mark = match.group()
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                end = match.start()
                break
        elif mark == "," and depth == 1:
            commas += 1
    return commas + 1 if text[start + 1 : end].strip() else 0


def _elements(source: ByteSource, text: str, start: int) -> Iterator[Any]:
    """The values of an array, one by one."""
    if text[start : start + 1] == "{":
        yield _only_value(source, text, start)
        return
    at = _skip_space(text, start + 1)
    if text[at : at + 1] == "]":
        return
    while True:
        try:
            value, at = _DECODER.raw_decode(text, at)
        except ValueError as error:
            raise _broken(source, text, at) from error
        yield value
        at = _skip_space(text, at)
        mark = text[at : at + 1]
        if mark == "]":
            return
        if mark != ",":
            raise _broken(source, text, at)
        at = _skip_space(text, at + 1)


def _only_value(source: ByteSource, text: str, start: int) -> Any:
    """A document that is one object is one record."""
    try:
        value, at = _DECODER.raw_decode(text, start)
    except ValueError as error:
        raise _broken(source, text, start) from error
    if text[at:].strip():
        raise _broken(source, text, at)
    return value


_SPACE = re.compile(r"[ \t\r\n]*")


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _broken(source: ByteSource, text: str, at: int) -> UnreadableFileError:
    return UnreadableFileError(
        source.filename,
        "json_broken",
        f"The JSON stops making sense at line {text.count(chr(10), 0, at) + 1:,}.",
        "The file was cut off or is not JSON; export and send it again.",
    )


def _note(found: _Records, value: Any, source: ByteSource) -> None:
    found.count += 1
    for name, inner in _fields(value):
        if name not in found.columns:
            found.columns[name] = None
            if len(found.columns) > MAX_COLUMNS:
                raise UnreadableFileError(
                    source.filename,
                    "too_many_columns",
                    f"The objects have more than {MAX_COLUMNS:,} different fields.",
                    "Names of things were probably used as keys; send them as values.",
                )
        if isinstance(inner, list | dict):
            found.kept_as_json[name] = None
        found.flattened = found.flattened or "." in name


def _fields(value: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The columns of a record: objects inside are flattened, arrays kept."""
    if not isinstance(value, dict):
        yield prefix or "value", value
        return
    for key, inner in value.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(inner, dict) and inner and depth < MAX_DEPTH:
            yield from _fields(inner, name, depth + 1)
        else:
            yield name, inner


def _row(value: Any, found: _Records) -> list[str | None]:
    fields = dict(_fields(value))
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


def _outcome(
    columns: tuple[str, ...],
    stored: Any,
    found: _Records,
    encoding: Encoding,
    warnings: Sequence[str],
) -> Outcome:
    decisions = [*encoding.decisions]
    if found.flattened:
        decisions.append("Objects inside a record became columns of their own, like 'a.b'.")
    if found.kept_as_json:
        names = ", ".join(list(found.kept_as_json)[:10])
        decisions.append(f"Lists kept as JSON text: {names}.")
    words = [*encoding.warnings, *warnings]
    if not stored.seen and not stored.rejected:
        words.append("The file holds no record.")
    return Outcome(
        columns=columns,
        stored=stored,
        seen=stored.seen,
        rejected=stored.rejected,
        encoding=encoding.codec.replace("utf-8-sig", "utf-8"),
        decisions=decisions,
        warnings=words,
    )


def _check(source: ByteSource, outcome: Outcome, options: ReadOptions) -> None:
    if outcome.received > options.max_rows:
        raise UnreadableFileError(
            source.filename,
            "too_many_rows",
            f"The file holds more than the {options.max_rows:,} records allowed.",
            "Send it in parts, or raise `max_rows` for the feed if this is right.",
        )
    if outcome.received != outcome.seen + outcome.rejected:
        raise UnreadableFileError(
            source.filename,
            "rows_unaccounted",
            f"The file has {outcome.received:,} records by a count of its own, but "
            f"{outcome.seen:,} were read and {outcome.rejected:,} set aside.",
            "This is a fault of the reader; report it with the file's structure.",
        )

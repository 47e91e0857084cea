"""JSON and JSON lines: objects become rows, their fields columns; numbers keep their digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.corrections import set_aside
from consulting.errors import UnreadableFileError
from consulting.intake.reading.columns import column_names, refuse_if_long
from consulting.intake.reading.encodings import Encoding, detect_encoding
from consulting.intake.reading.jsonrows import BATCH, PLAIN, Batch, Records, make_decoder, note
from consulting.intake.reading.jsonscan import extent, fields_of, find_records, skip_space
from consulting.intake.reading.jsonshapes import reshaped
from consulting.intake.reading.outcome import Outcome, StoreFactory
from consulting.intake.reading.sources import file_too_large
from consulting.intake.reading.survey import survey
from consulting.intake.reading.text import blocks, decoded, lines_of
from consulting.wording import inflected

if TYPE_CHECKING:
    import json
    from collections.abc import Iterator, Sequence

    from consulting.intake.reading.jsonscan import Records as Found
    from consulting.intake.reading.jsonshapes import Table
    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.sources import ByteSource
    from consulting.privacy import Names

SHOWN = 10  # how many fields a message names


def read_json(source: ByteSource, name: str, options: ReadOptions, store: StoreFactory) -> Outcome:
    """Read an array of objects, an object that holds one, or one object a line.

    Raises:
        UnreadableFileError: `json_broken`, `too_many_columns`,
            `rows_unaccounted` and those of the encoding and the archive.
    """
    found = survey(source)
    encoding = detect_encoding(source, options.encoding, found)
    counted = lines_of(source, encoding, found).lines
    try:
        if name == "ndjson":
            return _read_lines(source, encoding, counted, options, store)
        return _read_document(source, encoding, counted, options, store)
    except RecursionError as error:
        raise UnreadableFileError(
            source.filename,
            "json_broken",
            "The JSON is nested hundreds of levels deep.",
            "A table is a list of flat objects; ask how the file was made.",
        ) from error


def _read_lines(
    source: ByteSource, encoding: Encoding, lines: int, options: ReadOptions, store: StoreFactory
) -> Outcome:
    found = Records(marks=options.marks)
    for _, _, value in _line_values(source, encoding, make_decoder(found.object)):
        if value is not None:
            note(found, value, source, options.max_columns)
    columns, warnings = column_names(list(found.columns), len(found.columns), options)
    blank = first = 0
    with store(columns) as kept:
        batch = Batch(kept, found)
        rejects: list[tuple[int, str, str]] = []
        for number, text, value in _line_values(source, encoding, PLAIN):
            if value is not None:
                batch.add(value, number)
            elif text.strip():
                first = first or number
                rejects.append((number, "malformed_json", text.rstrip("\r\n")))
            else:
                blank += 1
            if len(rejects) >= BATCH:
                kept.reject(rejects)
                rejects = []
        batch.flush()
        kept.reject(rejects)
        stored = kept.finish()
    if stored.rejected:
        warnings.append(set_aside("malformed_json", stored.rejected, first))
    outcome = _outcome(
        columns, stored, found, encoding, [*warnings, *batch.warnings()], names=options.names
    )
    outcome.format = "ndjson"
    outcome.received = lines - blank
    _check(source, outcome, options)
    return outcome


def _line_values(
    source: ByteSource, encoding: Encoding, decoder: json.JSONDecoder
) -> Iterator[tuple[int, str, Any]]:
    """(line, text, value) of each line; no value where it is blank or does not parse."""
    number = 0
    for block in blocks(source, encoding):
        for line in block.lines():
            number += 1
            value = None
            text = line.strip().lstrip("\ufeff")
            if text:
                try:
                    value, end = decoder.raw_decode(text)
                    if end < len(text):
                        value = None
                except (ValueError, RecursionError):
                    value = None
            yield number, line, value


def _read_document(
    source: ByteSource, encoding: Encoding, lines: int, options: ReadOptions, store: StoreFactory
) -> Outcome:
    text = _whole_text(source, encoding, options)
    start = skip_space(text, 0)
    length, end = extent(text, start)
    after = skip_space(text, end)
    several = 0
    if end and after < len(text):
        if text[start] == "{" and "\n" not in text[start:end] and "\n" in text[end:after]:
            return _read_lines(source, encoding, lines, options, store)
        text, several = _as_array(source, text, start)
        start = 0
        length, end = extent(text, start)
    document = _Document(source, text, find_records(text, start, length))
    if end:
        document.reshape(length, options.names)
    found = Records(marks=options.marks, repeated=document.repeated)
    for value in document.records(make_decoder(found.object)):
        note(found, value, source, options.max_columns)
    if not end:
        raise _broken(source, text, len(text))
    columns, warnings = column_names(list(found.columns), len(found.columns), options)
    with store(columns) as kept:
        batch = Batch(kept, found)
        for number, value in enumerate(document.records(PLAIN), start=1):
            batch.add(value, number)
        batch.flush()
        stored = kept.finish()
    outcome = _outcome(
        columns, stored, found, encoding, [*warnings, *batch.warnings()], names=options.names
    )
    outcome.format = "json"
    document.tell(outcome, options.names)
    if several:
        outcome.warnings.append(
            f"{several:,} JSON documents stand in the file one after the other, and were read as "
            "one list. Please confirm that this is how it is meant."
        )
    _check(source, outcome, options)
    return outcome


def _as_array(source: ByteSource, text: str, start: int) -> tuple[str, int]:
    """Documents that follow on each other as one list, and how many they are.

    Lists of objects become one; other lists are rows, and so are objects.
    """
    documents = []
    while start < len(text):
        end = extent(text, start)[1] if text[start] in "{[" else 0
        if not end:
            raise _broken(source, text, start)
        documents.append(text[start:end])
        start = skip_space(text, end)
    inner = [document[1:-1].strip() for document in documents if document[0] == "["]
    if len(inner) == len(documents) and all(part[:1] in {"", "{"} for part in inner):
        return f"[{','.join(filter(None, inner))}]", len(documents)
    return f"[{','.join(documents)}]", len(documents)


class _Document:
    """A document in memory, and where its records are."""

    def __init__(self, source: ByteSource, text: str, array: Found) -> None:
        self._source = source
        self._text = text
        self._array = array
        self._table: Table | None = None
        self._received = array.length
        self.repeated = 0

    def reshape(self, length: int, names: Names) -> None:
        """See whether a document without a list of objects is a table in another shape.

        Args:
            length: How many elements the document itself has.
            names: Which first row may be a header.
        """
        text, start = self._text, skip_space(self._text, 0)
        inner = text[(at := skip_space(text, start + 1)) : at + 1]
        if self._array.key or (text[start] == "[" and inner != "["):
            return
        probe = Records()
        whole = next(_elements(self._source, f"[{text}]", 0, make_decoder(probe.object)))
        self._table = table = reshaped(whole, names)
        if table is not None:
            self.repeated = probe.repeated
            inside = table.inside
            counted = length if inside is None else extent(text, fields_of(text, start)[inside])[0]
            self._received = counted - table.titles

    def records(self, decoder: json.JSONDecoder) -> Iterator[Any]:
        """The records, one by one."""
        if self._table is not None:
            return iter(self._table.records)
        return _elements(self._source, self._text, self._array.start, decoder)

    def tell(self, outcome: Outcome, names: Names) -> None:
        """Say where the records were, and how many there are by the brackets alone."""
        array = self._array
        outcome.received = self._received
        if self._table is not None:
            outcome.warnings.append(
                f"{self._table.told} Please confirm that this is how it is meant."
            )
            return
        key = names.told(array.key) if array.key else None
        where = f"the array {key!r}" if key else "the array"
        outcome.decisions.append(
            f"Each element of {where} is a row; a row's number is its place there."
        )
        if array.other_fields:
            outcome.decisions.append(f"Beside it, not read: {_names(array.other_fields, names)}.")
        if array.other_arrays:
            outcome.warnings.append(
                f"Only the longest list, {key!r}, was read. Also there: "
                f"{_names(array.other_arrays, names)}. Ask for a file for each."
            )


def _names(fields: Sequence[str], names: Names) -> str:
    return ", ".join(map(repr, names.told_all(fields[:SHOWN]))) + (
        ", …" if len(fields) > SHOWN else ""
    )


def _whole_text(source: ByteSource, encoding: Encoding, options: ReadOptions) -> str:
    parts: list[str] = []
    size = 0
    for part in decoded(source, encoding):
        parts.append(part)
        size += len(part)
        if size > options.max_file_bytes:
            raise file_too_large(source.filename, options.max_file_bytes)
    return "".join(parts).lstrip("\ufeff")


def _elements(
    source: ByteSource, text: str, start: int, decoder: json.JSONDecoder
) -> Iterator[Any]:
    """The values of an array, one by one; a document that is one object is one record."""
    if text[start] == "{":
        try:
            yield decoder.raw_decode(text, start)[0]
        except ValueError as error:
            raise _broken(source, text, start) from error
        return
    at = skip_space(text, start + 1)
    if text[at : at + 1] == "]":
        return
    while True:
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError as error:
            raise _broken(source, text, at) from error
        yield value
        at = skip_space(text, at)
        mark = text[at : at + 1]
        if mark == "]":
            return
        if mark != ",":
            raise _broken(source, text, at)
        at = skip_space(text, at + 1)


def _broken(source: ByteSource, text: str, at: int) -> UnreadableFileError:
    return UnreadableFileError(
        source.filename,
        "json_broken",
        f"The JSON stops making sense at line {text.count(chr(10), 0, at) + 1:,}.",
        "The file was cut off or is not JSON; export and send it again.",
    )


def _outcome(  # noqa: PLR0913 - what is known of a file
    columns: tuple[str, ...],
    stored: Any,
    found: Records,
    encoding: Encoding,
    warnings: Sequence[str],
    *,
    names: Names,
) -> Outcome:
    decisions = [*encoding.decisions]
    if found.flattened:
        decisions.append("Objects inside a record became columns of their own, like 'a.b'.")
    if found.kept_as_json:
        decisions.append(f"Lists kept as JSON text: {_names(list(found.kept_as_json), names)}.")
    words = [*encoding.warnings, *warnings]
    if found.repeated:
        twice = "{n} [object names|objects name] a field twice; the last value was taken."
        words.append(inflected(twice, found.repeated))
    if not stored.seen and not stored.rejected:
        words.append("The file holds no record.")
    named = zip(columns, found.columns, strict=True)
    return Outcome(
        columns=columns,
        typed_columns=tuple(name for name, field in named if field not in found.written),
        stored=stored,
        seen=stored.seen,
        rejected=stored.rejected,
        encoding=encoding.codec.replace("utf-8-sig", "utf-8"),
        decisions=decisions,
        warnings=words,
    )


def _check(source: ByteSource, outcome: Outcome, options: ReadOptions) -> None:
    refuse_if_long(source.filename, outcome.received, options.max_rows)
    outcome.refuse_unaccounted(source.filename, "The file has {} records by a count of its own")

"""Parquet: every value to text, nothing rounded."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consulting.errors import UnreadableFileError
from consulting.intake.reading.columns import column_names
from consulting.intake.reading.marks import all_with_mark
from consulting.intake.reading.outcome import Outcome, StoreFactory
from consulting.intake.reading.sources import unsupported
from consulting.wording import counted, inflected

if TYPE_CHECKING:
    import pyarrow as pa

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.sources import ByteSource
    from consulting.sealed import SealedFile

BATCH = 65_536

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_parquet(
    path: Path | SealedFile, source: ByteSource, options: ReadOptions, store: StoreFactory
) -> Outcome:
    """Read a Parquet file; the footer's row count is what the rows are held against.

    Raises:
        UnreadableFileError: `parquet_broken`, `rows_unaccounted`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    packed = source.container is not None
    content: Any = path if isinstance(path, Path) else path.open("rb")
    if packed:
        content = io.BytesIO(source.all_bytes(options.max_file_bytes))
    try:
        with pq.ParquetFile(content, page_checksum_verification=True) as file:
            outcome = _read(file, options, store)
            outcome.received = file.metadata.num_rows
    except MemoryError:
        raise  # Arrow's is an ArrowException, too, and nothing is wrong with the file
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise unsupported(source.filename, "Parquet with a type that is not read") from error
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            source.filename,
            "parquet_broken",
            "The Parquet file ends early, is damaged or is encrypted: its footer or a page of it "
            "does not decode.",
            "Write the file again without encryption and send it once more.",
        ) from error
    if outcome.received != outcome.seen:
        raise UnreadableFileError(
            source.filename,
            "rows_unaccounted",
            f"The file's footer says {counted(outcome.received, 'row')}, but {outcome.seen:,} were "
            "read.",
            "Write the file again and send it once more.",
        )
    return outcome


def _read(file: Any, options: ReadOptions, store: StoreFactory) -> Outcome:
    import pyarrow as pa

    schema = file.schema_arrow
    columns, warnings = column_names(schema.names, len(schema.names), options)
    row, broken = 1, 0
    raw = _columns_of_bytes(file)
    marked = [
        at
        for at, (name, field) in enumerate(zip(columns, schema, strict=True))
        if name in options.marks and _is_number(field.type)
    ]
    with store(columns) as kept:
        for batch in file.iter_batches(batch_size=BATCH):
            arrays = [as_text(array, raw=at in raw) for at, array in enumerate(batch.columns)]
            for at in marked:
                arrays[at] = all_with_mark(arrays[at], options.marks[columns[at]])
            broken += sum(map(_undecodable, batch.columns))
            lines = pa.array(range(row, row + batch.num_rows), pa.int64())
            kept.add_columns(arrays, lines)
            row += batch.num_rows
        stored = kept.finish()
    types = ", ".join(sorted({str(field.type).partition("<")[0] for field in schema}))
    decisions = [f"Columns and their types come from the file ({types}); values kept as text."]
    if broken:
        warnings.append(
            inflected(
                "{n} [value of a text column is|values of text columns are] not UTF-8", broken
            )
            + inflected("; [it is|they are] written in hexadecimal.", broken)
        )
    if raw:
        names = ", ".join(columns[at] for at in sorted(raw)[:10])
        decisions.append(f"Columns of bytes that are no text, written in hexadecimal: {names}.")
    nested = [name for name, field in zip(columns, schema, strict=True) if _is_nested(field.type)]
    if nested:
        decisions.append(f"Nested columns kept as JSON text: {', '.join(nested[:10])}.")
    numbers = (name for name, field in zip(columns, schema, strict=True) if _is_number(field.type))
    return Outcome(
        columns=columns,
        typed_columns=tuple(numbers),
        stored=stored,
        seen=stored.seen,
        rejected=0,
        format="parquet",
        decisions=decisions,
        warnings=warnings,
    )


def _is_text(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _undecodable(array: pa.Array) -> int:
    """How many values of a text column are no text."""
    import pyarrow as pa

    if not _is_text(array.type):
        return 0
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        values = array.cast(pa.large_binary()).to_pylist()
        return sum(1 for value in values if (_bytes_text(value) or "").startswith("0x"))
    return 0


def _is_number(kind: pa.DataType) -> bool:
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_floating(kind) or types.is_decimal(kind) or types.is_integer(kind))


def _is_nested(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind))


def _columns_of_bytes(file: Any) -> set[int]:
    """The places of binary columns of which any value is no text: all are then written alike."""
    schema = file.schema_arrow
    found: set[int] = set()
    if len(set(schema.names)) < len(schema.names):
        # columns can only be asked for by name
        return {at for at, field in enumerate(schema) if _is_binary(field.type)}
    for at, field in enumerate(schema):
        if _is_binary(field.type):
            for batch in file.iter_batches(batch_size=BATCH, columns=[field.name]):
                if not all(map(_is_plain, batch.column(0).to_pylist())):
                    found.add(at)
                    break
    return found


def _is_binary(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def _is_plain(value: bytes | None) -> bool:
    """Whether bytes are text without control characters."""
    text = _bytes_text(value or b"") or ""
    return not text.startswith("0x") and not _CONTROL.search(text)


def as_text(array: pa.Array, *, raw: bool = False) -> pa.Array:  # noqa: PLR0911 - a line a type
    """One column as text; the empty value stays empty.

    Decimals keep their scale, timestamps their precision and zone; nested values become JSON.

    Args:
        array: The column.
        raw: Whether its bytes are no text, and are written in hexadecimal.
    """
    import pyarrow as pa
    from pyarrow import types

    kind = array.type
    if isinstance(kind, pa.UuidType):
        return pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
    if isinstance(kind, pa.BaseExtensionType):
        return as_text(array.storage, raw=raw)
    if types.is_dictionary(kind):
        return as_text(array.dictionary_decode(), raw=raw)
    if types.is_run_end_encoded(kind):
        return as_text(array.cast(kind.value_type), raw=raw)
    if types.is_nested(kind):
        texts = [_json(value) for value in array.cast(_exact(kind)).to_pylist()]
        return pa.array(texts, pa.string())
    if _is_text(kind) and _undecodable(array):
        array, kind = array.cast(pa.large_binary()), pa.large_binary()
    if _is_binary(kind):
        write = _hexadecimal if raw else _bytes_text
        return pa.array([write(value) for value in array.to_pylist()], pa.string())
    return _plain_text(array)


def _plain_text(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    from pyarrow import types

    kind = array.type
    if types.is_duration(kind):
        return _durations(array)
    if types.is_interval(kind):
        return pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
    if types.is_float32(kind):
        # the digits that tell it from its neighbours: 0.1, and no 0.10000000149011612
        values = array.cast(pa.string()).to_pylist()
        numbers = [None if value is None else float(value) for value in values]
        return pa.array([_float_text(number) for number in numbers], pa.string())
    if types.is_floating(kind):
        return pa.array([_float_text(value) for value in array.to_pylist()], pa.string())
    return array.cast(pa.string())


def _exact(kind: pa.DataType) -> pa.DataType:
    """A nested type with text for what Python has no exact value of."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_struct(kind):
        return pa.struct([field.with_type(_exact(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(_exact(kind.key_type), kind.item_field.with_type(_exact(kind.item_type)))
    if types.is_list(kind) or types.is_list_view(kind) or types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_exact(kind.value_type)))
    if types.is_large_list(kind) or types.is_large_list_view(kind):
        return pa.large_list(kind.value_field.with_type(_exact(kind.value_type)))
    return pa.string() if types.is_temporal(kind) and not types.is_duration(kind) else kind


def _durations(array: pa.Array) -> pa.Array:
    """Durations as people and `timedelta` write them, to the nanosecond."""
    import pyarrow as pa

    scale = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[array.type.unit]
    counts = array.cast(pa.int64()).to_pylist()
    return pa.array([None if n is None else _duration(n * scale) for n in counts], pa.string())


def _duration(nanoseconds: int) -> str:
    import datetime as dt

    whole, rest = divmod(nanoseconds, 10**9)
    text = str(dt.timedelta(seconds=whole))
    return text + (f".{rest:09d}".rstrip("0") if rest else "")


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(_plain(value), ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    """A nested value as JSON has it; a map is an object, and bytes are in hexadecimal."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) for item in value):
            return {str(key): _plain(inner) for key, inner in value}
        return [_plain(item) for item in value]
    return _bytes_text(value) if isinstance(value, bytes) else value


def _hexadecimal(value: bytes | None) -> str | None:
    return None if value is None else "0x" + value.hex()


def _bytes_text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return _hexadecimal(value)


def _float_text(value: float | None) -> str | None:
    if value is None:
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)  # noqa: PLR2004 - repr writes an exponent from there on

"""Parquet: every value to text, nothing rounded."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consulting.errors import UnreadableFileError
from consulting.intake.reading.columns import column_names
from consulting.intake.reading.formats import MAX_OFFICE_BYTES
from consulting.intake.reading.outcome import Outcome, StoreFactory

if TYPE_CHECKING:
    import pyarrow as pa

    from consulting.intake.reading.sources import ByteSource
    from consulting.sealed import SealedFile

BATCH = 65_536


def read_parquet(path: Path | SealedFile, source: ByteSource, store: StoreFactory) -> Outcome:
    """Read a Parquet file; the footer's row count is what the rows are held against.

    Raises:
        UnreadableFileError: `parquet_broken`, `rows_unaccounted`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    packed = source.container is not None
    content: Any = path if isinstance(path, Path) else path.open("rb")
    if packed:
        content = io.BytesIO(source.all_bytes(MAX_OFFICE_BYTES))
    try:
        with pq.ParquetFile(content) as file:
            outcome = _read(file, store)
            outcome.received = file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            source.filename,
            "parquet_broken",
            "The Parquet file ends early, is damaged or encrypted.",
            "Write the file again and send it once more.",
        ) from error
    if outcome.received != outcome.seen:
        raise UnreadableFileError(
            source.filename,
            "rows_unaccounted",
            f"The file's footer says {outcome.received:,} rows, but {outcome.seen:,} were read.",
            "Write the file again and send it once more.",
        )
    return outcome


def _read(file: Any, store: StoreFactory) -> Outcome:
    import pyarrow as pa

    schema = file.schema_arrow
    columns, warnings = column_names(schema.names, len(schema.names))
    row, broken = 1, 0
    with store(columns) as kept:
        for batch in file.iter_batches(batch_size=BATCH):
            arrays = [as_text(array) for array in batch.columns]
            broken += sum(map(_undecodable, batch.columns))
            lines = pa.array(range(row, row + batch.num_rows), pa.int64())
            kept.add_columns(arrays, lines)
            row += batch.num_rows
        stored = kept.finish()
    types = ", ".join(sorted({str(field.type) for field in schema}))
    decisions = [f"Columns and their types come from the file ({types}); values kept as text."]
    if broken:
        warnings.append(
            f"{broken:,} values of text columns are not UTF-8; they are written in hexadecimal."
        )
    nested = [field.name for field in schema if _is_nested(field.type)]
    if nested:
        decisions.append(f"Nested columns kept as JSON text: {', '.join(nested[:10])}.")
    return Outcome(
        columns=columns,
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


def _is_nested(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind))


def as_text(array: pa.Array) -> pa.Array:
    """One column as text; the empty value stays empty.

    Decimals keep their scale, timestamps their precision and zone; bytes that are no text are
    written in hexadecimal; nested values as JSON.
    """
    import pyarrow as pa
    from pyarrow import types

    kind = array.type
    if types.is_dictionary(kind):
        return as_text(array.dictionary_decode())
    if types.is_nested(kind):
        texts = [_json(value) for value in array.to_pylist()]
        return pa.array(texts, pa.string())
    if _is_text(kind) and _undecodable(array):
        array, kind = array.cast(pa.large_binary()), pa.large_binary()
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return pa.array([_bytes_text(value) for value in array.to_pylist()], pa.string())
    if types.is_duration(kind) or types.is_interval(kind):
        return pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
    if types.is_floating(kind):
        return pa.array([_float_text(value) for value in array.to_pylist()], pa.string())
    return array.cast(pa.string())


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _bytes_text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "0x" + value.hex()


def _float_text(value: float | None) -> str | None:
    if value is None:
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)  # noqa: PLR2004 - repr writes an exponent from there on

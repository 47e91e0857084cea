"""A corrections file as it was read: its rows, by id and by the feed's own columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consulting.corrections.identity import CORRECTION_ID, DESK_COLUMNS, UNPARSED_TEXT
from consulting.formulas import restore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from consulting.records import FileReading

# the reader keeps these names for itself, so a file's own are numbered
_READ_AS = {"_file": "_file_2", "_row": "_row_2"}
_NUMBER = re.compile(r"[0-9]{1,18}")
_DESK = frozenset({UNPARSED_TEXT, *(_READ_AS.get(name, name) for name in DESK_COLUMNS)})


@dataclass(frozen=True)
class ReturnedRow:
    """One row of a corrections file.

    Attributes:
        line: Its line, or sheet row, in the corrections file.
        identity: Its `_correction_id`, as it stands there.
        row: What the file says of the row's line in its first file; None where that is no number.
        cells: Its cells by header in lower case, without the desk's own.
    """

    line: int
    identity: str
    row: int | None
    cells: dict[str, str | None]


def returned_rows(reading: FileReading, run_folder: Path) -> Iterator[ReturnedRow]:
    """The rows of a corrections file, in order."""
    import pyarrow.parquet as pq

    if reading.rows_path is None:
        return
    names = {name.casefold(): name for name in reading.columns}
    own = {name.casefold(): name for name in own_columns(reading)}
    for batch in pq.ParquetFile(run_folder / reading.rows_path).iter_batches():
        for record in batch.to_pylist():
            number = (record.get(names.get("_row_2", "")) or "").strip()
            yield ReturnedRow(
                line=record["_row"],
                identity=(record[names[CORRECTION_ID]] or "").strip(),
                row=int(number) if _NUMBER.fullmatch(number) else None,
                cells={restore(key).strip(): record[name] for key, name in own.items()},
            )


def own_columns(reading: FileReading) -> Sequence[str]:
    """The client's columns of a corrections file."""
    return [name for name in reading.columns if name.casefold() not in _DESK]

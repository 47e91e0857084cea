"""The first rows of a feed, masked, to try rules on: a file for a client's folder."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from consulting.privacy import is_personal
from consulting.privacy.masking import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.profiling import FeedProfile
    from consulting.profiling.model import ColumnProfile
    from consulting.records import FileReading

_ROWS = 20
_CODES = 0.2
"""Where no more values are distinct they are codes, which a rule lists."""
_KEPT = frozenset({"date", "timestamp", "time", "boolean"})
"""Their form is what a rule reads, and the values name nobody."""


def fixture(profile: FeedProfile, readings: Iterable[FileReading], run_folder: Path) -> str:
    """A CSV file of a feed: its header, and the first rows as far as any may be kept.

    Args:
        profile: The feed's profile; but for one of all rows, no row is shown.
        readings: How the feed's files were read.
        run_folder: Where their rows lie.
    """
    columns = {column.name: column for column in profile.columns}
    paths = [run_folder / r.rows_path for r in readings if r.rows_path]
    rows = _rows(paths, list(columns)) if profile.basis == "all_rows" else ()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in islice(rows, _ROWS):
        writer.writerow(_masked(columns[name], value) for name, value in row.items())
    return text.getvalue()


def _of_people(values: Iterable[str]) -> bool:
    return any(map(is_personal, values))


def _rows(paths: Sequence[Path], names: Sequence[str]) -> Iterator[Mapping[str, str | None]]:
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist():
                yield {name: row.get(name) for name in names}


def _masked(column: ColumnProfile, value: str | None) -> str | None:
    listed = {each.value for each in column.top_values}
    codes = len(listed) == column.distinct_count and column.cardinality_ratio <= _CODES
    if (column.inferred_type in _KEPT or codes) and not (column.personal or _of_people(listed)):
        return value
    return mask(column.pii.kind if column.pii else "text", value)

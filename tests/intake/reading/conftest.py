"""Reads files made of bytes, the way a run does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from consulting.intake.reading import Door, ReadOptions, read_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consulting.records import FileReading


@dataclass(frozen=True)
class Read:
    """A reading with what it stored."""

    reading: FileReading
    rows: list[tuple[str | None, ...]]
    lines: list[int]
    rejects: list[dict[str, Any]]

    @property
    def columns(self) -> list[str]:
        return list(self.reading.columns)

    @property
    def said(self) -> str:
        return " ".join((*self.reading.decisions, *self.reading.warnings))


def read_bytes(
    folder: Path, data: bytes, filename: str = "data.csv", tier: int = 3, **options: Any
) -> Read:
    path = folder / "landed"
    path.write_bytes(data)
    run_folder = folder / "acme" / "runs" / "b1"
    reading = read_file(
        path,
        filename=filename,
        feed="feed",
        sha256=hashlib.sha256(data).hexdigest(),
        run_folder=run_folder,
        options=ReadOptions(**options),
        door=Door(tier=tier, client_id="acme"),  # type: ignore[arg-type]
    )
    rows: list[tuple[str | None, ...]] = []
    lines: list[int] = []
    rejects: list[dict[str, Any]] = []
    if reading.rows_path is not None:
        table = pq.read_table(run_folder / reading.rows_path)
        assert table.column_names == [*reading.columns, "_file", "_row"]
        assert set(table.column("_file").to_pylist()) <= {filename}
        columns = [table.column(at).to_pylist() for at in range(len(reading.columns))]
        rows = list(zip(*columns, strict=True))
        lines = table.column("_row").to_pylist()
    if reading.rejects_path is not None:
        rejects = pq.read_table(run_folder / reading.rejects_path).to_pylist()
    if tier == 3:
        assert reading.received_rows == reading.loaded_rows + reading.unparsed_rows
        assert len(rows) == reading.loaded_rows
        assert len(rejects) == reading.unparsed_rows
    return Read(reading, rows, lines, rejects)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    """Reads bytes as one file: `read(data, filename, tier, **options)`."""

    def read_it(data: bytes, filename: str = "data.csv", tier: int = 3, **options: Any) -> Read:
        return read_bytes(tmp_path, data, filename, tier, **options)

    return read_it

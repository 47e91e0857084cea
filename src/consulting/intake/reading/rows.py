"""What a tier lets through: no row, a masked sample, or every row, as text in Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from consulting.privacy.tiers import FULL_TIER, SAMPLED_TIER, SCHEMA_ONLY_TIER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from consulting.intake.reading.options import Door
    from consulting.privacy import Declared
    from consulting.records import ColumnTreatment

_OWN = ("_file", "_row")
_PACKING: dict[str, Any] = {"compression": "zstd", "compression_level": 1}


@dataclass(frozen=True)
class Stored:
    """What was kept of a file.

    Attributes:
        rows_path: The rows, relative to the run folder; None at tier 1.
        rejects_path: The rejects, relative to the run folder; None where there are none.
        loaded: Rows kept.
        seen: Rows offered.
        rejected: Records set aside.
        treatments: What was done to each column, at tier 2.
        left_out: The places of columns that hold nothing and have no title.
    """

    rows_path: str | None
    rejects_path: str | None
    loaded: int
    seen: int
    rejected: int
    treatments: tuple[ColumnTreatment, ...]
    left_out: tuple[int, ...] = ()


class RowStore:
    """Takes a file's rows in order and keeps what the tier allows.

    Use as a context: leaving it with an error removes what was written.

    Args:
        run_folder: Where the run keeps its files.
        name: Names what is written.
        filename: The file as the client named it.
        columns: The names of the columns.
        door: What may be stored.
        declared: What the engagement says of its columns' values.
        spacers: The places of columns that are left out where they hold nothing at all.
    """

    def __init__(  # noqa: PLR0913 - by name only
        self,
        *,
        run_folder: Path,
        name: str,
        filename: str,
        columns: Sequence[str],
        door: Door,
        declared: Mapping[str, Declared],
        spacers: Sequence[int] = (),
    ) -> None:
        import pyarrow as pa

        self._pa = pa
        self._spacers = set(spacers)
        self._folder = run_folder
        self._name = f"{name}.parquet"
        self._filename = filename
        self._door = door
        self._declared = declared
        self.columns = tuple(columns)
        self._schema = pa.schema(
            [(name, pa.string()) for name in self.columns]
            + [("_file", pa.string()), ("_row", pa.int64())]
        )
        self._writer: Any = None
        self._rejects: Any = None
        self._sample = _Sample(door.sample_rows)
        self.seen = 0
        self.rejected = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for writer in (self._writer, self._rejects):
            if writer is not None and writer.is_open:
                writer.close()
        if kind is not None:
            for folder in ("rows", "rejects"):
                for end in (".partial", ".partial.whole"):
                    (self._folder / folder / f"{self._name}{end}").unlink(missing_ok=True)

    def add(self, rows: Sequence[Sequence[str | None]], lines: Sequence[int]) -> None:
        """Take rows of exactly the columns' width, with the line each starts on."""
        if not rows:
            return
        if self._door.tier != SCHEMA_ONLY_TIER or self._spacers:
            pa = self._pa
            arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
            self.add_columns(arrays, pa.array(lines, pa.int64()))
        else:
            self.seen += len(rows)

    def add_columns(self, arrays: Sequence[pa.Array], lines: pa.Array) -> None:
        """Take rows as one array of text per column."""
        count = len(lines)
        self._spacers -= {at for at in self._spacers if _holds_text(arrays[at])}
        if self._door.tier != SCHEMA_ONLY_TIER:
            files = self._pa.repeat(self._pa.scalar(self._filename, self._pa.string()), count)
            batch = self._pa.record_batch([*arrays, files, lines], schema=self._schema)
            if self._door.tier == FULL_TIER:
                self._write(batch)
            else:
                self._sample.add(batch, self.seen)
        self.seen += count

    def reject(self, rejects: Sequence[tuple[int, str, str]]) -> None:
        """Set records aside: (line, reason code, raw text) each; tier 2 does not keep the text."""
        self.rejected += len(rejects)
        if not rejects or self._door.tier == SCHEMA_ONLY_TIER:
            return
        pa = self._pa
        raw = self._door.tier == FULL_TIER
        count = len(rejects)
        schema = pa.schema(
            [
                ("_file", pa.string()),
                ("_row", pa.int64()),
                ("_reason", pa.string()),
                ("_raw", pa.string()),
            ]
        )
        batch = pa.record_batch(
            [
                pa.array([self._filename] * count, pa.string()),
                pa.array([line for line, _, _ in rejects], pa.int64()),
                pa.array([code for _, code, _ in rejects], pa.string()),
                pa.array([text if raw else None for _, _, text in rejects], pa.string()),
            ],
            schema=schema,
        )
        if self._rejects is None:
            self._rejects = self._open("rejects", schema)
        self._rejects.write_batch(batch)

    def finish(self) -> Stored:
        """Write what is left and say what was kept."""
        loaded = self.seen
        treatments: tuple[ColumnTreatment, ...] = ()
        if self._door.tier == SCHEMA_ONLY_TIER:
            loaded = 0
        elif self._door.tier == SAMPLED_TIER:
            sample = self._sample.result(self._schema).select(self._kept())
            names = sample.column_names[: -len(_OWN)]
            table, treatments = _mask(sample, names, self._door.key, self._declared)
            self._schema = sample.schema
            loaded = table.num_rows
            self._write(table)
        elif self._writer is None:
            self._write(self._schema.empty_table())
        return Stored(
            rows_path=self._close(self._writer, "rows", without=bool(self._spacers)),
            rejects_path=self._close(self._rejects, "rejects"),
            loaded=loaded,
            seen=self.seen,
            rejected=self.rejected,
            treatments=treatments,
            left_out=tuple(sorted(self._spacers)),
        )

    def _kept(self) -> list[str]:
        """The names of all columns but those that turned out to hold nothing."""
        names = [name for at, name in enumerate(self.columns) if at not in self._spacers]
        return [*names, *_OWN]

    def _write(self, data: Any) -> None:
        if self._writer is None:
            self._writer = self._open("rows", self._schema)
        self._writer.write(data)

    def _open(self, folder: str, schema: pa.Schema) -> Any:
        import pyarrow.parquet as pq

        target = self._folder / folder / f"{self._name}.partial"
        target.parent.mkdir(parents=True, exist_ok=True)
        return pq.ParquetWriter(target, schema, **_PACKING)

    def _close(self, writer: Any, folder: str, *, without: bool = False) -> str | None:
        if writer is None:
            return None
        writer.close()
        final = self._folder / folder / self._name
        partial = final.with_name(f"{self._name}.partial")
        if without and self._door.tier == FULL_TIER:
            _rewrite(partial, self._kept())
        partial.replace(final)
        return f"{folder}/{self._name}"


def _rewrite(path: Path, columns: Sequence[str]) -> None:
    """Write a file anew with some of its columns, piece by piece."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = path.with_name(f"{path.name}.whole")
    path.replace(whole)
    with pq.ParquetFile(whole) as file:
        fields = [file.schema_arrow.field(name) for name in columns]
        with pq.ParquetWriter(path, pa.schema(fields), **_PACKING) as target:
            for batch in file.iter_batches(columns=[*columns]):
                target.write_batch(batch.select([*columns]))
    whole.unlink()


def _holds_text(array: pa.Array) -> bool:
    """Whether any value of a column is no blank."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.not_equal(pc.utf8_trim_whitespace(array), "")).as_py())


class _Sample:
    """A bounded sample spread evenly over rows whose number is not known beforehand.

    Every k-th row is kept; whenever twice the wanted number is reached, every other one is let go
    and k doubles. The same rows always give the same sample.
    """

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._stride = 1
        self._batches: list[Any] = []
        self._held = 0

    def add(self, batch: Any, offset: int) -> None:
        import pyarrow as pa

        first = -offset % self._stride
        picked = list(range(first, batch.num_rows, self._stride))
        if picked:
            self._batches.append(batch.take(pa.array(picked, pa.int64())))
            self._held += len(picked)
        if self._held > 2 * self._wanted:
            self._thin()

    def _thin(self) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._batches)
        while table.num_rows > 2 * self._wanted:
            table = table.take(pa.array(range(0, table.num_rows, 2), pa.int64()))
            self._stride *= 2
        self._batches = table.combine_chunks().to_batches()
        self._held = table.num_rows

    def result(self, schema: Any) -> Any:
        import pyarrow as pa

        table = pa.Table.from_batches(self._batches, schema=schema)
        count = table.num_rows
        if count > self._wanted:
            spread = [index * count // self._wanted for index in range(self._wanted)]
            table = table.take(pa.array(spread, pa.int64()))
        return table


def _mask(
    table: pa.Table,
    columns: Sequence[str],
    key: bytes,
    declared: Mapping[str, Declared],
) -> tuple[pa.Table, tuple[ColumnTreatment, ...]]:
    """Hide all that is not proven harmless, and say what was done to each column.

    The client's own key makes the same value the same mask in each of its files.
    """
    import pyarrow as pa

    from consulting.privacy import hide

    treatments: list[ColumnTreatment] = []
    for position, name in enumerate(columns):
        values = table.column(position).to_pylist()
        hidden, treatment = hide(name, values, key=key or None, declared=declared.get(name))
        if treatment.masked_cells:
            hidden_array = pa.array(hidden, pa.string())
            table = table.set_column(position, table.schema.field(position), hidden_array)
        treatments.append(treatment)
    return table, tuple(treatments)

"""The rows of the files in use: looked up, and written anew where they were corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from consulting.records import FileReading

Cells = dict[str, str | None]
REJECT_COLUMNS = ("_file", "_row", "_reason", "_raw")


def find_rows(
    reading: FileReading, run_folder: Path, numbers: Collection[int], keys: Collection[str]
) -> dict[int, Cells]:
    """The cells (header in lower case → text) of some rows; all empty of those that did not parse.

    Args:
        reading: The file.
        run_folder: Where its rows are.
        numbers: The rows.
        keys: The feed's columns, in lower case.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = pa.array(sorted(numbers), pa.int64())
    found: dict[int, Cells] = {}
    for path, parsed in ((reading.rejects_path, False), (reading.rows_path, True)):
        if path is None:
            continue
        for batch in pq.ParquetFile(run_folder / path).iter_batches():
            chosen = batch.filter(pc.is_in(batch.column("_row"), value_set=wanted))
            for record in chosen.to_pylist():
                cells: Cells = dict.fromkeys(keys, "")
                if parsed:
                    cells |= {name.casefold(): record[name] for name in reading.columns}
                found[record["_row"]] = cells
    return found


def write_corrected(
    reading: FileReading, run_folder: Path, corrected: Mapping[int, Cells]
) -> FileReading:
    """Write a file's rows with corrections in place, as if the file had been right.

    A corrected record that had not parsed becomes a row in its place in the file.

    Args:
        reading: The file as it was read.
        run_folder: Where its rows are, and where the new ones go.
        corrected: Row → all its cells by header in lower case.

    Returns:
        The reading of the rows as corrected.
    """
    import pyarrow.parquet as pq

    if not corrected or reading.rows_path is None:
        return reading
    left = dict(corrected)
    rows_path = f"corrected/{reading.rows_path}"
    source = pq.ParquetFile(run_folder / reading.rows_path)
    restored = _unparsed_among(reading, run_folder, corrected)
    with _writer(run_folder / rows_path, source.schema_arrow) as writer:
        for group in range(source.num_row_groups):
            table = _replaced(source.read_row_group(group), reading.columns, left)
            last = table.column("_row")[-1].as_py() if table.num_rows else 0
            due = [number for number in restored if number < last]
            writer.write_table(_merged(table, _made(reading, due, left, source.schema_arrow)))
            restored = [number for number in restored if number >= last]
        writer.write_table(_made(reading, restored, left, source.schema_arrow))
    if left:
        raise AssertionError("each corrected row must have been found where it was looked up")
    return reading.model_copy(
        update={"rows_path": rows_path, **_without_restored(reading, run_folder, corrected)}
    )


def write_rows(
    path: Path, columns: Sequence[str], rows: Sequence[tuple[str, int, str, Cells]]
) -> None:
    """Write rows of their own: (file, row, correction id, cells by header in lower case) each."""
    import pyarrow as pa

    fields = {name: [cells.get(name.casefold()) for *_, cells in rows] for name in columns}
    arrays = [pa.array(values, pa.string()) for values in fields.values()]
    table = pa.table(
        [
            *arrays,
            pa.array([file for file, *_ in rows], pa.string()),
            pa.array([row for _, row, *_ in rows], pa.int64()),
            pa.array([identity for _, _, identity, _ in rows], pa.string()),
        ],
        names=[*columns, "_file", "_row", "_correction_id"],
    )
    with _writer(path, table.schema) as writer:
        writer.write_table(table)


def write_records(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write a small table of texts and, under `_row`, numbers."""
    import pyarrow as pa

    table = pa.table(
        {
            name: pa.array(values, pa.int64() if name == "_row" else pa.string())
            for name, values in columns.items()
        }
    )
    with _writer(path, table.schema) as writer:
        writer.write_table(table)


def read_records(run_folder: Path, path: str | None) -> list[dict[str, Any]]:
    """Read such a table back; nothing where there is none."""
    import pyarrow.parquet as pq

    if path is None:
        return []
    records: list[dict[str, Any]] = pq.ParquetFile(run_folder / path).read().to_pylist()
    return records


def _writer(path: Path, schema: pa.Schema) -> Any:
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)


def _replaced(table: pa.Table, columns: Sequence[str], left: dict[int, Cells]) -> pa.Table:
    """The table with the cells of its corrected rows; those rows are no longer left to do."""
    import pyarrow as pa

    numbers = table.column("_row").to_pylist() if left else []
    hits = {at: left.pop(number) for at, number in enumerate(numbers) if number in left}
    if not hits:
        return table
    for position, name in enumerate(columns):
        values = table.column(position).to_pylist()
        before = [values[at] for at in hits]
        for at, cells in hits.items():
            values[at] = cells.get(name.casefold())
        if before != [values[at] for at in hits]:
            field = table.schema.field(position)
            table = table.set_column(position, field, pa.array(values, pa.string()))
    return table


def _made(
    reading: FileReading, numbers: Sequence[int], left: dict[int, Cells], schema: pa.Schema
) -> pa.Table:
    """Rows for records that did not parse."""
    import pyarrow as pa

    cells = [left.pop(number) for number in numbers]
    arrays = [
        pa.array([one.get(name.casefold()) for one in cells], pa.string())
        for name in reading.columns
    ]
    arrays += [
        pa.array([reading.filename] * len(numbers), pa.string()),
        pa.array(list(numbers), pa.int64()),
    ]
    return pa.table(arrays, schema=schema)


def _merged(table: pa.Table, made: pa.Table) -> pa.Table:
    import pyarrow as pa

    if not made.num_rows:
        return table
    return pa.concat_tables([table, made]).sort_by("_row")


def _unparsed_among(
    reading: FileReading, run_folder: Path, corrected: Mapping[int, Cells]
) -> list[int]:
    records = read_records(run_folder, reading.rejects_path)
    return sorted(record["_row"] for record in records if record["_row"] in corrected)


def _without_restored(
    reading: FileReading, run_folder: Path, corrected: Mapping[int, Cells]
) -> dict[str, Any]:
    """The account of a reading some of whose unparsed records became rows."""
    records = read_records(run_folder, reading.rejects_path)
    kept = [record for record in records if record["_row"] not in corrected]
    restored = len(records) - len(kept)
    if not restored:
        return {}
    path = f"corrected/{reading.rejects_path}" if kept else None
    if path is not None:
        columns = {name: [record[name] for record in kept] for name in REJECT_COLUMNS}
        write_records(run_folder / path, columns)
    after = _told(kept)
    told = {said: after.get(code, "") for code, said in _told(records).items()}
    return {
        "warnings": tuple(filter(None, (told.get(said, said) for said in reading.warnings))),
        "loaded_rows": reading.loaded_rows + restored,
        "unparsed_rows": reading.unparsed_rows - restored,
        "rejects_path": path,
    }


def set_aside(code: str, count: int, first: int) -> str:
    """What is told of records that are no rows of a file.

    Args:
        code: Why they are none.
        count: How many there are.
        first: The line of the first.
    """
    why = code.replace("_", " ").replace("json", "JSON")
    return f"{count:,} record{'s'[: count != 1]} set aside: {why} (first: line {first:,})."


def _told(records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What a reading tells of its unparsed records, by their reason."""
    lines: dict[str, list[int]] = {}
    for record in records:
        lines.setdefault(record["_reason"], []).append(record["_row"])
    return {code: set_aside(code, len(found), min(found)) for code, found in lines.items()}

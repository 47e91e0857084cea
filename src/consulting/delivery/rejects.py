"""The rejects desk: rejected rows go out with their reasons, and come back corrected.

A rejects file holds the row as the client sent it, with the reason and a `_correction_id` in
front. The id is made of the client, the feed, the file's hash and the line, so it stays the same
however often the file is processed. A file that comes back with that column is a corrections file;
beside the rejects lies a receipt, which tells of each of its rows what became of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from consulting.corrections import (
    CORRECTION_ID,
    DESK_COLUMNS,
    UNPARSED_TEXT,
    correction_id,
    corrections_name,
    rejects_name,
    rows_of_csv,
)
from consulting.delivery.csv_file import write_csv
from consulting.delivery.formats import FETCH_ROWS
from consulting.delivery.reasons import reason_in_words
from consulting.delivery.spreadsheet import Workbook
from consulting.delivery.tables import SAMPLED_SUFFIX, describe
from consulting.errors import DeliveryError
from consulting.records import CORRECTION_RESULTS, NO_MODELS, Record
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from consulting.delivery.inputs import DeliveryInputs
    from consulting.records import FileReading

    _Rows = Iterable[Sequence[str | None]]

RAW_SCHEMA = "raw"
RECEIPT_COLUMNS = ("correction_id", "file", "row", "result", "changed", "reason")
MAX_WORKBOOK_ROWS = 50_000
"""Nobody corrects more rows by hand: from here on there is the CSV alone."""
_HOW_TO_CORRECT = (
    "How to correct these rows",
    "Change the values that the reason names, in the first sheet, to what it expects.",
    "What each column may hold stands in the mapping document.",
    "Leave the columns whose names start with an underscore: they tell us which row is which.",
    "Delete the rows you do not want to send again.",
    "Save, and drop the file where you drop your other files: its rows are cleaned and counted.",
)
_SAMPLED_REJECTS = (
    "Rejected rows of the sample",
    "These rows come from a sample, with personal data masked.",
    "They show what to correct at the source; this file can not be sent back as a correction.",
)
REJECTS_SCHEMA = "rejects"
_OURS = frozenset({*DESK_COLUMNS, UNPARSED_TEXT, "_row_id"})


class RejectsFile(Record):
    """One feed's rejected rows as handed to the client.

    Attributes:
        feed: The feed.
        files: The files' names, relative to the rejects folder.
        rows: Rows in each of them.
        correctable: Whether the rows carry a `_correction_id`: not at tier 2, where the client's
            values are masked and a corrected copy would put masks in their place.
    """

    feed: str
    files: tuple[str, ...]
    rows: int
    correctable: bool


def export_rejects(
    connection: duckdb.DuckDBPyConnection,
    inputs: DeliveryInputs,
    target: Path,
    *,
    run_folder: Path,
) -> list[RejectsFile]:
    """Write each feed's rejected rows as CSV and xlsx; a feed without any gets no file.

    Args:
        connection: The client's warehouse, with `raw.<feed>` and `rejects.rejects_<feed>`.
        inputs: The delivery; at tier 1 there are no rows and nothing is written.
        target: The rejects folder; it exists.
        run_folder: Where the readings' `rejects_path` start.
    """
    if inputs.schema_only:
        return []
    written = []
    for feed in sorted({account.feed for account in inputs.accounts}):
        originals = _original_columns_of(connection, inputs, feed)
        unparsed = any(
            reading.feed == feed and reading.rejects_path is not None and reading.unparsed_rows
            for reading in inputs.files
        )
        columns = [*DESK_COLUMNS, *originals, *([UNPARSED_TEXT] if unparsed else [])]
        correctable = not inputs.sampled
        first = 0 if correctable else 1

        def rows(
            feed: str = feed,
            originals: list[str] = originals,
            first: int = first,
            width: int = len(columns),
        ) -> _Rows:
            found = _rows_of(connection, inputs, feed, originals, run_folder)
            return ([*row, None][first:width] for row in found)

        name = rejects_name(feed, inputs.period) + (SAMPLED_SUFFIX if inputs.sampled else "")
        count = write_csv(target / f"{name}.csv", columns[first:], rows())
        if not count:
            (target / f"{name}.csv").unlink()
            continue
        if count <= MAX_WORKBOOK_ROWS:
            _write_workbook(target / f"{name}.xlsx", inputs, feed, columns[first:], rows())
        files = tuple(path.name for path in sorted(target.glob(f"{name}.*")))
        written.append(RejectsFile(feed=feed, files=files, rows=count, correctable=correctable))
    return written


def _original_columns_of(
    connection: duckdb.DuckDBPyConnection, inputs: DeliveryInputs, feed: str
) -> list[str]:
    """The columns of the feed's files: the table holds those that they may lack, too."""
    sent = [c for reading in inputs.files if reading.feed == feed for c in reading.columns]
    held = set(map(str.casefold, sent)) - _OURS
    columns = [name for name, _ in describe(connection, RAW_SCHEMA, feed)] or sent
    return [name for name in dict.fromkeys(columns) if name.casefold() in held]


def _rows_of(
    connection: duckdb.DuckDBPyConnection,
    inputs: DeliveryInputs,
    feed: str,
    originals: Sequence[str],
    run_folder: Path,
) -> Iterator[list[str | None]]:
    readings = [reading for reading in inputs.files if reading.feed == feed]
    known = _RowIds(inputs.client_id, readings, run_folder)

    def desk(identity: str, code: str, file: str, row: int) -> list[str | None]:
        words = "; ".join(reason_in_words(part, inputs, feed) for part in code.split(";"))
        return [identity, words, file, str(row)]

    query = _rejects_query(connection, inputs, feed, originals)
    if query:
        cursor = connection.execute(query)
        while found := cursor.fetchmany(FETCH_ROWS):
            for code, file, row, row_id, *values in found:
                yield [*desk(known.of(file, row, row_id), code, file, row), *values]
    for reading in readings:
        if reading.rejects_path is None:
            continue
        if not (run_folder / reading.rejects_path).is_file():
            raise DeliveryError(
                f"{inputs.client_id}: the {reading.unparsed_rows:,} unparsed rows of "
                f"{reading.filename} should be in {reading.rejects_path} of the run folder, but "
                "there is no such file. Run the batch again from its landed files."
            )
        records = pq.ParquetFile(run_folder / reading.rejects_path).read().to_pylist()
        for record in sorted(records, key=lambda record: record["_row"]):
            blank: list[str | None] = [None] * len(originals)
            identity = correction_id(inputs.client_id, feed, reading.sha256, record["_row"])
            yield [
                *desk(identity, record["_reason"], reading.filename, record["_row"]),
                *blank,
                record["_raw"],
            ]


class _RowIds:
    """The correction ids of raw rows, which are numbered over the readings in order.

    Two files may have one name, so the number tells which file a row is of. A row that a
    corrections file added keeps the id it was corrected under.
    """

    def __init__(self, client_id: str, readings: Sequence[FileReading], run_folder: Path) -> None:
        self._client_id = client_id
        self._readings = readings
        self._last_rows = list(accumulate(reading.loaded_rows for reading in readings))
        self._added = {
            at: pq.ParquetFile(run_folder / reading.rows_path)
            .read([CORRECTION_ID])
            .column(0)
            .to_pylist()
            for at, reading in enumerate(readings)
            if reading.corrections and reading.loaded_rows and reading.rows_path
        }

    def of(self, file: str, row: int, row_id: int) -> str:
        """The id of the row of that number."""
        at = bisect_left(self._last_rows, row_id)
        if at in self._added:
            identity: str = self._added[at][row_id - self._last_rows[at] - 1]
            return identity
        known = at < len(self._readings) and self._readings[at].filename == file
        sha256 = self._readings[at].sha256 if known else file
        feed = self._readings[at].feed if known else self._readings[0].feed
        return correction_id(self._client_id, feed, sha256, row)


def _rejects_query(
    connection: duckdb.DuckDBPyConnection,
    inputs: DeliveryInputs,
    feed: str,
    originals: Sequence[str],
) -> str | None:
    """SQL of (reasons, file, line, row id, the client's columns) of each rejected row."""
    if not describe(connection, RAW_SCHEMA, feed):
        return None
    chosen = "".join(f", r.{quoted(name)}" for name in originals)
    raw = f"{RAW_SCHEMA}.{quoted(feed)} r"
    place = f"r._file, r._row, r._row_id{chosen}"
    if any(account.feed == feed and account.table is None for account in inputs.accounts):
        return f"SELECT '{NO_MODELS}', {place} FROM {raw} ORDER BY r._row_id"
    columns = dict(describe(connection, REJECTS_SCHEMA, f"rejects_{feed}"))
    if not columns:
        return None
    reasons = "_reasons" if "_reasons" in columns else "_reason"
    return (
        f"SELECT j.reason, {place} FROM {raw} JOIN "
        f"(SELECT _row_id, string_agg(DISTINCT {reasons}, ';' ORDER BY {reasons}) AS reason "
        f"FROM {REJECTS_SCHEMA}.{quoted(f'rejects_{feed}')} GROUP BY _row_id) j "
        "ON j._row_id = r._row_id ORDER BY r._row_id"
    )


def _write_workbook(
    target: Path,
    inputs: DeliveryInputs,
    feed: str,
    columns: Sequence[str],
    rows: _Rows,
) -> None:
    book = Workbook(target, created=inputs.received_at, title=f"{feed}: rows to correct")
    widths = {CORRECTION_ID: 20, "_reason": 48, "_file": 24, "_row": 8, UNPARSED_TEXT: 60}
    # a feed that is read from a named sheet must find it in the file that comes back
    sheets = [reading.sheet for reading in inputs.files if reading.feed == feed and reading.sheet]
    name = sheets[0] if sheets else feed
    book.add_table(name, columns, rows, widths=widths, frozen_columns=2)
    if CORRECTION_ID in columns:
        book.add_lines("How to correct", _HOW_TO_CORRECT)
    else:
        book.add_lines("About this file", _SAMPLED_REJECTS)
    book.close()


def write_receipts(
    inputs: DeliveryInputs, rejects: Sequence[RejectsFile], target: Path, *, run_folder: Path
) -> tuple[list[str], tuple[FileReading, ...]]:
    """Write, for each feed with corrections in force, what became of each corrected row.

    Args:
        inputs: The delivery.
        rejects: Its rejects files, as written: a corrected row that is in them is rejected again.
        target: The rejects folder.
        run_folder: Where the readings' paths start.

    Returns:
        The names of the files written, in order, and the readings with that counted.
    """
    returned = {
        at: pq.ParquetFile(run_folder / reading.corrections.rows_path).read().to_pylist()
        for at, reading in enumerate(inputs.files)
        if reading.corrections
    }
    every = [row for rows in returned.values() for row in rows]
    corrected = {row["correction_id"] for row in every if row["result"] == "corrected"}
    again = _reasons_of(corrected, rejects, target)
    files = list(inputs.files)
    receipts: dict[str, list[list[str]]] = {}
    for at, rows in returned.items():
        files[at], told = _receipts_of(files[at], rows, again)
        receipts.setdefault(files[at].feed, []).extend(told)
    written = []
    for feed, told in sorted(receipts.items()):
        written.append(f"{corrections_name(feed, inputs.period)}.csv")
        write_csv(target / written[-1], RECEIPT_COLUMNS, told)
    return written, tuple(files)


def _reasons_of(
    corrected: Collection[str], rejects: Sequence[RejectsFile], target: Path
) -> dict[str, str]:
    """Why those of the corrected rows are rejected that are, by their ids."""
    sent = [target / name for file in rejects if file.correctable for name in file.files]
    return {
        row[CORRECTION_ID]: row["_reason"]
        for path in sent
        if corrected and path.suffix == ".csv"
        for row in rows_of_csv(path)
        if row[CORRECTION_ID] in corrected
    }


def _receipts_of(
    reading: FileReading, rows: Iterable[Mapping[str, Any]], again: Mapping[str, str]
) -> tuple[FileReading, list[list[str]]]:
    """A corrections file with what its rows became counted, and a receipt for each of them."""
    told, counts = [], Counter[str]()
    for row in rows:
        reason = again.get(row["correction_id"], "") if row["result"] == "corrected" else ""
        result = "rejected_again" if reason else row["result"]
        counts[result] += 1
        named = {
            **row, "file": reading.filename, "row": row["_row"],
            "result": CORRECTION_RESULTS[result], "reason": reason,
        }  # fmt: skip
        told.append([str(named[column]) for column in RECEIPT_COLUMNS])
    counted = reading.corrections and reading.corrections.model_copy(
        update={result: counts[result] for result in ("corrected", "rejected_again")}
    )
    return reading.model_copy(update={"corrections": counted}), told

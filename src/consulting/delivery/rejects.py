"""The rejects desk: rejected rows go out with their reasons, and come back corrected.

A rejects file holds the row as the client sent it, with the reason and a `_correction_id` in
front. The id is made of the client, the feed, the file's hash and the line, so it stays the same
however often the file is processed. A file that comes back with that column is a correction: its
rows are matched to the originals and counted, row by row.
"""

from __future__ import annotations

import csv
import hashlib
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

import pyarrow.parquet as pq

from consulting.delivery.reasons import reason_in_words
from consulting.delivery.spreadsheet import Workbook, neutralise, restore
from consulting.delivery.tables import FETCH_ROWS, SAMPLED_SUFFIX, describe, quote
from consulting.errors import DeliveryError
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from consulting.delivery.inputs import DeliveryInputs
    from consulting.layout import ClientFolder

    _Rows = Iterable[Sequence[str | None]]

CORRECTION_ID = "_correction_id"
DESK_COLUMNS = (CORRECTION_ID, "_reason", "_file", "_row")
UNPARSED_TEXT = "_text"
RAW_SCHEMA = "raw"
MAX_WORKBOOK_ROWS = 50_000
"""Nobody corrects more rows by hand: from here on there is the CSV alone."""
NO_MODELS = "feed:no_models"
"""The reason of every row of a feed that no model reads yet."""
_HOW_TO_CORRECT = (
    "How to correct these rows",
    "Change the values that the reason names, in the first sheet.",
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


class CorrectedRow(Record):
    """What became of one row of a corrections file.

    Attributes:
        correction_id: The row's id.
        state: "corrected" (a value differs from the original), "unchanged" (none does), "unknown"
            (no delivery of this client ever rejected a row of that id) or "repeated" (the id stood
            in an earlier row of the same file).
        delivery_id: The newest delivery that rejected the row.
        changed: The columns whose value differs.
    """

    correction_id: str
    state: Literal["corrected", "unchanged", "unknown", "repeated"]
    delivery_id: str | None = None
    changed: tuple[str, ...] = ()


class CorrectionReport(Record):
    """A corrections file matched to the rows that were rejected."""

    rows: tuple[CorrectedRow, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by state, every state named."""
        counts = dict.fromkeys(("corrected", "unchanged", "unknown", "repeated"), 0)
        for row in self.rows:
            counts[row.state] += 1
        return counts

    @property
    def applicable(self) -> tuple[str, ...]:
        """The ids of the rows that are worth cleaning again."""
        return tuple(row.correction_id for row in self.rows if row.state == "corrected")


def correction_id(client_id: str, feed: str, file: str, row: int) -> str:
    """Return the id of one rejected row: the same for the same line of the same bytes, for ever.

    Args:
        client_id: The client.
        feed: The feed.
        file: The SHA-256 of the file, or its name where the hash is not known.
        row: The line, or sheet row, in the file.
    """
    key = "\n".join((client_id, feed, file, str(row)))
    return f"R-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def is_corrections(columns: Iterable[str]) -> bool:
    """Whether a file with these headers is a rejects file that came back."""
    return CORRECTION_ID in {column.strip().strip("\ufeff").casefold() for column in columns}


def original_columns(columns: Iterable[str]) -> list[str]:
    """Return the client's own columns of a rejects file, without the desk's."""
    return [column for column in columns if column not in {*DESK_COLUMNS, UNPARSED_TEXT}]


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

        def rows(feed: str = feed, originals: list[str] = originals, first: int = first) -> _Rows:
            found = _rows_of(connection, inputs, feed, originals, run_folder)
            return (row[first:] for row in found)

        name = f"{feed}_rejects{SAMPLED_SUFFIX if inputs.sampled else ''}"
        count = _write_csv(target / f"{name}.csv", columns[first:], rows())
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
    columns = [name for name, _ in describe(connection, RAW_SCHEMA, feed)]
    if not columns:
        columns = [c for reading in inputs.files if reading.feed == feed for c in reading.columns]
    return [name for name in dict.fromkeys(columns) if not name.startswith("_")]


def _rows_of(
    connection: duckdb.DuckDBPyConnection,
    inputs: DeliveryInputs,
    feed: str,
    originals: Sequence[str],
    run_folder: Path,
) -> Iterator[list[str | None]]:
    readings = [reading for reading in inputs.files if reading.feed == feed]
    last_rows = list(accumulate(reading.loaded_rows for reading in readings))

    def sha256_of(file: str, row_id: int) -> str:
        """Raw rows are numbered over the readings in order: two files may have one name."""
        position = bisect_left(last_rows, row_id)
        known = position < len(readings) and readings[position].filename == file
        return readings[position].sha256 if known else file

    def desk(code: str, known: str, file: str, row: int) -> list[str | None]:
        words = "; ".join(reason_in_words(part, inputs, feed) for part in code.split(";"))
        return [correction_id(inputs.client_id, feed, known, row), words, file, str(row)]

    query = _rejects_query(connection, inputs, feed, originals)
    if query:
        cursor = connection.execute(query)
        while found := cursor.fetchmany(FETCH_ROWS):
            for code, file, row, row_id, *values in found:
                yield [*desk(code, sha256_of(file, row_id), file, row), *values]
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
            yield [
                *desk(record["_reason"], reading.sha256, reading.filename, record["_row"]),
                *blank,
                record["_raw"],
            ]


def _rejects_query(
    connection: duckdb.DuckDBPyConnection,
    inputs: DeliveryInputs,
    feed: str,
    originals: Sequence[str],
) -> str | None:
    """SQL of (reasons, file, line, row id, the client's columns) of each rejected row."""
    if not describe(connection, RAW_SCHEMA, feed):
        return None
    chosen = "".join(f", r.{quote(name)}" for name in originals)
    raw = f"{RAW_SCHEMA}.{quote(feed)} r"
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
        f"FROM {REJECTS_SCHEMA}.{quote(f'rejects_{feed}')} GROUP BY _row_id) j "
        "ON j._row_id = r._row_id ORDER BY r._row_id"
    )


def _write_csv(target: Path, columns: Sequence[str], rows: _Rows) -> int:
    # the signature at the start makes Excel read the file as UTF-8 when it is opened by a click
    count = 0
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([neutralise(column) for column in columns])
        for row in rows:
            writer.writerow(["" if value is None else neutralise(value) for value in row])
            count += 1
    return count


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


def match_corrections(
    folder: ClientFolder, corrected_rows: Iterable[Mapping[str, str | None]]
) -> CorrectionReport:
    """Match the rows of a rejects file that came back to the rows that were rejected.

    Args:
        folder: The client whose past deliveries hold the originals.
        corrected_rows: Header → text, as the file has them.

    Returns:
        One entry per row, in order. Blank text and no text are the same; spaces around are not
        a change.
    """
    rows = [{(name or "").strip(): value for name, value in row.items()} for row in corrected_rows]
    wanted = {(row.get(CORRECTION_ID) or "").strip() for row in rows}
    known = _originals(folder, wanted)
    matched: list[CorrectedRow] = []
    seen: set[str] = set()
    for row in rows:
        identity = (row.get(CORRECTION_ID) or "").strip()
        if identity not in known:
            matched.append(CorrectedRow(correction_id=identity, state="unknown"))
            continue
        delivery_id, original = known[identity]
        if identity in seen:
            state: Literal["corrected", "unchanged", "repeated"] = "repeated"
            changed: tuple[str, ...] = ()
        else:
            changed = _changed(original, row)
            state = "corrected" if changed else "unchanged"
        seen.add(identity)
        matched.append(
            CorrectedRow(
                correction_id=identity, state=state, delivery_id=delivery_id, changed=changed
            )
        )
    return CorrectionReport(rows=tuple(matched))


def _changed(original: Mapping[str, str], corrected: Mapping[str, str | None]) -> tuple[str, ...]:
    columns = original_columns([*original, *(c for c in corrected if c not in original)])
    return tuple(
        column
        for column in columns
        if restore(original.get(column, "")).strip() != restore(corrected.get(column) or "").strip()
    )


def _originals(folder: ClientFolder, wanted: set[str]) -> dict[str, tuple[str, dict[str, str]]]:
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for path in sorted(folder.deliverables.glob("[!.]*/rejects/*_rejects.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                identity = row.get(CORRECTION_ID, "")
                if identity in wanted:
                    found[identity] = (path.parent.parent.name, row)
    return found

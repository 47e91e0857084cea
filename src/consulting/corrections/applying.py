"""Corrections applied to the files in use: every row of every corrections file accounted for."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING

from consulting.corrections.desk import Desk, Judged, Target
from consulting.corrections.identity import UNKNOWN_CORRECTION
from consulting.corrections.returned import own_columns, returned_rows
from consulting.corrections.rows import (
    REJECT_COLUMNS,
    find_rows,
    read_records,
    write_corrected,
    write_records,
    write_rows,
)
from consulting.corrections.sent import sent_rows
from consulting.formulas import restore
from consulting.records import CorrectionCounts
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.corrections.returned import ReturnedRow
    from consulting.corrections.sent import Forms
    from consulting.layout import ClientFolder
    from consulting.records import CorrectionsFile, FileReading


def apply_corrections(
    base: Sequence[FileReading],
    files: Sequence[CorrectionsFile],
    *,
    run_folder: Path,
    past: ClientFolder,
    written: Mapping[str, Forms],
) -> list[FileReading]:
    """Apply corrections files, in order, to the files they correct.

    A corrected row takes the place of the row that was rejected. A row of a file that is no longer
    in use is added, unless it was delivered since. Rows of no known id are set aside, under
    `UNKNOWN_CORRECTION`. The same base and files always give the same rows.

    Args:
        base: The readings of all files in use.
        files: The corrections files in force, each read for the feed that its ids name.
        run_folder: Where all of them were read to.
        past: The client's folder, for what earlier deliveries sent out.
        written: Feed → header in lower case → how the rules read its values now.

    Returns:
        The base as corrected, then one reading for each corrections file, with its counts.
    """
    applied = list(base)
    readings: dict[int, FileReading] = {}
    for feed in dict.fromkeys(file.reading.feed for file in files):
        places = [at for at, reading in enumerate(base) if reading.feed == feed]
        numbers = [number for number, file in enumerate(files) if file.reading.feed == feed]
        mine = _Feed([base[at] for at in places], [files[n] for n in numbers], run_folder, past)
        mine.go_through(written.get(feed, {}))
        for at, reading in zip(places, mine.corrected(), strict=True):
            applied[at] = reading
        readings |= dict(zip(numbers, mine.readings(), strict=True))
    return [*applied, *(readings[number] for number in range(len(files)))]


class _Feed:
    """The corrections of one feed."""

    def __init__(
        self,
        base: Sequence[FileReading],
        files: Sequence[CorrectionsFile],
        run_folder: Path,
        past: ClientFolder,
    ) -> None:
        self._base = base
        self._files = files
        self._folder = run_folder
        self._rows = [list(returned_rows(file.reading, run_folder)) for file in files]
        self._sent = [
            sent_rows(past, (row.identity for row in rows), before=file.since)
            for file, rows in zip(files, self._rows, strict=True)
        ]
        names = (name for reading in base for name in reading.columns)
        columns: dict[str, str] = {}
        for name in names:
            columns.setdefault(name.casefold(), name)
        self._columns = columns
        self._desk = Desk(
            client_id=past.client_id,
            feed=files[0].reading.feed,
            columns=columns,
            base=base,
            targets={},
            sent={},
        )
        self._judged: list[list[Judged]] = []

    def go_through(self, written: Forms) -> None:
        """Judge every row of every file, in order, with how the rules read the feed's values."""
        self._desk.written = written
        places: dict[int, set[int]] = {}
        for rows, sent in zip(self._rows, self._sent, strict=True):
            self._desk.sent = sent
            for row in rows:
                for at, number in self._desk.places(row):
                    places.setdefault(at, set()).add(number)
        for at, numbers in places.items():
            found = find_rows(self._base[at], self._folder, numbers, self._columns)
            for number, cells in found.items():
                self._desk.targets[at, number] = Target(first=cells, now=dict(cells))
        for number, (file, rows) in enumerate(zip(self._files, self._rows, strict=True)):
            self._desk.sent = self._sent[number]
            for record in read_records(self._folder, file.reading.rejects_path):
                self._desk.set_aside(number, file.reading.sha256, record["_row"])
            self._judged.append(self._desk.take(number, file, rows))

    def corrected(self) -> list[FileReading]:
        """The files in use, as corrected."""
        changed: dict[int, dict[int, dict[str, str | None]]] = {}
        for (at, number), target in self._desk.targets.items():
            if target.now != target.first:
                changed.setdefault(at, {})[number] = target.now
        return [
            write_corrected(reading, self._folder, changed.get(at, {}))
            for at, reading in enumerate(self._base)
        ]

    def readings(self) -> list[FileReading]:
        """One reading for each corrections file: what it adds and what was set aside of it."""
        return [self._reading(number) for number in range(len(self._files))]

    def _reading(self, number: int) -> FileReading:
        read, judged = self._files[number].reading, self._judged[number]
        name = (read.rows_path or "").rpartition("/")[2]
        added = [one for one in self._desk.added.values() if one.by == number]
        write_rows(
            self._folder / f"corrections/rows/{name}",
            list(self._columns.values()),
            [(one.file, one.row, one.identity, one.target.now) for one in added],
        )
        aside = self._set_aside(number)
        if aside:
            columns = {column: [record[column] for record in aside] for column in REJECT_COLUMNS}
            write_records(self._folder / f"corrections/rejects/{name}", columns)
        receipt = sorted([*judged, *self._unparsed(number)], key=lambda one: one.line)
        write_records(
            self._folder / f"corrections/{name}",
            {
                "_row": [one.line for one in receipt],
                "correction_id": [one.identity for one in receipt],
                "result": [one.result for one in receipt],
                "changed": [", ".join(one.changed) for one in receipt],
            },
        )
        counts = _counts(judged).model_copy(
            update={
                "still_unknown": sum(record["_reason"] == UNKNOWN_CORRECTION for record in aside),
                "unparsed": read.unparsed_rows,
                "rows_path": f"corrections/{name}",
            }
        )
        if counts.rows != read.received_rows:
            raise AssertionError("every row of a corrections file must have become something")
        return read.model_copy(
            update={
                "columns": tuple(self._columns.values()),
                "received_rows": len(added) + len(aside),
                "loaded_rows": len(added),
                "unparsed_rows": len(aside),
                "rows_path": f"corrections/rows/{name}",
                "rejects_path": f"corrections/rejects/{name}" if aside else None,
                "decisions": (*read.decisions, *self._decisions(number)),
                "warnings": self._warnings(number),
                "corrections": counts,
            }
        )

    def _unparsed(self, number: int) -> list[Judged]:
        records = read_records(self._folder, self._files[number].reading.rejects_path)
        return [Judged(record["_row"], "", "unparsed") for record in records]

    def _set_aside(self, number: int) -> list[dict[str, object]]:
        """Records that could not be read, and rows of no known id, in the order of the file."""
        read = self._files[number].reading
        unknown = {line for by, line in self._desk.unknown.values() if by == number}
        records = [
            record
            for record in read_records(self._folder, read.rejects_path)
            if record["_row"] in unknown
        ]
        records += [
            {
                "_file": read.filename,
                "_row": row.line,
                "_reason": UNKNOWN_CORRECTION,
                "_raw": _as_text(row),
            }
            for row in self._rows[number]
            if row.line in unknown
        ]
        return sorted(records, key=lambda record: record["_row"])

    def _decisions(self, number: int) -> list[str]:
        ignored = [
            name
            for name in own_columns(self._files[number].reading)
            if restore(name).strip().casefold() not in self._columns
        ]
        if not ignored:
            return []
        return [f"Columns that the feed does not have were left out: {', '.join(ignored)}."]

    def _warnings(self, number: int) -> tuple[str, ...]:
        return (*self._about_damaged(number), *self._about_otherwise(number))

    def _about_otherwise(self, number: int) -> Iterator[str]:
        for name, rows in self._desk.otherwise.get(number, {}).items():
            yield (
                f"{counted(rows, 'row')} of an earlier file {'is' if rows == 1 else 'are'} added "
                f"whose “{name}” was read in another notation when it was sent, as another decimal "
                "mark or order of day and month. Please check what is delivered there."
            )

    def _about_damaged(self, number: int) -> Iterator[str]:
        damaged = self._desk.damaged.get(number, 0)
        if not damaged:
            return
        cells = f"{damaged:,} cell{' was' if damaged == 1 else 's were'}"
        yield (
            f"{cells} changed by a spreadsheet (like 00123 to 123); the value that we sent was "
            "kept. Correct the .xlsx file instead: it keeps such values."
        )


def _counts(judged: Sequence[Judged]) -> CorrectionCounts:
    counted = Counter(one.result for one in judged)
    return CorrectionCounts(
        corrected=counted["corrected"],
        added=sum(one.added for one in judged),
        unchanged=counted["unchanged"],
        repeated=counted["repeated"],
        settled=counted["settled"],
        unknown=counted["unknown"],
        still_unknown=0,
        unparsed=0,
        rows_path="",
    )


def _as_text(row: ReturnedRow) -> str:
    """A row of no known id as a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([row.identity, *row.cells.values()])
    return line.getvalue()

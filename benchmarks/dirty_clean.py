"""Which of the true errors of real dirty files our issues point at: precision and recall.

    python benchmarks/dirty_clean.py [FOLDER]

FOLDER holds hospital/ and beers/, each with dirty.csv and clean.csv. Default: `dirty_clean` in
$CONSULTING_SHARED_DATA, or in ../shared/data beside the repository.

A cell is wrong where dirty and clean differ. A cell is pointed at where an issue of its column
selects its row. Issues about a whole column (empty, personal data, missing by nature) point at
no cell. The thresholds are the defaults, the same for both files.

Read the numbers for what they are. The rules about misspellings, dependencies and units were
written while looking at what they find and miss in these two files, and some thresholds were
chosen then; no part of either file was held back. So this is a regression test, and no estimate of
what the profile finds in a file nobody has looked at: expect less there.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from consulting.profiling import FeedProfile, Issue, profile_feed
from consulting.records import FileReading

SHARED = Path(__file__).parents[2] / "shared" / "data"
ABOUT_THE_COLUMN = {"personal_data", "empty_column", "constant_column", "leading_zeros"}
SETS = {
    "warn and error": lambda issue: issue.severity != "info",
    "all": lambda _issue: True,
}

Cells = dict[str, set[int]]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def land(path: Path, folder: Path) -> FileReading:
    """Leaves the rows of a file as intake does."""
    rows = read(path)
    table = {c: pa.array([r[c] or None for r in rows], pa.string()) for c in rows[0]}
    table |= {"_file": pa.array([path.name] * len(rows)), "_row": pa.array(range(2, len(rows) + 2))}
    (folder / "rows").mkdir()
    pq.write_table(pa.table(table), folder / "rows" / "a.parquet")
    return FileReading(
        filename=path.name, feed="dirty", sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size_bytes=path.stat().st_size, format="csv", encoding="utf-8", delimiter=",",
        columns=tuple(rows[0]), received_rows=len(rows), loaded_rows=len(rows),
        rows_path="rows/a.parquet",
    )  # fmt: skip


def truth(folder: Path) -> Cells:
    """The wrong cells of each column."""
    wrong: Cells = defaultdict(set)
    pairs = zip(read(folder / "dirty.csv"), read(folder / "clean.csv"), strict=True)
    for row, (dirty, clean) in enumerate(pairs, start=1):
        for dirty_item, clean_value in zip(dirty.items(), clean.values(), strict=True):
            if dirty_item[1] != clean_value:
                wrong[dirty_item[0]].add(row)
    return wrong


def pointed_at(issues: list[Issue], folder: Path) -> Cells:
    """The cells of each column that issues select."""
    found: Cells = defaultdict(set)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            "CREATE TABLE raw.dirty AS SELECT *, _row - 1 AS _row_id "
            f"FROM read_parquet('{folder}/rows/a.parquet')"
        )
        for issue in issues:
            if issue.column and issue.rows_where and issue.issue_type not in ABOUT_THE_COLUMN:
                rows = connection.execute(
                    f"SELECT _row_id FROM raw.dirty WHERE {issue.rows_where}"
                ).fetchall()
                found[issue.column] |= {row[0] for row in rows}
    return found


def line(name: str, found: set[int], wrong: set[int]) -> str:
    """One line of the table."""
    hits = len(found & wrong)
    precision = f"{hits / len(found):.2f}" if found else "-"
    recall = f"{hits / len(wrong):.2f}" if wrong else "-"
    return f"{name:<20}{len(wrong):>7}{len(found):>9}{hits:>7}{precision:>11}{recall:>8}"


def report(name: str, profile: FeedProfile, wrong: Cells, folder: Path) -> None:
    """Prints the table of one file."""
    for title, wanted in SETS.items():
        found = pointed_at([i for i in profile.issues if wanted(i)], folder)
        print(f"\n{name}, issues: {title}")
        print(f"{'column':<20}{'wrong':>7}{'pointed':>9}{'hits':>7}{'precision':>11}{'recall':>8}")
        for column in profile.columns:
            if wrong[column.name] or found[column.name]:
                print(line(column.name, found[column.name], wrong[column.name]))
        cells = {(c, r) for c, rows in found.items() for r in rows}
        errors = {(c, r) for c, rows in wrong.items() for r in rows}
        numbers = {cell: n for n, cell in enumerate(cells | errors)}
        print(line("all cells", {numbers[c] for c in cells}, {numbers[c] for c in errors}))
        print(line("all rows", {r for _, r in cells}, {r for _, r in errors}))


def default_folder() -> Path:
    """Where the files are, if no folder is named."""
    return Path(os.environ.get("CONSULTING_SHARED_DATA", SHARED)) / "dirty_clean"


def main() -> None:
    """Profiles each dirty file and holds its issues against the clean one."""
    base = Path(sys.argv[1]) if len(sys.argv) > 1 else default_folder()
    for name in ("hospital", "beers"):
        with tempfile.TemporaryDirectory() as folder:
            reading = land(base / name / "dirty.csv", Path(folder))
            profile = profile_feed("dirty", [reading], Path(folder))
            report(name, profile, truth(base / name), Path(folder))


if __name__ == "__main__":
    main()

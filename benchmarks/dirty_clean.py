"""Which of the true errors of real dirty files our issues point at: precision and recall.

    python benchmarks/dirty_clean.py [FOLDER]

FOLDER holds hospital/ and beers/, each with dirty.csv and clean.csv. Default: `dirty_clean` in
$CONSULTING_SHARED_DATA, or in ../shared/data beside the repository. A third, `parcels`, is made
here: with mistakes (slips of the keyboard, values of another row, words for no value, other forms)
and exceptions that are right (a depot that moved, a country with tariffs of its own). It checks
that what was learnt from the real files holds elsewhere.

A cell is wrong where dirty and clean differ. A cell is pointed at where an issue of its column
selects its row. Issues about a whole column (empty, personal data, missing by nature) point at
no cell. The thresholds are the defaults, the same for all files.

Read the numbers for what they are. The rules about misspellings, dependencies and units were
written while looking at what they find and miss in hospital and beers, and some thresholds were
chosen then; no part of either file was held back, and whoever wrote the rules made `parcels` too.
So this is a regression test, and no estimate of what the profile finds in a file that nobody has
looked at: expect less there.
"""

from __future__ import annotations

import csv
import hashlib
import os
import random
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

CITIES = ("Aldermoor", "Brackwell", "Castleton", "Dunmere", "Eastholm", "Farnley", "Greyford")
GOODS = (
    "garden chair", "desk lamp", "water kettle", "winter coat", "hiking boots", "cooking pot",
    "picture frame", "tool box", "office paper", "table cloth", "bicycle pump", "reading glasses",
)  # fmt: skip
TRADES = ("Joinery", "Bakery", "Hardware", "Pharmacy", "Stationers", "Motors", "Florists")

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


def make_parcels(folder: Path, rows: int = 2_000) -> None:
    """Writes the third pair: the same each time."""
    chance = random.Random(7)  # noqa: S311 - to be the same each time
    letters = "abcdefghijklmnopqrstuvwxyz"
    depots = {f"D{n:02}": (city, f"{10000 + 731 * n}") for n, city in enumerate(CITIES, start=1)}
    goods = {f"{chance.randrange(10**5):05}": word for word in GOODS}
    firms = {f"F{n:03}": f"{chance.choice(CITIES)} {chance.choice(TRADES)}" for n in range(60)}
    clean = []
    for number in range(rows):
        depot, (city, postcode) = chance.choice(list(depots.items()))
        item, name = chance.choice(list(goods.items()))
        firm, firm_name = chance.choice(list(firms.items()))
        abroad = chance.random() < 0.02  # noqa: PLR2004
        if depot == "D04" and number > rows - 60:
            city, postcode = "Newbridge", "99100"  # it moved
        clean.append(
            {
                "parcel": f"P{number:06}", "depot": depot, "city": city, "postcode": postcode,
                "country": "CH" if abroad else "DE", "item": item,
                "tariff": f"{'ch' if abroad else 'de'}-{item[:3]}", "item_name": name,
                "firm": firm, "firm_name": firm_name, "weight_kg": f"{chance.uniform(1, 30):.1f}",
            }
        )  # fmt: skip

    def slip(text: str) -> str:
        place = chance.randrange(1, max(2, len(text)))
        kind = chance.randrange(3)
        return text[:place] + (chance.choice(letters) if kind else "") + text[place + (kind < 2) :]  # noqa: PLR2004

    dirty = []
    for row in clean:
        changed = dict(row)
        for column in row:
            if column != "parcel" and chance.random() < 0.02:  # noqa: PLR2004
                other = chance.choice(clean)[column]
                forms = [slip(row[column]), other, f" {row[column]}", "n/a"]
                forms += [f"{row[column]} kg"] if column == "weight_kg" else [row[column].upper()]
                changed[column] = chance.choice(forms)
        dirty.append(changed)
    for name, table in (("clean", clean), ("dirty", dirty)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, clean[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)


def default_folder() -> Path:
    """Where the files are, if no folder is named."""
    return Path(os.environ.get("CONSULTING_SHARED_DATA", SHARED)) / "dirty_clean"


def main() -> None:
    """Profiles each dirty file and holds its issues against the clean one."""
    base = Path(sys.argv[1]) if len(sys.argv) > 1 else default_folder()
    with tempfile.TemporaryDirectory() as made:
        make_parcels(Path(made))
        for source in (base / "hospital", base / "beers", Path(made)):
            with tempfile.TemporaryDirectory() as folder:
                reading = land(source / "dirty.csv", Path(folder))
                profile = profile_feed("dirty", [reading], Path(folder))
                name = "parcels" if source == Path(made) else source.name
                report(name, profile, truth(source), Path(folder))


if __name__ == "__main__":
    main()

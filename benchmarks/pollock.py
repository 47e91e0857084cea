"""A Pollock-style benchmark of CSV readers: 2,289 polluted files, scored as Pollock scores.

Pollock (Vitagliano et al., "Pollock: A Data Loading Benchmark", PVLDB 16, 2023) pollutes one file
of 84 rows and 9 columns in 2,289 ways. Its files are not used here: the pollutions are made anew,
from its published description, on a table of our own. So the scores are comparable in kind with
the published ones, and exactly comparable only between the readers of one run.

Score: the sum of ten measures from 0 to 1 (success; precision, recall and F1 of the header's cells,
of the records, and of all cells), averaged over the files ("simple"), or weighted by how often a
pollution occurs in a survey of open data ("weighted": the published weights by group; that of
`row_field_delimiter` is not known to us and taken as that of the separators).

    python benchmarks/pollock.py            # all readers
    python benchmarks/pollock.py --worst 20 # and our reader's worst files
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import random
import re
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, COLUMNS = 84, 9
HEADER = (
    "DATE",
    "TIME",
    "Qty",
    "ITEMID",
    "Price",
    "ItemType",
    "ItemDescription",
    "URL",
    "Comments",
)
ALWAYS_QUOTED = (6, 7)
EOL = "\r\n"

GROUP_WEIGHTS = {
    "row_less_sep": 0.36775106082036774,
    "row_more_sep": 0.36775106082036774,
    "row_field_delimiter": 0.36775106082036774,
    "row_extra_quote": 0.009259259259259259,
}
WEIGHTS = {
    "source": 1,
    "file_no_payload": 15,
    "file_no_trailing_newline": 184,
    "file_double_trailing_newline": 5,
    "file_no_header": 470,
    "file_header_multirow_2": 47,
    "file_header_multirow_3": 47,
    "file_preamble": 282,
    "file_multitable_same": 62.667,
    "file_multitable_more": 62.667,
    "file_multitable_less": 62.667,
    "file_header_only": 3,
    "file_one_data_row": 4,
    "file_record_delimiter_0xD": 7,
    "file_record_delimiter_0xA": 1691,
    "file_field_delimiter_0x9": 4,
    "file_field_delimiter_0x3B": 834,
    "file_field_delimiter_0x20": 4,
    "file_field_delimiter_0x2C_0x20": 101,
    "file_quotation_char_0x27": 11,
    "file_escape_char_0x5C": 1,
    "file_escape_char_0x00": 7,
}
Rows = list[list[str]]


@dataclass(frozen=True)
class Case:
    """A polluted file, and the rows (header first) that a reader should find in it."""

    name: str
    data: bytes
    expected: Rows

    @property
    def weight(self) -> float:
        """How much the file counts in the weighted score."""
        return WEIGHTS.get(self.name) or GROUP_WEIGHTS[re.sub(r"_?\d+_.*|_row\d.*", "", self.name)]


def make_table() -> Rows:
    """A shop's table: dates, times, prices, texts with commas, apostrophes and inch marks."""
    chance = random.Random(2023)  # noqa: S311 - test data, not secrets
    goods = (
        "Boots",
        "Jacket",
        "Socks",
        "Table",
        "Tent",
        "Lamp",
        "Scarf",
        "Kettle",
        "Canoe",
        "Vest",
    )
    for_whom = ("Men's", "Women's", "Kids'", "All-Weather", "Light-Up", "Heavy-Duty")
    praise = (
        "rugged enough for the trail, yet light and quick",
        "built to our exacting standards",
        "warm, dry and comfortable whatever the weather",
        "you'll never want to take it off",
        "a great value that resists wind and light rain",
        "made in limited numbers, so it won't last",
    )
    table = [list(HEADER)]
    for number in range(1, ROWS):
        good = f"{chance.choice(for_whom)} {chance.choice(goods)}"
        if number % 3 == 0:
            good += chance.choice((", Plaid", ", Short-Sleeve", ", Two-Pack"))
        if number % 10 == 0:
            good += f', {chance.randint(5, 48)}"'
        item = f"{chance.choice(('MG', 'RI', 'BH', 'YY'))}-{chance.randint(1000, 9999)}"
        text = f"This {good.split(',')[0].lower()} is {', '.join(chance.sample(praise, 2))}."
        if number == 12:  # noqa: PLR2004 - one row has the awkward measure
            text = "A crisp action and a light feel in our 8\\'9\" length, impeccably designed."
        table.append(
            [
                f"{number % 28 + 1:02d}/{number % 12 + 1:02d}/2018",
                f"{number % 24:02d}:{number * 15 % 60:02d}",
                str(number % 5 if number % 7 else number % 40),
                item,
                f"${chance.randint(90, 9999) / 100:.2f}",
                good,
                text,
                f"https://www.example.com/product/{item.replace('-', '_')}.html",
                "",
            ]
        )
    return table


@dataclass
class Style:
    """How a table is written."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    eol: str = EOL

    def cell(self, text: str, column: int) -> str:
        """One cell as it stands in the file; quoted as the source is, whatever the delimiter."""
        if "," in text or '"' in text or column in ALWAYS_QUOTED:
            return self.quote + text.replace('"', self.escape + '"') + self.quote
        return text

    def row(self, cells: list[str]) -> str:
        """One record without its line end."""
        return self.delimiter.join(self.cell(text, at) for at, text in enumerate(cells))

    def file(self, rows: Rows) -> str:
        """All records."""
        return "".join(self.row(cells) + self.eol for cells in rows)


def make_cases() -> Iterator[Case]:
    """Every pollution, file by file."""
    table = make_table()
    plain = Style()
    text = plain.file(table)
    yield _case("source", text, table)
    yield from _whole_file_cases(table, plain, text)
    for at in range(ROWS):
        yield from _row_cases(table, plain, at)


def _case(name: str, text: str, expected: Rows) -> Case:
    return Case(name, text.encode(), expected)


def _whole_file_cases(table: Rows, plain: Style, text: str) -> Iterator[Case]:
    header = table[0]
    yield _case("file_no_payload", "", [])
    yield _case("file_no_trailing_newline", text.removesuffix(EOL), table)
    yield _case("file_double_trailing_newline", text + EOL, table)
    yield _case("file_no_header", plain.file(table[1:]), table[1:])
    for count in (2, 3):
        joined = [" ".join([name] * count) for name in header]
        rows = [header] * count + table[1:]
        yield _case(f"file_header_multirow_{count}", plain.file(rows), [joined, *table[1:]])
    empty = "," * (COLUMNS - 1)
    yield _case("file_preamble", f"PREAMBLE{empty}{EOL}{empty}{EOL}{text}", table)
    second = table[: ROWS - 1]
    tables = {
        "less": [row[:-1] for row in second],
        "same": second,
        "more": [[*row, "col1" if at == 0 else ""] for at, row in enumerate(second)],
    }
    for name, other in tables.items():
        # the second table is none of the first one's rows
        yield _case(f"file_multitable_{name}", text + plain.file(other), table)
    yield _case("file_header_only", plain.file(table[:1]), table[:1])
    yield _case("file_one_data_row", plain.file(table[:2]), table[:2])
    yield _case("file_record_delimiter_0xA", Style(eol="\n").file(table), table)
    yield _case("file_record_delimiter_0xD", Style(eol="\r").file(table), table)
    for name, mark in (("0x3B", ";"), ("0x9", "\t"), ("0x2C_0x20", ", "), ("0x20", " ")):
        # only cells with a comma are quoted, so that blanks in other cells look like delimiters
        yield _case(f"file_field_delimiter_{name}", Style(delimiter=mark).file(table), table)
    yield _case("file_quotation_char_0x27", Style(quote="'").file(table), table)
    yield _case("file_escape_char_0x5C", Style(escape="\\").file(table), table)
    yield _case("file_escape_char_0x00", Style(escape="").file(table), table)


def _row_cases(table: Rows, plain: Style, at: int) -> Iterator[Case]:
    lines = [plain.row(row) for row in table]
    cells = [plain.cell(text, column) for column, text in enumerate(table[at])]

    def polluted(line: str) -> str:
        return "".join(row + EOL for row in (*lines[:at], line, *lines[at + 1 :]))

    for column in range(COLUMNS):
        more = ",".join(cells[:column]) + ("," if column else "") + "," + ",".join(cells[column:])
        yield _case(f"row_more_sep_row{at}_col{column}", polluted(more), table)
        if column:
            less = ",".join(cells[:column]) + ",".join(cells[column:])
            yield _case(f"row_less_sep_row{at}_col{column}", polluted(less), table)
        cell = cells[column]
        quoted = f'""{cell[1:]}' if cell.startswith('"') else f'"{cell}'
        extra = ",".join((*cells[:column], quoted, *cells[column + 1 :]))
        expected = [list(row) for row in table]
        # Pollock's clean file writes the quote undoubled, so that a parser finds it at the end
        expected[at][column] += '"'
        yield _case(f"row_extra_quote{at}_col{column}", polluted(extra), expected)
    yield _case(f"row_field_delimiter_{at}_0x20", polluted(" ".join(cells)), table)


@cache
def normalized(cell: str) -> str:
    """Numbers, dates, times and prices in one spelling, text in lower case."""
    text = cell.strip()
    if re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
        return str(float(text))
    if found := re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text):
        return f"{found[3]}-{found[2]}-{found[1]}"
    if found := re.fullmatch(r"(\d{4}-\d\d-\d\d)( 00:00:00)?", text):
        return found[1]
    if found := re.fullmatch(r"(\d\d:\d\d)(:00)?", text):
        return found[1]
    return text.lower()


def score(case: Case, loaded: Rows | None) -> float:
    """The sum of the ten measures, 0 to 10."""
    if loaded is None:
        return 0.0
    if not case.expected:
        return 10.0
    measures = [1.0]
    header = [normalized(cell) for cell in case.expected[0]]
    found = [normalized(cell) for cell in loaded[0]] if loaded else []
    measures += _overlap(header, found)
    records = ["".join(map(normalized, row)) for row in case.expected[1:]]
    measures += _overlap(records, ["".join(map(normalized, row)) for row in loaded[1:]])
    cells = [normalized(cell) for row in case.expected for cell in row]
    measures += _overlap(cells, [normalized(cell) for row in loaded for cell in row])
    return sum(measures)


def _overlap(expected: list[str], found: list[str]) -> tuple[float, float, float]:
    """Share of the expected that was found, share of the found that was expected, their F1."""
    if not expected:
        return 1.0, 1.0, 1.0
    common = (Counter(expected) & Counter(found)).total()
    if not common:
        return 0.0, 0.0, 0.0
    one, other = common / len(expected), common / len(found)
    return one, other, 2 * one * other / (one + other)


def read_ours(path: Path) -> Rows | None:
    """Our reader, told nothing; rows it set aside are not loaded."""
    import pyarrow.parquet as pq

    from consulting.errors import UnreadableFileError
    from consulting.intake.reading import Door, read_file

    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        reading = read_file(
            path,
            filename="polluted.csv",
            feed="feed",
            sha256=sha256,
            run_folder=path.parent / "run",
            door=Door(tier=3, client_id="bench"),
        )
    except UnreadableFileError as error:
        return [] if error.code == "empty_file" else None
    table = pq.read_table(path.parent / "run" / str(reading.rows_path))
    columns = [table.column(at).to_pylist() for at in range(len(reading.columns))]
    rows = [[cell or "" for cell in row] for row in zip(*columns, strict=True)]
    if not reading.header_lines:
        return rows
    # names made up for columns without a header are not in the file
    return [["" if re.fullmatch(r"column_\d+", n) else n for n in reading.columns], *rows]


def read_duckdb(path: Path) -> Rows | None:
    """DuckDB's automatic reader, as its makers ran it in the published benchmark."""
    import duckdb

    with duckdb.connect() as connection:
        try:
            found = connection.execute(
                "SELECT * FROM read_csv(?, ignore_errors = true)", [str(path)]
            )
            names = [item[0] for item in found.description]
            rows = found.fetchall()
        except duckdb.Error:
            return None
    return [names, *[["" if cell is None else str(cell) for cell in row] for row in rows]]


def read_sniffer(path: Path) -> Rows | None:
    """Python's `csv.Sniffer`, as the published benchmark ran it."""
    text = path.read_bytes().decode()
    try:
        dialect = csv.Sniffer().sniff(text)
        return list(csv.reader(io.StringIO(text, newline=""), dialect))
    except csv.Error:
        return None


def read_plain(path: Path) -> Rows | None:
    """Python's `csv` with commas and double quotes, whatever the file is."""
    text = path.read_bytes().decode()
    return list(csv.reader(io.StringIO(text, newline="")))


READERS: dict[str, Callable[[Path], Rows | None]] = {
    "ours, told nothing": read_ours,
    "DuckDB read_csv, ignore_errors": read_duckdb,
    "Python csv.Sniffer": read_sniffer,
    "Python csv, told the common dialect": read_plain,
}


def run(reader: Callable[[Path], Rows | None], cases: list[Case]) -> dict[str, float]:
    """Each file's score."""
    scores = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        for case in cases:
            path.write_bytes(case.data)
            scores[case.name] = score(case, reader(path))
    return scores


def totals(scores: dict[str, float], cases: list[Case]) -> tuple[float, float]:
    """The simple and the weighted score."""
    simple = sum(scores.values()) / len(scores)
    weights = sum(case.weight for case in cases)
    return simple, sum(scores[case.name] * case.weight for case in cases) / weights


def main() -> None:
    """Score every reader and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worst", type=int, default=0, help="how many of our worst files to show")
    parser.add_argument("--only", default="", help="only readers whose name contains this")
    arguments = parser.parse_args()
    cases = list(make_cases())
    print(f"{len(cases):,} files")
    print("| reader | simple | weighted | CPU s |\n|---|---|---|---|")
    for name, reader in READERS.items():
        if arguments.only not in name:
            continue
        started = time.process_time()
        scores = run(reader, cases)
        seconds = time.process_time() - started
        simple, weighted = totals(scores, cases)
        print(f"| {name} | {simple:.3f} | {weighted:.3f} | {seconds:.1f} |")
        if reader is read_ours and arguments.worst:
            groups = defaultdict(list)
            for case, value in scores.items():
                groups[re.sub(r"\d+_col\d+|_row\d+|_\d+_0x20$", "", case)].append(value)
            for group, values in sorted(groups.items()):
                print(f"    {group}: {sum(values) / len(values):.4f} over {len(values)}")
            for case in sorted(scores, key=scores.__getitem__)[: arguments.worst]:
                print(f"    {scores[case]:.3f} {case}")


if __name__ == "__main__":
    main()

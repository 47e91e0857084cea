"""Reports of any make: each line of the file is accounted for once, each cell comes back."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections import Counter
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.intake.reading.conftest import read_bytes
from tests.intake.reading.test_tables import texts, written

Grid = list[list[object]]

HEADS = st.sampled_from(
    [
        [],
        [["Sales of the north"], []],
        [["Northwind Ltd"], ["Period:", "2024-01"], []],
        [["Report", "Sales"], ["Filter", "none"], ["By", "A. Kim"], []],
        [["Umsätze nach Tagen"], ["Stand: 3. Mai"], [], []],
    ]
)
NOTES = st.sampled_from([[], [[], ["Source: till system"]], [["* as told by the branch"]]])
DAYS = st.dates().map(str)
AMOUNTS = st.integers(-99, 999).map(lambda n: f"{n / 100:.2f}")
NAMES = st.sampled_from(
    ["", "Ann Lee", "Bob, Jr.", "Cy; and Co", 'the "old" shop', "Zoë\tO'Hara", "a|b", "two\nlines"]
)


def _tables(titles: list[object], *cells: st.SearchStrategy[str], least: int) -> Any:
    rows = st.lists(st.tuples(*cells).map(list), min_size=least, max_size=12)
    return rows.map(lambda found: [titles, *found])


FIRST = st.one_of(
    _tables(["Day", "Customer", "Amount"], DAYS, NAMES, AMOUNTS, least=3),
    _tables(["Customer", "Day", "Net", "Gross"], NAMES, DAYS, AMOUNTS, AMOUNTS, least=3),
)
SECOND = st.one_of(
    st.just([]),
    _tables(["Branch", "Total"], st.sampled_from(["North", "South"]), AMOUNTS, least=2).map(
        lambda table: [[], *table[:4]]
    ),
)


SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


def _written(grid: Grid, form: str, end: str, *, last_end: bool) -> tuple[bytes, list[int]]:
    """A grid as delimited text, and how many lines each of its rows takes."""
    lines = []
    for row in grid:
        text = io.StringIO()
        csv.writer(text, delimiter=SIGNS[form], lineterminator="\n").writerow(row)
        lines.append(text.getvalue().removesuffix("\n"))
    data = end.join(lines) + (end if last_end else "")
    return data.encode(), [line.count("\n") + 1 for line in lines]


@settings(deadline=None, max_examples=100, derandomize=True, phases=(Phase.generate,))
@given(
    head=HEADS,
    first=FIRST,
    second=SECOND,
    notes=NOTES,
    form=st.sampled_from([*SIGNS, "xlsx"]),
    end=st.sampled_from(["\n", "\r\n"]),
    last_end=st.booleans(),
)
def test_each_line_is_accounted_for_once_and_the_first_table_comes_back(  # noqa: PLR0913 - what a file is made of
    *, head: Grid, first: Grid, second: Grid, notes: Grid, form: str, end: str, last_end: bool
) -> None:
    grid = [*head, *first, *second, *notes]
    if form == "xlsx":
        (data, filename), spans = written(grid, form), [1] * len(grid)
    else:
        (data, spans), filename = _written(grid, form, end, last_end=last_end), "table.csv"
    starts = [*accumulate(spans, initial=1)]
    with tempfile.TemporaryDirectory() as folder:
        got = read_bytes(Path(folder), data, filename)
    assert got.columns == first[0]
    assert got.rows == texts(first[1:])
    span = dict(zip(starts, spans, strict=False))
    counted = Counter(got.reading.header_lines)
    for line in [*got.lines, *(reject["_row"] for reject in got.rejects)]:
        counted.update(range(line, line + span[line]))
    for skipped in got.reading.skipped:
        counted.update(range(skipped.first_line, skipped.last_line + 1))
    assert set(counted.values()) == {1}
    blank = {start for start, row in zip(starts, grid, strict=False) if not row}
    assert {*counted} | blank == {*range(1, starts[-1])}
    told = re.search(
        r"Of ([\d,]+) lines, .* (\d+) (?:was|were) skipped(?:, (\d+) blank)?", got.said
    )
    if form != "xlsx":
        assert told
        assert int(told[1]) == starts[-1] - 1
        rest = starts[-1] - 1 - got.reading.received_rows - len(got.reading.header_lines)
        assert int(told[3] or 0) == rest - int(told[2])


@pytest.mark.parametrize(
    ("last", "days"),
    [
        ("2024-01-03,,", ["2024-01-01", "2024-01-02", "2024-01-03"]),
        ("end of list,,", ["2024-01-01", "2024-01-02"]),
        ("as of 2024-01-03", ["2024-01-01", "2024-01-02"]),
    ],
)
def test_a_last_row_with_its_first_cell_alone_is_a_row_where_that_is_of_the_columns_kind(
    tmp_path: Path, last: str, days: list[str]
) -> None:
    text = f"day,customer,amount\n2024-01-01,Ann,1.50\n2024-01-02,Bob,2.50\n{last}\n"
    assert [row[0] for row in read_bytes(tmp_path, text.encode()).rows] == days

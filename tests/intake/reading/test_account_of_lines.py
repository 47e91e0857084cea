"""Reports of any make: each line of the file is accounted for once, each cell comes back."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
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
NAMES = st.sampled_from(["", "Ann Lee", "Bob, Jr.", "Cy; and Co", 'the "old" shop', "Zoë\tO'Hara"])


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


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    head=HEADS,
    first=FIRST,
    second=SECOND,
    notes=NOTES,
    form=st.sampled_from(["comma", "semicolon", "tab"]),
)
def test_each_line_is_accounted_for_once_and_the_first_table_comes_back(
    head: Grid, first: Grid, second: Grid, notes: Grid, form: str
) -> None:
    grid = [*head, *first, *second, *notes]
    data, filename = written(grid, form)
    with tempfile.TemporaryDirectory() as folder:
        got = read_bytes(Path(folder), data, filename)
    assert got.columns == first[0]
    assert got.rows == texts(first[1:])
    counted = Counter([*got.reading.header_lines, *got.lines])
    counted.update(reject["_row"] for reject in got.rejects)
    for skipped in got.reading.skipped:
        counted.update(range(skipped.first_line, skipped.last_line + 1))
    filled = {at for at, row in enumerate(grid, 1) if row}
    assert {line for line in counted if line in filled} == filled
    assert set(counted.values()) == {1}
    assert max(counted) <= len(grid)


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

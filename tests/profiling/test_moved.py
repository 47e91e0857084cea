"""Rows whose cells moved by one column: each cell up to where one is at home is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.profiling.test_contradictions import cells_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.profiling import FeedProfile

ROWS = 60


def members() -> dict[str, list[str]]:
    """Members with a name, a grade, a day, two amounts and an address."""
    return {
        "name": [
            f"{'ABCDEF'[n % 6]}nna {'bcdfg'[n % 5]}erg{chr(97 + n % 26)}" for n in range(ROWS)
        ],
        "grade": [("low", "middle", "high")[n % 3] for n in range(ROWS)],
        "since": [f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(ROWS)],
        "paid": [f"{n * 37 % 101}.50" for n in range(ROWS)],
        "open": [f"{n * 53 % 97}.25" for n in range(ROWS)],
        "site": [f"AB-{n * 31 % 90 + 10}" for n in range(ROWS)],
    }


def moved(table: dict[str, list[str]], row: int, start: int, step: int) -> set[str]:
    """Moves the cells of a row from a column on; returns the columns whose cell changed."""
    names = list(table)
    before = [table[n][row] for n in names]
    rest = ["", *before[start:-1]] if step > 0 else [*before[start + 1 :], ""]
    for name, cell in zip(names, before[:start] + rest, strict=True):
        table[name][row] = cell
    return {n for n, cell in zip(names, before, strict=True) if table[n][row] != cell}


@pytest.mark.parametrize(("start", "step"), [(1, 1), (2, 1), (0, -1), (1, -1)])
def test_each_cell_of_a_shifted_row_is_told(
    profile: Callable[..., FeedProfile], start: int, step: int
) -> None:
    table = members()
    changed = moved(table, 17, start, step)
    found = [i for i in profile(table).issues if i.issue_type == "moved_cells"]
    told = {i.column for i in found}
    blank = "site" if step < 0 else list(table)[start]  # told as missing
    assert told >= changed - {blank, "name"}  # a word among words may be one
    assert told <= changed
    assert all(cells_of(i, table) == [17] for i in found)
    assert all(i.severity == "warn" and i.evidence_count == 1 for i in found)


def test_the_sentence_says_whose_value_it_is(profile: Callable[..., FeedProfile]) -> None:
    table = members()
    moved(table, 17, 1, 1)
    found = {i.column: i for i in profile(table).issues if i.issue_type == "moved_cells"}
    assert found["paid"].detail == (
        "1 row holds here what belongs to “since”: the cells of the row moved by one column."
    )


def test_what_is_clean_or_wrong_in_one_cell_alone_did_not_move(
    profile: Callable[..., FeedProfile],
) -> None:
    table = members()
    table["paid"][4] = "2024-03-01"
    table["since"][9] = "high"
    for one in (members(), table):
        assert not [i for i in profile(one).issues if i.issue_type == "moved_cells"]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sets(st.integers(0, ROWS - 1), min_size=1, max_size=3), st.integers(0, 2))
def test_only_cells_of_rows_that_moved_are_told(
    profile: Callable[..., FeedProfile], rows: set[int], start: int
) -> None:
    table = members()
    for row in rows:
        moved(table, row, start, 1)
    for issue in profile(table).issues:
        if issue.issue_type == "moved_cells":
            assert set(cells_of(issue, table)) <= rows


def test_what_was_found_right_is_told_no_more(
    profile: Callable[..., FeedProfile],
) -> None:
    from consulting.rules.accepted import Mark

    table = members()
    moved(table, 17, 1, 1)
    marks = {"paid": [Mark(issue="moved_cells", by="Jane")]}
    found = profile(table, accepted=marks)
    told = {i.column for i in found.issues if i.issue_type == "moved_cells"}
    assert told
    assert "paid" not in told
    assert [one.rows for one in found.accepted] == [1]

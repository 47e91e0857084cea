"""Sums, products and the order of days that nearly all rows keep: who breaks them is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.profiling.test_contradictions import cells_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.profiling import FeedProfile

ROWS = 120
START = date(2024, 1, 1)


def orders() -> dict[str, list[str]]:
    """Orders with quantity times price, net and tax that make a total, and two days."""
    numbers = [(n % 9 + 2, 100 + 7 * n) for n in range(ROWS)]
    days = [START + timedelta(days=n * 5 % 97) for n in range(ROWS)]
    return {
        "row": [f"r{n}" for n in range(ROWS)],
        "quantity": [str(q) for q, _ in numbers],
        "price": [f"{p / 100:.2f}" for _, p in numbers],
        "net": [f"{q * p / 100:.2f}" for q, p in numbers],
        "tax": [f"{(n * 37 % 83 + 3) / 4:.2f}" for n in range(ROWS)],
        "total": [f"{q * p / 100 + (n * 37 % 83 + 3) / 4:.2f}" for n, (q, p) in enumerate(numbers)],
        "ordered": [day.isoformat() for day in days],
        "shipped": [
            (day + timedelta(days=n % 11)).strftime("%d.%m.%Y") for n, day in enumerate(days)
        ],
    }


def test_rows_that_keep_every_law_are_not_told(profile: Callable[..., FeedProfile]) -> None:
    assert not [i for i in profile(orders()).issues if i.issue_type == "broken_law"]


@pytest.mark.parametrize(
    ("column", "row", "value", "told"),
    [
        ("total", 17, "61.23", "“net” and “tax” make “total”"),
        ("net", 17, "61.23", "“quantity” times “price” make “net”"),
        ("shipped", 40, "03.01.2024", "“ordered” is not after “shipped”"),
    ],
)
def test_the_row_that_breaks_a_law_is_told(
    profile: Callable[..., FeedProfile], column: str, row: int, value: str, told: str
) -> None:
    table = orders()
    table[column][row] = value
    found = [i for i in profile(table).issues if i.issue_type == "broken_law"]
    issue = next(i for i in found if i.column == column)
    assert issue.detail == f"1 row breaks what all others keep: {told}."
    assert cells_of(issue, table) == [row]


def laws(found: FeedProfile) -> dict[str | None, int]:
    return {i.column: i.evidence_count for i in found.issues if i.issue_type == "broken_law"}


def test_the_cell_that_breaks_most_laws_of_its_row_is_to_blame(
    profile: Callable[..., FeedProfile],
) -> None:
    table = orders()
    table["net"][17] = "61.23"  # neither quantity times price nor, with the tax, the total
    assert laws(profile(table)) == {"net": 1}


def test_a_law_is_not_told_where_something_else_says_which_cell_is_wrong(
    profile: Callable[..., FeedProfile],
) -> None:
    table = orders()
    table["shipped"][40] = "01.01.1023"  # implausible by itself
    table["tax"][7] = "999999.00"  # an outlier
    found = profile(table)
    assert laws(found) == {}
    assert {i.column for i in found.issues if i.severity != "info"} == {"shipped", "tax"}


@pytest.mark.parametrize(
    ("column", "row", "value", "blamed"),
    [
        ("tax", 26, "31.00", "tax"),  # of 13.00
        ("tax", 41, "6.05", "tax"),  # of 6.50
        ("tax", 41, "65.00", "tax"),  # a point that moved
        ("tax", 41, "9.99", "total"),  # nothing explains it: what the others make
        ("total", 41, "40.00", "total"),
    ],
)
def test_the_cell_that_a_slip_of_the_keyboard_explains_is_to_blame(
    profile: Callable[..., FeedProfile], column: str, row: int, value: str, blamed: str
) -> None:
    table = orders()
    table[column][row] = value
    issues = [i for i in profile(table).issues if i.rows_where and i.severity == "warn"]
    (issue,) = (i for i in issues if row in cells_of(i, table))
    assert (issue.issue_type, issue.column) in {("broken_law", blamed), ("outliers", blamed)}


def test_a_sum_may_be_broken_in_a_quarter_of_the_rows(profile: Callable[..., FeedProfile]) -> None:
    table = orders()
    for row in range(0, ROWS, 5):
        table["total"][row] = f"{float(table['total'][row]) * 1.1:.2f}"
    (issue,) = (i for i in profile(table).issues if i.issue_type == "broken_law")
    assert (issue.column, cells_of(issue, table)) == ("total", [*range(0, ROWS, 5)])

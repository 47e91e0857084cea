"""Sums, products and the order of days that nearly all rows keep: who breaks them is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest

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
        ("total", 17, "999.99", "“net” and “tax” make “total”"),
        ("net", 17, "999.99", "“quantity” times “price” make “net”"),
        ("shipped", 40, "01.01.2023", "“ordered” is not after “shipped”"),
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
    with duckdb.connect() as connection:
        names = ", ".join(f'unnest(${n + 1}) AS "{c}"' for n, c in enumerate(table))
        selected = connection.execute(
            f"SELECT row FROM (SELECT {names}) WHERE {issue.rows_where}", list(table.values())
        ).fetchall()
    assert selected == [(f"r{row}",)]

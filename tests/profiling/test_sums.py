"""Rows that are sums of other rows by their numbers, whatever they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from consulting.profiling.propose import propose_feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.profiling import FeedProfile

QUICKBOOKS = {
    "Line": ["Income", "   Services", "   Parts", "Total Income", "Expenses", "   Rent", "   Fees",
             "Total Expenses", "Net Income"],
    "Jan": ["", "100", "10", "110", "", "50", "5", "55", "55"],
    "Feb": ["", "120", "12", "132", "", "50", "6", "56", "76"],
}  # fmt: skip
INSEE = {
    "Région": ["Nord", "Nord", "Ensemble", "Sud", "Sud", "Ensemble", "France entière"],
    "Sexe": ["H", "F", "", "H", "F", "", ""],
    "Habitants": ["1 200", "1 300", "2 500", "700", "800", "1 500", "4 000"],
}


def told(profile: FeedProfile) -> list[tuple[str | None, int]]:
    found = [issue for issue in profile.issues if issue.issue_type == "subtotal_rows"]
    return [(issue.column, issue.evidence_count) for issue in found]


def test_what_is_left_of_two_sums_is_one(profile: Callable[..., FeedProfile]) -> None:
    found = profile(QUICKBOOKS)
    assert told(found) == [("Line", 3)]
    assert propose_feed(found).reject_when == {
        "subtotal": "\"line\" IN ('Net Income', 'Total Expenses', 'Total Income')"
    }


def test_sums_are_found_by_their_gaps_and_their_numbers(
    profile: Callable[..., FeedProfile],
) -> None:
    assert told(profile(INSEE)) == [("Région", 3)]


@pytest.mark.parametrize("label", ["Total", "Łącznie", "Razem", "Yhteensä", "Итого", "合計", "Sum"])
def test_in_any_language(profile: Callable[..., FeedProfile], label: str) -> None:
    columns = {
        "Area": ["a", "b", label, "c", "d", label],
        "Sold": ["1.5", "2", "3.5", "4", "7", "11"],
    }
    assert told(profile(columns)) == [("Area", 2)]


def test_a_sum_without_a_label_is_told(profile: Callable[..., FeedProfile]) -> None:
    columns = {"Area": ["a", "b", "", "c", "d", ""], "Sold": ["1.5", "2", "3.5", "4", "7", "11"]}
    assert told(profile(columns)) == [(None, 2)]


@pytest.mark.parametrize(
    "columns",
    [
        {"Metric": ["Revenue", "Costs", "Net income"], "Value": ["9", "5", "3"]},
        {"Area": ["a", "b", "c", "d"], "Sold": ["1", "2", "3", "6"]},
        {"Firm": ["Total", "Shell", "BP", "Total"], "Litres": ["10", "20", "40", "30"]},
        {"Area": ["a", "b", "", "c"], "Sold": ["1", "2", "4", "9"]},
    ],
)
def test_what_the_numbers_do_not_say_is_no_sum(
    profile: Callable[..., FeedProfile], columns: dict[str, list[str]]
) -> None:
    assert told(profile(columns)) == []

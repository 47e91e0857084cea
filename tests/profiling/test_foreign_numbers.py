"""Numbers that another system or another unit wrote: by their last digit, and by how far off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.profiling.far import near_of
from consulting.profiling.judge_numbers import odd_fractions
from consulting.profiling.statistics import summarise
from consulting.profiling.thresholds import Thresholds
from consulting.rules.numbers import read_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consulting.profiling import FeedProfile

LIMITS = Thresholds()
WHOLE = [str(n) for n in range(10, 110)]
CENTS = [f"{n * 37 % 9000 / 100:.2f}" for n in range(1, 101)]
TENTHS = [f"{n * 37 % 900 / 10:g}" for n in range(1, 101)]
FLOATS = [f"{n * 7.3819553:.7g}" for n in range(1, 101)]


def odd(values: Sequence[str]) -> set[str]:
    read = {}
    for text in values:
        number = read_number(text)
        assert number is not None
        read[text] = (number, values.count(text))
    return odd_fractions(read, LIMITS)


@pytest.mark.parametrize(
    ("values", "foreign"),
    [
        (WHOLE, ["4.9896", "9.525", "11.34", "39.01"]),  # pounds as kilograms
        (WHOLE, ["12.0", "13.0"]),  # as another system writes them
        (WHOLE, ["0.026", "0.048", "0.019", "0.044"]),  # grams as kilograms
        (WHOLE, []),
        (CENTS, ["19.0246", "13.2334"]),
        (CENTS, ["7", "8.5"]),  # the others keep their noughts
        (CENTS, []),
        (TENTHS, ["2.417", "0.563", "1.569"]),  # a point that moved
        (TENTHS, ["7"]),
    ],
)
def test_numbers_written_to_another_digit_are_odd(values: list[str], foreign: list[str]) -> None:
    assert odd([*values, *foreign]) == set(foreign) - {"7" if values is TENTHS else ""}


@pytest.mark.parametrize(
    "values",
    [
        [*WHOLE, "10.5", "11.5", "12.25"],  # halves
        [*WHOLE, "19.99", "29.99", "24.90"],  # prices
        FLOATS,  # as many digits in all
        [*WHOLE, *(f"{n}.{n % 9 + 1}" for n in range(20, 60))],  # too many
    ],
)
def test_numbers_that_are_a_digit_longer_by_nature_are_not(values: list[str]) -> None:
    assert odd(values) == set()


@given(st.lists(st.integers(-9999, 9999), min_size=1), st.integers(0, 4))
def test_a_column_written_to_one_digit_has_no_odd_number(numbers: list[int], digits: int) -> None:
    assert odd([f"{n / 10**digits:.{digits}f}" for n in numbers]) == set()


def bounds(numbers: Sequence[float]) -> tuple[float, float]:
    counted = [(x, numbers.count(x)) for x in sorted(set(numbers))]
    summary = summarise(counted)
    assert summary is not None
    return near_of(counted, summary, LIMITS)


@pytest.mark.parametrize(
    ("foreign", "near"),
    [
        ([1000.0 * n for n in range(30, 50)], (30, 59)),  # grams for kilograms, two in eleven
        ([n / 1000 for n in range(30, 50)], (30, 59)),
        ([2.0 * n for n in range(60, 80)], (30, 158)),  # not so many times greater
        ([1000.0 * n for n in range(30, 130)], (30, 129_000)),  # too many
    ],
)
def test_numbers_of_another_unit_are_far(foreign: list[float], near: tuple[float, float]) -> None:
    assert bounds([float(30 + n % 30) for n in range(180)] + foreign) == near


@given(st.lists(st.integers(1, 100), min_size=20))
def test_what_is_near_lies_between_numbers_of_the_column(numbers: list[int]) -> None:
    low, high = bounds([float(n) for n in numbers])
    assert min(numbers) <= low <= high <= max(numbers)


def test_a_number_of_a_thing_has_no_sign(profile: Callable[..., FeedProfile]) -> None:
    ids = [*map(str, range(100, 200)), "-117", "90001"]
    (issue,) = (i for i in profile({"customer_id": ids}).issues if i.issue_type == "outliers")
    assert issue.examples == ("-117",)


@pytest.mark.parametrize(("rare", "severity"), [(3, "warn"), (30, "info")])
def test_few_leading_zeros_are_slips(
    profile: Callable[..., FeedProfile], rare: int, severity: str
) -> None:
    values = [*(str(10 + n % 60) for n in range(100 - rare)), *(f"0{n % 9}" for n in range(rare))]
    (issue,) = (i for i in profile({"x": values}).issues if i.issue_type == "leading_zeros")
    assert (issue.severity, issue.evidence_count) == (severity, rare)


def test_a_mean_in_many_rows_is_told_where_no_other_number_comes_again(
    profile: Callable[..., FeedProfile],
) -> None:
    values = [*map(str, range(1, 200, 2)), *["100"] * 26]
    (issue,) = (i for i in profile({"x": values}).issues if i.issue_type == "imputed_values")
    assert issue.examples == ("100",)


@pytest.mark.parametrize("few", [1, 10_000])
@pytest.mark.parametrize(
    ("numbers", "far"),
    [
        ([2**53 + 1 + n for n in range(40)], 0),  # a float holds every second one
        ([10**18 + n * n for n in range(40)], 0),
        ([*range(1, 40), 10**18], 1),
    ],
)
def test_numbers_too_great_to_be_told_apart_are_not_far(
    profile: Callable[..., FeedProfile], numbers: list[int], far: int, few: int
) -> None:
    found = profile({"hits": [*map(str, numbers)] * 2}, Thresholds(few_distinct=few)).issues
    assert sum(i.issue_type == "outliers" for i in found) == far

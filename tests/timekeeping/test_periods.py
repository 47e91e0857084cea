"""Which period a file belongs to, and how periods follow each other."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.timekeeping import Partitioning, period_start, period_window, periods_between

BY_MONTH = r"(?P<year>\d{4})-(?P<month>\d{2})"
SEEN = datetime(2026, 4, 2, 9, tzinfo=UTC)


def monthly(**more: Any) -> Partitioning:
    return Partitioning(every="month", start="2026-01", period_from=BY_MONTH, **more)


def test_a_late_file_and_an_early_file_land_in_the_period_of_their_names() -> None:
    assert monthly().placement("in/orders_2026-01.csv", SEEN).period == "2026-01"
    assert monthly().placement("in/orders_2026-07.csv", SEEN).period == "2026-07"


def test_the_folder_can_name_the_period() -> None:
    assert monthly().placement("2026-03/orders.csv", SEEN).period == "2026-03"


def test_a_file_without_a_period_in_its_name_belongs_to_when_it_came() -> None:
    placement = monthly().placement("orders.csv", SEEN)
    assert (placement.period, placement.by) == ("2026-04", "arrival")


def test_arrival_is_read_in_the_timezone_of_the_engagement() -> None:
    last_of_march = datetime(2026, 4, 1, 3, 30, tzinfo=UTC)
    assert (
        monthly(timezone="America/New_York").placement("a.csv", last_of_march).period == "2026-03"
    )
    assert monthly().placement("a.csv", last_of_march).period == "2026-04"


def test_a_name_with_an_impossible_month_is_placed_by_arrival_and_says_so() -> None:
    placement = monthly().placement("orders_2026-13.csv", SEEN)
    assert placement.period == "2026-04"
    assert "no day 2026-13" in placement.note


def test_a_file_from_before_the_first_period_belongs_to_none_and_says_so() -> None:
    placement = monthly().placement("orders_2025-12.csv", SEEN)
    assert placement.period is None
    assert "2026-01, the first period" in placement.note


def test_months_by_name_and_years_of_two_digits_are_understood() -> None:
    named = Partitioning(
        every="month", start="2026-01", period_from=r"(?P<month>[A-Za-z]+)(?P<year>\d{2})"
    )
    assert named.placement("sales_Mar26.xlsx", SEEN).period == "2026-03"
    assert named.placement("sales_september27.xlsx", SEEN).period == "2027-09"


def test_iso_week_53_exists_in_long_years_and_only_there() -> None:
    weekly = Partitioning(
        every="week", start="2020-W50", period_from=r"(?P<year>\d{4})W(?P<week>\d{2})"
    )
    assert weekly.placement("x_2026W53.csv", SEEN).period == "2026-W53"
    assert weekly.placement("x_2025W53.csv", SEEN).note == (
        "its name gives year '2025', week '53', but 2025 has no week 53; placed by its arrival"
    )
    assert weekly.key(date(2021, 1, 3)) == "2020-W53"
    assert weekly.key(date(2027, 1, 1)) == "2026-W53"
    assert periods_between("2026-W52", "2027-W02") == [
        "2026-W52",
        "2026-W53",
        "2027-W01",
        "2027-W02",
    ]


def test_a_week_can_be_named_by_any_of_its_days() -> None:
    weekly = Partitioning(
        every="week",
        start="2026-W01",
        period_from=r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    )
    assert weekly.placement("x_20260118.csv", SEEN).period == "2026-W03"


def test_the_window_of_a_period_follows_leap_days_and_daylight_saving_time() -> None:
    start, end = period_window("2028-02")
    assert (end - start).days == 29
    start, end = period_window("2026-03-08", "America/New_York")
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=23)
    start, end = period_window("2026-W53")
    assert (start.date(), end.date()) == (date(2026, 12, 28), date(2027, 1, 4))


@pytest.mark.parametrize("start", ["2026-01", "2026-01-19", date(2026, 1, 5)])
def test_the_start_can_be_a_period_or_any_date_in_it(start: Any) -> None:
    assert Partitioning(every="month", start=start).start == "2026-01"
    assert Partitioning(every="week", start=date(2026, 1, 19)).start == "2026-W04"


def test_the_last_complete_period_is_the_one_before_the_current() -> None:
    assert monthly().current(SEEN) == "2026-04"
    assert monthly().last_complete(SEEN) == "2026-03"
    assert monthly().last_complete(datetime(2026, 1, 9, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("every", "pattern", "says"),
    [
        ("month", r"(?P<year>\d{4}", "not a regular expression"),
        ("month", r"(?P<year>\d{4})", r"needs the named groups year \+ month"),
        ("week", r"(?P<year>\d{4})", r"year \+ week or year \+ month \+ day"),
        ("day", r"(?P<year>\d{4})-(?P<mnth>\d{2})", "group 'mnth'"),
    ],
)
def test_a_pattern_that_names_no_period_is_refused_with_what_is_allowed(
    every: Any, pattern: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Partitioning(every=every, start=date(2026, 1, 1), period_from=pattern)


def test_keys_that_are_no_periods_are_refused() -> None:
    with pytest.raises(ValueError, match="'2026-1' is not a period"):
        period_start("2026-1")
    with pytest.raises(ValueError, match="2025-W53"):
        period_start("2025-W53")
    with pytest.raises(ValueError, match="different length"):
        periods_between("2026-01", "2026-W03")
    with pytest.raises(ValueError, match="start 'January' is not a month"):
        Partitioning(every="month", start="January")


@given(
    every=st.sampled_from(["day", "week", "month"]),
    first=st.dates(date(1999, 1, 1), date(2060, 1, 1)),
    days=st.integers(0, 800),
)
def test_periods_tile_time_without_gaps_and_their_keys_sort_in_time(
    every: Any, first: Any, days: int
) -> None:
    partitioning = Partitioning(every=every, start=first)
    keys = periods_between(partitioning.start, partitioning.key(first + timedelta(days=days)))
    assert keys == sorted(keys)
    windows = [period_window(key, "Europe/Berlin") for key in keys]
    assert all(earlier[1] == later[0] for earlier, later in pairwise(windows))
    assert all(partitioning.key(period_start(key)) == key for key in keys)

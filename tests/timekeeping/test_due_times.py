"""Due times over daylight saving time, month ends, leap days and holidays."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consulting.timekeeping import Calendar, Timetable

NEW_YORK = ZoneInfo("America/New_York")


def due_between(
    cron: str, timezone: str, first: Any, last: str, calendar: Calendar | None = None
) -> list[str]:
    zone = ZoneInfo(timezone)
    start = datetime.combine(date.fromisoformat(first), datetime.min.time(), tzinfo=zone)
    end = datetime.combine(date.fromisoformat(last), datetime.min.time(), tzinfo=zone)
    timetable = Timetable(cron=cron, timezone=timezone, calendar=calendar)
    return [due.isoformat() for due in timetable.due_times(start, end)]


def test_a_monday_morning_keeps_its_wall_clock_when_clocks_go_forward_and_back() -> None:
    assert due_between("0 6 * * 1", "America/New_York", "2026-03-02", "2026-03-17") == [
        "2026-03-02T06:00:00-05:00",
        "2026-03-09T06:00:00-04:00",
        "2026-03-16T06:00:00-04:00",
    ]
    assert due_between("0 6 * * 1", "America/New_York", "2026-10-26", "2026-11-03") == [
        "2026-10-26T06:00:00-04:00",
        "2026-11-02T06:00:00-05:00",
    ]


def test_a_time_that_the_clock_skips_is_due_once_at_the_first_minute_that_exists() -> None:
    assert due_between("30 2 * * *", "America/New_York", "2026-03-07", "2026-03-10") == [
        "2026-03-07T02:30:00-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-09T02:30:00-04:00",
    ]


def test_a_time_that_the_clock_repeats_is_due_once_the_first_time() -> None:
    assert due_between("30 1 * * *", "America/New_York", "2026-10-31", "2026-11-03") == [
        "2026-10-31T01:30:00-04:00",
        "2026-11-01T01:30:00-04:00",
        "2026-11-02T01:30:00-05:00",
    ]


def test_an_hourly_cron_follows_real_time_through_the_repeated_hour() -> None:
    due = due_between("0 * * * *", "America/New_York", "2026-11-01", "2026-11-02")
    assert len(due) == 25
    assert due[1:3] == ["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00"]
    assert len(due_between("0 * * * *", "America/New_York", "2026-03-08", "2026-03-09")) == 23


def test_zones_with_odd_shifts_and_a_southern_summer_are_right_too() -> None:
    assert due_between("15 2 * * *", "Australia/Lord_Howe", "2026-10-04", "2026-10-05") == [
        "2026-10-04T02:30:00+11:00"
    ]
    assert due_between("0 0 * * *", "America/Santiago", "2026-09-06", "2026-09-07") == [
        "2026-09-06T01:00:00-03:00"
    ]


def test_the_last_day_of_the_month_follows_the_length_of_the_month() -> None:
    due = due_between("0 6 L * *", "Europe/Berlin", "2028-01-01", "2028-05-01")
    assert [each[:10] for each in due] == ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]


def test_the_31st_is_due_only_where_there_is_one() -> None:
    due = due_between("0 6 31 * *", "UTC", "2026-01-01", "2026-07-01")
    assert [each[:10] for each in due] == ["2026-01-31", "2026-03-31", "2026-05-31"]


def test_a_leap_day_is_due_every_four_years_and_found_years_ahead() -> None:
    leap = Timetable(cron="0 12 29 2 *", timezone="UTC")
    assert leap.next_due(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert leap.last_due(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2024, 2, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("next_business_day", ["2026-06-01", "2026-07-06", "2026-08-03"]),
        ("previous_business_day", ["2026-06-01", "2026-07-02", "2026-07-31"]),
        ("skip", ["2026-06-01"]),
    ],
)
def test_a_due_day_on_a_weekend_or_holiday_moves_by_the_rule(
    rule: Any, expected: list[str]
) -> None:
    # 3 July 2026 is Independence Day, observed; 1 August 2026 is a Saturday
    calendar = Calendar(country="US", rule=rule)
    due = due_between("0 9 1 6 *", "America/New_York", "2026-06-01", "2026-08-05", calendar)
    due += due_between("0 9 3 7 *", "America/New_York", "2026-06-01", "2026-08-05", calendar)
    due += due_between("0 9 1 8 *", "America/New_York", "2026-06-01", "2026-08-05", calendar)
    assert [each[:10] for each in due] == expected
    assert all(each[11:16] == "09:00" for each in due)


def test_a_due_day_that_moves_into_the_window_is_in_it_and_one_that_moves_out_is_not() -> None:
    calendar = Calendar(country="US")
    saturday = ("0 9 1 8 *", "America/New_York")
    assert due_between(*saturday, "2026-08-01", "2026-08-03", calendar) == []
    assert len(due_between(*saturday, "2026-08-03", "2026-08-04", calendar)) == 1


def test_a_daily_due_time_moved_to_monday_is_not_due_twice_on_monday() -> None:
    # 8 March 2026 is the Sunday on which 02:30 does not exist
    calendar = Calendar(country="US")
    due = due_between("30 2 * * *", "America/New_York", "2026-03-06", "2026-03-11", calendar)
    assert due == [
        "2026-03-06T02:30:00-05:00",
        "2026-03-09T02:30:00-04:00",
        "2026-03-10T02:30:00-04:00",
    ]


def test_holidays_of_a_state_and_days_the_client_closes_count() -> None:
    corpus_christi = date(2026, 6, 4)
    assert Calendar(country="DE", subdivision="HE").is_business_day(corpus_christi) is False
    assert Calendar(country="DE", subdivision="BE").is_business_day(corpus_christi) is True
    assert Calendar(closed=[date(2026, 6, 3)]).is_business_day(date(2026, 6, 3)) is False


def test_the_weekend_is_the_countrys_own() -> None:
    friday, sunday = date(2026, 5, 8), date(2026, 5, 10)
    egypt = Calendar(country="EG")
    assert (egypt.is_business_day(friday), egypt.is_business_day(sunday)) == (False, True)


def test_a_calendar_makes_the_scheduler_look_every_day_and_is_due_decides() -> None:
    timetable = Timetable(
        cron="0 9 1 * *", timezone="America/New_York", calendar=Calendar(country="US")
    )
    assert timetable.ticks == "0 9 * * *"
    assert timetable.is_due(datetime(2026, 8, 3, 9, 0, 20, tzinfo=NEW_YORK)) is True
    assert timetable.is_due(datetime(2026, 8, 1, 9, 0, tzinfo=NEW_YORK)) is False
    assert Timetable(cron="0 9 1 * *").ticks == "0 9 1 * *"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Timetable(cron="0 25 * * 1"), "Bad hour"),
        (lambda: Timetable(cron="every monday"), "five fields"),
        (lambda: Timetable(cron="0 0 30 2 *"), "no such day in its months"),
        (
            lambda: Timetable(cron="0 9 * * 6", calendar=Calendar(rule="skip")),
            "nothing would ever be due",
        ),
        (lambda: Timetable(cron="0 6 * * 1", timezone="America/New_Yrok"), "America/New_York"),
        (lambda: Calendar(country="GER"), "two-letter"),
        (lambda: Calendar(country="DE", subdivision="Bayern"), "Allowed: BB"),
        (lambda: Calendar(subdivision="NY"), "needs a country"),
        (
            lambda: Calendar(closed=[date(2026, 1, 1) + timedelta(n) for n in range(60)]).place(
                date(2026, 1, 10)
            ),
            "Check `closed`",
        ),
    ],
)
def test_a_mistake_is_refused_with_what_is_allowed(wrong: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        wrong()


@settings(max_examples=60, deadline=None)
@given(
    cron=st.sampled_from(["0 6 * * 1", "30 2 * * *", "30 1 * * *", "0 */6 * * *", "15 0 1 * *"]),
    timezone=st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]),
    rule=st.sampled_from([None, "next_business_day", "previous_business_day", "skip"]),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    days=st.integers(1, 60),
    cut=st.floats(0, 1),
)
def test_two_neighbouring_windows_have_the_due_times_of_the_whole(  # noqa: PLR0913, PLR0917 - what varies
    cron: str, timezone: str, rule: Any, start: Any, days: int, cut: float
) -> None:
    calendar = None if rule is None else Calendar(country="US", rule=rule)
    start = start.replace(tzinfo=UTC)
    end = start + timedelta(days=days)
    middle = start + (end - start) * cut
    timetable = Timetable(cron=cron, timezone=timezone, calendar=calendar)
    whole = timetable.due_times(start, end)
    assert whole == sorted(set(whole), key=lambda due: due.astimezone(UTC))
    parts = [(start, middle), (middle, end)]
    assert whole == [due for first, last in parts for due in timetable.due_times(first, last)]

"""The calendar ahead: when, and why then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from consulting.timekeeping import (
    Partitioning,
    Sla,
    Timetable,
    ahead,
    parse_duration,
    write_duration,
)

NOW = datetime(2026, 12, 23, 12, tzinfo=UTC)
GERMANY = {"country": "DE", "subdivision": "BY", "closed": ["2026-12-31"]}


def told(**given: Any) -> list[tuple[str, str, str]]:
    nothing = {"schedule": None, "sla": None, "partitions": None, "count": 2}
    found = ahead(NOW, **{**nothing, **given})
    return [(f"{each.at:%m-%d %H:%M}", each.what, each.why) for each in found]


def test_a_run_that_a_holiday_moves_says_from_where_and_why() -> None:
    timetable = Timetable(
        cron="0 6 * * 5",
        timezone="Europe/Berlin",
        calendar={**GERMANY},  # type: ignore[arg-type]
    )
    fridays = "`0 6 * * 5` in Europe/Berlin"
    assert told(schedule=timetable) == [
        ("12-25 00:00", "day off", "Christmas Day"),
        ("12-26 00:00", "day off", "Second Day of Christmas"),
        ("12-28 06:00", "run", f"{fridays}, moved from Fri 25 Dec: Christmas Day"),
        ("12-31 00:00", "day off", "closed"),
        ("01-01 00:00", "day off", "New Year's Day"),
        ("01-04 06:00", "run", f"{fridays}, moved from Fri 01 Jan: New Year's Day"),
    ]


def test_a_run_that_is_skipped_is_told_where_it_would_have_been() -> None:
    timetable = Timetable(
        cron="0 6 * * *",
        timezone="Europe/Berlin",
        calendar={**GERMANY, "rule": "skip"},  # type: ignore[arg-type]
    )
    runs = [each for each in told(schedule=timetable) if each[1] != "day off"]
    said = "`0 6 * * *` in Europe/Berlin"
    assert runs == [
        ("12-24 06:00", "run", said),
        ("12-25 06:00", "no run", f"{said}, but it is skipped: Christmas Day"),
        ("12-26 06:00", "no run", f"{said}, but it is skipped: Second Day of Christmas"),
        ("12-27 06:00", "no run", f"{said}, but it is skipped: weekend"),
        ("12-28 06:00", "run", said),
    ]


def test_what_is_due_is_told_with_its_period_when_it_is_late_and_when_it_is_waived() -> None:
    sla = Sla.model_validate(
        {
            "due": "0 9 5 * *",
            "fail_after": "35d",
            "warn_after": "32d",
            "pause": [{"from": "2027-02-01", "to": "2027-02-10", "reason": "moving house"}],
        }
    )
    assert told(sla=sla, partitions=Partitioning(every="month", start="2026-01")) == [
        ("01-01 00:00", "period ends", "2026-12, in UTC"),
        ("01-05 09:00", "due", "delivery 2026-12: `0 9 5 * *` in UTC"),
        ("01-06 09:00", "warning", "if delivery 2026-12, due Tue 05 Jan, is missing then"),
        ("01-09 09:00", "breach", "if delivery 2026-12, due Tue 05 Jan, is missing then"),
        ("02-05 09:00", "not due", "delivery 2027-01: moving house"),
    ]


def test_nothing_ahead_is_nothing() -> None:
    assert told() == []


@given(st.integers(0, 60 * 24 * 400))
def test_a_length_of_time_is_written_as_it_is_read(minutes: int) -> None:
    length = timedelta(minutes=minutes)
    assert parse_duration(write_duration(length)) == length

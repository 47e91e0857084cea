"""Who is late, for which due period; told by a clock that the tests move."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from consulting.records import Drop
from consulting.timekeeping import (
    Calendar,
    DeliveryMade,
    Partitioning,
    Pause,
    Sla,
    SlaStatus,
    sla_status,
)

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)

WEEKLY = {"due": "0 12 * * 1", "timezone": "Europe/Berlin", "warn_after": "8d", "fail_after": "14d"}
MONTHLY = {"due": "0 12 5 * *", "timezone": "Europe/Berlin", "warn_after": "32d"}
MONTHS = Partitioning(every="month", start="2026-01", timezone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def a_drop(seen: str, *, period: str | None = None, drop_id: int = 1) -> Drop:
    return Drop(
        drop_id=drop_id,
        client_id="acme_corp",
        key="orders.csv",
        version=1,
        size_bytes=10,
        period=period,
        first_seen=at(seen),
    )


def delivered(received: str, when: str | None = None, *, period: str | None = None) -> DeliveryMade:
    return DeliveryMade(
        delivery_id=f"{period}-{received}",
        period=period,
        received_at=at(received),
        delivered_at=at(when or received) + timedelta(minutes=20),
    )


def unusable(received: str, *, period: str | None = None) -> DeliveryMade:
    """A delivery whose report says that it is not ready to use."""
    return delivered(received, period=period).model_copy(update={"usable": False})


def status(  # noqa: PLR0913 - what the tests vary
    now: str,
    sla: Any = WEEKLY,
    *,
    drops: Sequence[Drop] = (),
    deliveries: Sequence[DeliveryMade] = (),
    months: Partitioning | None = None,
    since: datetime = BEGAN,
    quarantined: Collection[int] = (),
) -> SlaStatus:
    promise = Sla.model_validate(sla)
    moment = at(now)
    due = promise.due_periods(moment, since=since, partitioning=months)
    return sla_status(
        promise,
        due_periods=due,
        drops=drops,
        deliveries=deliveries,
        now=moment,
        quarantined=quarantined,
    )


def test_a_client_whose_first_file_never_came_is_late_though_nothing_was_ever_delivered() -> None:
    began = at("2026-03-01 00:00").astimezone(UTC)
    assert status("2026-03-02 11:59", since=began).state == "on_time"
    assert status("2026-03-02 12:30", since=began).state == "on_time"  # 8d after the last due time
    late = status("2026-03-04 09:00", since=began)
    assert (late.state, late.who, late.key) == ("warn", "client", "2026-03-02")
    assert late.sentence == (
        "The client is late: no file has come. It was due Monday 2 March 2026, "
        "12:00 (Europe/Berlin), 45 hours ago."
    )
    assert status("2026-03-09 12:01", since=began).state == "breach"


def test_a_file_that_came_and_was_not_delivered_is_our_lateness() -> None:
    late = status("2026-03-04 09:00", drops=[a_drop("2026-03-01 08:00")], since=at("2026-03-01"))
    assert (late.state, late.who) == ("warn", "us")
    assert late.sentence.startswith("We are late: 1 file came since Sunday 1 March")


def test_files_that_are_all_in_quarantine_are_ours_to_act_on() -> None:
    late = status(
        "2026-03-04 09:00",
        drops=[a_drop("2026-03-01 08:00", drop_id=7)],
        quarantined={7},
        since=at("2026-03-01"),
    )
    assert late.who == "us"
    assert "in quarantine" in late.sentence


def test_a_backfill_of_january_does_not_make_march_fresh() -> None:
    january_and_february = [
        delivered("2026-02-03 10:00", period="2026-01"),
        delivered("2026-03-03 10:00", period="2026-02"),
    ]
    backfill = delivered("2026-02-03 10:00", "2026-04-08 10:00", period="2026-01")
    before = status("2026-04-08 09:00", MONTHLY, deliveries=january_and_february, months=MONTHS)
    after = status(
        "2026-04-08 11:00", MONTHLY, deliveries=[*january_and_february, backfill], months=MONTHS
    )
    assert (before.state, before.key) == (after.state, after.key) == ("warn", "2026-03")
    assert [each.state for each in after.periods] == ["met", "met", "warn", "waiting"]


def test_a_replay_of_old_files_without_partitions_is_not_news_either() -> None:
    old = delivered("2026-02-20 10:00")
    replay = delivered("2026-02-20 10:00", "2026-03-10 09:00")
    late = status("2026-03-11 09:00", deliveries=[old, replay], since=at("2026-02-20"))
    assert (late.state, late.key) == ("breach", "2026-03-02")


def test_each_missing_month_stays_late_even_when_a_later_one_was_delivered() -> None:
    april = delivered("2026-05-02 10:00", period="2026-04")
    february = delivered("2026-03-02 10:00", period="2026-02")
    january = delivered("2026-02-02 10:00", period="2026-01")
    late = status("2026-05-20 09:00", MONTHLY, deliveries=[january, february, april], months=MONTHS)
    assert [each.key for each in late.late] == ["2026-03"]
    assert late.state == "breach"


def test_a_late_file_of_last_week_counts_for_last_week_and_next_week_stays_owed() -> None:
    on_tuesday = delivered("2026-03-10 09:00")
    now_met = status("2026-03-10 10:00", deliveries=[on_tuesday], since=at("2026-03-05"))
    assert [each.state for each in now_met.periods] == ["met_late", "waiting"]
    assert "the file came after it was due" in now_met.sentence
    next_week = status("2026-03-17 13:00", deliveries=[on_tuesday], since=at("2026-03-05"))
    assert (next_week.state, next_week.key) == ("warn", "2026-03-16")


def test_a_client_that_skips_one_week_and_goes_on_is_not_late_for_ever() -> None:
    weeks = [delivered("2026-03-01 10:00"), delivered("2026-03-15 10:00")]
    after_the_gap = status("2026-03-16 13:00", deliveries=weeks, since=at("2026-02-25"))
    assert [each.state for each in after_the_gap.periods] == ["met", "moot", "met", "waiting"]
    assert after_the_gap.state == "on_time"


def test_a_client_that_always_sends_days_early_is_never_late() -> None:
    tuesdays = [delivered(f"2026-03-{day:02d} 09:00") for day in (3, 10, 17)]
    fine = status("2026-03-25 11:00", deliveries=tuesdays, since=at("2026-03-02 13:00"))
    assert {each.state for each in fine.periods} == {"met", "waiting"}


def test_a_paused_client_owes_nothing_and_the_pause_says_why() -> None:
    holiday = WEEKLY | {"pause": [{"from": "2026-07-06", "to": "2026-07-20", "reason": "holiday"}]}
    last = [delivered("2026-06-28 09:00")]
    paused = status("2026-07-14 13:00", holiday, deliveries=last, since=at("2026-06-25"))
    assert (paused.state, paused.sentence) == ("paused", "Paused until 2026-07-20 (holiday).")
    after = status("2026-07-27 11:00", holiday, deliveries=last, since=at("2026-06-25"))
    assert [each.state for each in after.periods] == ["met", *["waived"] * 3, "waiting"]
    assert after.state == "on_time"
    late = status("2026-07-29 11:00", holiday, deliveries=last, since=at("2026-06-25"))
    assert (late.state, late.key) == ("warn", "2026-07-27")


def test_an_ended_engagement_owes_nothing_after_its_last_day() -> None:
    ends = WEEKLY | {"ends": date(2026, 3, 10)}
    ended = status("2026-03-11 00:01", ends, since=at("2026-03-01"))
    assert ended.state == "ended"
    assert [each.key for each in ended.periods] == ["2026-03-02", "2026-03-09"]
    assert status("2026-03-10 23:00", ends, since=at("2026-03-01")).state == "breach"


def test_grace_moves_both_the_warning_and_the_breach() -> None:
    with_grace = WEEKLY | {"grace": "6h"}
    began = at("2026-03-01")
    assert status("2026-03-03 17:59", with_grace, since=began).state == "on_time"
    assert status("2026-03-03 18:01", with_grace, since=began).state == "warn"
    assert status("2026-03-09 17:59", with_grace, since=began).state == "warn"
    assert status("2026-03-09 18:01", with_grace, since=began).state == "breach"


def test_what_was_owed_before_the_first_look_counts_from_the_day_it_starts() -> None:
    seen = at("2026-03-16")
    missed = status("2026-03-16 12:00", WEEKLY | {"starts": date(2026, 3, 1)}, since=seen)
    assert missed.state == "breach"
    assert status("2026-03-16 11:00", WEEKLY, since=seen).state == "on_time"


@pytest.mark.parametrize("preset", ["daily", "weekly"])
def test_the_presets_are_a_breach_when_their_day_or_week_is_over(preset: str) -> None:
    began = at("2026-02-01")
    sla = {"preset": preset, "timezone": "Europe/Berlin", "starts": date(2026, 3, 5)}
    met = [delivered(f"2026-03-{day:02d} 10:00") for day in range(4, 11)]
    assert status("2026-03-10 23:59", sla, deliveries=met, since=began).state == "on_time"
    missed = status("2026-03-17 00:01", sla, deliveries=met[:-2], since=began)
    assert missed.state == "breach"
    assert Sla.model_validate(preset).fail_after == timedelta(days=1 if preset == "daily" else 7)


def test_a_due_day_on_a_holiday_is_due_on_the_next_business_day() -> None:
    # Monday 25 May 2026 is Whit Monday
    sla = WEEKLY | {"calendar": Calendar(country="DE"), "warn_after": "7d"}
    began = at("2026-05-20")
    assert status("2026-05-26 11:59", sla, since=began).state == "on_time"
    late = status("2026-05-26 12:01", sla, since=began)
    assert (late.state, late.key) == ("warn", "2026-05-26")


def test_business_days_do_not_warn_on_saturday_for_what_is_due_on_monday() -> None:
    sla = {"due": "0 12 * * 1-5", "timezone": "Europe/Berlin", "warn_after": "24h"}
    met = [delivered("2026-03-06 09:00")]
    assert status("2026-03-08 20:00", sla, deliveries=met, since=at("2026-03-06")).state == (
        "on_time"
    )
    assert status("2026-03-09 12:01", sla, deliveries=met, since=at("2026-03-06")).state == "warn"


def test_a_weekly_due_time_owes_each_day_completed_since_the_one_before() -> None:
    days = Partitioning(every="day", start="2026-03-01", timezone="Europe/Berlin")
    sla = Sla.model_validate(WEEKLY)
    owed = sla.due_periods(at("2026-03-09 13:00"), since=at("2026-03-08"), partitioning=days)
    assert [each.key for each in owed[:7]] == [f"2026-03-{day:02d}" for day in range(2, 9)]
    assert len({each.due_at for each in owed[:7]}) == 1


def test_the_last_day_of_february_is_owed_in_leap_years() -> None:
    days = Partitioning(every="day", start="2028-02-27")
    owed = Sla.model_validate("daily").due_periods(
        datetime(2028, 3, 1, 8, tzinfo=UTC),
        since=datetime(2028, 2, 28, tzinfo=UTC),
        partitioning=days,
    )
    assert [each.key for each in owed] == ["2028-02-28", "2028-02-29", "2028-03-01"]


def test_the_keys_of_due_periods_do_not_change_as_time_goes_by() -> None:
    sla = Sla.model_validate({"due": "0 6,18 * * *"})
    earlier = sla.due_periods(at("2026-03-09 13:00"), since=BEGAN)
    later = sla.due_periods(at("2026-03-10 13:00"), since=BEGAN)
    keys = {each.due_at: each.key for each in earlier}
    assert all(keys.get(each.due_at, each.key) == each.key for each in later)
    assert len({each.key for each in later}) == len(later)


def test_a_first_month_that_never_came_is_late_though_the_ledger_knows_no_file() -> None:
    began = at("2026-02-01 00:00")
    assert status("2026-02-05 11:59", MONTHLY, months=MONTHS, since=began).state == "on_time"
    late = status("2026-02-06 12:00", MONTHLY, months=MONTHS, since=began)
    assert (late.state, late.who, late.key) == ("warn", "client", "2026-01")
    assert late.sentence.startswith("The client is late: no file has come for 2026-01.")


def test_a_delivery_of_an_empty_file_is_a_delivery() -> None:
    # "nothing was sold in January" is what the client says; only its absence is late
    empty = delivered("2026-02-03 10:00", period="2026-01")
    fine = status("2026-02-20 09:00", MONTHLY, deliveries=[empty], months=MONTHS)
    assert (fine.state, fine.periods[0].state) == ("on_time", "met")


def test_a_due_time_that_spring_skips_is_due_and_late_from_the_first_minute_that_exists() -> None:
    sla = {"due": "30 2 * * *", "timezone": "Europe/Berlin"}
    began = at("2026-03-28 12:00")
    assert status("2026-03-29 01:59", sla, since=began).state == "on_time"
    late = status("2026-03-29 03:00", sla, since=began)
    assert (late.state, late.key) == ("warn", "2026-03-29")
    assert "29 March 2026, 03:00 (Europe/Berlin)" in late.sentence
    assert status("2026-03-30 02:29", sla, since=began).state == "warn"
    assert status("2026-03-30 02:30", sla, since=began).state == "breach"


def test_a_due_time_that_autumn_repeats_is_owed_once() -> None:
    sla = {"due": "30 2 * * *", "timezone": "Europe/Berlin"}
    began = at("2026-10-24 12:00")
    first, second = (at("2026-10-25 02:30").replace(fold=fold) for fold in (0, 1))
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
    owed = Sla.model_validate(sla).due_periods(second, since=began)
    assert [(each.key, each.due_at) for each in owed if each.key == "2026-10-25"] == [
        ("2026-10-25", first.astimezone(UTC))
    ]


def test_a_holiday_of_the_clients_state_moves_the_due_time_and_anothers_does_not() -> None:
    # 6 January is Epiphany in Bavaria and a working day in Berlin
    for state, key in (("BY", "2026-01-07"), ("BE", "2026-01-06")):
        sla = {
            "due": "0 12 6 1 *",
            "timezone": "Europe/Berlin",
            "calendar": {"country": "DE", "subdivision": state},
        }
        late = status("2026-01-07 13:00", sla, since=at("2025-12-31"))
        assert (late.state, late.key) == ("warn", key)


def test_a_file_that_waits_for_a_schedule_after_the_due_time_is_our_lateness() -> None:
    # delivered on Mondays at 06:00, promised for 04:00
    sla = {"due": "0 4 * * 1", "timezone": "Europe/Berlin"}
    waiting = status(
        "2026-03-09 05:00", sla, drops=[a_drop("2026-03-08 20:00")], since=at("2026-03-04")
    )
    assert (waiting.state, waiting.who) == ("warn", "us")
    made = [delivered("2026-03-08 20:00", "2026-03-09 06:00")]
    after = status("2026-03-09 07:00", sla, deliveries=made, since=at("2026-03-04"))
    assert (after.state, after.periods[0].state) == ("on_time", "met_late")


def test_a_promise_for_every_minute_owes_the_last_dozen_and_the_next() -> None:
    sla = Sla.model_validate({"due": "* * * * *"})
    owed = sla.due_periods(at("2026-03-09 13:00"), since=BEGAN)
    assert len({each.key for each in owed}) == len(owed) == 13


def test_lateness_across_the_clock_change_is_real_time() -> None:
    sla = {"due": "0 12 * * 6", "timezone": "Europe/Berlin", "warn_after": "7d"}
    # Saturday noon to Sunday noon, with the hour that is skipped on 29 March 2026
    late = status("2026-03-29 12:00", sla, since=at("2026-03-23"))
    assert late.sentence.endswith("23 hours ago.")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "say when deliveries are due"),
        ({"due": "monday"}, "not a cron"),
        ({"due": "0 12 30 2 *"}, "no such day in its months"),
        ({"due": "0 12 * * 0", "calendar": {"country": "US", "rule": "skip"}}, "ever be due"),
        ({"due": "0 12 * * 1", "timezone": "Europe/Berln"}, "Did you mean Europe/Berlin"),
        (
            {"due": "0 12 * * 1", "calendar": {"country": "DE", "subdivision": "BYA"}},
            "no subdivision 'BYA'. Did you mean BY",
        ),
        ({"due": "0 12 * * 1", "warn_after": "8 days"}, "length of time"),
        ({"due": "0 12 * * 1", "warn_after": "8d", "fail_after": "7d"}, "Swap them"),
    ],
)
def test_a_mistake_in_an_sla_is_refused_with_the_way_out(wrong: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Sla.model_validate(wrong)


def test_a_pause_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        Pause(from_=date(2026, 7, 2), to=date(2026, 7, 1))


def test_a_delivery_that_is_not_ready_to_use_keeps_no_promise() -> None:
    made = unusable("2026-03-09 09:00")
    late = status("2026-03-11 13:00", since=at("2026-03-03 00:00"), deliveries=[made])
    assert (late.state, late.who, late.key) == ("warn", "us", "2026-03-09")
    assert late.sentence == (
        "We are late: what was delivered on Monday 9 March 2026, 09:20 "
        "(Europe/Berlin) is not ready to use. Page one of its report says why. It was due Monday "
        "9 March 2026, 12:00 (Europe/Berlin), 2 days ago."
    )
    mended = delivered("2026-03-09 09:00", "2026-03-10 08:00")
    again = status("2026-03-11 13:00", since=at("2026-03-03 00:00"), deliveries=[made, mended])
    assert again.periods[0].state == "met_late"


def test_of_a_period_only_a_usable_delivery_counts() -> None:
    months = {"months": MONTHS, "sla": MONTHLY}
    bad = unusable("2026-02-03 09:00", period="2026-01")
    good = delivered("2026-02-04 09:00", period="2026-01")
    assert status("2026-03-20 09:00", deliveries=[bad], **months).periods[0].state != "met"
    assert status("2026-03-20 09:00", deliveries=[bad, good], **months).periods[0].state == "met"

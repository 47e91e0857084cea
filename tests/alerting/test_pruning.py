"""What is long over is forgotten; what is open, unsent or told only once is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from consulting.alerting import AlertDesk, Event, Pace
from consulting.alerting.pruning import AT_ONCE
from consulting.channels.page import PageSender

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
QUICK = Pace(spacing=0.0001)


def an_event(subject: str, kind: Any = "failed_run", channel: str = "#acme") -> Event:
    return Event(
        client_id="acme_corp", kind=kind, subject=subject, title="It failed", channels=(channel,)
    )


def a_desk(url: str, **pace: Any) -> AlertDesk:
    return AlertDesk(url, pace=QUICK.model_copy(update=pace), keep=timedelta(days=30))


def count(url: str, table: str) -> int:
    with create_engine(url.replace("postgresql:", "postgresql+psycopg2:")).connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM alert_{table}")).scalar_one())


def after(days: float) -> datetime:
    return NOW + timedelta(days=days)


def test_an_incident_goes_with_all_its_messages_when_it_has_been_over_for_long(
    url: str, tmp_path: Path
) -> None:
    desk, sender = a_desk(url), PageSender(tmp_path)
    desk.report(an_event("old"), NOW)
    desk.report(an_event("open"), NOW)
    desk.report(an_event("d", "delivery_made"), NOW)
    desk.report(an_event("t", "tier_blocked"), NOW)
    desk.dispatch(sender, NOW)
    desk.resolve("acme_corp", "failed_run", "old", after(1))
    desk.dispatch(sender, after(1))
    assert (count(url, "incidents"), count(url, "messages")) == (4, 5)
    desk.dispatch(sender, after(30.9))
    assert count(url, "incidents") == 3, "the delivery was told 30 days ago"
    desk.dispatch(sender, after(31.1))
    assert (count(url, "incidents"), count(url, "messages")) == (2, 2)
    assert [each.event.subject for each in desk.open_incidents()] == ["open"]
    assert desk.knows("acme_corp", "tier_blocked", "t")
    desk.report(an_event("old"), after(32))
    assert len(desk.open_incidents()) == 2, "what comes back is new"


def test_a_message_that_was_never_sent_stays_however_old_it_is(url: str, tmp_path: Path) -> None:
    desk = a_desk(url)
    desk.report(an_event("old"), NOW)
    desk.resolve("acme_corp", "failed_run", "old", NOW)
    sender = PageSender(tmp_path)
    desk.dispatch(sender, after(99), budget_seconds=0)
    assert (count(url, "incidents"), count(url, "messages")) == (1, 2)
    desk.dispatch(sender, after(99))
    desk.dispatch(sender, after(99))
    assert (count(url, "incidents"), count(url, "messages")) == (0, 0)


def test_the_incidents_of_a_storm_stay_until_the_last_of_them_is_old(
    url: str, tmp_path: Path
) -> None:
    desk, sender = a_desk(url, storm_size=2), PageSender(tmp_path)
    for number in range(4):
        desk.report(an_event(str(number)), NOW)
    desk.dispatch(sender, NOW)
    for number in range(3):
        desk.resolve("acme_corp", "failed_run", str(number), after(1))
    desk.dispatch(sender, after(99))
    assert count(url, "incidents") == 4
    desk.resolve("acme_corp", "failed_run", "3", after(100))
    desk.dispatch(sender, after(100))
    desk.dispatch(sender, after(131))
    assert (count(url, "incidents"), count(url, "messages")) == (0, 0)


def test_many_go_in_small_steps(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    desk, sender = a_desk(url, storm_size=1), PageSender(tmp_path)
    for number in range(AT_ONCE + 50):
        desk.report(an_event(str(number)), NOW)
    desk.dispatch(sender, NOW)
    for number in range(AT_ONCE + 50):
        desk.resolve("acme_corp", "failed_run", str(number), now=NOW)
    for left in (50, 0):
        desk.dispatch(sender, after(40))
        assert count(url, "incidents") == left
    assert count(url, "messages") == 0

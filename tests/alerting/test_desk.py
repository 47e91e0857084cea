"""Incidents in, messages out, over real HTTP with the real slack_sdk."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk import WebClient
from slack_server import TOKEN, SlackServer

from consulting.alerting import AlertDesk, Event, Pace
from consulting.channels.page import PageSender
from consulting.channels.slack.sender import SlackSender

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
QUICK = Pace(spacing=0.001, settle=0.02, retry_first=0.02, lease=1, send=0.5)


def an_event(subject: str = "batch-1", **more: Any) -> Event:
    given: dict[str, Any] = {
        "client_id": "acme_corp",
        "client_name": "Acme Corp",
        "kind": "failed_run",
        "title": "The run failed while it cleaned the data",
        "tier": 3,
    }
    return Event.model_validate(given | {"subject": subject} | more)


def a_desk(url: str, **pace: Any) -> AlertDesk:
    return AlertDesk(url, pace=QUICK.model_copy(update=pace))


def a_sender(slack: SlackServer, **more: Any) -> SlackSender:
    return SlackSender(WebClient(TOKEN, base_url=slack.url), **({"timeout": 1} | more))


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def send_until_quiet(desk: AlertDesk, slack: SlackServer, start: float = 0) -> float:
    """Dispatch, as the sensor does, until nothing waits; returns the clock in seconds."""
    sender = a_sender(slack)
    for turn in range(60):
        clock = start + 30 * turn
        desk.dispatch(sender, after(clock), budget_seconds=2)
        if desk.heartbeat_status(after(clock)).waiting == 0:
            return clock
    raise AssertionError(desk.heartbeat_status(after(clock)).sentence)


def test_an_incident_posts_once_changes_on_repeats_and_ends_with_resolved(
    url: str, slack: SlackServer
) -> None:
    desk, sender = a_desk(url), a_sender(slack)
    first = desk.report(an_event(), NOW)
    desk.dispatch(sender, NOW)
    for minute in range(1, 4):
        assert desk.report(an_event(), after(60 * minute)) == first
    desk.dispatch(sender, after(400))
    assert len(slack.messages) == 1
    assert "seen 4 times" in str(slack.messages[0]["blocks"])
    assert desk.resolve("acme_corp", "failed_run", "batch-1", after(7200))
    desk.dispatch(sender, after(7200))
    root, reply = slack.messages
    assert root["text"].startswith("✅ Acme Corp: resolved: ")
    assert reply["thread_ts"] == root["ts"]
    assert reply["text"].startswith("✅ Acme Corp: resolved after 2 hours")
    assert desk.open_incidents() == []
    assert desk.resolve("acme_corp", "failed_run", "batch-1", after(7300)) is False


def test_what_comes_back_after_it_was_resolved_is_a_new_incident(
    url: str, slack: SlackServer
) -> None:
    desk = a_desk(url)
    first = desk.report(an_event(), NOW)
    desk.resolve("acme_corp", "failed_run", "batch-1", after(5))
    assert desk.report(an_event(), after(10)) != first
    send_until_quiet(desk, slack, 20)
    assert (len(slack.roots()), len(slack.replies())) == (2, 1)


def test_repeats_of_one_incident_by_the_hundred_are_one_message(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk = a_desk(sqlite_url)
    for second in range(200):
        desk.report(an_event(), after(second))
    desk.dispatch(a_sender(slack), after(200))
    assert len(slack.messages) == 1
    assert "seen 200 times" in str(slack.messages[0]["blocks"])


def test_repeats_are_gathered_before_the_message_changes(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk, sender = a_desk(sqlite_url, repeat_seconds=60), a_sender(slack)
    desk.report(an_event(), NOW)
    desk.dispatch(sender, NOW)
    for second in (5, 10, 15):
        desk.report(an_event(), after(second))
        desk.dispatch(sender, after(second))
    assert slack.calls["chat.update"] == 0
    desk.dispatch(sender, after(70))
    assert slack.calls["chat.update"] == 1


def test_an_incident_that_gets_worse_is_heard_in_the_channel(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk, sender = a_desk(sqlite_url), a_sender(slack)
    warning = an_event("2026-03", kind="sla", severity="warn", title="Late: 2026-03")
    desk.report(warning, NOW)
    desk.dispatch(sender, NOW)
    desk.report(warning.model_copy(update={"severity": "error", "title": "SLA breached"}), NOW)
    desk.dispatch(sender, after(1))
    root, reply = slack.messages
    assert root["text"] == "🔴 Acme Corp: SLA breached"
    assert (reply["thread_ts"], reply["broadcast"]) == (root["ts"], True)
    desk.report(warning, after(2))
    desk.dispatch(sender, after(100))
    assert len(slack.messages) == 2


def test_each_client_has_its_channel_and_the_rest_go_to_the_default(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk = a_desk(sqlite_url)
    desk.report(an_event("1", channels=("#acme-alerts",)), NOW)
    desk.report(an_event("2", channels=("C00000003",), client_id="globex"), NOW)
    desk.report(an_event("3", client_id="initech"), NOW)
    send_until_quiet(desk, slack)
    assert [each["channel"] for each in slack.messages] == ["C00000002", "C00000003", "C00000001"]


def test_a_channel_slack_refuses_is_told_in_the_default_channel_with_the_way_out(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk = a_desk(sqlite_url)
    desk.report(an_event(channels=("#no-such-channel",)), NOW)
    send_until_quiet(desk, slack)
    (message,) = slack.messages
    assert message["channel"] == slack.channels["data-alerts"]
    assert "Slack refused `#no-such-channel`" in str(message["blocks"])


def test_a_momentary_event_is_told_once_and_never_resolved(url: str, slack: SlackServer) -> None:
    desk = a_desk(url)
    made = an_event("delivery-7", kind="delivery_made", severity="info", title="Delivered")
    for second in range(3):
        desk.report(made, after(second))
    assert desk.resolve("acme_corp", "delivery_made", "delivery-7", after(3)) is False
    send_until_quiet(desk, slack, 4)
    desk.report(made, after(100))
    send_until_quiet(desk, slack, 200)
    assert [each["text"] for each in slack.messages] == ["🟢 Acme Corp: Delivered"]


def test_a_storm_is_one_message_that_counts_down_and_ends_with_resolved(
    url: str, slack: SlackServer
) -> None:
    desk = a_desk(url)
    for number in range(200):
        desk.report(an_event("run", client_id=f"client_{number:03d}", client_name=""), NOW)
    send_until_quiet(desk, slack)
    assert len(slack.messages) == 1
    assert slack.messages[0]["text"] == "🔴 200 incidents at once in 200 clients"
    desk.report(an_event("late one", client_id="client_999"), after(60))
    clock = send_until_quiet(desk, slack, 90)
    assert slack.messages[0]["text"] == "🔴 201 incidents at once in 201 clients"
    for number in range(200):
        desk.resolve(f"client_{number:03d}", "failed_run", "run", after(clock + 10))
    clock = send_until_quiet(desk, slack, clock + 30)
    assert slack.messages[0]["text"] == "🔴 201 incidents at once in 201 clients, 1 still open"
    desk.resolve("client_999", "failed_run", "late one", after(clock + 10))
    send_until_quiet(desk, slack, clock + 30)
    root, reply = slack.messages
    assert root["text"] == "✅ all 201 incidents in 201 clients are resolved"
    assert reply["thread_ts"] == root["ts"]
    desk.report(an_event("next"), after(clock + 60))
    send_until_quiet(desk, slack, clock + 90)
    assert slack.messages[-1]["text"].startswith("🔴 Acme Corp")


def test_a_rate_limit_is_obeyed_to_the_second_and_costs_nothing(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk, sender = a_desk(sqlite_url), a_sender(slack)
    slack.retry_after = 30
    slack.faults.append("429")
    desk.report(an_event("1"), NOW)
    desk.report(an_event("2"), NOW)
    desk.report(an_event("3", channels=("#globex",)), NOW)
    desk.dispatch(sender, NOW, budget_seconds=1)
    assert [each["channel"] for each in slack.messages] == [slack.channels["globex"]]
    desk.dispatch(sender, after(29), budget_seconds=0.5)
    assert slack.calls["chat.postMessage"] == 2
    desk.dispatch(sender, after(31.5), budget_seconds=2)
    assert len(slack.messages) == 3
    assert slack.calls["conversations.history"] == 0


@pytest.mark.parametrize(
    "fault",
    [
        *("500 before", "500 after", "hang before", "hang after", "drop after", "fatal_error"),
        *("list before", "list after"),
    ],
)
def test_a_message_of_unclear_fate_is_looked_up_and_sent_exactly_once(
    sqlite_url: str, slack: SlackServer, fault: str
) -> None:
    desk = a_desk(sqlite_url)
    slack.faults.append(fault)
    slack.hang_seconds = 1.3
    desk.report(an_event(channels=("#acme-alerts",)), NOW)
    send_until_quiet(desk, slack)
    assert len(slack.messages) == 1
    assert slack.calls["conversations.history"] >= 1
    slack.faults.append(fault)
    desk.resolve("acme_corp", "failed_run", "batch-1", after(5000))
    slack.faults.append(fault)
    send_until_quiet(desk, slack, 6000)
    assert (len(slack.roots()), len(slack.replies())) == (1, 1)
    assert slack.messages[0]["text"].startswith("✅")


@pytest.mark.parametrize("fault", ["list before", "list after"])
def test_an_answer_of_slack_s_that_is_no_object_is_unclear(
    sqlite_url: str, slack: SlackServer, fault: str
) -> None:
    desk = a_desk(sqlite_url)
    slack.faults.append(fault)
    desk.report(an_event(), NOW)
    (told,) = desk.dispatch(a_sender(slack), NOW, budget_seconds=0.01).errors
    assert re.fullmatch(r"(Slack's|No clear) answer (was unclear|from Slack) \(.*\)\.", told)


def test_a_message_is_found_among_hundreds_that_came_after_it(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk = a_desk(sqlite_url)
    slack.faults.append("500 after")
    now = datetime.now(UTC)
    desk.report(an_event(), now)
    desk.dispatch(a_sender(slack), now, budget_seconds=0.01)
    for number in range(130):
        slack.handle("chat.postMessage", {"channel": "#data-alerts", "text": f"chat {number}"})
    desk.dispatch(a_sender(slack), now + timedelta(seconds=40))
    assert len(slack.messages) == 131
    assert desk.heartbeat_status(now + timedelta(seconds=40)).waiting == 0


def test_without_the_history_scope_an_unclear_message_is_sent_again_rather_than_lost(
    sqlite_url: str, slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    slack.scopes = {"chat:write", "channels:read"}
    slack.faults.append("500 before")
    desk = a_desk(sqlite_url)
    desk.report(an_event(), NOW)
    send_until_quiet(desk, slack)
    assert len(slack.messages) == 1
    assert "missing_scope" in caplog.text


def test_an_outage_of_hours_loses_nothing_doubles_nothing_and_shows(
    url: str, slack: SlackServer
) -> None:
    desk, sender = a_desk(url), a_sender(slack)
    slack.fault_of_call = lambda _: "500 before"
    for number in range(6):
        desk.report(an_event(str(number), client_id=f"c{number}"), after(number))
    for minute in range(0, 180, 10):
        desk.dispatch(sender, after(60 * minute), budget_seconds=0.2)
    desk.resolve("c0", "failed_run", "0", after(10000))
    status = desk.heartbeat_status(after(172 * 60))
    assert (status.state, status.waiting) == ("lagging", 7)
    assert "HTTP 500" in status.sentence
    slack.fault_of_call = None
    send_until_quiet(desk, slack, 200 * 60)
    assert (len(slack.roots()), len(slack.replies())) == (6, 1)
    assert slack.messages[0]["text"].startswith("✅")


def test_a_bad_token_stops_the_dispatch_at_once_and_shows(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk = a_desk(sqlite_url)
    for number in range(5):
        desk.report(an_event(str(number)), NOW)
    revoked = SlackSender(WebClient("xoxb-revoked", base_url=slack.url), timeout=1)
    report = desk.dispatch(revoked, NOW)
    assert slack.calls["chat.postMessage"] == 1
    assert report.errors == ["Refused: invalid_auth."]
    assert desk.heartbeat_status(after(700)).state == "dead"
    send_until_quiet(desk, slack, 800)
    assert len(slack.messages) == 5


def test_blocks_that_slack_refuses_are_sent_as_plain_text(
    sqlite_url: str, slack: SlackServer
) -> None:
    slack.faults.append("invalid_blocks")
    desk = a_desk(sqlite_url)
    desk.report(an_event(), NOW)
    send_until_quiet(desk, slack)
    (message,) = slack.messages
    assert message["blocks"] == []
    assert message["text"].startswith("🔴 Acme Corp")


def test_a_message_that_somebody_deleted_does_not_stop_its_resolution(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk = a_desk(sqlite_url)
    desk.report(an_event(), NOW)
    send_until_quiet(desk, slack)
    slack.messages.clear()
    desk.resolve("acme_corp", "failed_run", "batch-1", after(60))
    send_until_quiet(desk, slack, 60)
    assert len(slack.messages) == 1


def test_one_channel_gets_no_more_than_one_message_a_second_even_from_two_dispatchers(
    sqlite_url: str, slack: SlackServer
) -> None:
    desk = a_desk(sqlite_url, spacing=0.15)
    now = datetime.now(UTC)
    for number in range(6):
        desk.report(an_event(str(number)), now)

    def dispatch(_: int) -> None:
        desk.dispatch(a_sender(slack), datetime.now(UTC), budget_seconds=4)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(dispatch, range(2)))
    times = slack.posted_at[slack.channels["data-alerts"]]
    assert len(times) == 6
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.15


def test_many_reporters_at_once_make_one_incident(url: str, slack: SlackServer) -> None:
    desk = a_desk(url)
    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(lambda n: desk.report(an_event(), after(n)), range(40)))
    assert len(numbers) == 1
    assert desk.open_incidents()[0].occurrences == 40
    send_until_quiet(desk, slack, 50)
    assert len(slack.messages) == 1


def test_without_slack_the_alerts_are_logged_and_kept_on_a_page(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = a_desk(sqlite_url)
    desk.report(an_event("<script>.csv", title="A file <b>was</b> set aside"), NOW)
    with caplog.at_level(logging.WARNING):
        desk.dispatch(PageSender(tmp_path), NOW)
    assert "Alert for #data-alerts: 🔴 Acme Corp: A file <b>was</b> set aside" in caplog.text
    page = (tmp_path / "alerts.html").read_text()
    assert "A file &lt;b&gt;was&lt;/b&gt; set aside" in page
    assert "<b>" not in page
    desk.resolve("acme_corp", "failed_run", "<script>.csv", after(60))
    desk.dispatch(PageSender(tmp_path), after(60))
    assert "resolved after 1 minute" in (tmp_path / "alerts.html").read_text()


def test_open_incidents_move_to_slack_once_there_is_a_token(
    sqlite_url: str, slack: SlackServer, tmp_path: Path
) -> None:
    desk, page = a_desk(sqlite_url), PageSender(tmp_path)
    desk.report(an_event("over"), NOW)
    desk.report(an_event("open"), NOW)
    desk.dispatch(page, NOW)
    desk.resolve("acme_corp", "failed_run", "over", after(5))
    desk.report(an_event("open"), after(100))
    send_until_quiet(desk, slack, 200)
    assert len(slack.roots()) == 1
    assert slack.replies() == []


def test_a_dispatcher_that_died_or_never_ran_shows(sqlite_url: str, slack: SlackServer) -> None:
    desk = a_desk(sqlite_url)
    assert desk.heartbeat_status(NOW).state == "never"
    desk.dispatch(a_sender(slack), NOW)
    assert desk.heartbeat_status(after(60)).healthy
    desk.report(an_event(), after(100))
    dead = desk.heartbeat_status(after(1000))
    assert (dead.state, dead.waiting) == ("dead", 1)
    assert "16 minutes ago" in dead.sentence
    desk.heartbeat(after(1000))
    assert desk.heartbeat_status(after(1000)).state == "lagging"


def test_the_page_shows_what_is_open_first_however_old_it_is(
    sqlite_url: str, tmp_path: Path
) -> None:
    desk, sender = a_desk(sqlite_url, storm_size=999), PageSender(tmp_path)
    desk.report(an_event("old", severity="warn", title="Old warning"), NOW)
    desk.report(an_event("bad", title="Old error"), NOW)
    for number in range(250):
        desk.report(an_event(str(number), kind="delivery_made", title=f"Told {number}"), NOW)
    desk.dispatch(sender, NOW, budget_seconds=5)
    desk.report(an_event("last", kind="delivery_made", title="Told last"), after(1))
    desk.dispatch(sender, after(60), budget_seconds=5)
    page = (tmp_path / "alerts.html").read_text()
    places = [page.index(words) for words in ("Old error", "Old warning", "Over, or", "Told last")]
    assert places == sorted(places)
    assert "Told 3<" not in page

"""A client's alerts in several channels of different kinds: real Slack calls, HTTP and mail."""

from __future__ import annotations

import email
import socket
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.policy import default
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Mailbox
from hooks import a_hook
from pydantic import ValidationError
from slack_sdk import WebClient

from consulting.alerting import AlertDesk, Event, Pace
from consulting.channels import Means, all_channels, sender_of
from consulting.channels.page import PageSender
from consulting.channels.slack.sender import SlackSender
from consulting.config.engagement import EngagementConfig
from consulting.config.neighbours import refuse_foreign_variables
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

    from slack_server import SlackServer

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MAIL = "mail:ops@acme.example,ada@northwind.example"
HOOK = "apprise:ACME_HOOK"


class Postman(Mailbox):
    """Keeps the letters that a real SMTP server takes."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.letters.append(email.message_from_bytes(message.as_bytes(), policy=default))

    @property
    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters]


@contextmanager
def a_mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postman]:
    postman = Postman()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(postman, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setenv(
        "CONSULTING_MAIL_URL", f"mailto://127.0.0.1:{port}?from=alerts@northwind.example"
    )
    try:
        yield postman
    finally:
        server.stop()


def an_event(severity: Any = "warn", channels: tuple[str, ...] = (), subject: str = "w1") -> Event:
    return Event(
        client_id="acme",
        client_name="Acme",
        kind="sla",
        subject=subject,
        severity=severity,
        title="Late",
        text="No file has come.",
        channels=channels,
        tier=3,
    )


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def others(url: str, slack: SlackServer | None = None) -> Any:
    client = partial(WebClient, "xoxb-test", base_url=slack.url) if slack else None
    return partial(sender_of, means=Means(url, client))


def test_an_incident_is_told_in_each_channel_and_is_one_incident(
    url: str, slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = AlertDesk(url, pace=Pace(spacing=0.001))
    ways = ("slack:#acme-alerts", HOOK, MAIL)
    with a_hook() as hook, a_mail_server(monkeypatch) as postman:
        monkeypatch.setenv("ACME_HOOK", hook.address)
        send = partial(desk.dispatch, PageSender(tmp_path), others=others(url, slack))
        desk.report(an_event(channels=ways), NOW)
        assert send(NOW).posted == 3
        assert [each.event.title for each in desk.open_incidents()] == ["Late"]
        shown = (tmp_path / "alerts.html").read_text()
        assert shown.count("<article") == 1
        assert ", ".join(ways) in shown
        desk.report(an_event("error", channels=ways), after(60))
        send(after(60))
        assert desk.resolve("acme", "sla", "w1", after(120))
        send(after(120))
        send(after(240))
    assert len(slack.roots()) == 1
    assert slack.messages[0]["channel"] == slack.channels["acme-alerts"]
    assert slack.messages[0]["text"].startswith("✅ Acme: resolved")
    assert hook.titles == ["🟠 Acme: Late", "🔴 Acme: Late", ""]
    assert postman.subjects[::2][:2] == ["🟠 Acme: Late", "🔴 Acme: Late"]
    assert [letter["X-RcptTo"] for letter in postman.letters] == [
        "ops@acme.example",
        "ada@northwind.example",
    ] * 3
    assert postman.letters[0]["From"] == "alerts@northwind.example"
    assert desk.heartbeat_status(after(240)).waiting == 0
    assert desk.open_incidents() == []


def test_a_channel_that_can_not_be_used_is_told_of_in_the_default_one_and_stops_no_other(
    sqlite_url: str, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONSULTING_MAIL_URL", raising=False)
    desk = AlertDesk(sqlite_url, pace=Pace(spacing=0.001))
    own = SlackSender(WebClient("xoxb-test", base_url=slack.url), timeout=1)
    with a_hook() as hook:
        monkeypatch.setenv("ACME_HOOK", hook.address)
        desk.report(an_event(channels=(MAIL, HOOK)), NOW)
        report = desk.dispatch(own, NOW, others=others(sqlite_url))
        assert hook.titles == ["🟠 Acme: Late"]
    assert report.errors == [f"Refused: {MAIL}: CONSULTING_MAIL_URL is not set where Dagster runs."]
    (message,) = slack.messages
    assert message["channel"] == slack.channels["data-alerts"]
    assert f"Sent here because `{MAIL}` could not be used." in str(message["blocks"])


def test_a_bad_token_holds_back_slack_alone(
    sqlite_url: str, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = AlertDesk(sqlite_url, pace=Pace(spacing=0.001))
    revoked = SlackSender(WebClient("xoxb-revoked", base_url=slack.url), timeout=1)
    with a_hook() as hook:
        monkeypatch.setenv("ACME_HOOK", hook.address)
        for number in range(4):
            desk.report(an_event(channels=("#acme-alerts", "#globex"), subject=f"s{number}"), NOW)
        desk.report(an_event(channels=(HOOK,), subject="hook"), NOW)
        report = desk.dispatch(revoked, NOW, others=others(sqlite_url))
        assert hook.titles == ["🟠 Acme: Late"]
    assert slack.calls["chat.postMessage"] == 1
    assert report.errors == ["Refused: invalid_auth."]
    assert desk.heartbeat_status(NOW).waiting == 8


def test_a_channel_that_is_added_hears_of_what_is_still_open_when_it_changes(
    sqlite_url: str, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = AlertDesk(sqlite_url, pace=Pace(spacing=0.001))
    own = SlackSender(WebClient("xoxb-test", base_url=slack.url), timeout=1)
    with a_hook() as hook:
        monkeypatch.setenv("ACME_HOOK", hook.address)
        desk.report(an_event(channels=("#acme-alerts",)), NOW)
        desk.dispatch(own, NOW, others=others(sqlite_url))
        desk.report(an_event("error", channels=("#acme-alerts", HOOK)), after(60))
        desk.dispatch(own, after(60), others=others(sqlite_url))
        assert hook.titles == ["🔴 Acme: Late"]
    assert (len(slack.roots()), len(slack.replies())) == (1, 1)


@pytest.mark.parametrize("kind", ["slack", "mail", "teams", "apprise"])
def test_what_the_outbox_calls_a_channel_makes_it_again(kind: str) -> None:
    fields = {
        "slack": {"channel": "#acme-alerts"},
        "mail": {"to": ["ops@acme.example", "ada@northwind.example"]},
        "teams": {"webhook_variable": "ACME_TEAMS_WEBHOOK"},
        "apprise": {"address_variable": "ACME_HOOK"},
    }[kind]
    channel = all_channels()[kind].model_validate({"type": kind} | fields)
    assert channel.written().partition(":")[0] == kind
    assert all_channels()[kind].at(channel.address) == channel


def test_teams_takes_the_web_address_of_its_workflow(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "ACME_TEAMS_WEBHOOK",
        "https://prod-01.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef"
        "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0"
        "&sig=secret",
    )
    sender = sender_of("teams:ACME_TEAMS_WEBHOOK", Means(sqlite_url))
    assert sender is not None
    assert sender.name == "apprise"


def test_defs_yaml_says_them_in_turn_and_refuses_what_is_none() -> None:
    least = {"client_name": "Acme", "feeds": [{"name": "orders", "files": "orders*"}]}
    further: list[dict[str, Any]] = [
        {"type": "mail", "to": ["ops@acme.example"]},
        {"type": "slack", "channel": "C0123456789"},
        {"type": "teams", "webhook_variable": "GLOBEX_TEAMS"},
    ]
    config = EngagementConfig.model_validate(
        least | {"alerts": {"channel": "#acme", "channels": further}}
    )
    assert config.alerts.written() == (
        "#acme",
        "mail:ops@acme.example",
        "slack:C0123456789",
        "teams:GLOBEX_TEAMS",
    )
    with pytest.raises(ConfigurationError, match=r"webhook_variable: GLOBEX_TEAMS.*globex"):
        refuse_foreign_variables(config, "acme", ["acme", "globex"])
    for wrong in ({"type": "pigeon"}, {"type": "mail", "to": ["nobody"]}, {"type": "mail"}):
        with pytest.raises(ValidationError):
            EngagementConfig.model_validate(least | {"alerts": {"channels": [wrong]}})

"""Alerts to webhooks, through the real apprise and real HTTP: each address gets each once."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hooks import a_hook

from consulting.alerting import AlertDesk, Event, Pace
from consulting.channels.apprise.sender import AppriseSender
from consulting.errors import ConfigurationError
from consulting.resources.alerts import AlertsResource

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def an_event(severity: Any = "warn") -> Event:
    return Event(
        client_id="acme_corp",
        client_name="Acme & Sons",
        kind="sla",
        subject="2026-02",
        severity=severity,
        title="Late",
        text="No file has come.",
        next_step="Remind the client, or see `sla.pause`.",
        files=("orders_<1>.csv",),
        facts={"Period": "2026-02"},
        link="https://dagster.example/runs/1",
        tier=3,
    )


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_an_incident_its_worsening_and_its_end_are_one_plain_message_each(url: str) -> None:
    desk = AlertDesk(url, pace=Pace(spacing=0.001))
    with a_hook() as one, a_hook() as other:
        sender = AppriseSender({"one": one.address, "other": other.address}, url)
        desk.report(an_event(), NOW)
        desk.dispatch(sender, NOW)
        desk.report(an_event(), after(10))
        desk.dispatch(sender, after(100))
        desk.report(an_event("error"), after(200))
        desk.dispatch(sender, after(200))
        desk.resolve("acme_corp", "sla", "2026-02", after(7200))
        desk.dispatch(sender, after(7200))
        desk.dispatch(sender, after(9000))
        assert one.took == other.took
        assert one.titles == [
            "🟠 Acme & Sons: Late (orders_<1>.csv)",
            "🔴 Acme & Sons: Late (orders_<1>.csv)",
            "",
        ]
        assert one.took[2]["message"].startswith("✅ Acme & Sons: resolved after 2 hours")
        said = one.took[0]["message"]
    assert "What to do next\nRemind the client, or see sla.pause." in said
    assert "Open the run: https://dagster.example/runs/1" in said
    assert "Period: 2026-02" in said
    assert not [mark for mark in ("*", "`", "&amp;", "<!date") if mark in said]
    assert [each["type"] for each in one.took] == ["warning", "failure", "success"]


def test_an_address_that_refuses_is_asked_again_alone_even_by_another_process(url: str) -> None:
    desk = AlertDesk(url, pace=Pace(spacing=0.001))
    with a_hook() as good, a_hook() as bad:
        bad.refuse = 2
        desk.report(an_event(), NOW)
        errors = []
        for turn in range(4):
            sender = AppriseSender({"BAD": bad.address, "GOOD": good.address}, url)
            report = desk.dispatch(sender, after(60 * turn), budget_seconds=2)
            errors += report.errors
        assert (len(good.took), len(bad.took)) == (1, 1)
    assert set(errors) == {"BAD did not take it; the log says why."}
    assert desk.heartbeat_status(after(300)).waiting == 0


@pytest.mark.parametrize(
    "address",
    [
        "carrierpigeon://user:secret@roof",
        "slack://secret",  # what apprise says of it quotes it
        "msteams://secret/",
        "://secret",
        "secret",
        "secret:secret@roof",
    ],
)
def test_an_unknown_address_is_named_by_its_place_without_its_secret(
    sqlite_url: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG, "apprise"),
        pytest.raises(ConfigurationError, match="the second: apprise can not use it") as caught,
    ):
        AppriseSender({"the first": "json://127.0.0.1", "the second": address}, sqlite_url)
    assert "secret" not in str(caught.value)
    assert "secret" not in caplog.text


def test_the_addresses_are_used_where_there_is_no_slack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSULTING_DATA", str(tmp_path))
    monkeypatch.delenv("CONSULTING_LEDGER_URL", raising=False)
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    alerts = AlertsResource()
    assert alerts.sender().name == "page"
    monkeypatch.setenv("CONSULTING_ALERT_URLS", "json://127.0.0.1:9/a json://127.0.0.1:9/b")
    assert alerts.sender().name == "apprise"
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-test")
    assert alerts.sender().name == "slack"

"""What leaves the house by every kind of channel: counts at tier 1, and names that do nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hooks import a_hook

from consulting import chain
from consulting.alerting import AlertDesk, Pace
from consulting.alerting.events import failed_run, failed_tests, quarantined_file
from consulting.chain import artifacts
from consulting.chain.incidents import route_of, watch
from consulting.channels.apprise.plain import plain_text
from consulting.channels.page import PageSender
from consulting.profiling import compare
from consulting.records import CheckOutcome, QuarantinedFile

from ..canary import sightings_in
from ..chain.conftest import World
from .test_channels import a_mail_server, others

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slack_server import SlackServer

    from consulting.alerting import Event

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
WAYS = [
    {"type": "slack", "channel": "#acme-alerts"},
    {"type": "mail", "to": ["ops@acme.example"]},
    {"type": "teams", "webhook_variable": "ACME_TEAMS"},
    {"type": "apprise", "address_variable": "ACME_HOOK"},
]
COLUMNS = ["Loyalty", "Full Name", "Signup Date", "Zq7-Lovelace"]
NAME = "\u202e[pay here](http://evil.example) <img src=x> <http://evil.example|pay> @everyone"


def sent(
    events: Sequence[Event], slack: SlackServer, folder: Path, patch: pytest.MonkeyPatch
) -> dict[str, str]:
    """All that each kind of channel was given of these events, as it came over the wire."""
    url = f"sqlite:///{folder / 'alerts.db'}"
    desk = AlertDesk(url, pace=Pace(spacing=0.001))
    with a_hook() as hook, a_hook() as teams, a_mail_server(patch) as postman:
        patch.setenv("ACME_HOOK", hook.address)
        patch.setenv("ACME_TEAMS", teams.address)
        send = partial(desk.dispatch, PageSender(folder), others=others(url, slack))
        for minutes, event in enumerate(events):
            desk.report(event, NOW + timedelta(hours=minutes))
            send(NOW + timedelta(hours=minutes))
            send(NOW + timedelta(hours=minutes, minutes=30))
        letters = [
            str(part.get_content())
            for letter in postman.letters
            for part in letter.walk()
            if part.get_content_maintype() == "text"
        ]
        return {
            "slack": json.dumps(slack.messages, ensure_ascii=False),
            "mail": "\n".join([*postman.subjects, *letters]),
            "teams": "\n".join(f"{each['title']}\n{each['message']}" for each in teams.took),
            "apprise": "\n".join(f"{each['title']}\n{each['message']}" for each in hook.took),
            "page": (folder / "alerts.html").read_text(),
        }


@pytest.fixture
def drifted(tmp_path: Path, customers_dbt: Path) -> World:
    """A client at tier 1 whose file lacks most columns that its models read, and has another."""
    alerts = {"channels": WAYS}
    world = World(tmp_path / "data", dbt_dir=customers_dbt, security_tier=1, alerts=alerts)
    world.drop("customers.csv", "Customer ID,Loyalty\n1,Zq7-Lovelace\n2,Zq7-Lovelace\n")
    batch_id = world.receive("run-1").batch.batch_id
    named: dict[str, Any] = {"batch_id": batch_id, "run_id": "run-1", "log": world.said.append}
    found = chain.profile(world.engagement, **named)
    (now,) = found.profiles
    was = [now.columns[0].model_copy(update={"name": name}) for name in COLUMNS[1:]]
    before = now.model_copy(update={"columns": tuple(was)})
    found = found.model_copy(update={"drift": tuple(compare(before, now, COLUMNS[1:]))})
    assert "Signup Date" in (chain.drifted(world.client_id, found) or "")
    artifacts.write(world.folder.run(batch_id) / artifacts.PROFILE, found)
    chain.refuse(world.engagement, reason=chain.drifted(world.client_id, found), **named)
    return world


def test_at_tier_1_counts_leave_and_no_name_of_a_column_or_test(
    drifted: World, slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engagement = drifted.engagement
    route = route_of(engagement)
    seen: list[Event] = []
    desk = AlertDesk(f"sqlite:///{tmp_path / 'watched.db'}")
    facts = chain.facts_of(engagement, datetime.now(UTC))
    watch(desk, engagement, facts, told=(), run_of=lambda _: (None, None))
    seen += [each.event for each in desk.open_incidents()]
    assert [event.kind for event in seen] == ["drift"]
    checks = [
        CheckOutcome(
            unique_id=name,
            name=f"unique_{name}",
            model="customers",
            column=name,
            severity="error",
            status="fail",
            failing_rows=7,
        )
        for name in COLUMNS
    ]
    tests = failed_tests(route, checks, link=None)
    assert tests is not None
    why = "no column Loyalty"
    seen += [tests, failed_run(route, stage="cleaned", cause=why, link=None, batch_id="b")]
    told = sent(seen, slack, tmp_path, monkeypatch)
    assert {kind: sightings_in(said, COLUMNS) for kind, said in told.items()} == {
        kind: [] for kind in ("slack", "mail", "teams", "apprise", "page")
    }
    for kind, said in told.items():
        assert "3 missing column; the metadata of" in said, kind
        assert "4 of 4 blocking tests failed, on 28 rows" in said, kind
        assert "The run failed while it cleaned the data" in said, kind


def test_a_file_s_name_is_no_html_no_link_and_calls_nobody_in_any_of_them(
    drifted: World, slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = QuarantinedFile(
        filename=f"{NAME}.csv", feed=None, sha256="0" * 64, size_bytes=1, code="unreadable",
        reason=f"It says {NAME}.", fix="Ask.",
    )  # fmt: skip
    route = route_of(drifted.engagement).model_copy(update={"tier": 3})
    told = sent([quarantined_file(route, file)], slack, tmp_path, monkeypatch)
    for kind, said in told.items():
        assert "pay here" in said, kind
        assert "\u202e" not in said, kind
    for kind in ("mail", "teams", "apprise"):
        assert "](" not in told[kind], kind
        assert "<http" not in told[kind], kind
        assert "@everyone" not in told[kind], kind
    assert "<img" not in told["page"]
    assert "<http" not in told["slack"]
    assert "text/html" not in str(told["mail"])


def test_what_is_no_link_and_no_mention_stays_as_it_is() -> None:
    from consulting.alerting.message import Message

    said: dict[str, Any] = {"type": "plain_text", "text": "orders_<1>[2] (3) <b> ada@x.example"}
    block = {"type": "section", "text": said}
    assert plain_text(Message(text="t", blocks=(block,))) == ("t", said["text"])

"""What an alert says, and what it must not say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_pictures import events, page, pictures
from slack_server import _invalid

from consulting.alerting import (
    AlertRoute,
    Event,
    FailedTest,
    Incident,
    Kind,
    Made,
    Message,
    delivery_made,
    drift,
    failed_run,
    failed_tests,
    late,
    nothing_arrived,
    quarantined_file,
    queue_unread,
    tier_blocked,
    tier_lowered,
)
from consulting.alerting.message import (
    alert_message,
    escalation_message,
    resolution_message,
    storm_message,
    storm_over_message,
)
from consulting.alerting.redaction import cause_in_one_line
from consulting.channels.page.blocks_html import message_html
from consulting.errors import TierBlockedError, TierLoweredError
from consulting.records import CheckOutcome, QuarantinedFile
from consulting.timekeeping import PeriodStatus

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ACME = AlertRoute(
    client_id="acme_corp", client_name="Acme Corp", tier=3, channels=("#acme-alerts",)
)
LINK = "http://localhost:3000/runs/7f3a"


def a_check(name: str, rows: int, *, status: Any = "fail", column: str = "email") -> CheckOutcome:
    return CheckOutcome(
        unique_id=f"test.{name}",
        name=name,
        model="customers",
        column=column,
        severity="error",
        status=status,
        failing_rows=rows,
    )


CHECKS = [
    a_check("not_null_customers_email", 3),
    a_check("unique_customers_id", 1200, column="id"),
    a_check("accepted_values_country", 40, column="country"),
    a_check("fine", 0, status="pass"),
    a_check("odd", 7, status="warn"),
]


def told(event: Event | None, **more: Any) -> Message:
    assert event is not None
    incident = Incident(
        incident_id=1, event=event.for_outside(), opened_at=NOW, last_at=NOW, **more
    )
    return alert_message(incident)


def all_of(message: Message) -> str:
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


EVENTS = {
    "failed_tests": failed_tests(ACME, CHECKS, link=LINK, period="2026-02"),
    "failed_run": failed_run(
        ACME, stage="cleaned", cause="ValueError: no", link=LINK, batch_id="acme_corp-42"
    ),
    "sla": late(
        ACME,
        PeriodStatus(
            key="2026-02",
            state="breach",
            due_at=NOW,
            who="client",
            owed="for 2026-02",
            sentence="Late.",
        ),
    ),
    "nothing_arrived": nothing_arrived(ACME, key="2026-02", due_at=NOW),
    "quarantined_file": quarantined_file(
        ACME,
        QuarantinedFile(
            filename="orders.xlsx",
            feed="orders",
            sha256="ab" * 32,
            size_bytes=18_432,
            code="password_protected",
            reason="The workbook is protected by a password.",
            fix="Ask the client for it without one.",
        ),
    ),
    "drift": drift(
        ACME, feeds=["orders"], columns=["Order ID"], text="A column is gone.", link=LINK
    ),
    "tier_blocked": tier_blocked(
        ACME.model_copy(update={"tier": 2}),
        [
            TierBlockedError("store all rows of the files", 3, "acme_corp", 2),
            TierBlockedError("keep the client's original files", 3, "acme_corp", 2),
        ],
    ),
    "queue_unread": queue_unread(ACME, "https://sqs.example/1/uploads", NOW, ["acme_corp"]),
    "tier_lowered": tier_lowered(ACME, TierLoweredError("acme_corp", 2, 3)),
    "delivery_made": delivery_made(
        ACME,
        Made(
            delivery_id="acme_corp-42",
            verdict="Ready to use",
            facts={"Rows": 1200},
            link=LINK,
            period="2026-02",
        ),
    ),
}


@pytest.mark.parametrize("link", ["file:///data/acme/report.html", "https://dagster.test/runs/1"])
def test_the_page_shows_a_link_as_one_and_no_markup(link: str) -> None:
    shown = message_html(told(failed_tests(ACME, CHECKS, link=link)))
    assert f'<a href="{link}">Open the run</a>' in shown
    for markup in ("&lt;", "|", "*", "`"):
        assert markup not in shown


def test_a_link_that_is_none_is_shown_by_its_words() -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "<javascript:x()|Open the run>"}}
    assert message_html(Message(text="", blocks=(block,))) == "<p>Open the run</p>"


@pytest.mark.parametrize("kind", EVENTS)
def test_plain_text_shows_no_markup(kind: str) -> None:
    event = EVENTS[kind]
    assert event is not None
    blocks = told(event).blocks
    plain = [b["text"]["text"] for b in blocks if b.get("text", {}).get("type") == "plain_text"]
    assert len(plain) > 1
    assert not any(sign in "".join(plain) for sign in "`*|<")


@pytest.mark.parametrize("kind", EVENTS)
def test_every_alert_has_something_to_do(kind: str) -> None:
    event = EVENTS[kind]
    assert event is not None
    assert event.severity == "info" or not event.next_step.startswith("Nothing")


@pytest.mark.parametrize("kind", EVENTS)
def test_every_kind_says_what_happened_to_which_client_and_what_to_do(kind: str) -> None:
    event = EVENTS[kind]
    message = told(event)
    assert event is not None
    assert event.kind == kind
    assert "Acme Corp" in message.text
    assert "What to do next" in all_of(message)
    assert "acme_corp" in all_of(message)
    assert _invalid([dict(block) for block in message.blocks]) is None


def test_what_a_tier_keeps_out_is_told_in_words() -> None:
    message = told(EVENTS["tier_blocked"])
    assert message.text == "🟢 Acme Corp: Delivered within the limits of security tier 2 (Sampled)"
    assert message.blocks[1]["text"]["text"] == (
        "As agreed, this is not done, each with the tier that allows it: store all rows of the "
        "files (tier 3); keep the client's original files (tier 3)."
    )


def test_failed_tests_are_counted_and_told_worst_first() -> None:
    message = told(EVENTS["failed_tests"])
    assert message.text == "🔴 Acme Corp: 3 tests failed"
    said = all_of(message)
    names = re.findall(r"`(\w+_\w+)`", said)
    assert names[:3] == [
        "unique_customers_id",
        "accepted_values_country",
        "not_null_customers_email",
    ]
    assert "3 of 5 blocking tests failed, on 1,243 rows" in said
    assert f"<{LINK}|Open the run>" in said
    assert failed_tests(ACME, [CHECKS[3], CHECKS[4]], link=LINK) is None


def test_tier_one_names_no_column_no_test_and_no_cause() -> None:
    schema_only = ACME.model_copy(update={"tier": 1})
    said = all_of(told(failed_tests(schema_only, CHECKS, link=LINK)))
    said += all_of(told(drift(schema_only, feeds=["orders"], columns=["ssn"], text="x", link=None)))
    said += all_of(
        told(failed_run(schema_only, stage="x", cause="no column ssn", link=None, batch_id="b"))
    )
    assert not any(word in said for word in ("email", "unique_customers_id", "ssn"))
    assert "3 of 5 blocking tests failed" in said


HOSTILE = "<!channel> <@U1> *b* _i_ `c` <http://evil|x> & @here.csv"


def test_hostile_names_are_shown_and_do_nothing() -> None:
    event = Event(
        client_id="acme_corp",
        client_name=HOSTILE,
        kind="quarantined_file",
        subject="x",
        title=HOSTILE,
        text=HOSTILE,
        next_step=HOSTILE,
        facts={"File": HOSTILE, HOSTILE: 1},
        columns=(HOSTILE,),
        cause=HOSTILE,
        tier=3,
        link='http://localhost/a|b> <!channel> "x',
        link_text=HOSTILE,
    )
    incident = Incident(incident_id=1, event=event, opened_at=NOW, last_at=NOW)
    over = incident.model_copy(update={"resolved_at": NOW})
    for message in (
        alert_message(incident, redirected_from=HOSTILE),
        resolution_message(over),
        storm_message([incident, over]),
    ):
        said = all_of(message)
        assert "<!channel" not in said
        assert "<@U1" not in said
        assert "<http://evil" not in said
        assert not re.search(r"<(?!!date\^|http://localhost/a%7Cb&gt;)", said)
        assert _invalid([dict(block) for block in message.blocks]) is None


def test_monstrous_events_still_fit_into_slacks_sizes() -> None:
    event = Event(
        client_id="a" * 300,
        client_name="N" * 300,
        kind="failed_run",
        subject="s",
        title="t" * 9000,
        text="x" * 9000,
        next_step="&" * 2000,
        cause="c" * 9000,
        facts={f"fact {number}": "v" * 5000 for number in range(30)},
        columns=tuple(f"column {number} " + "w" * 300 for number in range(500)),
        link="http://localhost/" + "l" * 4000,
        tier=3,
    )
    for message in (told(event), storm_message([_incident(event)] * 40)):
        assert _invalid([dict(block) for block in message.blocks]) is None
        assert len(message.blocks) <= 50


def _incident(event: Event) -> Incident:
    return Incident(incident_id=1, event=event.for_outside(), opened_at=NOW, last_at=NOW)


def test_a_cause_is_one_line_of_bounded_length_without_personal_data() -> None:
    said = cause_in_one_line("acme: mail jane.doe@example.co.uk\non 2026-03-02  +49 170 1234567")
    assert said == "acme: mail [email] on 2026-03-02 [phone]"
    assert len(cause_in_one_line("x" * 5000)) == 400


def test_personal_data_does_not_slip_through_our_own_sentences() -> None:
    said = all_of(
        told(
            Event(
                client_id="acme_corp",
                kind="quarantined_file",
                subject="x",
                title="jane@example.com.csv",
                text="from jane@example.com, 4111 1111 1111 1111",
                facts={"File": "jane@example.com 2026-01-05.csv"},
            )
        )
    )
    assert "jane" not in said
    assert "4111" not in said
    assert "2026-01-05.csv" in said


def test_a_route_wants_deliveries_only_when_asked_and_nothing_it_muted() -> None:
    assert ACME.wants("failed_run")
    assert not ACME.wants("delivery_made")
    assert ACME.model_copy(update={"deliveries": True}).wants("delivery_made")
    assert not AlertRoute(client_id="x", mute=frozenset({"drift"})).wants("drift")


def test_a_resolved_message_says_how_long_it_lasted_and_asks_for_nothing() -> None:
    event = EVENTS["failed_run"]
    assert event is not None
    over = _incident(event).model_copy(update={"resolved_at": NOW + timedelta(hours=5)})
    assert "What to do next" not in all_of(alert_message(over))
    assert resolution_message(over).text.startswith("✅ Acme Corp: resolved after 5 hours: ")


ANYTHING = st.text(max_size=4000) | st.sampled_from(["&" * 3000, "`" * 500, HOSTILE, "\n" * 300])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@st.composite
def incidents(draw: st.DrawFn) -> Incident:
    event = Event(
        client_id=draw(ANYTHING),
        client_name=draw(ANYTHING),
        kind=draw(st.sampled_from(get_args(Kind))),
        subject="x",
        severity=draw(st.sampled_from(["info", "warn", "error"])),
        title=draw(ANYTHING),
        text=draw(ANYTHING),
        next_step=draw(ANYTHING),
        fate=draw(ANYTHING),
        facts=draw(st.dictionaries(ANYTHING, ANYTHING | st.integers(), max_size=12)),
        files=tuple(draw(st.lists(ANYTHING, max_size=12))),
        columns=tuple(draw(st.lists(ANYTHING, max_size=12))),
        tests=tuple(
            FailedTest(name=name, failing_rows=10**15)
            for name in draw(st.lists(ANYTHING, max_size=12))
        ),
        cause=draw(ANYTHING),
        link=draw(st.none() | ANYTHING.map(lambda text: f"https://x/{text}")),
        link_text=draw(ANYTHING),
        tier=3,
    )
    return Incident(
        incident_id=1,
        event=event,
        opened_at=draw(MOMENTS),
        last_at=draw(MOMENTS),
        occurrences=draw(st.integers(1, 10**6)),
        resolved_at=draw(st.none() | MOMENTS),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(incidents(), min_size=1, max_size=12), ANYTHING)
def test_every_message_is_within_the_limits_of_slack_whatever_it_is_about(
    told_of: list[Incident], channel: str
) -> None:
    first = told_of[0]
    for message in (
        alert_message(first, redirected_from=channel),
        escalation_message(first),
        resolution_message(first),
        storm_message(told_of),
        storm_over_message(told_of),
    ):
        assert 0 < len(message.text) <= 4000
        assert 0 < len(message.blocks) <= 50
        assert _invalid([dict(block) for block in message.blocks]) is None
        for block in message.blocks:
            sizes = [len(part["text"]) for part in block.get("fields", block.get("elements", []))]
            assert all(0 < size <= 2000 for size in sizes)
            assert len(sizes) <= 10
            if block["type"] == "header":
                assert 0 < len(block["text"]["text"]) <= 150
            elif "text" in block:
                assert 0 < len(block["text"]["text"]) <= 3000


def test_each_kind_of_alert_has_a_picture_to_look_at() -> None:
    shown = pictures()
    kinds = {event.kind for event in events().values()}
    assert kinds == set(get_args(Kind))
    drawn = page(shown)
    assert all(f'<div class="kind">{name}</div>' in drawn for name, _, _ in shown)

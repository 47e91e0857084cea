"""The one sensor over all clients: a real ledger, a real instance, Slack over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from sqlalchemy import create_engine, insert, text, update

from consulting import chain
from consulting.chain import artifacts
from consulting.components.consultancy import watching
from consulting.intake.schema import queues
from consulting.layout import ledger_url
from consulting.records import CheckOutcome
from consulting.resources.alerts import AlertsResource

from .conftest import alone, claim, deliver, fail

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from .conftest import House


def test_a_failing_client_gives_one_message_and_its_recovery_one_resolved(house: House) -> None:
    acme, globex = house.client(), house.client("globex", client_name="Globex")
    batch = claim(acme)
    fail(acme, batch, "run-1", "disk full")
    deliver(globex, claim(globex), "run-9")
    for _ in range(3):
        house.tick()
    assert len(house.slack.roots()) == 2, "the failure, and once what globex' tier leaves out"
    assert not [text for text in house.said() if "esolved" in text]
    failure = next(each for each in house.slack.roots() if "failed" in each["text"])
    assert failure["channel"] == house.slack.channels["acme-alerts"]
    assert "disk full" in str(failure["blocks"])
    again = claim(acme, "")
    assert (again.batch_id, again.attempt) == (batch.batch_id, 2)
    house.tick()
    assert not house.slack.replies(), "it is tried again, not over"
    deliver(acme, again, "run-2")
    for _ in range(2):
        house.tick()
    (over,) = house.slack.replies()
    assert over["thread_ts"] == failure["ts"]
    assert "esolved" in over["text"]
    assert "esolved" in failure["text"], "the message itself says so, too"


def test_failed_tests_are_told_with_their_counts_instead_of_the_failed_run(house: House) -> None:
    acme = house.client(security_tier=3)
    batch = claim(acme)
    checks = [
        CheckOutcome(unique_id=f"test.{n}", name=f"test_{n}", model="orders", severity="error",
                     status="fail" if n else "pass", failing_rows=n)
        for n in range(3)
    ]  # fmt: skip
    run_folder = acme.folder.run(batch.batch_id)
    artifacts.write(run_folder / artifacts.CHECKS, artifacts.Checks(checks=tuple(checks)))
    fail(acme, batch, "run-1", "2 tests failed")
    house.tick()
    (message,) = house.slack.roots()
    assert "2 tests failed" in message["text"]
    assert "test_2" in str(message["blocks"])
    deliver(acme, claim(acme, ""), "run-2")
    house.tick()
    assert len(house.slack.replies()) == 1


def test_a_file_in_quarantine_is_told_until_somebody_releases_or_discards_it(house: House) -> None:
    acme = house.client(security_tier=3)
    acme.folder.incoming.mkdir(parents=True, exist_ok=True)
    (acme.folder.incoming / "holiday.jpg").write_text("x")
    for _ in range(2):
        acme.intake.look(now=datetime.now(UTC))
    house.tick()
    (message,) = house.slack.roots()
    assert "holiday.jpg" in str(message["blocks"])
    assert "consulting release" not in str(message["blocks"]), "a feed that fits takes it up"
    (story,) = acme.intake.state().quarantined
    acme.intake.discard(story.drop.drop_id, dry_run=False)
    house.tick()
    assert len(house.slack.replies()) == 1


def test_a_client_whose_first_file_never_came_is_late_and_its_check_fails(house: House) -> None:
    acme = house.client(sla={"due": "* * * * *", "fail_after": "1m"})
    began = datetime.now(UTC) - timedelta(minutes=4)
    acme.intake.watched_since(began)
    result = house.tick()
    (check,) = [e for e in result.asset_events if isinstance(e, dg.AssetCheckEvaluation)]
    assert (check.asset_key, check.check_name) == (
        dg.AssetKey(["acme_corp", "delivered"]),
        "on_time",
    )
    assert not check.passed
    assert "The client is late" in (check.description or "")
    assert any("the client has sent no file" in text for text in house.said())
    assert not [e for e in house.tick().asset_events if isinstance(e, dg.AssetCheckEvaluation)], (
        "what did not change is not written again"
    )


def test_each_delivery_is_followed_by_an_evaluation_of_the_check(house: House) -> None:
    acme = house.client(sla={"due": "0 0 1 1 *", "starts": "2020-01-01"}, security_tier=3)

    def evaluations() -> int:
        return sum(isinstance(e, dg.AssetCheckEvaluation) for e in house.tick().asset_events)

    for name in "orders_1.csv", "orders_2.csv", "orders_3.csv":
        deliver(acme, claim(acme, name), name)
        assert (evaluations(), evaluations()) == (1, 0)


def test_all_that_is_late_of_a_client_that_never_sent_is_one_alert(house: House) -> None:
    acme = house.client(sla={"due": "* * * * *", "fail_after": "1m"}, security_tier=3)
    acme.intake.watched_since(datetime.now(UTC) - timedelta(minutes=9))
    house.tick()
    (said,) = house.said()
    assert "SLA breached: the client has sent no file yet" in said
    (incident,) = AlertsResource().desk().open_incidents()
    assert incident.event.text.startswith("9 deliveries are late since ")
    deliver(acme, claim(acme), "run")
    house.tick()
    assert len(house.slack.replies()) == 1, "it is over"
    assert AlertsResource().desk().open_incidents() == []


def test_a_file_is_missed_once_somebody_looked_and_one_that_settles_is_there(house: House) -> None:
    first = datetime.now(UTC).replace(day=15)
    ago = [f"{first - timedelta(days=30.44 * months):%Y-%m}" for months in range(6)]
    named = r"(?P<year>\d{4})-(?P<month>\d\d)"
    acme = house.client(
        sla={"due": "0 0 1 * *", "fail_after": "1d"},
        partitions={"every": "month", "start": ago[5], "period_from": named},
        intake={"settle_seconds": 3600},
    )
    house.tick()
    assert house.said() == [], "nobody has looked yet"
    acme.folder.incoming.mkdir(parents=True, exist_ok=True)
    for month in ago[3:5]:
        (acme.folder.incoming / f"orders_{month}.csv").write_text("id\n1\n")
    acme.intake.look(now=datetime.now(UTC))
    house.tick()
    assert ["our first delivery is missing" in text for text in house.said()] == [True]
    found = chain.facts_of(acme, datetime.now(UTC)).sla
    assert found is not None
    late = {each.key: each.who for each in found.late}
    assert [late[month] for month in ago[2:]] == ["client", "us", "us", "client"]


def test_a_schedule_that_finds_no_file_is_told_and_over_when_one_comes(house: House) -> None:
    acme = house.client(schedule={"cron": "0 * * * *"}, security_tier=3)
    began = datetime.now(UTC) - timedelta(hours=5)
    acme.intake.watched_since(began)
    house.tick()
    assert ["Nothing arrived" in text for text in house.said()] == [True]
    claim(acme)
    house.tick()
    assert len(house.slack.replies()) == 1


def test_muted_kinds_are_not_told_and_deliveries_only_if_asked_for(house: House) -> None:
    acme = house.client(security_tier=3, alerts={"channel": "#acme-alerts", "mute": ["failed_run"]})
    globex = house.client(
        "globex", security_tier=3, alerts={"channel": "#globex", "deliveries": True}
    )
    fail(acme, claim(acme), "run-1", "disk full")
    deliver(globex, claim(globex), "run-2")
    for _ in range(2):
        last = house.tick()
    (message,) = house.slack.messages
    assert "0 reported" in str(last.skip_reason), "a delivery is told once"
    assert message["channel"] == house.slack.channels["globex"]


def test_a_client_that_can_not_be_looked_at_stops_no_other(house: House) -> None:
    broken, acme = house.client("aaa"), house.client(security_tier=3)
    broken.intake.watched_since(datetime.now(UTC))
    with create_engine(broken.ledger_url).begin() as ledger:
        damage = "UPDATE ledger_client SET watched_since = 'rubbish' WHERE client_id = 'aaa'"
        ledger.execute(text(damage))
    fail(acme, claim(acme), "run-1", "disk full")
    house.tick()
    assert len(house.slack.roots()) == 1
    page = (broken.folder.root / "portfolio.html").read_text()
    [line] = [line for line in page.splitlines() if 'scope="row"' in line and "aaa" in line]
    assert "tier" not in line
    assert "Could not be looked at: an error that was not foreseen: ValueError" in page


def test_the_heartbeat_check_is_bad_until_the_sensor_has_run_and_without_the_database(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = AlertsResource(slack_base_url=house.slack.url)
    key = dg.AssetCheckKey(dg.AssetKey(["consultancy", "alerts"]), "alerts_get_out")

    def beat() -> bool:
        context = alone(
            dg.build_schedule_context, instance=house.instance, resources={"alerts": alerts}
        )
        alone(watching.heartbeat, context)
        (record,) = house.instance.event_log_storage.get_asset_check_execution_history(key, 1)
        evaluation = record.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
        return evaluation.passed

    assert beat() is False
    house.tick()
    assert beat() is True
    monkeypatch.setenv("CONSULTING_LEDGER_URL", "postgresql://me:secret@127.0.0.1:1/nothing")
    assert beat() is False, "the database is gone, and with it every alert"
    (record,) = house.instance.event_log_storage.get_asset_check_execution_history(key, 1)
    assert "can not be asked (" in str(record.event)
    assert "secret" not in str(record.event)


def test_the_portfolio_is_written_and_linked(house: House, tmp_path: Path) -> None:
    acme = house.client(security_tier=3)
    fail(acme, claim(acme), "run-1", "disk full")
    result = house.tick()
    page = (tmp_path / "data" / "portfolio.html").read_text()
    assert "Acme Corp" in page
    assert "The run failed" in page
    written = {e.asset_key.to_user_string(): e for e in result.asset_events}
    link = written["consultancy/portfolio"].metadata["page"].value
    assert str(link).endswith("/data/portfolio.html")


def test_a_page_written_before_the_sensor_ticked_claims_nothing(
    house: House, tmp_path: Path
) -> None:
    acme = house.client(security_tier=3)
    fail(acme, claim(acme), "run-1", "disk full")
    asset = watching.build_portfolio([*house.clients.values()])
    alerts = AlertsResource(slack_base_url=house.slack.url)
    resources = {"consultancy": house.consultancy, "alerts": alerts}

    def page() -> str:
        made = alone(dg.materialize, [asset], instance=house.instance, resources=resources)
        assert made.success
        return (tmp_path / "data" / "portfolio.html").read_text()

    before = page()
    assert ">Not known yet</span>" in before
    assert "Nobody looks whether something is wrong. No alert dispatcher has ever run." in before
    house.tick()
    after = page()
    assert ">In trouble</span>" in after
    assert "Nobody looks" not in after


QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/uploads"


def test_a_queue_that_nobody_reads_is_one_alert_until_it_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UPLOADS_ACCESS_KEY_ID", "UPLOADS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    told = {"queue_url": QUEUE, "credentials_prefix": "UPLOADS"}
    source = {"type": "s3", "bucket": "uploads", "credentials_prefix": "UPLOADS"}
    for name in ("acme_corp", "globex"):
        house.client(name, source={**source, "prefix": name, "notifications": told})
    house.tick()
    assert house.said() == [], "nobody had the time to read it"
    memory = json.loads(house.cursor or "")
    memory["queues"][QUEUE] = (datetime.now(UTC) - timedelta(minutes=11)).isoformat()
    house.cursor = json.dumps(memory)
    for _ in range(2):
        house.tick()
    (message,) = house.slack.messages
    assert message["text"] == "🔴 All clients: The queue uploads is not read"
    blocks = str(message["blocks"])
    assert "Nobody could read the queue uploads at sqs.eu-central-1.amazonaws.com since" in blocks
    assert "acme_corp, globex" in blocks
    assert "See the last ticks of the sensor" in blocks
    engine = create_engine(ledger_url())
    with engine.begin() as ledger:
        ledger.execute(insert(queues).values(queue_url=QUEUE, heard_at=datetime.now(UTC)))
    house.tick()
    (over,) = house.slack.replies()
    assert "esolved" in over["text"]
    with engine.begin() as ledger:
        long_ago = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
        ledger.execute(update(queues).values(heard_at=long_ago))
    house.tick()
    assert "since 2 January 2026, 03:04 UTC" in str(house.slack.roots()[-1]["blocks"])
    house.client("acme_corp")
    house.client("globex")
    house.tick()
    assert len(house.slack.replies()) == 2, "no client names it any more"

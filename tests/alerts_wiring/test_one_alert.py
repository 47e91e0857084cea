"""One cause is one alert: whatever a bad file does to its runs, people hear of it once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from consulting.chain import artifacts
from consulting.delivery import UnmappedColumn
from consulting.intake.records import BatchStatus
from consulting.profiling import DriftFinding
from consulting.records import CheckOutcome

from .conftest import claim, deliver

if TYPE_CHECKING:
    from consulting.chain import Engagement
    from consulting.records import Batch

    from .conftest import House


def leave_failed_tests(engagement: Engagement, batch: Batch) -> None:
    check = CheckOutcome(unique_id="t", name="unique_orders_id", model="orders", severity="error",
                         status="fail", failing_rows=7)  # fmt: skip
    path = engagement.folder.run(batch.batch_id) / artifacts.CHECKS
    artifacts.write(path, artifacts.Checks(checks=(check,)))


def leave_drift(engagement: Engagement, batch: Batch) -> None:
    found = tuple(
        DriftFinding(feed=feed, kind="missing_column", severity="block", column="id",
                     detail=f"The column id of {feed} is gone.", recommendation="Ask for it.")
        for feed in ("orders", "people")
    )  # fmt: skip
    path = engagement.folder.run(batch.batch_id) / artifacts.PROFILE
    artifacts.write(path, artifacts.Profile(profiles=(), drift=found))


def leave_unread(engagement: Engagement, batch: Batch) -> None:
    found = DriftFinding(feed="orders", kind="unread_values", severity="block", column="id",
                         detail="Its rule reads none.", recommendation="Ask.")  # fmt: skip
    path = engagement.folder.run(batch.batch_id) / artifacts.CLEANING
    left = artifacts.Cleaning(models=(), accounts=(), mappings=(), steps=(), drift=(found,))
    artifacts.write(path, left)


def leave_unmapped(engagement: Engagement, batch: Batch) -> None:
    path = engagement.folder.run(batch.batch_id) / artifacts.CLEANING
    new = (UnmappedColumn(feed="orders", column="Size"),)
    artifacts.write(
        path, artifacts.Cleaning(models=(), accounts=(), mappings=(), steps=(), unmapped=new)
    )


def leave_nothing(_engagement: Engagement, _batch: Batch) -> None:
    """A run that died with an error leaves no verdict."""


CAUSES = {
    "failed tests": leave_failed_tests,
    "drift": leave_drift,
    "unread values": leave_unread,
    "columns without a mapping": leave_unmapped,
    "an error": leave_nothing,
}


def fail_with(engagement: Engagement, batch: Batch, run_id: str, leave: Any) -> None:
    engagement.intake.begin(batch.batch_id, run_id, now=datetime.now(UTC))
    leave(engagement, batch)
    engagement.intake.failed(
        batch.batch_id, run_id, reason="It failed.", now=datetime.now(UTC), cause="data"
    )


def stop_run(engagement: Engagement, batch: Batch, run_id: str) -> None:
    now = datetime.now(UTC)
    engagement.intake.begin(batch.batch_id, run_id, now=now)
    engagement.intake.failed(
        batch.batch_id, run_id, reason="It was stopped.", now=now, cause="interrupted"
    )


def open_titles(house: House) -> list[str]:
    return [each["text"] for each in house.slack.roots() if "esolved" not in each["text"]]


@pytest.mark.parametrize("cause", CAUSES)
def test_a_file_that_fails_until_it_is_set_aside_is_one_alert_and_discarding_it_ends_it(
    house: House, cause: str
) -> None:
    acme = house.client(security_tier=3)
    for run in ("run-1", "run-2"):
        fail_with(acme, claim(acme, "orders.csv" if run == "run-1" else ""), run, CAUSES[cause])
        house.tick()
    (story,) = acme.intake.state().quarantined
    (message,) = house.slack.roots()
    house.tick()
    house.tick_later(minutes=2)
    assert "orders.csv" in str(message["blocks"])
    assert "set aside" in str(message["blocks"]), "the same message says so"
    assert f"consulting release acme_corp {story.drop.drop_id}" in str(message["blocks"])
    assert len(house.slack.messages) == 1
    acme.intake.discard(story.drop.drop_id, dry_run=False)
    house.tick()
    house.tick_later(minutes=5)
    assert len(house.slack.replies()) == 1


def test_an_error_and_then_drift_of_the_same_batch_are_one_alert(house: House) -> None:
    acme = house.client(security_tier=3, intake={"settle_seconds": 0, "retry_seconds": 0,
                                                 "solo_failures": 9})  # fmt: skip
    for number, cause in enumerate(("an error", "drift", "failed tests")):
        batch = claim(acme, "" if number else "orders.csv")
        fail_with(acme, batch, f"run-{number}", CAUSES[cause])
        house.tick()
    assert len(house.slack.messages) == 1
    deliver(acme, claim(acme, ""), "run-9")
    house.tick()
    assert len(house.slack.roots()) == 1
    assert len(house.slack.replies()) == 1, "a retry that succeeds resolves"


def test_a_batch_that_was_tried_often_is_told_to_be_stuck(house: House) -> None:
    policy = {"settle_seconds": 0, "retry_seconds": 0, "solo_failures": 9, "max_attempts": 1}
    acme = house.client(security_tier=3, intake=policy)
    fail_with(acme, claim(acme), "run-1", CAUSES["an error"])
    house.tick()
    house.tick_later(minutes=2)
    (message,) = house.slack.messages
    stuck = "tried again by itself, ever more rarely, for it was tried 1 time and more."
    assert stuck in str(message["blocks"])


def test_a_run_that_was_told_to_stop_is_no_alert_and_resolves_none(house: House) -> None:
    acme = house.client(security_tier=3)
    stop_run(acme, claim(acme), "run-1")
    house.tick()
    assert house.slack.messages == []
    fail_with(acme, claim(acme, ""), "run-2", leave_nothing)
    house.tick()
    assert len(house.slack.messages) == 1
    stop_run(acme, claim(acme, ""), "run-3")
    house.tick()
    assert len(house.slack.messages) == 1
    deliver(acme, claim(acme, ""), "run-4")
    house.tick()
    assert len(house.slack.replies()) == 1


def test_two_feeds_that_changed_shape_in_one_batch_are_one_alert(house: House) -> None:
    acme = house.client(security_tier=3)
    fail_with(acme, claim(acme), "run-1", leave_drift)
    for _ in range(2):
        house.tick()
    (message,) = house.slack.messages
    assert "orders and people changed shape" in message["text"]
    again = "tried again by itself, and stops again until its files or the feed's YAML change."
    assert again in str(message["blocks"]).replace("\\'", "'")


def test_values_that_a_rule_no_longer_reads_are_a_changed_shape(house: House) -> None:
    acme = house.client(security_tier=3)
    fail_with(acme, claim(acme), "run-1", leave_unread)
    house.tick()
    (message,) = house.slack.messages
    assert "The feed orders changed shape" in message["text"]
    assert "Nothing was delivered. Its rule reads none." in str(message["blocks"])


def test_a_column_without_a_mapping_is_told_how_to_accept_it(house: House) -> None:
    acme = house.client(security_tier=3)
    fail_with(acme, claim(acme, "orders.csv"), "run-1", leave_unmapped)
    house.tick()
    (message,) = house.slack.roots()
    assert "Columns have no mapping" in str(message)
    assert "`consulting accept acme_corp` shows a rule for each and applies it" in str(message)


def test_a_file_that_could_not_be_read_speaks_for_the_batch_that_failed_without_it(
    house: House,
) -> None:
    acme = house.client(security_tier=3)
    (acme.folder.incoming / "orders_bad.csv").write_text("x")
    batch = claim(acme, "orders.csv")
    acme.intake.begin(batch.batch_id, "run-1", now=datetime.now(UTC))
    bad = next(drop for drop in batch.drops if drop.key == "orders_bad.csv")
    acme.intake.quarantine(batch, bad, code="empty_file", reason="It is empty.", fix="Resend it.",
                           now=datetime.now(UTC), keep_copy=False)  # fmt: skip
    leave_failed_tests(acme, batch)
    acme.intake.failed(
        batch.batch_id, "run-1", reason="1 test failed", now=datetime.now(UTC), cause="data"
    )
    for _ in range(2):
        house.tick()
    (message,) = house.slack.messages
    assert "orders_bad.csv" in str(message["blocks"])
    assert "not delivered either: 1 test failed" in str(message["blocks"])
    assert f"mend it and run `consulting release acme_corp {bad.drop_id}`" in str(message["blocks"])


def test_a_batch_halved_to_find_the_bad_file_is_one_alert_until_that_file_is_replaced(
    house: House,
) -> None:
    acme = house.client(security_tier=3)
    (acme.folder.incoming / "orders_bad.csv").write_text("x")
    whole = claim(acme, "orders.csv")
    assert len(whole.drops) == 2
    run = 0
    while not acme.intake.state().quarantined:
        batch = claim(acme, "") if run else whole
        run += 1
        if any(drop.key == "orders_bad.csv" for drop in batch.drops):
            fail_with(acme, batch, f"run-{run}", leave_failed_tests)
        else:
            deliver(acme, batch, f"run-{run}")
        house.tick()
    assert run > 3
    house.tick_later(minutes=2)
    (message,) = house.slack.messages
    assert "orders_bad.csv" in str(message["blocks"])
    assert "`orders.csv`" not in str(message["blocks"]), "it was delivered"
    (acme.folder.incoming / "orders_bad.csv").write_text("good now")
    deliver(acme, claim(acme, ""), "run-99")
    house.tick()
    house.tick_later(minutes=5)
    assert len(house.slack.roots()) == 1
    assert len(house.slack.replies()) == 1


def test_a_corrected_file_that_fails_again_is_no_second_alert(house: House) -> None:
    acme = house.client(security_tier=3)
    fail_with(acme, claim(acme), "run-1", leave_failed_tests)
    house.tick()
    (acme.folder.incoming / "orders.csv").write_text("corrected, wrongly")
    while (batch := claim(acme, "")).drops[0].version < 2:
        acme.intake.begin(batch.batch_id, "run-2", now=datetime.now(UTC))
        acme.intake.delivered(batch.batch_id, "run-2", now=datetime.now(UTC))
    fail_with(acme, batch, "run-3", leave_failed_tests)
    assert [b.status for b in acme.intake.state().batches] == [BatchStatus.WAITING]
    house.tick()
    assert len(house.slack.messages) == 1


def test_the_next_file_that_fails_is_an_alert_of_its_own(house: House) -> None:
    acme = house.client(security_tier=3)
    for name in ("orders_1.csv", "orders_2.csv"):
        for run in (1, 2):
            batch = claim(acme, name if run == 1 else "")
            fail_with(acme, batch, f"{name}-{run}", leave_failed_tests)
            house.tick()
    assert len(house.slack.roots()) == 2


def deliver_as(engagement: Engagement, run_id: str, verdict: Any) -> None:
    batch = claim(engagement, f"orders_{run_id}.csv")
    engagement.intake.begin(batch.batch_id, run_id, now=datetime.now(UTC))
    engagement.intake.delivered(batch.batch_id, run_id, now=datetime.now(UTC), verdict=verdict)


def test_a_delivery_that_is_not_ready_to_use_is_an_alert_until_one_is(house: House) -> None:
    acme = house.client(security_tier=3, alerts={"channel": "#acme-alerts", "deliveries": True})
    deliver_as(acme, "one", "stop")
    house.tick()
    house.tick_later(minutes=2)
    (message,) = house.slack.roots()
    assert "The delivery is not ready to use" in message["text"]
    assert "Do not hand it over." in str(message["blocks"])
    assert "hand it over" not in str(message["blocks"]).replace("Do not hand it over", "")
    deliver_as(acme, "two", "care")
    house.tick()
    house.tick_later(minutes=2)
    first, second = sorted(house.slack.roots(), key=lambda each: each["ts"])
    assert "esolved" in first["text"]
    assert "Delivered" in second["text"]

"""What becomes of batches whose runs fail, die, or never begin."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from patience import PATIENCE_SECONDS
from sqlalchemy import select

from consulting.errors import BatchHeldError, BatchSettledError
from consulting.intake import BatchPolicy, BatchStatus, RunVerdict, State, beating
from consulting.intake.schema import batches

if TYPE_CHECKING:
    from collections.abc import Callable


def upload(desk: Any, count: int) -> None:
    for number in range(count):
        desk.put(f"orders_{number:03}.csv", str(number))
    desk.settle()


def work_off(desk: Any, poison: Callable[[str], bool], limit: int = 200) -> int:
    """Ticks until nothing is under way any more; returns how many runs there were."""
    before = desk.runs
    for _ in range(limit):
        desk.cycle(poison=poison)
        if not desk.intake.state().batches and not desk.intake.pending_requests():
            break
        desk.later(3600)
    return desk.runs - before


@pytest.mark.parametrize("poisoned", ["orders_000.csv", "orders_031.csv", "orders_049.csv"])
def test_a_poison_file_among_50_is_quarantined_and_its_neighbours_delivered(
    desk: Any, poisoned: str
) -> None:
    upload(desk, 50)
    poison = poisoned.__eq__
    runs = work_off(desk, poison, 30)
    desk.put("orders_later.csv", "later")
    desk.settle()
    runs += work_off(desk, poison)
    assert desk.counts() == {"delivered": 50, "quarantined": 1}
    (story,) = desk.intake.state().quarantined
    assert (story.drop.key, story.code) == (poisoned, "run_failed")
    assert len(desk.delivered_contents()) == 50
    assert runs <= 22


def test_two_poison_files_are_both_found(sqlite_desk: Any) -> None:
    upload(sqlite_desk, 32)
    poison = {"orders_003.csv", "orders_030.csv"}.__contains__
    work_off(sqlite_desk, poison, 60)
    sqlite_desk.put("orders_later.csv", "later")
    sqlite_desk.settle()
    work_off(sqlite_desk, poison)
    assert sqlite_desk.counts() == {"delivered": 31, "quarantined": 2}


def test_an_outage_of_six_hours_quarantines_nobody_and_costs_few_runs(desk: Any) -> None:
    upload(desk, 20)
    end = desk.later(0).timestamp() + 6 * 3600
    while desk.now.timestamp() < end:
        desk.cycle(poison=lambda _: True)
        desk.later(30)
    during = desk.runs
    assert desk.counts() == {"claimed": 20}
    work_off(desk, lambda _: False)
    assert desk.counts() == {"delivered": 20}
    assert during <= 12


def test_an_outage_stops_new_claims_after_three_failures(sqlite_desk: Any) -> None:
    upload(sqlite_desk, 1)
    for number in range(30):
        sqlite_desk.put(f"orders_new_{number}.csv", str(number))
        sqlite_desk.cycle(poison=lambda _: True)
    assert sqlite_desk.runs <= 9


def test_a_lone_file_that_fails_is_retried_ever_more_rarely_and_shown_as_stuck(
    sqlite_desk: Any,
) -> None:
    upload(sqlite_desk, 1)
    for _ in range(24 * 7):
        sqlite_desk.cycle(poison=lambda _: True)
        sqlite_desk.later(3600)
    (standing,) = sqlite_desk.intake.state().batches
    assert standing.stuck
    assert sqlite_desk.counts() == {"claimed": 1}
    assert sqlite_desk.runs < 45  # a week: at most one in six hours in the end


def test_a_lone_file_whose_data_is_at_fault_is_quarantined_after_two_failures(desk: Any) -> None:
    upload(desk, 1)
    for _ in range(2):
        (batch,) = desk.tick()
        run_id, batch = desk.begin(batch)
        desk.intake.failed(
            batch.batch_id, run_id, reason="3 checks failed", now=desk.now, cause="data"
        )
        desk.later(3600)
    assert desk.counts() == {"quarantined": 1}
    (story,) = desk.intake.state().quarantined
    assert "3 checks failed" in (story.reason or "")


def test_an_outage_that_the_run_names_is_never_counted_against_the_files(sqlite_desk: Any) -> None:
    upload(sqlite_desk, 2)
    for _ in range(10):
        for batch in sqlite_desk.tick():
            run_id, _ = sqlite_desk.begin(batch)
            sqlite_desk.intake.failed(
                batch.batch_id, run_id, reason="S3 is down", now=sqlite_desk.now, cause="outage"
            )
        sqlite_desk.later(6 * 3600)
    assert len(sqlite_desk.intake.state().batches) == 1
    sqlite_desk.cycle()
    assert sqlite_desk.counts() == {"delivered": 2}


def test_a_run_that_died_is_retried_under_a_new_key(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    run_id, _ = desk.begin(batch)
    desk.verdicts[run_id] = RunVerdict.DIED
    desk.reconcile()
    assert desk.intake.pending_requests() == []
    desk.later(61)
    (again,) = desk.tick()
    assert again.batch_id == batch.batch_id
    assert (batch.run_key, again.run_key) == (f"{batch.batch_id}-1", f"{batch.batch_id}-2")
    desk.run(again)
    assert desk.counts() == {"delivered": 1}


def test_deaths_alone_quarantine_nobody_but_a_file_that_always_kills_is_found(
    sqlite_desk: Any,
) -> None:
    upload(sqlite_desk, 4)
    for _ in range(80):
        for batch in sqlite_desk.tick():
            if any(drop.key == "orders_002.csv" for drop in batch.drops):
                run_id, _ = sqlite_desk.begin(batch)
                sqlite_desk.verdicts[run_id] = RunVerdict.DIED
            else:
                sqlite_desk.run(batch)
        sqlite_desk.later(6 * 3600)
        sqlite_desk.put("stock.csv", str(sqlite_desk.now))  # others go on succeeding
    counts = sqlite_desk.counts()
    assert counts["quarantined"] == 1
    assert [s.drop.key for s in sqlite_desk.intake.state().quarantined] == ["orders_002.csv"]


@pytest.mark.parametrize("told", ["by the run", "by the orchestrator", "before it began"])
def test_a_run_that_was_told_to_stop_says_nothing_of_its_files(
    make_desk: Callable[..., Any], told: str
) -> None:
    policy = BatchPolicy(max_deaths=2, tries_before_split=1, solo_failures=1)
    desk = make_desk(policy=policy)
    upload(desk, 3)
    for _ in range(10):
        desk.put("stock.csv", str(desk.now))  # others go on succeeding
        for batch in desk.tick():
            if batch.drops[0].feed != "orders":
                desk.run(batch)
            elif told == "before it began":
                canceled = lambda key: (  # noqa: E731
                    RunVerdict.CANCELED if key == batch.run_key else RunVerdict.UNKNOWN  # noqa: B023
                )
                desk.intake.reconcile(
                    desk.verdicts.__getitem__, now=desk.now, verdict_of_request=canceled
                )
            else:
                run_id, _ = desk.begin(batch)
                desk.verdicts[run_id] = RunVerdict.CANCELED
                if told == "by the run":
                    desk.intake.failed(
                        batch.batch_id, run_id, reason="stopped", now=desk.now, cause="interrupted"
                    )
        desk.later(61)
    interrupted = [e for s in desk.intake.history() for e in s.events if e.kind == "quarantined"]
    assert interrupted == []
    desk.cycle(times=3)
    assert set(desk.counts()) <= {"delivered", "superseded"}
    assert desk.counts()["delivered"] >= 3
    orders = next(f for f in desk.effects.values() if f and f[0][0].startswith("orders"))
    assert [key for key, _, _ in orders] == ["orders_000.csv", "orders_001.csv", "orders_002.csv"]


def test_a_run_that_has_just_settled_its_batch_is_not_silent(desk: Any) -> None:
    upload(desk, 2)
    (batch,) = desk.tick()
    run_id, _ = desk.begin(batch)
    desk.intake.failed(batch.batch_id, run_id, reason="it did not work", now=desk.now)
    desk.later(1)
    assert desk.intake.live_runs(now=desk.now) == {run_id}
    desk.later(600)
    assert desk.intake.live_runs(now=desk.now) == set()
    (batch,) = desk.tick()
    run_id, _ = desk.begin(batch)
    desk.intake.delivered(batch.batch_id, run_id, now=desk.now)
    desk.later(1)
    assert desk.intake.live_runs(now=desk.now) == {run_id}


def test_a_stage_that_takes_longer_than_the_lease_keeps_its_batch(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(policy=BatchPolicy(settle_seconds=0, lease_seconds=8))
    upload(desk, 1)
    (batch,) = desk.tick()
    # most of the lease is over already, which a busy machine may need between two beats
    began = datetime.now(UTC) - timedelta(seconds=5)
    desk.intake.begin(batch.batch_id, "run", now=began)
    with beating(desk.intake, batch.batch_id, "run"):
        while (now := datetime.now(UTC)) < began + timedelta(seconds=8.1):
            time.sleep(0.05)
        assert desk.intake.live_runs(now=now) == {"run"}
        desk.intake.reconcile(lambda _: RunVerdict.RUNNING, now=now)
        desk.intake.seal(batch.batch_id, "run", now=now)
        desk.intake.delivered(batch.batch_id, "run", now=now)
        time.sleep(2.2)  # a beat after the last act changes nothing
    assert desk.counts() == {"delivered": 1}


@pytest.mark.parametrize("how", ["deaf", "taken", "stopped", "stubborn"])
def test_a_run_that_lost_its_batch_is_ended_before_another_can_begin(
    sqlite_desk: Any, how: str
) -> None:
    upload(sqlite_desk, 1)
    (batch,) = sqlite_desk.tick()
    intake = sqlite_desk.intake
    facts = [intake.folder.path.parent, intake.client_id, str(intake.ledger.url), batch.batch_id]
    run = subprocess.Popen(
        [sys.executable, "-c", _A_RUN, how, *facts],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "begun\n"
    if how == "taken":
        intake.reconcile(lambda _: RunVerdict.DIED, now=datetime.now(UTC))
    said = run.communicate(timeout=PATIENCE_SECONDS)[1]
    ended = datetime.now(UTC)
    # on a busy machine even a willing process may need the second, harder signal
    asked = {-signal.SIGKILL} if how == "stubborn" else {-signal.SIGTERM, -signal.SIGKILL}
    assert run.returncode in asked
    assert f"run theirs lost its hold of batch {batch.batch_id}" in said
    if how != "taken":
        with intake.ledger.read() as connection:
            lease_until = connection.scalar(
                select(batches.c.lease_until).where(batches.c.batch_id == batch.batch_id)
            )
        assert ended < lease_until


_A_RUN = """
import re, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
from consulting.intake import BatchPolicy, Intake, Ledger, beating
from consulting.sources.local import LocalStore
from consulting.layout import ClientFolder
how, data, client, url, batch_id = sys.argv[1:]
folder = ClientFolder(Path(data), client)
intake = Intake(ledger=Ledger.open(url), store=LocalStore(folder.incoming), folder=folder,
                feeds=[], policy=BatchPolicy(lease_seconds=5))
intake.begin(batch_id, "theirs", now=datetime.now(UTC))
if how in {"stopped", "stubborn"}:
    intake.renew = lambda *_, **__: time.sleep(600)  # a ledger that does not answer
if how == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with beating(intake, batch_id, "theirs"):
    print("begun", flush=True)
    if how == "deaf":
        re.fullmatch(r"(a|aa)+", "a" * 80 + "b")  # holds the interpreter's lock
    time.sleep(600)
"""


def test_success_without_a_recorded_delivery_is_not_a_delivery(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    run_id, _ = desk.begin(batch)
    desk.verdicts[run_id] = RunVerdict.SUCCEEDED
    desk.reconcile()
    assert desk.counts() == {"claimed": 1}
    desk.later(61)
    desk.cycle()
    assert desk.counts() == {"delivered": 1}


def test_a_run_without_a_sign_of_life_loses_its_batch(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    run_id, _ = desk.begin(batch)
    desk.later(300)
    desk.intake.renew(batch.batch_id, run_id, now=desk.now)
    desk.later(599)
    desk.reconcile()
    assert [s.status for s in desk.intake.state().batches] == [BatchStatus.RUNNING]
    assert desk.intake.live_runs(now=desk.now) == {run_id}
    desk.later(1)
    assert desk.intake.live_runs(now=desk.now) == set()
    desk.reconcile()
    assert [s.status for s in desk.intake.state().batches] == [BatchStatus.WAITING]
    with pytest.raises(BatchHeldError):
        desk.intake.seal(batch.batch_id, run_id, now=desk.now)
    desk.later(61)
    desk.cycle()
    with pytest.raises(BatchSettledError):
        desk.intake.seal(batch.batch_id, run_id, now=desk.now)
    assert desk.counts() == {"delivered": 1}


def test_a_second_run_of_a_batch_is_refused_and_named(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    desk.begin(batch)
    with pytest.raises(BatchHeldError, match=r"acme: run refused .* run run-1 holds batch"):
        desk.intake.begin(batch.batch_id, "other", now=desk.now)
    assert desk.intake.begin(batch.batch_id, "run-1", now=desk.now).drops == batch.drops


def test_a_client_has_one_live_run_at_a_time(desk: Any) -> None:
    upload(desk, 2)
    first = desk.intake.claim(now=desk.now, trigger="person", drop_ids=[1])
    second = desk.intake.claim(now=desk.now, trigger="person", drop_ids=[2])
    run_id, _ = desk.begin(first)
    with pytest.raises(BatchHeldError):
        desk.intake.begin(second.batch_id, "other", now=desk.now)
    desk.intake.delivered(first.batch_id, run_id, now=desk.now)
    assert desk.intake.begin(second.batch_id, "other", now=desk.now).drops


def test_a_settled_batch_is_not_begun_again(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    desk.run(batch)
    with pytest.raises(BatchSettledError, match="was delivered already"):
        desk.intake.begin(batch.batch_id, "other", now=desk.now)


def test_delivered_is_idempotent_and_refuses_a_run_that_was_replaced(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    run_id, _ = desk.begin(batch)
    desk.verdicts[run_id] = RunVerdict.DIED
    desk.reconcile()
    desk.later(61)
    (again,) = desk.tick()
    desk.intake.begin(again.batch_id, "second", now=desk.now)
    with pytest.raises(BatchHeldError, match="run second took it over"):
        desk.intake.delivered(batch.batch_id, run_id, now=desk.now)
    for _ in range(2):
        desk.intake.delivered(batch.batch_id, "second", now=desk.now)
    assert [fact.files for fact in desk.intake.deliveries()] == [1]


def test_a_run_given_up_for_dead_may_still_record_its_delivery(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    run_id, _ = desk.begin(batch)
    desk.verdicts[run_id] = RunVerdict.DIED
    desk.reconcile()
    desk.intake.delivered(batch.batch_id, run_id, now=desk.now)
    desk.later(61)
    assert desk.tick() == []
    assert desk.counts() == {"delivered": 1}


def test_failed_is_idempotent_and_leaves_a_batch_of_another_run_alone(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    run_id, _ = desk.begin(batch)
    for _ in range(3):
        desk.intake.failed(batch.batch_id, run_id, reason="boom", now=desk.now)
    desk.later(61)
    (again,) = desk.tick()
    assert again.attempt == 2
    desk.intake.begin(again.batch_id, "second", now=desk.now)
    desk.intake.failed(batch.batch_id, run_id, reason="boom", now=desk.now)
    assert [s.status for s in desk.intake.state().batches] == [BatchStatus.RUNNING]


def test_what_failed_before_somebody_mended_it_counts_no_more(desk: Any) -> None:
    upload(desk, 1)
    fault = {"reason": "3 checks failed", "cause": "data"}

    def fail(*, mended: bool = False) -> None:
        (batch,) = desk.tick()
        run_id, _ = desk.begin(batch)
        if mended:
            desk.intake.retry([batch.batch_id], now=desk.now)
        desk.intake.failed(batch.batch_id, run_id, now=desk.now, **fault)

    fail()
    desk.later(3600)
    fail(mended=True)  # while the second run was under way
    (standing,) = desk.intake.state().batches
    assert (standing.status, standing.retry_at) == (BatchStatus.WAITING, desk.now)
    fail()
    (standing,) = desk.intake.state().batches
    desk.intake.retry([standing.batch_id], now=desk.now)  # and after the third
    fail()
    assert desk.counts() == {"claimed": 1}
    desk.later(3600)
    fail()
    assert desk.counts() == {"quarantined": 1}


def test_a_request_whose_run_ended_before_it_began_is_asked_for_under_a_new_key(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    for verdict, pending in ((RunVerdict.UNKNOWN, 1), (RunVerdict.RUNNING, 1), ("failed", 0)):
        desk.intake.reconcile(
            lambda _: RunVerdict.UNKNOWN,
            now=desk.now,
            verdict_of_request=lambda _, verdict=verdict: RunVerdict(verdict),
        )
        assert len(desk.intake.pending_requests()) == pending
    desk.later(61)
    (again,) = desk.tick()
    assert again.run_key != batch.run_key


def test_a_request_that_nobody_can_ask_about_is_renewed_after_an_hour(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    desk.later(3599)
    assert [each.run_key for each in desk.tick()] == [batch.run_key]
    desk.later(1)
    desk.tick()
    desk.later(61)
    assert [each.run_key for each in desk.tick()] == [f"{batch.batch_id}-2"]


def test_a_clock_set_back_delays_no_retry(sqlite_desk: Any) -> None:
    upload(sqlite_desk, 1)
    (batch,) = sqlite_desk.tick()
    sqlite_desk.run(batch, poison=lambda _: True)
    sqlite_desk.later(-30 * 86400)
    sqlite_desk.cycle(2)
    assert sqlite_desk.counts() == {"delivered": 1}


def test_a_failed_batch_lets_new_files_pass(desk: Any) -> None:
    upload(desk, 1)
    desk.cycle(poison=lambda _: True)
    desk.put("orders_new.csv", "new")
    desk.settle()
    (batch,) = desk.tick()
    assert [drop.key for drop in batch.drops] in (["orders_new.csv"], ["orders_000.csv"])
    work_off(desk, "orders_000.csv".__eq__, 5)
    assert desk.delivered_contents() == [("orders_new.csv", b"new")]


def test_files_that_failed_again_and_again_keep_no_new_one_back(sqlite_desk: Any) -> None:
    """They would fail alone for ever, for only a success of another tells that it is they."""
    poison = {"orders_000.csv", "orders_001.csv"}.__contains__
    for number in range(2):
        sqlite_desk.put(f"orders_00{number}.csv", str(number))
        sqlite_desk.settle()
        sqlite_desk.cycle(poison=poison)
    for _ in range(48):
        sqlite_desk.cycle(poison=poison)
        sqlite_desk.later(3600)
    assert sqlite_desk.counts() == {"claimed": 2}
    sqlite_desk.put("orders_new.csv", "new")
    for _ in range(12):
        sqlite_desk.cycle(poison=poison)
        sqlite_desk.later(3600)
    assert sqlite_desk.delivered_contents() == [("orders_new.csv", b"new")]
    assert sqlite_desk.counts() == {"delivered": 1, "quarantined": 2}


def test_what_waits_for_a_schedule_keeps_no_retry_back(sqlite_desk: Any) -> None:
    upload(sqlite_desk, 1)
    for _ in range(4):
        sqlite_desk.cycle(poison=lambda _: True)
        sqlite_desk.later(3600)
    sqlite_desk.put("orders_new.csv", "new")
    sqlite_desk.settle()
    sqlite_desk.later(6 * 3600)
    sqlite_desk.reconcile()
    (again,) = sqlite_desk.intake.pending_requests()
    assert [drop.key for drop in again.drops] == ["orders_000.csv"]


def test_new_bytes_for_a_poison_file_take_its_place(desk: Any) -> None:
    upload(desk, 1)
    desk.cycle(poison=lambda _: True)
    desk.put("orders_000.csv", "corrected")
    desk.settle()
    work_off(desk, lambda _: False, 5)
    assert desk.states_of("orders_000.csv") == [State.SUPERSEDED, State.DELIVERED]
    assert desk.delivered_contents() == [("orders_000.csv", b"corrected")]


def test_a_sealed_batch_delivers_the_same_drops_whatever_arrives(desk: Any) -> None:
    upload(desk, 1)
    (batch,) = desk.tick()
    run_id, batch = desk.begin(batch)
    desk.intake.land(batch, batch.drops[0])
    desk.intake.seal(batch.batch_id, run_id, now=desk.now)
    desk.put("orders_000.csv", "newer")
    desk.verdicts[run_id] = RunVerdict.DIED
    desk.settle()
    desk.later(61)
    desk.cycle(3)
    assert desk.states_of("orders_000.csv") == [State.DELIVERED, State.DELIVERED]
    assert desk.delivered_contents() == [("orders_000.csv", b"0"), ("orders_000.csv", b"newer")]


def test_a_kill_between_claim_and_request_loses_nothing(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    upload(desk, 1)
    claimed = desk.intake.claim(now=desk.now, trigger="sensor")
    reborn = make_desk()
    reborn.now = desk.now
    assert reborn.tick() == [claimed]


def test_attempts_after_which_a_batch_is_called_stuck_are_a_setting(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(policy=BatchPolicy(max_attempts=1))
    upload(desk, 1)
    desk.cycle(poison=lambda _: True)
    desk.reconcile()
    assert [standing.stuck for standing in desk.intake.state().batches] == [True]

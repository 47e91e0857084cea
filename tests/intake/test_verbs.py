"""What people ask of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from consulting.errors import LedgerError
from consulting.intake import BatchPolicy, State

if TYPE_CHECKING:
    from collections.abc import Callable


def deliver(desk: Any, key: str, content: str) -> None:
    desk.put(key, content)
    desk.settle()
    desk.cycle()


def quarantined(desk: Any) -> int:
    """A drop that a run set aside."""
    desk.put("orders.csv", "bad")
    desk.settle()
    (batch,) = desk.tick()
    run_id, batch = desk.begin(batch)
    landed = desk.intake.land(batch, batch.drops[0])
    desk.intake.quarantine(batch, landed.drop, code="empty", reason="r", fix="f", now=desk.now)
    desk.intake.delivered(batch.batch_id, run_id, now=desk.now)
    drop_id: int = landed.drop.drop_id
    return drop_id


def test_what_an_attempt_set_aside_stays_with_the_halves_of_its_batch_until_it_is_let_go(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(policy=BatchPolicy(tries_before_split=1))
    for name in ("orders_1.csv", "orders_2.csv", "orders_3.csv"):
        desk.put(name, name)
    desk.settle()
    (batch,) = desk.tick()
    run_id, batch = desk.begin(batch)
    landed = desk.intake.land(batch, batch.drops[0])
    desk.intake.quarantine(batch, landed.drop, code="empty", reason="r", fix="f", now=desk.now)
    desk.intake.failed(batch.batch_id, run_id, reason="drift", now=desk.now, cause="data")
    halves = [standing.batch_id for standing in desk.intake.state().batches]
    assert len(halves) == 2
    for batch_id in (batch.batch_id, *halves):
        aside, *_ = desk.intake.set_aside(batch_id)
        assert (aside.filename, aside.reason) == ("orders_1.csv", "r")
    desk.intake.release(landed.drop.drop_id, dry_run=False, now=desk.now)
    for batch_id, held in zip(halves, ("orders_3.csv", "orders_2.csv"), strict=True):
        (aside,) = desk.intake.set_aside(batch_id)
        assert (aside.filename, aside.code) == (held, "held_back"), "by the other half"


def test_a_batch_whose_cause_was_mended_is_not_halved_for_its_failures_before(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(policy=BatchPolicy(tries_before_split=2, retry_seconds=0))
    for name in ("orders_1.csv", "orders_2.csv"):
        desk.put(name, name)
    desk.settle()
    (batch,) = desk.tick()
    for halves in (1, 1, 2):
        run_id, batch = desk.begin(batch)
        desk.intake.failed(batch.batch_id, run_id, reason="drift", now=desk.now, cause="data")
        assert len(desk.intake.state().batches) == halves
        if batch.attempt == 1:
            desk.intake.retry([batch.batch_id], now=desk.now)
        (batch,) = desk.tick() or (batch,)


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(desk: Any) -> None:
    deliver(desk, "orders.csv", "A")
    (told,) = desk.intake.reprocess([1], dry_run=True)
    assert (told.before, told.after, told.allowed, told.done) == (
        State.DELIVERED,
        State.READY,
        True,
        False,
    )
    assert desk.counts() == {"delivered": 1}
    (done,) = desk.intake.reprocess([1], dry_run=False, now=desk.now)
    assert done == told.model_copy(update={"done": True})
    assert desk.counts() == {"ready": 1}


def test_reprocessing_delivers_the_same_bytes_in_a_new_batch(desk: Any) -> None:
    deliver(desk, "orders.csv", "A")
    desk.intake.reprocess([1], dry_run=False, now=desk.now)
    desk.cycle()
    assert [fact.files for fact in desk.intake.deliveries()] == [1, 1]
    assert len(desk.delivered_contents()) == 2


def test_reprocessing_works_when_the_client_has_removed_the_file(desk: Any) -> None:
    deliver(desk, "orders.csv", "A")
    (desk.incoming / "orders.csv").unlink()
    desk.look()
    (told,) = desk.intake.reprocess([1], dry_run=False, now=desk.now)
    assert told.allowed
    desk.cycle()
    assert desk.delivered_contents() == [("orders.csv", b"A"), ("orders.csv", b"A")]


def test_an_older_version_says_whose_place_it_takes_when_it_is_reprocessed(desk: Any) -> None:
    deliver(desk, "orders.csv", "A")
    desk.put("orders.csv", "B")
    desk.settle()
    (told,) = desk.intake.reprocess([1], dry_run=True)
    assert told.sentence.endswith("A newer version of this name exists; it is not affected.")
    desk.cycle()
    (newest,) = desk.intake.reprocess([2], dry_run=True)
    assert newest.sentence == "A new batch will deliver it again."
    (told,) = desk.intake.reprocess([1], dry_run=False, now=desk.now)
    assert told.sentence == (
        "A new batch will deliver it again. It takes the place of version 2 (drop 2), which is "
        "delivered; corrections of that one's rows no longer count."
    )
    desk.cycle()
    assert [c for _, c in desk.delivered_contents()] == [b"A", b"A", b"B"]
    assert desk.states_of("orders.csv") == [State.DELIVERED, State.DELIVERED]


def test_what_cannot_be_reprocessed_is_refused_with_the_reason(desk: Any) -> None:
    desk.put("orders.csv", "A")
    desk.look()
    (told,) = desk.intake.reprocess([1], dry_run=False, now=desk.now)
    assert not told.allowed
    assert told.sentence == "Refused: it is seen and will be delivered anyway."
    (desk.incoming / "orders.csv").unlink()
    desk.look()
    (told,) = desk.intake.reprocess([1], dry_run=False, now=desk.now)
    assert "Ask the client to upload the file again" in told.sentence


def test_a_released_drop_is_tried_again(desk: Any) -> None:
    drop_id = quarantined(desk)
    assert desk.intake.release(drop_id, dry_run=True).after is State.READY
    assert desk.intake.release(drop_id, dry_run=False, now=desk.now).done
    desk.cycle()
    assert desk.counts() == {"delivered": 1}
    assert not desk.intake.release(drop_id, dry_run=False).allowed


def test_a_released_drop_may_be_quarantined_again(desk: Any) -> None:
    drop_id = quarantined(desk)
    desk.intake.release(drop_id, dry_run=False, now=desk.now)
    (batch,) = desk.tick()
    _, batch = desk.begin(batch)
    landed = desk.intake.land(batch, batch.drops[0])
    desk.intake.quarantine(batch, landed.drop, code="empty", reason="r", fix="f", now=desk.now)
    assert desk.counts() == {"quarantined": 1}


def test_a_discarded_drop_bothers_nobody_and_can_be_taken_up_again(desk: Any) -> None:
    drop_id = quarantined(desk)
    assert desk.intake.discard(drop_id, dry_run=False, now=desk.now).done
    assert desk.counts() == {"discarded": 1}
    assert desk.intake.state().quarantined == ()
    assert desk.cycle(2) == 0
    desk.intake.reprocess([drop_id], dry_run=False, now=desk.now)
    desk.cycle()
    assert desk.counts() == {"delivered": 1}


def test_what_was_delivered_before_stays_when_its_repetition_is_discarded(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(policy=BatchPolicy(retry_seconds=3600))
    desk.put("orders.csv")
    desk.settle()
    (first,) = desk.tick()
    run_id, first = desk.begin(first)
    (drop,) = first.drops
    desk.intake.land(first, drop)
    desk.intake.delivered(first.batch_id, run_id, now=desk.now)
    desk.intake.reprocess([drop.drop_id], dry_run=False, now=desk.now)
    (again,) = desk.tick()
    run_id, again = desk.begin(again)
    desk.intake.failed(again.batch_id, run_id, reason="drift", now=desk.now, cause="data")
    told = desk.intake.discard(drop.drop_id, dry_run=False, now=desk.now)
    assert told.sentence == (
        f"It will not be delivered again; its rows in delivery {first.batch_id} stay. What else "
        "its batch holds is tried again at the next look. Reprocess takes the drop up again."
    )
    found = desk.intake.last_delivered("orders")
    assert found is not None
    assert (found[0].batch_id, [one.drop_id for one in found[1]]) == (
        first.batch_id, [drop.drop_id],
    )  # fmt: skip


def test_a_file_of_a_batch_that_waits_is_discarded_and_the_others_are_delivered(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(policy=BatchPolicy(retry_seconds=3600))
    for name in ("orders_1.csv", "orders_2.csv"):
        desk.put(name, name)
    desk.settle()
    (batch,) = desk.tick()
    bad, good = (drop.drop_id for drop in batch.drops)
    told = desk.intake.discard(bad, dry_run=False, now=desk.now)
    assert (told.allowed, told.sentence) == (
        False, "Refused: a run has it, or is about to. Discard it once that has failed.",
    )  # fmt: skip
    run_id, batch = desk.begin(batch)
    assert not desk.intake.discard(bad, dry_run=False, now=desk.now).allowed
    desk.intake.failed(batch.batch_id, run_id, reason="drift", now=desk.now, cause="data")
    assert desk.intake.awaited(batch.batch_id) == {bad, good}
    assert desk.tick() == [], "its pause is not over"

    assert desk.intake.discard(bad, dry_run=True, now=desk.now).after is State.DISCARDED
    assert desk.counts() == {"claimed": 2}
    assert desk.intake.discard(bad, dry_run=False, now=desk.now).done
    assert desk.intake.awaited(batch.batch_id) == {good}
    assert desk.cycle() == 1
    assert desk.counts() == {"delivered": 1, "discarded": 1}
    assert desk.delivered_contents() == [("orders_2.csv", b"orders_2.csv")]
    desk.intake.reprocess([bad], dry_run=False, now=desk.now)
    desk.cycle()
    assert desk.counts() == {"delivered": 2}


def test_a_batch_whose_files_are_all_discarded_ends_without_any(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(policy=BatchPolicy(retry_seconds=3600))
    desk.put("orders.csv")
    desk.settle()
    (batch,) = desk.tick()
    run_id, batch = desk.begin(batch)
    desk.intake.failed(batch.batch_id, run_id, reason="drift", now=desk.now, cause="data")
    desk.intake.discard(batch.drops[0].drop_id, dry_run=False, now=desk.now)
    assert desk.intake.state().batches == (), "at once: where no sensor ticks, nothing else ends it"
    desk.cycle()
    assert desk.counts() == {"discarded": 1}
    assert desk.delivered_contents() == []


def test_an_older_version_that_was_asked_for_is_awaited_and_one_that_was_replaced_is_not(
    make_desk: Callable[..., Any],
) -> None:
    desk = make_desk(policy=BatchPolicy(retry_seconds=3600))
    desk.put("orders.csv", "first")
    desk.settle()
    desk.cycle()
    desk.put("orders.csv", "second")
    desk.settle()
    (batch,) = desk.tick()
    assert desk.intake.awaited(batch.batch_id) == {2}
    desk.put("orders.csv", "third")
    desk.look()
    assert desk.intake.awaited(batch.batch_id) == frozenset(), "its run lets go of it"
    desk.settle()
    desk.cycle(3)
    desk.intake.reprocess([1], dry_run=False, now=desk.now)
    (batch,) = desk.tick()
    assert desk.intake.awaited(batch.batch_id) == {1}


def test_a_drop_of_no_feed_can_not_be_released_before_a_feed_matches(desk: Any) -> None:
    desk.put("notes.txt")
    desk.settle()
    told = desk.intake.release(1, dry_run=False, now=desk.now)
    assert not told.allowed
    assert "add a feed" in told.sentence


def test_an_unknown_or_foreign_drop_is_refused(make_desk: Callable[..., Any]) -> None:
    acme, brix = make_desk("acme"), make_desk("brix")
    deliver(acme, "orders.csv", "A")
    with pytest.raises(LedgerError, match=r"brix: the ledger has no drop 1 of this client"):
        brix.intake.reprocess([1], dry_run=False)
    with pytest.raises(LedgerError, match="no drop 1"):
        brix.intake.claim(now=brix.now, trigger="person", drop_ids=[1])


def test_a_drop_s_whole_story_can_be_told(desk: Any) -> None:
    drop_id = quarantined(desk)
    desk.intake.release(drop_id, dry_run=False, now=desk.now)
    desk.cycle()
    (story,) = desk.intake.history(drop_ids=[drop_id])
    assert [event.kind for event in story.events] == [
        "seen",
        "ready",
        "claimed",
        "landed",
        "quarantined",
        "released",
        "claimed",
        "delivered",
    ]
    assert story.delivered_in == story.batch_id


def test_the_state_counts_every_state_and_names_the_oldest_waiting(desk: Any) -> None:
    deliver(desk, "orders.csv", "A")
    first = desk.now
    desk.put("orders_2.csv")
    desk.look()
    state = desk.intake.state()
    assert set(state.counts) == {str(each) for each in State}
    assert state.oldest_waiting == first
    assert state.client_id == "acme"


def test_the_last_delivered_drops_of_a_feed_stand_in(desk: Any) -> None:
    assert desk.intake.last_delivered("orders") is None
    deliver(desk, "orders_1.csv", "one")
    deliver(desk, "stock_1.csv", "stock")
    deliver(desk, "orders_2.csv", "two")
    facts = desk.intake.deliveries()
    batch, drops = desk.intake.last_delivered("orders")
    assert (batch.batch_id, [drop.key for drop in drops]) == (facts[2].batch_id, ["orders_2.csv"])
    batch, drops = desk.intake.last_delivered("orders", before_batch=facts[2].batch_id)
    assert (batch.batch_id, [drop.key for drop in drops]) == (facts[0].batch_id, ["orders_1.csv"])
    assert desk.intake.last_delivered("orders", before_batch=facts[0].batch_id) is None
    assert drops[0].sha256 is not None


def test_which_delivery_stands_does_not_depend_on_the_clock(desk: Any) -> None:
    deliver(desk, "orders_1.csv", "one")
    desk.later(-10 * 86400)
    desk.put("orders_2.csv", "two")
    desk.settle()
    desk.later()
    desk.look()
    desk.cycle()
    _, drops = desk.intake.last_delivered("orders")
    assert [drop.key for drop in drops] == ["orders_2.csv"]


def test_deliveries_and_periods_are_told(make_desk: Callable[..., Any]) -> None:
    desk = make_desk(period_of=lambda key, _seen: key.rpartition("_")[2][:7])
    for month in ("2026-02", "2026-01"):
        desk.put(f"orders_{month}.csv", month)
    desk.settle()
    desk.cycle(2)
    facts = desk.intake.deliveries()
    assert sorted(fact.period or "" for fact in facts) == ["2026-01", "2026-02"]
    assert all(fact.first_seen < fact.delivered_at for fact in facts)

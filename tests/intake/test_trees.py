"""The fence: of all checkouts of a client's files only the last one can put a tree in force."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from consulting.errors import BatchHeldError, BatchSettledError
from consulting.intake import Ledger, RunVerdict


def begun(desk: Any) -> tuple[str, str]:
    desk.put("orders.csv")
    desk.settle()
    (batch,) = desk.tick()
    run_id, batch = desk.begin(batch)
    return batch.batch_id, run_id


def test_the_tree_put_in_force_is_what_the_next_checkout_begins_with(desk: Any) -> None:
    held = begun(desk)
    first = desk.intake.check_out(*held)
    assert (first, desk.intake.stored_tree()) == ((1, None), None)
    later = desk.intake.put_in_force(first, "one")
    assert desk.intake.put_in_force(later, "two") == (1, "two")
    assert desk.intake.check_out(*held) == (2, "two")
    assert desk.intake.stored_tree() == "two"


def test_an_earlier_checkout_puts_nothing_in_force(desk: Any) -> None:
    held = begun(desk)
    early = desk.intake.check_out(*held)
    late = desk.intake.check_out(*held)
    with pytest.raises(BatchHeldError, match=r"acme: .*checked the client's files out since"):
        desk.intake.put_in_force(early, "of who woke up")
    desk.intake.put_in_force(late, "of who is at work")
    assert desk.intake.stored_tree() == "of who is at work"


def test_only_the_run_that_holds_the_batch_checks_out(desk: Any) -> None:
    batch_id, run_id = begun(desk)
    with pytest.raises(BatchHeldError):
        desk.intake.check_out(batch_id, "another run")
    desk.verdicts[run_id] = RunVerdict.DIED
    desk.reconcile()
    with pytest.raises(BatchHeldError):
        desk.intake.check_out(batch_id, run_id)
    desk.later(600)
    (again,) = desk.tick()
    run_id, _ = desk.begin(again)
    desk.intake.delivered(batch_id, run_id, now=desk.now)
    with pytest.raises(BatchSettledError):
        desk.intake.check_out(batch_id, run_id)


def test_a_persons_command_waits_for_the_run_that_is_at_work(desk: Any) -> None:
    begun(desk)
    with pytest.raises(BatchHeldError, match="a run of it is at work"):
        desk.intake.check_out_idle(desk.now)
    assert desk.intake.check_out_idle(desk.now + timedelta(days=1)) == (1, None)


def test_each_client_has_trees_of_its_own(make_desk: Any) -> None:
    acme, globex = make_desk(), make_desk("globex")
    acme.intake.put_in_force(acme.intake.check_out(*begun(acme)), "acme's")
    assert globex.intake.check_out(*begun(globex)) == (1, None)
    assert acme.intake.stored_tree() == "acme's"


def test_of_many_at_once_each_has_a_number_and_one_puts_its_tree_in_force(desk: Any) -> None:
    held = begun(desk)
    outcomes: list[Any] = []
    ready = threading.Barrier(8)

    def race() -> None:
        Ledger.open(desk.intake.ledger.url.render_as_string(hide_password=False))
        ready.wait()
        checkout = desk.intake.check_out(*held)
        outcomes.append(checkout.number)
        try:
            desk.intake.put_in_force(checkout, f"of {checkout.number}")
        except BatchHeldError:
            return

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == list(range(1, 9))
    assert desk.intake.stored_tree() == "of 8"

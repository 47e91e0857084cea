"""Poison files, failing tests and kills: nothing is lost, nothing is delivered twice."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import duckdb
import pytest
from patience import PATIENCE_SECONDS
from rights import bound_by_rights

from consulting import chain
from consulting.chain.attempt import attempt
from consulting.errors import (
    BlockedDeliveryError,
    ChecksFailedError,
    RunInterruptedError,
    StoreAccessError,
)
from consulting.intake import RunVerdict
from consulting.intake.intake import Intake

from .conftest import AT_ONCE, World
from .test_delivering import HEADER, customer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGES = ("receive", "profile", "clean", "validate", "deliver")
INSIDE = ("build_delivery", "append_history", "delivered", "after delivered")


def bring_back(world: World, verdict: RunVerdict = RunVerdict.DIED) -> str:
    """What the sensor does after a run ended: the batch that it asks a run for next."""
    for _ in range(2):
        tick = chain.look(
            world.engagement,
            verdict_of=lambda _: verdict,
            verdict_of_request=lambda _: RunVerdict.UNKNOWN,
            now=datetime.now(UTC),
        )
    return tick.batches[0].batch_id


def test_a_poison_file_is_set_aside_with_its_reason_and_its_neighbours_are_delivered(
    world: World,
) -> None:
    world.drop("customers_1.csv", HEADER + customer(1) + customer(2))
    world.drop("orders_1.xlsx", b"PK\x03\x04 this is no workbook")
    delivery = world.run()
    assert world.states() == {"customers_1.csv": "delivered", "orders_1.xlsx": "quarantined"}
    reason = next(world.folder.quarantine.rglob("*.reason.json")).read_text()
    assert '"reason"' in reason
    assert "orders_1.xlsx" in (delivery.path / "manifest.json").read_text()
    assert delivery.summary.delivered == 2


def test_a_file_that_may_not_be_read_is_set_aside_and_its_neighbour_is_read(world: World) -> None:
    world.drop("customers_1.csv", HEADER + customer(1)).chmod(0)
    world.drop("customers_2.csv", HEADER + customer(2))
    with bound_by_rights():
        received = world.receive("run")
    (aside,) = received.quarantined
    assert [reading.filename for reading in received.readings] == ["customers_2.csv"]
    assert (aside.filename, aside.code) == ("customers_1.csv", "refused")
    assert aside.reason == "This process may not read it."
    assert aside.fix == (
        "Grant the user that runs Dagster the right to read the file. If it is not taken by "
        "itself then, release it."
    )


def test_where_no_file_of_a_batch_may_be_read_the_place_is_at_fault_and_none_is_set_aside(
    world: World,
) -> None:
    world.drop("customers_1.csv", HEADER + customer(1)).chmod(0)
    world.drop("customers_2.csv", HEADER + customer(2)).chmod(0)
    with (
        bound_by_rights(),
        pytest.raises(StoreAccessError, match=r"^acme_corp: .*none of the batch's files is given"),
    ):
        world.receive("run")
    assert set(world.states().values()) == {"claimed"}
    (waiting,) = world.engagement.intake.state().batches
    assert "Of 'customers_1.csv': This process may not read it. Grant" in str(waiting.reason)


def test_where_all_files_are_bad_nothing_is_delivered_and_no_batch_is_left(world: World) -> None:
    world.drop("customers_1.csv", b"")
    world.drop("orders_1.xlsx", b"PK\x03\x04 this is no workbook")
    received = world.receive("run")
    said = chain.unreadable(received)
    assert said is not None
    assert said.startswith("No file could be read. customers_1.csv: ")
    assert "Traceback" not in said
    batch_id = received.batch.batch_id
    chain.refuse(world.engagement, batch_id=batch_id, run_id="run", reason=said)
    assert set(world.states().values()) == {"quarantined"}
    assert world.engagement.intake.state().batches == ()
    assert world.deliveries() == []


def test_a_failing_blocking_test_delivers_nothing_until_it_is_mended(
    tmp_path: Path, customers_dbt: Path
) -> None:
    dbt_dir = shutil.copytree(customers_dbt, tmp_path / "dbt")
    mart = dbt_dir / "models/clients/acme_corp/marts/customers.sql"
    good = mart.read_text()
    mart.write_text(f"select * from ({good}) union all select * from ({good})")
    world = World(tmp_path / "data", dbt_dir=dbt_dir, intake={**AT_ONCE, "solo_failures": 9})
    world.drop("customers.csv", HEADER + customer(1))
    with pytest.raises(ChecksFailedError, match=r"unique_customers_customer_id \(2 rows") as failed:
        world.run()
    assert str(failed.value).startswith("acme_corp: nothing is delivered, for ")
    assert "ada1@example.com" not in str(failed.value)
    assert world.deliveries() == []
    waiting = world.engagement.intake.state().batches[0]
    assert (waiting.status, world.states()) == ("waiting", {"customers.csv": "claimed"})
    assert "unique_customers_customer_id" in str(waiting.reason)

    with pytest.raises((BlockedDeliveryError, ChecksFailedError)):
        world.after_receive("by hand", waiting.batch_id, begin="deliver")
    assert world.deliveries() == [], "a run that begins at the end does not evade the tests"

    mart.write_text(good)
    delivery = world.run(bring_back(world, RunVerdict.FAILED))
    assert delivery.delivery_id == waiting.batch_id
    assert world.states() == {"customers.csv": "delivered"}


def _die(*_args: object, **_kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _do(world: World, stage: str, batch_id: str) -> None:
    """One stage of the run that is killed."""
    if stage == "receive":
        world.receive("killed", batch_id)
    else:
        done = getattr(chain, stage)(
            world.engagement, batch_id=batch_id, run_id="killed", log=print
        )
        assert done


def _run_until(world: World, batch_id: str, place: str, begin: str = "receive") -> None:
    """In a process of its own: run the chain, and die after a stage or inside the last one."""
    from consulting.chain import delivered

    if place in {"build_delivery", "append_history"}:
        setattr(delivered, place, _die)
    elif place == "delivered":
        Intake.delivered = _die  # type: ignore[method-assign,assignment]
    for stage in STAGES[STAGES.index(begin) :]:
        _do(world, stage, batch_id)
        if place == stage:
            _die()
    _die()


def _asked_for(world: World) -> str:
    """A file arrived, and the sensor asks for a run of it."""
    world.drop("customers.csv", HEADER + "".join(map(customer, range(1, 6))))
    return bring_back(world)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, customers_dbt: Path) -> dict[str, World]:
    """A run before each stage after the first; copied, never changed.

    Its file is landed, and the client has taken it from the drop folder.
    """
    world = World(tmp_path_factory.mktemp("begun") / "run", dbt_dir=customers_dbt)
    batch_id = _asked_for(world)
    found = {}
    for done, stage in pairwise(STAGES):
        _do(world, done, batch_id)
        found[stage] = world.copy(world.root.with_name(stage))
        (found[stage].folder.incoming / "customers.csv").unlink()
    return found


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(place, marks=[pytest.mark.slow] if place in {"receive", "profile"} else [])
        for place in (*STAGES[:-1], *INSIDE)
    ],
)
def test_a_run_killed_anywhere_is_finished_by_the_next_with_one_delivery(
    world: World, begun: dict[str, World], tmp_path: Path, place: str
) -> None:
    begin = place if place in STAGES else "deliver"
    if begin in begun:
        world = begun[begin].copy(tmp_path / "copy")
        batch_id = world.engagement.intake.state().batches[0].batch_id
    else:
        batch_id = _asked_for(world)
    # the forked process has dbt loaded already
    process = multiprocessing.get_context("fork").Process(
        target=_run_until, args=(world, batch_id, place, begin)
    )
    process.start()
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL
    if place == "after delivered":
        assert world.after_receive("next", batch_id, begin="deliver").rebuilt
    else:
        assert bring_back(world) == batch_id
        follows = {"profile": "clean", "clean": "validate", "validate": "deliver"}.get(place)
        if follows:
            world.after_receive("next", batch_id, begin=follows)
        elif place in INSIDE:
            world.after_receive("next", batch_id, begin="deliver")
        else:
            world.run(batch_id)
    assert world.deliveries() == [batch_id]
    assert world.states() == {"customers.csv": "delivered"}
    with (world.folder.deliverables / batch_id / "tables/customers.csv").open() as file:
        assert len(file.readlines()) == 1 + 5
    assert not list(world.folder.deliverables.glob(".*"))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python hears SIGINT, also where a shell started this process in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_run_that_is_interrupted_in_dbt_says_so_and_holds_nothing_against_its_files(
    world: World,
) -> None:
    world.drop("customers_1.csv", HEADER + customer(1))
    received = world.receive("run")
    batch_id = received.batch.batch_id
    chain.profile(world.engagement, batch_id=batch_id, run_id="run", log=world.said.append)

    told_once = iter([signal.SIGINT])

    def terminate(_: str) -> None:
        # once: a second signal would reach whatever this process does next
        for number in told_once:
            signal.raise_signal(number)

    with pytest.raises(RunInterruptedError) as told:
        chain.clean(world.engagement, batch_id=batch_id, run_id="run", log=terminate)
    assert str(told.value).startswith(
        f"acme_corp: the run was interrupted while it worked on batch {batch_id}"
    )
    assert "the next run takes the same files again" in str(told.value)
    (standing,) = world.engagement.intake.state().batches
    assert standing.reason == str(told.value)
    assert bring_back(world) == batch_id
    delivery = world.run(batch_id)
    assert delivery.summary.delivered == 1


@pytest.mark.usefixtures("interruptible")
def test_a_query_that_is_interrupted_is_the_end_of_a_run_and_not_a_fault(world: World) -> None:
    world.drop("customers_1.csv", HEADER + customer(1))
    batch_id = world.receive("run").batch.batch_id

    def work() -> None:
        with (
            attempt(world.engagement, batch_id, "run"),
            # on one thread, this one: where it waits for others, it hears of nothing
            duckdb.connect(config={"threads": 1}) as connection,
        ):
            threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
            # it ends by itself, should nobody interrupt it
            connection.execute("SELECT sum(n.range) FROM range(20000000000) n")

    with pytest.raises(RunInterruptedError):
        work()

"""Kill -9 of forked runs at each stage, of the parent they are forked from, and of the daemon.

Nothing is lost or doubled, and work goes on.

Many random kills, by hand: tests/long/dagster_kills.py --warm.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from dagster_world import UNFINISHED, World

if TYPE_CHECKING:
    from warm_python import WarmPython

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="runs are forked on Linux alone"),
]
STAGES = {
    # that with `_all` takes the warm parent with it
    "alpha": ("beginning_all", "landed", "profiling"),
    "beta": ("in_dbt_run", "in_dbt_test", "published", "delivered"),
}
GOES_ON_WITHIN_SECONDS = 180
"""A minute on a machine of its own; others may work beside the tests."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, warm_python: WarmPython) -> World:
    """A day on which each stage, the warm parent and the daemon die."""
    world = World(
        tmp_path_factory.mktemp("warm") / "world",
        dict.fromkeys((*STAGES, "gamma")),
        python=warm_python,
        warm=True,
    )
    for client_id, points in STAGES.items():
        world.flag(client_id, *points)
        world.drop(client_id, "orders_1.csv")
    with world.running():
        world.await_that("each stage has died once", lambda: not world.flags_up())
        world.await_that("all is delivered", world.is_quiet)
        for number, part in enumerate(("warm parent", "daemon"), start=1):
            world.drop("gamma", f"orders_{number}.csv")
            world.await_that("a forked run goes on", world.run_processes)
            (run,) = world.runs(*UNFINISHED)
            assert world.kill(part)
            world.await_that("its run ends", lambda run=run: ended(world, run))
            world.await_that("all is delivered", world.is_quiet)
    return world


def ended(world: Any, run: dg.DagsterRun) -> bool:
    found = world.instance.get_run_by_id(run.run_id)
    return found is not None and found.is_finished


def test_whatever_dies_every_drop_is_delivered_once(world: Any) -> None:
    assert world.kills == {"warm parent": 1, "daemon": 1}
    assert world.check() == {
        "drops": 4,
        "deliveries": 4,
        "lost": 0,
        "doubled": 0,
        "strays": 0,
        "left over": 0,
        "rows lost": 0,
    }


def test_a_run_outlives_the_parent_it_was_forked_from_and_the_daemon(world: Any) -> None:
    runs = [run for run in world.runs() if run.tags["client_id"] == "gamma"]
    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * 2


def test_work_goes_on_soon_after_each_death(world: Any) -> None:
    for client_id, points in STAGES.items():
        records = world.instance.get_run_records(
            dg.RunsFilter(tags={"client_id": client_id}), ascending=True
        )
        begun = [record.start_time for record in records if record.start_time is not None]
        for point in points[:-1] if points[-1] == "delivered" else points:
            died_at = (world.root / "killed" / f"{client_id}.{point}").stat().st_ctime
            after = [start - died_at for start in begun if start > died_at]
            assert after, point
            assert min(after) < GOES_ON_WITHIN_SECONDS, (point, after)


def test_every_run_was_forked(world: Any) -> None:
    for run in world.runs():
        said = [entry.message for entry in world.instance.all_logs(run.run_id)]
        assert not [each for each in said if "No warm process for this run" in each]

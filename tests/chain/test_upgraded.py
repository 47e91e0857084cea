"""A batch below tier 3, sealed by one version of the program and retried by the next."""

from __future__ import annotations

import multiprocessing
import signal
from typing import TYPE_CHECKING

import pytest
from patience import PATIENCE_SECONDS

from consulting.chain import delivered
from consulting.chain.replay import verify_delivery
from consulting.errors import NothingNewError

from .conftest import World
from .test_delivering import HEADER, customer
from .test_trouble import _run_until, bring_back

if TYPE_CHECKING:
    from pathlib import Path


def killed(world: World, place: str) -> str:
    """The batch of a run that was killed there."""
    world.drop("customers.csv", HEADER + "".join(map(customer, range(1, 6))))
    batch_id = bring_back(world)
    process = multiprocessing.get_context("fork").Process(
        target=_run_until, args=(world, batch_id, place)
    )
    process.start()
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL
    return batch_id


@pytest.mark.parametrize("case", ["written at tier 1", "sealed at tier 2"])
def test_it_is_accepted_where_it_was_written_and_else_made_again(
    tmp_path: Path, customers_dbt: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    written = case.startswith("written")
    world = World(tmp_path, dbt_dir=customers_dbt, security_tier=int(case.partition("tier ")[2][0]))
    batch_id = killed(world, "delivered" if written else "build_delivery")
    assert world.deliveries() == [batch_id] * written
    monkeypatch.setattr(delivered, "code_fingerprints", lambda: {"delivered": "the next release"})
    assert bring_back(world) == batch_id
    delivery = world.run(batch_id)
    assert delivery.delivery_id == batch_id
    assert (delivery.rebuilt, delivery.stands) == (written, written)
    assert set(world.states().values()) == {"delivered"}
    found = verify_delivery(world.engagement, batch_id, log=world.said.append)
    assert [str(each).partition(" It ")[0] for each in found] == [
        "manifest.json: was made with other code of the stage delivered."
    ] * written


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, customers_dbt: Path) -> World:
    """A client whose delivery was written when its run was killed; copied, never changed."""
    root = tmp_path_factory.mktemp("written")
    world = World(root, dbt_dir=customers_dbt, security_tier=1)
    killed(world, "delivered")
    return world


@pytest.mark.parametrize("fate", ["removed", "replaced"])
def test_a_delivery_that_was_written_counts_though_its_file_is_gone(
    written: World, tmp_path: Path, fate: str
) -> None:
    world = written.copy(tmp_path / "copy")
    (batch_id,) = world.deliveries()
    (world.folder.incoming / "customers.csv").unlink()
    if fate == "replaced":
        world.drop("customers.csv", HEADER + customer(7))
    assert bring_back(world) == batch_id
    with pytest.raises(NothingNewError):
        world.run(batch_id)
    (made,) = world.engagement.intake.deliveries()
    assert (made.batch_id, made.files, made.verdict) == (batch_id, 1, "assessment")
    assert world.deliveries() == [batch_id]
    if fate == "replaced":
        again = bring_back(world)
        assert again != batch_id
        assert world.run(again).delivery_id == again

"""A test that could not run: our fault, told as ours, and nothing for the client to mend."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from consulting.alerting import AlertRoute, failed_tests
from consulting.chain.artifacts import Checks
from consulting.chain.delivered import gather
from consulting.cleaning import write_feed_models
from consulting.delivery import collect_findings
from consulting.errors import ChecksBrokenError, ChecksFailedError
from consulting.records import CheckOutcome

from .conftest import DBT, World

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = [{"name": "id", "from": "id"}, {"name": "end", "from": "End"}]
FAILING = {"accepted_values": {"arguments": {"values": ["x"]}}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("broken")
    for name in ("macros", "tests", "models/shared"):
        shutil.copytree(DBT / name, root / "dbt" / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(DBT / name, root / "dbt" / name)
    world = World(root / "data", dbt_dir=root / "dbt", feeds=[{"name": "t", "files": "t*.csv"}])
    world.drop("t.csv", "id,End\n" + "".join(f"a{n},b{n}\n" for n in range(9)))
    return world


def models(world: World, *tests: object) -> None:
    folder: Path = world.dbt_dir / "models" / "clients" / world.client_id
    shutil.rmtree(folder, ignore_errors=True)
    columns = [COLUMNS[0] | {"tests": list(tests)}, COLUMNS[1]]
    write_feed_models(world.dbt_dir, world.client_id, "t", columns)


def test_a_test_that_could_not_run_is_ours_to_mend(world: World) -> None:
    broken = {"accepted_range": {"arguments": {"min_value": 1}}}
    models(world, broken)
    with pytest.raises(ChecksBrokenError) as caught:
        world.run()
    said = str(caught.value)
    assert said.startswith(
        "acme_corp: nothing is delivered, for 1 blocking test could not run: "
        "accepted_range_t_id__1: dbt/models/clients/acme_corp/t.yml: "
    )
    assert "The data is not at fault: correct the test" in said
    assert "the client correct the file" not in said
    # told once, and the file stays where it is, however often that happens
    with pytest.raises(ChecksBrokenError):
        world.run()
    assert world.states() == {"t.csv": "claimed"}

    warns = {"accepted_range": {"arguments": {"min_value": 1}, "config": {"severity": "warn"}}}
    models(world, warns)
    delivery = world.run()
    path = world.folder.run(delivery.delivery_id) / "checks.json"
    [check] = [c for c in Checks.model_validate_json(path.read_bytes()).checks if c.column == "id"]
    assert (check.severity, check.status) == ("warn", "error")
    [finding] = [
        each
        for each in collect_findings(gather(world.engagement, delivery.delivery_id))
        if each.source == "test"
    ]
    assert (finding.severity, finding.recommendation) == ("warn", "")
    assert finding.title == "Could not be tested: id is at least 1"
    assert finding.detail == (
        "The test itself is broken, which is ours to mend; nothing is known of the rows."
    )

    world.drop("t2.csv", "id,End\na1,b1\n")
    models(world, broken, FAILING)
    with pytest.raises(ChecksFailedError) as failed:
        world.run()
    assert failed.value.failing_rows == {"accepted_values_t_id__x": 1}


def test_tests_that_could_not_run_are_no_failure_of_the_data() -> None:
    route = AlertRoute(client_id="acme", client_name="Acme")
    broken = CheckOutcome(unique_id="b", name="b", model="t", severity="error", status="error",
                          failing_rows=0)  # fmt: skip
    failed = broken.model_copy(update={"name": "f", "status": "fail", "failing_rows": 2})
    assert failed_tests(route, [broken], link=None) is None
    event = failed_tests(route, [broken, failed], link=None)
    assert event is not None
    assert "1 of them could not run" in event.text

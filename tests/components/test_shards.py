"""Clients split over code locations: each is in one, and what looks at all of them in another."""

from __future__ import annotations

import contextlib
import json
import socket
import urllib.request
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from dagster_world import FEED, MODELS
from hypothesis import given
from hypothesis import strategies as st
from patience import await_that

from consulting.components.locations import Shard, shard_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

CLIENTS = ("globex", "hooli", "initech", "umbrella")
ENGAGEMENT = """\
type: consulting.components.EngagementComponent
attributes:
  client_name: {client}
  feeds:
    - {{name: orders, files: "orders*.csv"}}
  schedule: {{cron: "0 6 * * 1", timezone: America/New_York}}
  sla: {{due: "0 12 * * 1", warn_after: 8d, fail_after: 14d}}
  intake: {{settle_seconds: 0}}
"""
LISTED = """
import json, dagster as dg
import consulting.shards as s, consulting.definitions as d

def names(defs):
    repo = defs.get_repository_def()
    return {
        "assets": sorted(k.to_user_string() for k in repo.asset_graph.materializable_asset_keys),
        "checks": sorted(k.to_user_string() for k in repo.asset_graph.asset_check_keys),
        "jobs": sorted(j.name for j in repo.get_all_jobs() if not j.name.startswith("__")),
        "sensors": sorted(x.name for x in repo.sensor_defs),
        "schedules": sorted(x.name for x in repo.schedule_defs),
    }

print(json.dumps({
    "whole": names(d.defs()),
    **{name: names(getattr(s, name)()) for name in ("consultancy", "clients_1", "clients_2")},
}))
"""
QUERY = """
{ workspaceOrError { ... on Workspace { locationEntries { name locationOrLoadError {
    ... on RepositoryLocation { repositories { sensors { name } schedules { name } } }
    ... on PythonError { message } } } } }
  assetNodes(pipeline: null) { assetKey { path } repository { location { name } } isMaterializable
    hasAssetChecks } }
"""


@given(
    clients=st.sets(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), min_size=1),
    count=st.integers(1, 20),
)
def test_each_client_is_in_one_shard_and_moves_only_to_a_new_one(
    clients: set[str], count: int
) -> None:
    for client in clients:
        homes = [n for n in range(1, count + 1) if Shard(n, count).has(client)]
        assert homes == [shard_of(client, count)]
        assert shard_of(client, count + 1) in {homes[0], count + 1}


def test_a_thousand_clients_are_spread_evenly() -> None:
    shares = [shard_of(f"acme_corp_{n:04d}", 4) for n in range(1000)]
    assert all(200 < shares.count(number) < 300 for number in (1, 2, 3, 4))


def test_there_is_no_shard_beyond_their_number() -> None:
    with pytest.raises(ValueError, match="there is no shard 3 of 2"):
        Shard(3, 2)


@pytest.fixture
def sharded(project: Project) -> Project:
    """Four clients in two code locations."""
    for client in CLIENTS:
        project.write(client, ENGAGEMENT.format(client=client))
    done = project.run("consulting", "shards", "2")
    assert done.returncode == 0, done.stderr
    return project


def test_the_locations_hold_what_the_whole_project_holds_and_nothing_twice(
    sharded: Project,
) -> None:
    done = sharded.run("python", "-c", LISTED)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    whole = found.pop("whole")
    for kind, names in whole.items():
        assert sorted(name for each in found.values() for name in each[kind]) == names, kind
    assert found["consultancy"]["sensors"] == ["consultancy_alerts"]
    assert found["consultancy"]["assets"] == ["consultancy/portfolio"]
    for number in (1, 2):
        own = [client for client in CLIENTS if shard_of(client, 2) == number]
        assert own
        here = found[f"clients_{number}"]
        assert here["jobs"] == [f"{client}_cleaning" for client in own]
        assert here["schedules"] == [f"{client}_due" for client in own]
        assert {f"{client}/delivered:on_time" for client in own} <= set(here["checks"])


def test_a_broken_client_breaks_its_own_location_alone(
    sharded: Project,
) -> None:
    sharded.write("hooli", ENGAGEMENT.format(client="hooli").replace("schedule:", "shedule:"))
    # its files would be taken by a client of the other location
    neighbour = next(c for c in CLIENTS if shard_of(c, 2) != shard_of("initech", 2))
    source = f"  source: {{type: local, folder: {sharded.root}/data/{neighbour}/incoming}}\n"
    sharded.write("initech", ENGAGEMENT.format(client="initech") + source)
    done = sharded.run("dagster", "definitions", "validate", "-w", "workspace.yaml")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Validation successful for code location consultancy." in said
    assert "does not match the name" not in said, "the locations are not called as the project is"
    assert "Did you mean 'schedule'?" in said
    assert "initech: its source, " in said


def test_what_somebody_wrote_is_left_alone(project: Project) -> None:
    theirs = project.root / "workspace.yaml"
    theirs.write_text("load_from: []\n")
    done = project.run("consulting", "shards", "2")
    assert done.returncode == 1
    assert f"{theirs} was not written by this command" in done.stderr
    assert theirs.read_text() == "load_from: []\n"
    assert not (project.root / "src/consulting/shards.py").exists()


@pytest.mark.slow
def test_a_file_is_delivered_and_all_clients_are_looked_at_by_real_locations(
    sharded: Project,
) -> None:
    port = _free_port()
    environment = sharded.environment({"DAGSTER_HOME": str(sharded.root)})
    for client in CLIENTS:
        (sharded.root / "data" / client / "incoming").mkdir(parents=True)
    models = sharded.root / "dbt/models/clients/hooli"
    for name, sql in MODELS.items():
        (models / name).parent.mkdir(parents=True, exist_ok=True)
        (models / f"{name}.sql").write_text(sql + "\n")
    (models / "orders.yml").write_text(FEED)
    (sharded.root / "data/hooli/incoming/orders_1.csv").write_text("id,amount\n1,20\n")
    dagster = sharded.python.start(
        "dg", "dev", "-w", "workspace.yaml", "--port", str(port),
        cwd=sharded.root, env=environment, log=sharded.root / "log.txt",
    )  # fmt: skip
    try:
        _await(lambda: _asked(port, "{ version }"), sharded)
        answer = _asked(port, QUERY)
        locations = {
            each["name"]: each["locationOrLoadError"]["repositories"][0]
            for each in answer["workspaceOrError"]["locationEntries"]
        }
        assert sorted(locations) == ["clients_1", "clients_2", "consultancy"]
        sensors = [s["name"] for each in locations.values() for s in each["sensors"]]
        assert sorted(sensors) == sorted(["consultancy_alerts", *(f"{c}_files" for c in CLIENTS)])
        homes = {
            "/".join(node["assetKey"]["path"]): node["repository"]["location"]["name"]
            for node in answer["assetNodes"]
        }
        for client in CLIENTS:
            assert homes[f"{client}/delivered"] == f"clients_{shard_of(client, 2)}"
        page = sharded.root / "data/portfolio.html"
        folder = sharded.root / "data/hooli/deliverables"
        _await(lambda: list(folder.glob("[!.]*/manifest.json")), sharded)
        _await(lambda: page.exists() and all(c in page.read_text() for c in CLIENTS), sharded)
    finally:
        started = psutil.Process(dagster.pid)
        family = [started, *started.children(recursive=True)]
        # what ends with its parent may have ended before its turn comes
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.terminate()
        for each in psutil.wait_procs(family, timeout=30)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        dagster.wait()


def _asked(port: int, query: str) -> dict[str, Any] | None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
    except OSError:
        return None
    assert "errors" not in told, told
    return told["data"]  # type: ignore[no-any-return]


def _await(holds: Callable[[], object], project: Project) -> None:
    await_that(holds, lambda: (project.root / "log.txt").read_text()[-5000:], every=0.5)


def _free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return int(each.getsockname()[1])

"""What one client's `defs.yaml` becomes, before any run."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pytest
from tests.pictures import PICTURES, of_graph

import consulting
from consulting.components.loading import load_project

STAGES = ["file_received", "profiled", "cleaned", "validated", "delivered"]


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return load_project(Path(consulting.__file__).parent).get_repository_def()


@pytest.fixture(scope="module")
def graph(repository: dg.RepositoryDefinition) -> dict[str, dg.AssetSpec]:
    return {
        spec.key.to_user_string(): spec
        for asset in repository.assets_defs_by_key.values()
        for spec in asset.specs
    }


def test_the_assets_of_all_clients_are_these(graph: dict[str, dg.AssetSpec]) -> None:
    models = {
        "acme_corp": ("customers", "orders"),
        "globex": ("invoices", "products"),
        "initech": ("departments", "employees"),
    }
    expected = {"acme_corp/customer_revenue"}
    for client, feeds in models.items():
        expected |= {f"{client}/{stage}" for stage in STAGES}
        for feed in feeds:
            layers = ("", "stg_", "int_", "rejects_", "merged_")
            expected |= {f"{client}/{layer}{feed}" for layer in layers}
    assert {name for name in graph if not name.startswith("consultancy/")} == expected


def test_each_asset_has_the_clients_group_tags_owner_and_a_description(
    graph: dict[str, dg.AssetSpec],
) -> None:
    for name, spec in graph.items():
        client = name.split("/")[0]
        if client == "consultancy":
            continue
        assert spec.group_name == client
        assert spec.tags["client_id"] == client
        assert spec.tags["engagement_type"] == ("one_off" if client == "initech" else "recurring")
        assert list(spec.owners) == ["team:data"], "inherited from defaults.yaml"
        assert spec.description, name
        assert spec.kinds, name


def test_the_stages_follow_each_other_and_models_follow_what_was_received(
    graph: dict[str, dg.AssetSpec],
) -> None:
    def upstream(name: str) -> set[str]:
        return {dep.asset_key.path[-1] for dep in graph[f"acme_corp/{name}"].deps}

    assert upstream("profiled") == {"file_received"}
    assert upstream("stg_orders") == {"file_received"}
    assert upstream("int_orders") == {"stg_orders"}
    assert upstream("customer_revenue") == {"customers", "orders"}
    # the models that no other reads: an edge from each would be a knot in the graph
    assert upstream("cleaned") == {
        *("profiled", "customer_revenue"),
        *(f"{kind}_{feed}" for kind in ("merged", "rejects") for feed in ("customers", "orders")),
    }
    assert upstream("validated") == {"cleaned"}
    assert upstream("delivered") == {"validated"}


def test_the_picture_of_the_graph_shows_the_graph(graph: dict[str, dg.AssetSpec]) -> None:
    told = json.loads((PICTURES / "pictures.json").read_text("utf-8"))
    assert of_graph(graph.values()) == told["graph"], "`make pictures` takes it again; look at it"


def test_dbt_tests_are_checks_on_their_models_and_errors_block(
    repository: dg.RepositoryDefinition,
) -> None:
    checks = {
        f"{spec.asset_key.path[-1]}: {spec.name}": spec
        for asset in repository.assets_defs_by_key.values()
        for spec in asset.check_specs
        if spec.asset_key.path[0] == "acme_corp"
    }
    assert checks["orders: rows_conserved_orders_orders"].blocking
    assert not checks["customers: unique_customers_email"].blocking, "it only warns"
    assert checks["cleaned: every_row_accounted_for"].blocking
    assert checks["cleaned: rules_read_as_before"].blocking
    assert checks["file_received: files_readable"].blocking
    assert checks["profiled: no_blocking_drift"].blocking
    assert all(spec.description for spec in checks.values())


def test_each_client_has_a_job_whose_runs_carry_its_tags(
    repository: dg.RepositoryDefinition,
) -> None:
    job = repository.get_job("acme_corp_cleaning")
    assert job.tags["client_id"] == "acme_corp"
    assert job.tags["engagement_type"] == "recurring"
    assert job.executor_def is dg.in_process_executor
    steps = {node.name for node in job.nodes}
    assert {name.rpartition("__")[2] for name in steps} == set(STAGES)


def test_sensors_and_schedules_are_on_and_keep_the_clients_time(
    repository: dg.RepositoryDefinition,
) -> None:
    sensor = repository.get_sensor_def("globex_files")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    schedule = repository.get_schedule_def("acme_corp_due")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert (schedule.cron_schedule, schedule.execution_timezone) == (
        "0 6 * * 1",
        "America/New_York",
    )
    assert repository.get_schedule_def("globex_due").cron_schedule == "0 8 1 * *"
    assert not repository.has_schedule_def("initech_due")

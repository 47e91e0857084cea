"""Runs of one period, as `dg launch --partition`, the UI and a backfill ask for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from consulting.chain.replay import verify_delivery
from consulting.resources.run_queue import missing_tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Location

HEADER = (
    "Customer ID,Full Name,Email,Phone,Country,Signup Date,Lifetime Value,Marketing Opt-In,"
    "Status,Last Updated,Notes\n"
)
ROW = (
    "00000{0},Ada Lovelace,ada{0}@example.com,(415) 555-000{0},USA,2024-01-05,100.00,Yes,active,"
    "2026-01-02 10:00:00,\n"
)
WEEKS = {"every": "week", "start": "2026-W01", "period_from": r"(?P<year>\d{4})-W(?P<week>\d{2})"}
SLA = {"due": "0 12 * * 1", "ends": "2026-03-31"}


def manifests(location: Location) -> list[dict[str, Any]]:
    """What the deliveries say, in the order in which they were made."""
    found = sorted(location.folder.deliverables.glob("[!.]*/manifest.json"))
    return [json.loads(path.read_text()) for path in found]


def history(location: Location) -> list[Any]:
    import duckdb

    with duckdb.connect(str(location.folder.warehouse), read_only=True) as connection:
        return connection.sql(
            "SELECT _period, _delivery_id, count(*) FROM history.customers GROUP BY ALL ORDER BY 1"
        ).fetchall()


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What the run's first failed step says."""
    failure = next(e for e in result.all_events if e.is_step_failure).step_failure_data
    assert failure.user_failure_data is not None
    return str(failure.user_failure_data.description)


def missing(location: Location) -> list[str]:
    """The due weeks of which nothing was delivered."""
    config = location.client.config
    now = datetime(2026, 3, 20, tzinfo=UTC)
    assert config.sla is not None
    due = config.sla.due_periods(
        now, since=datetime(2026, 1, 1, tzinfo=UTC), partitioning=config.partitions
    )
    made = {each.period for each in location.engagement.intake.deliveries()}
    return [each.key for each in due if each.key not in made]


def test_a_week_is_delivered_again_from_its_landed_files_and_no_other_week_is_any_fresher(
    location: Callable[..., Location],
) -> None:
    at = location(partitions=WEEKS, sla=SLA)
    weeks = {"2026-W10": 1, "2026-W03": 2}
    for week, number in weeks.items():  # the later week comes first
        path = at.folder.incoming / f"customers_{week}.csv"
        path.write_text(HEADER + ROW.format(number))
        (request,) = at.requests()
        assert request.partition_key == f"{week}-1"
        assert at.run(request).success
        path.unlink()
    late = missing(at)
    assert "2026-W04" in late
    result = at.run(partition_key="2026-W03-1")
    assert result.success
    w10, w3, again = manifests(at)
    assert (w3["period"], w3["supersedes"]) == ("2026-W03", None)
    assert (again["period"], again["supersedes"]) == ("2026-W03", w3["delivery_id"])
    assert again["raw_files"] == w3["raw_files"]
    (told,) = [
        event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key and event.asset_key.path[-1] == "delivered"
    ]
    assert told["supersedes"].value == w3["delivery_id"]
    assert history(at) == [
        ("2026-W03", again["delivery_id"], 1),
        ("2026-W10", w10["delivery_id"], 1),
    ]
    assert missing(at) == late
    key = dg.AssetKey(["acme_corp", "delivered"])
    assert at.instance.get_materialized_partitions(key) == {"2026-W03-1", "2026-W10-1"}
    # what was delivered since does not change what an older delivery looked back at
    assert verify_delivery(at.engagement, w3["delivery_id"], log=print) == []


def test_a_run_that_names_no_period_takes_nothing_and_says_how_to_name_one(
    location: Callable[..., Location],
) -> None:
    at = location(partitions=WEEKS)
    (at.folder.incoming / "customers_2026-W03.csv").write_text(HEADER + ROW.format(1))
    said = failure_of(at.run())
    assert "one period at a time" in said
    assert "--partition 20" in said
    assert at.engagement.intake.state().batches == ()
    (request,) = at.requests()
    assert request.partition_key == "2026-W03-1"


def test_a_period_that_never_had_a_file_fails_and_is_no_empty_success(
    location: Callable[..., Location],
) -> None:
    at = location(partitions=WEEKS)
    said = failure_of(at.run(partition_key="2026-W03-1"))
    assert said.startswith("acme_corp: nothing arrived for 2026-W03: ")
    assert "consulting ledger acme_corp" in said
    assert not at.folder.deliverables.exists()


def test_a_run_of_one_model_is_refused_plainly_and_no_step_is_all_or_nothing(
    location: Callable[..., Location],
) -> None:
    at = location(partitions=WEEKS)
    graph = at.defs.resolve_asset_graph()
    # Dagster (1.13) refuses a backfill that holds such a step: it compares subsets with `!=`,
    # which their class does not define, so that equal ones differ
    keys = graph.get_all_asset_keys()
    assert {len(graph.get(key).execution_set_asset_keys) for key in keys} == {1}
    one = [dg.AssetKey(["acme_corp", "customers"])]
    said = failure_of(at.run(partition_key="2026-W03-1", asset_selection=one))
    assert said.startswith("acme_corp: a client's models and their tests run together")
    assert "acme_corp_cleaning" in said


def test_a_run_of_a_backfill_waits_in_the_queue_as_its_clients(
    location: Callable[..., Location],
) -> None:
    at = location(partitions=WEEKS)
    graph = at.defs.resolve_asset_graph()
    assets = [graph.get(key).tags for key in graph.get_all_asset_keys()]
    assert missing_tags({}, assets) == at.client.tags
    assert missing_tags(at.client.tags, assets) == {}
    assert missing_tags({"client_id": "given"}, assets) == {"engagement_type": "recurring"}

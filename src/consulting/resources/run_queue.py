"""The run queue: what every run of a client carries, whoever asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagster._core.run_coordinator import QueuedRunCoordinator

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
    from dagster._core.run_coordinator import SubmitRunContext

CARRIED = ("client_id", "engagement_type")


class ClientRunCoordinator(QueuedRunCoordinator):
    """Dagster's queue, which gives a run the tags that all its assets share.

    A job's runs have the job's tags. The runs of a backfill and of "Materialize" in the UI have
    none, so the limit of one run of a client at a time would not hold for them, and all but one
    run of a backfill would be refused by the ledger.
    """

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        """Queue a run."""
        missing = missing_tags(context.dagster_run, context.workspace.asset_graph)
        if missing:
            self._instance.add_run_tags(context.dagster_run.run_id, missing)
        return super().submit_run(context)


def missing_tags(run: dg.DagsterRun, graph: BaseAssetGraph[Any]) -> dict[str, str]:
    """What all assets of a run carry and the run does not."""
    tags = [graph.get(key).tags for key in run.asset_selection or () if graph.has(key)]
    shared = set.intersection(*(set(each.items()) for each in tags)) if tags else set()
    return {name: value for name, value in shared if name in CARRIED and name not in run.tags}

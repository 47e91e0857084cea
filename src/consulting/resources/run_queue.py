"""The run queue: what every run of a client carries, whoever asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster._core.run_coordinator import QueuedRunCoordinator

if TYPE_CHECKING:
    import dagster as dg
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
        run = context.dagster_run
        graph = context.workspace.asset_graph
        tags = [graph.get(key).tags for key in run.asset_selection or () if graph.has(key)]
        missing = {
            name: tags[0][name]
            for name in CARRIED
            if tags and name not in run.tags and len({each.get(name) for each in tags}) == 1
            if name in tags[0]
        }
        if missing:
            self._instance.add_run_tags(run.run_id, missing)
        return super().submit_run(context)

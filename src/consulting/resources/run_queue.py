"""The run queue: what every run of a client carries, whoever asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from consulting.resources.run_scope import tags_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CARRIED = ("client_id", "engagement_type")


class ClientRunCoordinator(dg.QueuedRunCoordinator):
    """Dagster's queue, which gives a run the tags that all its assets share.

    A job's runs have the job's tags. The runs of a backfill and of "Materialize" in the UI have
    none, so the limit of one run of a client at a time would not hold for them, and all but one
    run of a backfill would be refused by the ledger. Where a run is a container, it is told whose
    assets it makes, too.
    """

    def submit_run(self, context: dg.SubmitRunContext) -> dg.DagsterRun:
        """Queue a run."""
        run = context.dagster_run
        # the graph of all clients is built for it, and a job's runs have their tags already
        if not run.tags.keys() >= set(CARRIED):
            graph = context.workspace.asset_graph
            assets = [graph.get(key).tags for key in run.asset_selection or () if graph.has(key)]
            missing = missing_tags(run.tags, assets) | tags_for(self._instance.run_launcher, run)
            if missing:
                self._instance.add_run_tags(run.run_id, missing)
        return super().submit_run(context)


def missing_tags(run: Mapping[str, str], assets: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What all assets of a run carry and the run does not, of the tags that limit runs."""
    shared = set.intersection(*(set(tags.items()) for tags in assets)) if assets else set()
    return {name: value for name, value in shared if name in CARRIED and name not in run}

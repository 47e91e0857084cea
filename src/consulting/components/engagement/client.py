"""What all definitions of one client share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.config.engagement import EngagementConfig
    from consulting.project import Project

JOB_SUFFIX = "_cleaning"
BATCH_TAG = "consulting/batch"
"""The run tag that names the batch a run was started for."""


MAX_RUNTIME_TAG = "dagster/max_runtime"
"""Dagster's run monitoring ends a run that takes more seconds than this tag says."""


@dataclass(frozen=True)
class Client:
    """A client as its Dagster definitions see it.

    Attributes:
        client_id: The name of its folder.
        config: What its `defs.yaml` says, with the project's defaults.
        project: Where the project's things lie.
        partitions_def: The engagement's periods, if it has any.
    """

    client_id: str
    config: EngagementConfig
    project: Project
    partitions_def: dg.PartitionsDefinition[str] | None = None

    def key(self, name: str) -> dg.AssetKey:
        """The asset key of one of its stages or models."""
        return dg.AssetKey([self.client_id, name])

    def stage(
        self,
        name: str,
        *,
        description: str,
        kinds: set[str],
        deps: Sequence[dg.AssetKey] = (),
        skippable: bool = False,
    ) -> dg.AssetSpec:
        """One stage of the chain as an asset: in the client's group, with its tags and owners.

        Args:
            name: The stage.
            description: What it does, for the UI.
            kinds: The badges it carries there.
            deps: What it builds on.
            skippable: Whether a run may leave it out, and with it all that build on it.
        """
        return dg.AssetSpec(
            self.key(name),
            deps=deps,
            description=description,
            skippable=skippable,
            group_name=self.client_id,
            kinds=kinds,
            tags=self.tags,
            owners=self.owners,
            partitions_def=self.partitions_def,
        )

    def step_name(self, stage: str) -> str:
        """The name of the step that makes a stage."""
        return f"{self.client_id}__{stage}"

    @property
    def on_time(self) -> dg.AssetCheckKey:
        """The check that says whether what is due was delivered."""
        return dg.AssetCheckKey(self.key("delivered"), "on_time")

    @property
    def job_name(self) -> str:
        """The job that does its work."""
        return f"{self.client_id}{JOB_SUFFIX}"

    @property
    def tags(self) -> dict[str, str]:
        """On each of its assets and runs."""
        return {"client_id": self.client_id, "engagement_type": self.config.engagement_type}

    @property
    def run_tags(self) -> dict[str, str]:
        """On each of its runs: also after how long Dagster is to end it."""
        return {**self.tags, MAX_RUNTIME_TAG: str(self.config.max_runtime_seconds)}

    @property
    def owners(self) -> list[str]:
        """On each of its assets."""
        return list(self.config.owners)

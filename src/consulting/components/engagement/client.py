"""What all definitions of one client share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.config.engagement import EngagementConfig

BATCH_TAG = "consulting/batch"
"""The run tag that names the batch a run was started for."""


@dataclass(frozen=True)
class Client:
    """A client as its Dagster definitions see it.

    Attributes:
        client_id: The name of its folder.
        config: What its `defs.yaml` says, with the project's defaults.
        dbt_dir: The shared dbt project.
        partitions_def: The engagement's periods, if it has any.
    """

    client_id: str
    config: EngagementConfig
    dbt_dir: Path
    partitions_def: dg.PartitionsDefinition[str] | None = None

    def key(self, name: str) -> dg.AssetKey:
        """The asset key of one of its stages or models."""
        return dg.AssetKey([self.client_id, name])

    @property
    def on_time(self) -> dg.AssetCheckKey:
        """The check that says whether what is due was delivered."""
        return dg.AssetCheckKey(self.key("delivered"), "on_time")

    @property
    def job_name(self) -> str:
        """The job that does its work."""
        return f"{self.client_id}_cleaning"

    @property
    def tags(self) -> dict[str, str]:
        """On each of its assets and runs."""
        return {"client_id": self.client_id, "engagement_type": self.config.engagement_type}

    @property
    def owners(self) -> list[str]:
        """On each of its assets."""
        return list(self.config.owners)

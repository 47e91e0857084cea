"""`EngagementComponent`: one client's recurring work, from its `defs.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from consulting.client_environment import client_environment
from consulting.components.engagement import assets, automation, models, partitions, roster
from consulting.components.engagement.client import Client
from consulting.components.engagement.scaffolder import EngagementScaffolder
from consulting.config.engagement import EngagementConfig
from consulting.config.reading import FILENAME, build_config, require_id
from consulting.resources.consultancy import DBT_DIR
from consulting.yaml_files import Document

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel


@dg.scaffold_with(EngagementScaffolder)
class EngagementComponent(dg.Component, dg.Model, dg.Resolvable):
    """One client's recurring work: file_received → profiled → cleaned → validated → delivered.

    It makes the five stages and the client's dbt models as assets, dbt tests as asset checks, the
    sensor that finds new files, the schedule, the job and the SLA check. The client's id is the
    name of its folder.
    """

    attributes: EngagementConfig

    @classmethod
    def model(cls) -> type[BaseModel]:
        """The schema of `attributes:` in `defs.yaml`."""
        return EngagementConfig

    @classmethod
    def resolve_from_model(
        cls,
        context: dg.ResolutionContext,  # noqa: ARG003 - it would run templates as Jinja
        model: BaseModel,
    ) -> EngagementComponent:
        """Keep what the YAML says; its templates are looked up where the client is known."""
        return cls(attributes=EngagementConfig.model_validate(model))

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """How `dg list components` describes it."""
        return dg.ComponentTypeSpec(
            description="One client's recurring work, from dropped files to a delivery.",
            produces=["asset", "asset_check", "job", "schedule", "sensor"],
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """All definitions of the client."""
        folder = context.path if context.path.is_dir() else context.path.parent
        require_id(folder)
        given = self.attributes.model_dump(exclude_unset=True, by_alias=True)
        document = Document(folder / FILENAME, given, {})
        return build_client(client_of(folder, build_config(document, folder, variables_of(folder))))


def variables_of(folder: Path) -> dict[str, str]:
    """The environment variables that a client's files may name.

    Args:
        folder: The client's folder, beside all others'.
    """
    return client_environment(folder.name, [path.name for path in folder.parent.iterdir()])


def client_of(folder: Path, config: EngagementConfig) -> Client:
    """Who a client is to Dagster."""
    periods = partitions.build_partitions(config)
    return Client(folder.name, config, DBT_DIR, periods)


def build_client(client: Client) -> dg.Definitions:
    """All definitions of a client.

    Args:
        client: The client; it is enrolled for what watches over all of them.
    """
    dbt = models.ClientDbt(client)
    defs = dg.Definitions(
        assets=[
            assets.build_file_received(client),
            assets.build_profiled(client),
            models.build_cleaned(client, dbt),
            models.build_validated(client, dbt),
            assets.build_delivered(client),
        ],
        jobs=[automation.build_job(client)],
        sensors=[automation.build_sensor(client)],
        schedules=automation.build_schedules(client),
    )
    roster.enrol(client)
    return defs

"""`EngagementComponent`: one client's recurring work, from its `defs.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from consulting.components.engagement import assets, automation, models, partitions, roster
from consulting.components.engagement.client import Client
from consulting.components.engagement.scaffolder import EngagementScaffolder
from consulting.config.defaults import with_defaults
from consulting.config.engagement import CLIENT_ID, EngagementConfig
from consulting.errors import ConfigurationError
from consulting.resources.consultancy import DBT_DIR

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
        cls, context: dg.ResolutionContext, model: BaseModel
    ) -> EngagementComponent:
        """Resolve templates such as `{{ env.BUCKET }}`; only what the YAML says is kept."""
        given: dict[str, Any] = model.model_dump(exclude_unset=True, by_alias=True)
        if "{{" in str(given) or not isinstance(model, EngagementConfig):
            model = EngagementConfig.model_validate(context.resolve_value(given))
        return cls(attributes=model)

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
        client = self.client_in(folder)
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

    def client_in(self, folder: Path) -> Client:
        """Who this is, with what it inherits.

        Args:
            folder: The folder of its `defs.yaml`; its name is the client's id.

        Raises:
            ConfigurationError: If the folder is elsewhere or its name can't be an id.
        """
        if folder.parent.name != "clients":
            raise ConfigurationError(
                f"an engagement lives at defs/clients/<client>/defs.yaml; {folder} is elsewhere. "
                f"Move the folder into defs/clients/."
            )
        if not CLIENT_ID.fullmatch(folder.name):
            raise ConfigurationError(
                f"{folder.name!r} can not be a client's id. Rename its folder: a lower-case "
                "letter, then lower-case letters, digits and underscores, for example 'globex_eu'."
            )
        given = self.attributes.model_dump(exclude_unset=True, by_alias=True)
        config = EngagementConfig.model_validate(with_defaults(given, folder.parent))
        return Client(
            client_id=folder.name,
            config=config,
            dbt_dir=DBT_DIR,
            partitions_def=partitions.build_partitions(config),
        )

"""`EngagementComponent`: one client's recurring work, from its `defs.yaml`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import PrivateAttr, create_model

from consulting.cleaning import ClientModels
from consulting.client_environment import client_environment
from consulting.components.engagement import assets, automation, models, partitions
from consulting.components.engagement.client import Client
from consulting.components.engagement.scaffolder import EngagementScaffolder
from consulting.config.engagement import EngagementConfig
from consulting.config.reading import FILENAME, build_config, require_id
from consulting.errors import ConfigurationError
from consulting.project import Project
from consulting.yaml_files import Document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydantic import BaseModel


@dg.scaffold_with(EngagementScaffolder)
class EngagementComponent(dg.Component, dg.Model, dg.Resolvable):
    """One client's recurring work: file_received → profiled → cleaned → validated → delivered.

    It makes the five stages and the client's dbt models as assets, dbt tests as asset checks, the
    sensor that finds new files, the schedule, the job and the SLA check. The client's id is the
    name of its folder.

    A subclass may have fields of its own, which stand beside the others below `attributes:`, and
    may override any of the `build_*` methods; each takes the client.
    """

    attributes: EngagementConfig
    _client: Client | None = PrivateAttr(default=None)

    @classmethod
    def model(cls) -> type[EngagementConfig]:
        """The schema of `attributes:` in `defs.yaml`: a subclass's own fields are among them."""
        return _fields_of(cls)

    @classmethod
    def resolve_from_model(
        cls,
        context: dg.ResolutionContext,  # noqa: ARG003 - it would run templates as Jinja
        model: BaseModel,
    ) -> EngagementComponent:
        """Keep what the YAML says; its templates are looked up where the client is known."""
        return cls.of(cls.model().model_validate(model))

    @classmethod
    def of(cls, config: EngagementConfig, client: Client | None = None) -> EngagementComponent:
        """The component of a configuration.

        Args:
            config: As `model` says.
            client: The client, where it is known already.
        """
        own = {name: getattr(config, name) for name in _own_fields(cls)}
        component = cls(attributes=config, **own)
        component._client = client
        return component

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """How `dg list components` describes it."""
        return dg.ComponentTypeSpec(
            description="One client's recurring work, from dropped files to a delivery.",
            produces=["asset", "asset_check", "job", "schedule", "sensor"],
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """All definitions of the client."""
        client = self._client or self._client_at(context)
        steps = self.build_assets(client)
        return dg.Definitions(
            assets=steps,
            jobs=[self.build_job(client, steps)],
            sensors=[self.build_sensor(client)],
            schedules=self.build_schedules(client),
        )

    def build_assets(self, client: Client) -> list[dg.AssetsDefinition]:
        """The steps of the chain, in order."""
        dbt = models.ClientDbt(client)
        return [
            self.build_file_received(client),
            self.build_profiled(client),
            self.build_cleaned(client, dbt),
            self.build_validated(client, dbt),
            self.build_delivered(client),
        ]

    def build_file_received(self, client: Client) -> dg.AssetsDefinition:
        """The step that takes, checks and lands the files."""
        return assets.build_file_received(client)

    def build_profiled(self, client: Client) -> dg.AssetsDefinition:
        """The step that profiles them."""
        return assets.build_profiled(client)

    def build_cleaned(self, client: Client, dbt: models.ClientDbt) -> dg.AssetsDefinition:
        """The step that runs the dbt models, each of them an asset."""
        return models.build_cleaned(client, dbt)

    def build_validated(self, client: Client, dbt: models.ClientDbt) -> dg.AssetsDefinition:
        """The step that runs the dbt tests, each of them an asset check."""
        return models.build_validated(client, dbt)

    def build_delivered(self, client: Client) -> dg.AssetsDefinition:
        """The step that writes the delivery."""
        return assets.build_delivered(client)

    def build_job(self, client: Client, steps: Sequence[dg.AssetsDefinition]) -> Any:
        """The job that runs these (Dagster exports no name for its type)."""
        return automation.build_job(client, steps)

    def build_sensor(self, client: Client) -> dg.SensorDefinition:
        """The sensor that finds new files."""
        return automation.build_sensor(client)

    def build_schedules(self, client: Client) -> Sequence[dg.ScheduleDefinition]:
        """The schedule, where the engagement has one."""
        return automation.build_schedules(client)

    def _client_at(self, context: dg.ComponentLoadContext) -> Client:
        folder = context.path if context.path.is_dir() else context.path.parent
        require_id(folder)
        given = self.attributes.model_dump(exclude_unset=True, by_alias=True)
        document = Document(folder / FILENAME, given, {})
        config = build_config(document, folder, variables_of(folder), type(self).model())
        return client_of(folder, config, Project.of(context))


def _own_fields(kind: type[EngagementComponent]) -> dict[str, Any]:
    """The fields that a subclass adds, as pydantic's `create_model` takes them."""
    return {
        name: (info.annotation, info)
        for name, info in kind.model_fields.items()
        if name not in EngagementComponent.model_fields
    }


@cache
def _fields_of(kind: type[EngagementComponent]) -> type[EngagementConfig]:
    own = _own_fields(kind)
    if not own:
        return EngagementConfig
    taken = sorted(own.keys() & EngagementConfig.model_fields.keys())
    if taken:
        raise ConfigurationError(
            f"{kind.__module__}.{kind.__name__} has a field {taken[0]!r}, which every engagement "
            "has. Give it another name."
        )
    model: type[EngagementConfig] = create_model(
        f"{kind.__name__}Fields", __base__=EngagementConfig, __module__=kind.__module__, **own
    )
    return model


def variables_of(folder: Path) -> dict[str, str]:
    """The environment variables that a client's files may name.

    Args:
        folder: The client's folder, beside all others'.
    """
    return client_environment(folder.name, [path.name for path in folder.parent.iterdir()])


def client_of(folder: Path, config: EngagementConfig, project: Project) -> Client:
    """Who a client is to Dagster.

    Raises:
        ConfigurationError: If models or tests lie in its folder, and dbt would not see them.
    """
    client = Client(folder.name, config, project, partitions.build_partitions(config))
    files = ClientModels(project.dbt, folder.name).files
    for name, seen in (("models", files.models), ("tests", files.tests)):
        if (folder / name).is_dir() and folder / name not in seen:
            place = f"../{folder.parent.relative_to(project.root)}/{{{{ var('client', '_') }}}}"
            raise ConfigurationError(
                f'{folder / name} is read by nobody. Add "{place}/{name}" to '
                f"`{name.removesuffix('s')}-paths` of {project.dbt / 'dbt_project.yml'}."
            )
    return client

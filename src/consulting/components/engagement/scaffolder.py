"""What `dg scaffold defs EngagementComponent clients/<client>` writes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click
from dagster.components import Scaffolder, ScaffoldRequest
from pydantic import BaseModel, Field

from consulting import dbt_yaml
from consulting.cleaning.client_files import ClientFiles
from consulting.config.reading import require_id
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """\
# {client_id}: one engagement. Columns, rules and tests live in {models}/.
type: {type_name}
attributes:
  client_name: {client_name_as_yaml}
  security_tier: {security_tier}  # 1 schema only, 2 masked sample, 3 everything
  source: {{type: local}}  # files arrive in data/{client_id}/incoming/
  feeds:
    - {{name: {feed}, files: "{feed}*"}}
  # schedule: {{cron: "0 6 * * 1", timezone: Europe/Berlin}}
  # sla: {{due: "0 12 * * 1", warn_after: 8d, fail_after: 14d}}
  # alerts: {{channel: "#{channel}-alerts"}}
"""


class EngagementParams(BaseModel):
    """The options of the command; all can be changed in `defs.yaml` later."""

    client_name: str | None = Field(
        default=None, description="The client's name, as deliverables print it."
    )
    security_tier: int = Field(
        default=2, ge=1, le=3, description="1 schema only, 2 masked sample, 3 everything."
    )
    feed: str = Field(
        default="customers",
        pattern=r"^[a-z][a-z0-9_]*$",
        description="The first feed's name; files named `<feed>*` belong to it.",
    )


class EngagementScaffolder(Scaffolder[EngagementParams]):
    """Writes a `defs.yaml` that loads at once."""

    @classmethod
    def get_scaffold_params(cls) -> type[EngagementParams]:
        """The options of the command."""
        return EngagementParams

    def scaffold(self, request: ScaffoldRequest[EngagementParams]) -> None:
        """Write the client's folder.

        Raises:
            click.ClickException: If the path is not `clients/<client>`; nothing is left behind.
        """
        problem = _problem(request)
        if problem:
            with suppress(OSError):
                # dg makes the folder, and its parents, before it asks us
                for folder in (request.target_path, *request.target_path.parents[:2]):
                    folder.rmdir()
            raise click.ClickException(problem)
        client_id = request.target_path.name
        client_name = request.params.client_name or client_id.replace("_", " ").title()
        files = ClientFiles((request.project_root or request.target_path) / "dbt", client_id)
        text = TEMPLATE.format(
            type_name=request.type_name,
            client_id=client_id,
            models=files.shown(files.home),
            client_name_as_yaml=dbt_yaml.sentence(client_name),
            security_tier=request.params.security_tier,
            feed=request.params.feed,
            channel=client_id.replace("_", "-"),
        )
        (request.target_path / "defs.yaml").write_text(text, encoding="utf-8")


def _problem(request: ScaffoldRequest[EngagementParams]) -> str | None:
    """Why no engagement can be made here, in words."""
    client_id, parents = request.target_path.name, _below_defs(request.target_path)
    if parents != ("clients",):
        return (
            f"An engagement lives at clients/<client>, directly; '{'/'.join(parents)}/{client_id}' "
            f"is elsewhere. Run: dg scaffold defs EngagementComponent clients/{client_id}"
        )
    try:
        require_id(request.target_path)
    except ConfigurationError as error:
        return str(error)
    if request.scaffold_format != "yaml":
        return "An engagement is a defs.yaml; leave out `--format python`."
    return None


def _below_defs(target: Path) -> tuple[str, ...]:
    """The folders between `defs/` and the target."""
    parts = target.parts
    start = len(parts) - 1 - parts[::-1].index("defs") if "defs" in parts else -1
    return parts[start + 1 : -1]

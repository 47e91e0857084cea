"""What `dg scaffold defs EngagementComponent clients/<client>` writes."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import click
from dagster.components import Scaffolder, ScaffoldRequest
from pydantic import BaseModel, ConfigDict, Field

from consulting import dbt_yaml
from consulting.cleaning.client_files import ClientFiles
from consulting.components.engagement import first_files
from consulting.config.reading import require_id
from consulting.errors import ConfigurationError, ConsultingError
from consulting.layout import ClientFolder, data_root
from consulting.shown import on_lines, on_one_line
from consulting.sources.local import LocalSource

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
  # sla: {{due: "0 12 * * 1", timezone: Europe/Berlin, warn_after: 8d, fail_after: 14d}}
  # alerts: {{channel: "#{channel}-alerts"}}
"""


_TIERS = (1, 2, 3)


class EngagementParams(BaseModel):
    """The options of the command; all can be changed in `defs.yaml` later."""

    model_config = ConfigDict(extra="forbid")

    client_name: str | None = Field(
        default=None, description="The client's name, as deliverables print it."
    )
    tier: int = Field(default=2, description="1 schema only, 2 masked sample, 3 everything.")
    sample: str | None = Field(
        default=None,
        description="A file of the client's, or a folder of them: feeds and models are made of it.",
    )
    template: str | None = Field(
        default=None,
        description="With a sample: the templates in dbt/templates/ that its feeds may follow, "
        "separated by commas.",
    )
    feed: str = Field(
        default="customers",
        pattern=r"^[a-z][a-z0-9_]*$",
        description="The first feed's name; files named `<feed>*` belong to it.",
    )


_NOTHING_READ = (
    "So nothing is written. Run it again with files that can be read, or without `--sample` to "
    "begin with an empty engagement."
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
        if request.params.template and not request.params.sample:
            problem = problem or "`--template` says what a sample is compared with: add `--sample`."
        if problem:
            _leave(request.target_path)
            raise click.ClickException(problem)
        client_id = request.target_path.name
        client_name = request.params.client_name or client_id.replace("_", " ").title()
        if request.params.sample is not None:
            try:
                _from_sample(request, client_name, Path(request.params.sample))
            except ConsultingError as error:
                _leave(request.target_path)
                raise click.ClickException(on_lines(str(error))) from None
            return
        files = ClientFiles(_dbt_dir(request), client_id)
        text = TEMPLATE.format(
            type_name=request.type_name,
            client_id=client_id,
            models=files.shown(files.home),
            client_name_as_yaml=dbt_yaml.sentence(client_name),
            security_tier=request.params.tier,
            feed=request.params.feed,
            channel=client_id.replace("_", "-"),
        )
        (request.target_path / "defs.yaml").write_text(text, encoding="utf-8")
        _make_place(client_id)


def _dbt_dir(request: ScaffoldRequest[EngagementParams]) -> Path:
    return (request.project_root or request.target_path) / "dbt"


def _leave(target: Path) -> None:
    """Take back the folder that dg makes, with its parents, before it asks us."""
    with suppress(OSError):
        for folder in (target, *target.parents[:2]):
            folder.rmdir()


def _from_sample(
    request: ScaffoldRequest[EngagementParams], client_name: str, sample: Path
) -> None:
    """Write the client's folder and models from a sample, and tell what becomes of its rows."""
    from consulting.chain.sampled import Place, take_sample

    target, client_id = request.target_path, request.target_path.name
    sampled = take_sample(
        sample.expanduser(),
        client_id,
        {"client_name": client_name, "security_tier": request.params.tier},
        Place(
            clients_dir=target.parent,
            dbt_dir=_dbt_dir(request),
            data=data_root(),
            templates=tuple(re.findall(r"[^,\s]+", request.params.template or "")),
        ),
        log=lambda line: click.echo(f"  {on_one_line(line)}"),
    )
    if not sampled.received.readings:
        _leave(target)
        said = "\n".join((*first_files.unread_lines(sampled), _NOTHING_READ))
        raise click.ClickException(on_lines(said))
    texts = {f"fixture_{feed}.csv": text for feed, text in sampled.fixtures.items()}
    texts["questions.md"] = first_files.questions_md(sampled)
    texts["README.md"] = first_files.readme_md(client_id, sampled)
    texts["defs.yaml"] = first_files.defs_yaml(request.type_name, client_id, sampled)
    for name, text in texts.items():  # defs.yaml comes last: it makes the folder a client
        with suppress(FileExistsError), (target / name).open("x", encoding="utf-8") as file:
            file.write(text)
    _make_place(client_id)
    for line in first_files.account_lines(sampled):
        click.echo(on_one_line(line))


def _make_place(client_id: str) -> None:
    """Make the folder that the first file goes to."""
    with suppress(ConsultingError):  # what is wrong with the place, its sensor tells
        incoming = ClientFolder(data_root(), client_id).incoming
        LocalSource(type="local").open(client_id, incoming)


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
    if request.params.tier not in _TIERS:
        told = EngagementParams.model_fields["tier"].description
        return f"There is no tier {request.params.tier}: {told}"
    return None


def _below_defs(target: Path) -> tuple[str, ...]:
    """The folders between `defs/` and the target."""
    parts = target.parts
    start = len(parts) - 1 - parts[::-1].index("defs") if "defs" in parts else -1
    return parts[start + 1 : -1]

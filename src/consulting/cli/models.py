"""A client's dbt models: preparing their manifests, and proposing them from a profile."""

from __future__ import annotations

import click

from consulting.chain import artifacts
from consulting.cleaning import prepare_all, write_feed_models
from consulting.cli.engagements import client_ids, open_engagement, require_client
from consulting.config.reference import field_reference
from consulting.profiling import propose_columns
from consulting.resources.consultancy import DBT_DIR
from consulting.rules.macros import write_rule_macros
from consulting.rules.reference import rules_reference


@click.command()
@click.argument("clients", nargs=-1)
@click.option("--quiet", is_flag=True, help="Only tell what went wrong.")
def prepare(clients: tuple[str, ...], *, quiet: bool) -> None:
    """Parse the dbt models of CLIENTS (default: all), so that loading does not have to.

    Run it when building the image or after a change of the shared models. What is prepared
    already is left alone.
    """
    for client_id in clients:
        require_client(client_id)
    wanted = clients or client_ids()
    errors = prepare_all(DBT_DIR, wanted)
    for error in errors.values():
        click.echo(str(error), err=True)
    if not quiet:
        click.echo(f"{len(wanted) - len(errors)} of {len(wanted)} clients are prepared.")
    if errors:
        raise SystemExit(1)


@click.command(name="models")
@click.argument("client")
@click.argument("feeds", nargs=-1)
def propose(client: str, feeds: tuple[str, ...]) -> None:
    """Write dbt models for FEEDS of CLIENT (default: those without) from their last profile.

    Every column of the file becomes a line of YAML with a proposed rule; read it, correct it, and
    ask the client what the profile could not tell. Files that exist are never overwritten.
    """
    engagement = open_engagement(client)
    runs = sorted(engagement.folder.path.glob(f"runs/*/{artifacts.PROFILE}"))
    if not runs:
        raise click.ClickException(
            f"{client} has no profile yet. Drop a file into {engagement.store.describe()} and run "
            f"the job {client}_cleaning; what it finds is what models are proposed from."
        )
    found = artifacts.read(runs[-1], artifacts.Profile)
    modelled = set(engagement.models.declared_columns())
    written = 0
    for profile in found.profiles:
        if profile.feed in (feeds or {profile.feed} - modelled):
            for path in write_feed_models(DBT_DIR, client, profile.feed, propose_columns(profile)):
                click.echo(f"wrote {path.relative_to(DBT_DIR.parent)}")
                written += 1
    if not written:
        click.echo("Nothing to write: every feed with a profile has models.")


@click.command()
def fields() -> None:
    """Print every field of `defs.yaml`: type, default, meaning and an example, as Markdown."""
    click.echo(field_reference(), nl=False)


@click.command()
@click.option("--write", is_flag=True, help="Write dbt/macros/rules.sql as well.")
def rules(*, write: bool) -> None:
    """Print every cleaning rule: arguments, reason codes and words, as Markdown.

    With --write, dbt's macros are written from the rules that are installed: do so after a rule
    was changed, or a package with rules was installed.
    """
    if write and write_rule_macros(DBT_DIR):
        click.echo("wrote dbt/macros/rules.sql", err=True)
    click.echo(rules_reference(), nl=False)

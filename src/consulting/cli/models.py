"""A client's dbt models: preparing their manifests, and proposing them from a profile."""

from __future__ import annotations

import click

from consulting.chain.proposed import Tried, last_profile, propose_models, try_models
from consulting.cleaning import prepare_all
from consulting.cleaning.library import write_library
from consulting.cli.engagements import (
    client_ids,
    open_engagement,
    require_client,
    this_project,
)
from consulting.cli.terminal import say, say_lines
from consulting.components.clients import load_clients
from consulting.config.reference import field_reference
from consulting.rules.reference import rules_reference


@click.command()
@click.argument("clients", nargs=-1)
@click.option("--quiet", is_flag=True, help="Only tell what went wrong.")
def prepare(clients: tuple[str, ...], *, quiet: bool) -> None:
    """Read defs.yaml and dbt models of CLIENTS (default: all), so that loading does not have to.

    Run it when building the image or after a change of the shared models. What is prepared
    already is left alone. It also writes `dbt/library/`, which `dbt` as you type it needs.
    """
    for client_id in clients:
        require_client(client_id)
    project = this_project()
    wanted = clients or client_ids(project)
    write_library(project.dbt)
    # each defs.yaml is read, too, and remembered; who is broken is told by what needs it
    load_clients(project, [project.clients / client_id for client_id in wanted])
    errors = prepare_all(project.dbt, wanted)
    for error in errors.values():
        say_lines(str(error), err=True)
    if not quiet:
        say(f"{len(wanted) - len(errors)} of {len(wanted)} clients are prepared.")
    if errors:
        raise SystemExit(1)


@click.command(name="models")
@click.argument("client")
@click.argument("feeds", nargs=-1)
@click.option(
    "--template", multiple=True, help="A template that the feeds may follow; several may be."
)
def propose(client: str, feeds: tuple[str, ...], template: tuple[str, ...]) -> None:
    """Write dbt models for FEEDS of CLIENT (default: those without) from their last profile.

    Every column of the file becomes a line of YAML with a proposed rule; read it, correct it, and
    ask the client what the profile could not tell. Files that exist are never overwritten. The
    models are tried on the files they were proposed from: for each column it is told how many rows
    would be rejected, and why. With a template, only what differs from it is written, and it is
    told which column was taken for which of the template's, how sure that is, and why.
    """
    engagement = open_engagement(client)
    run_folder = last_profile(engagement)
    if run_folder is None:
        raise click.ClickException(
            f"{client} has no profile yet. Drop a file into {engagement.store.describe()} and run "
            f"the job {client}_cleaning; what it finds is what models are proposed from."
        )
    written, proposed, _, fits = propose_models(engagement, run_folder, feeds, templates=template)
    for line in (line for fit in fits for line in fit.in_words()):
        say(line)
    for path in written:
        say(f"wrote {path.relative_to(engagement.dbt_dir.parent)}")
    if not written:
        say("Nothing to write: every feed with a profile has models.")
    if proposed:
        _tell_trial(try_models(open_engagement(client), run_folder, proposed))
        say(
            "Read and correct them. They take the next file that is dropped; for one that was "
            f"delivered already, `consulting ledger {client}` shows its number and "
            f"`consulting reprocess {client} <number>` delivers it again."
        )


def _tell_trial(tried: list[Tried] | None) -> None:
    """What the models make of the rows they were proposed from, column by column."""
    if tried is None:
        say("They were not tried: no rows of these files are kept.")
        return
    say("Tried on the files they were proposed from:")
    for column in tried:
        rejects = f"would reject {column.rejected:,} of {column.rows:,} rows"
        say(f"  {column.column} ({column.rule}) {rejects}")
        for reason in column.reasons:
            say(f"    {reason}")


@click.command()
def fields() -> None:
    """Print every field of `defs.yaml`: type, default, meaning and an example, as Markdown."""
    say_lines(field_reference().removesuffix("\n"))


@click.command()
def rules() -> None:
    """Print every cleaning rule: arguments, reason codes and words, as Markdown."""
    say_lines(rules_reference().removesuffix("\n"))

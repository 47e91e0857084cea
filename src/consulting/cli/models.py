"""A client's dbt models: preparing their manifests, and proposing them from a profile."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from consulting.chain.proposed import (
    Proposed,
    Tried,
    last_profile,
    propose_models,
    try_models,
)
from consulting.cleaning import ClientModels, prepare_all
from consulting.cleaning.library import write_library
from consulting.cli.engagements import (
    client_ids,
    open_engagement,
    require_client,
    require_feed,
    this_project,
)
from consulting.cli.terminal import (
    asked_for_json,
    dry_run_option,
    json_option,
    say,
    say_json,
    say_lines,
    tell_json,
)
from consulting.components.clients import load_clients
from consulting.config.engagement import EngagementConfig
from consulting.config.reference import field_reference
from consulting.rules import all_rules
from consulting.rules.reference import rules_reference
from consulting.scratch import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.records import Record


@click.command()
@click.argument("clients", nargs=-1)
@click.option("--quiet", is_flag=True, help="Only tell what went wrong.")
@json_option
@dry_run_option
def prepare(clients: tuple[str, ...], *, quiet: bool, dry_run: bool) -> None:
    """Read defs.yaml and dbt models of CLIENTS (default: all), so that loading does not have to.

    Run it when building the image or after a change of the shared models. What is prepared
    already is left alone. It also writes `dbt/library/`, which `dbt` as you type it needs.
    """
    for client_id in clients:
        require_client(client_id)
    project = this_project()
    wanted = list(clients or client_ids(project))
    write_library(project.dbt)
    if dry_run:
        todo = [each for each in wanted if not ClientModels(project.dbt, each).is_prepared()]
        say(f"would prepare {', '.join(todo) or 'nobody: all are prepared'}")
        tell_json({"clients": wanted, "to_prepare": todo})
        return
    # each defs.yaml is read, too, and remembered; who is broken is told by what needs it
    load_clients(project, [project.clients / client_id for client_id in wanted])
    errors = prepare_all(project.dbt, wanted)
    for error in errors.values():
        say_lines(str(error), err=True)
    tell_json({"clients": wanted, "mistakes": {each: str(errors[each]) for each in errors}})
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
@json_option
@dry_run_option
def propose(
    client: str, feeds: tuple[str, ...], template: tuple[str, ...], *, dry_run: bool
) -> None:
    """Write dbt models for FEEDS of CLIENT (default: those without) from their last profile.

    Every column of the file becomes a line of YAML with a proposed rule; read it, correct it, and
    ask the client what the profile could not tell. Files that exist are never overwritten. The
    models are tried on the files they were proposed from: for each column it is told how many rows
    would be rejected, and why. With a template, only what differs from it is written, and it is
    told which column was taken for which of the template's, how sure that is, and why. A dry run
    does all of it in a copy of the project that is gone at the end.
    """
    engagement = open_engagement(client)
    for feed in feeds:
        require_feed(engagement, feed)
    run_folder = last_profile(engagement)
    if run_folder is None:
        raise click.ClickException(
            f"{client} has no profile yet. Drop a file into {engagement.store.describe()} and run "
            f"the job {client}_cleaning; what it finds is what models are proposed from."
        )
    with _in_copy(engagement) if dry_run else nullcontext(engagement) as place:
        found = propose_models(place, run_folder, feeds, templates=template)
        tried = try_models(replace(place), run_folder, found.feeds) if found.feeds else None
    _tell(found, tried, place, dry_run=dry_run)


@contextmanager
def _in_copy(engagement: Engagement) -> Iterator[Engagement]:
    """The engagement with a copy of its dbt project, to write into."""
    with scratch_folder(engagement.folder.path) as scratch:
        yield replace(engagement, dbt_dir=engagement.models.copied(scratch))


def _tell(
    found: Proposed, tried: list[Tried] | None, engagement: Engagement, *, dry_run: bool
) -> None:
    written = [str(path.relative_to(engagement.dbt_dir.parent)) for path in found.written]
    for line in (line for fit in found.fits for line in fit.in_words()):
        say(line)
    for name in written:
        say(f"{'would write' if dry_run else 'wrote'} {name}")
    if not written:
        say("Nothing to write: every feed with a profile has models.")
    if found.feeds:
        _tell_trial(tried)
    if found.feeds and not dry_run:
        client = engagement.client_id
        say(
            "Read and correct them; where Dagster's UI is open, reload its definitions to see them "
            "there. They take the next file that is dropped; for one that was "
            f"delivered already, `consulting ledger {client}` shows its number and "
            f"`consulting reprocess {client} <number>` delivers it again."
        )
    records: dict[str, Sequence[Record]] = {"fits": found.fits, "questions": found.asked}
    records["tried"] = tried or ()
    listed = {key: [each.model_dump(mode="json") for each in of] for key, of in records.items()}
    tell_json({"files": written, "written": not dry_run, **listed})


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
@json_option
def fields() -> None:
    """Print every field of `defs.yaml`: type, default, meaning and an example, as Markdown."""
    if asked_for_json():
        say_json(EngagementConfig.model_json_schema(), indent=2)
        return
    say_lines(field_reference().removesuffix("\n"))


@click.command()
@json_option
def rules() -> None:
    """Print every cleaning rule: arguments, reason codes and words, as Markdown."""
    if asked_for_json():
        told = {
            name: {
                "makes": rule.makes,
                "arguments": rule.arguments(),
                "reasons": dict(rule.reasons),
            }
            for name, rule in all_rules().items()
        }
        say_json(told, indent=2)
        return
    say_lines(rules_reference().removesuffix("\n"))

"""`consulting template`: what the feeds of several clients have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulting.chain.accepted import write_changed
from consulting.chain.learned import learn as learned
from consulting.cleaning.named_tests import known_tests, mistakes_in_tests
from consulting.cli.engagements import client_ids, open_engagement, this_project
from consulting.cli.impact import following, tried
from consulting.cli.terminal import asked_for_json, dry_run_option, json_option, say, say_json
from consulting.errors import CleaningError
from consulting.rules.template import read_template_document

if TYPE_CHECKING:
    from consulting.chain.impact import Impact
    from consulting.project import Project


@click.group()
def template() -> None:
    """Keep what feeds of several clients have in common in one place, and see what changes."""


@template.command()
@click.argument("client")
@click.argument("feed")
@click.argument("name")
@click.option(
    "--with-values",
    is_flag=True,
    help="A new template takes code lists, words, bounds, conditions and descriptions, too.",
)
@json_option
@dry_run_option
def learn(client: str, feed: str, name: str, *, with_values: bool, dry_run: bool) -> None:
    """Make a template NAME of FEED of CLIENT, or teach it the headers of that feed.

    A template that is there learns headers alone: those of columns without an open question, as
    synonyms. A new one takes columns, rules and how values are written; with --with-values also
    what may hold values of the client: say so only where you wrote, or have read, every word of it.
    Below tier 3 a header may be data, so nothing is learned from such a client.
    """
    engagement = open_engagement(client, looks=True)
    found = learned(engagement, feed, name, with_values=with_values)
    if not dry_run:
        write_changed(engagement, found.texts)
    if asked_for_json():
        say_json(
            {**found.model_dump(mode="json", exclude={"before"}), "written": not dry_run}, indent=2
        )
        return
    for line in found.in_words():
        say(line)
    if dry_run:
        say("Nothing was written: this was a dry run.")


@template.command()
@click.argument("name")
@json_option
def check(name: str) -> None:
    """Show which clients' deliveries change by what template NAME says now.

    The models of each client that follows it, as they are now, are tried on its last files, as by
    `consulting preview`, beside the delivery that stands: rows that move and values that change, in
    counts. Ends with 1 where a delivery would change, or would not be made, and at once where the
    template names a test or an argument that is none.
    """
    project = this_project()
    _, document = read_template_document(project.dbt, name)
    mistakes = list(mistakes_in_tests(document, known_tests(project.dbt)))
    if mistakes:
        raise CleaningError("\n".join(mistakes))
    found = [each for client in client_ids(project) if (each := _impact(project, client, name))]
    if asked_for_json():
        told = [each.model_dump(mode="json") for each in found]
        say_json({"template": name, "clients": told}, indent=2)
    else:
        for line in (line for each in found for line in each.in_words()):
            say(line)
        changed = sum(each.changes or each.failed is not None for each in found)
        say(f"{changed} of {len(found)} clients that follow {name} would notice.")
    if any(each.changes or each.failed for each in found):
        raise SystemExit(1)


def _impact(project: Project, client: str, name: str) -> Impact | None:
    """What a client that follows the template would notice; the others are not opened."""
    feeds = following(project, client, [name])
    return None if feeds == [] else tried(client, feeds)

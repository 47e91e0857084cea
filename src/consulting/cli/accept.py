"""Accepting a change of a client's files: the patch is shown, then applied."""

from __future__ import annotations

import click

from consulting.chain.accepted import Acceptance, accept, proposed_acceptance
from consulting.cli.engagements import open_engagement
from consulting.cli.ledger import dry_run_option
from consulting.shown import on_lines, on_one_line


@click.command(name="accept")
@click.argument("client")
@click.option("--yes", is_flag=True, help="Apply the patch without asking.")
@dry_run_option
def accept_drift(client: str, *, yes: bool, dry_run: bool) -> None:
    """Accept that CLIENT's files changed their shape, and try what waits for it again.

    A renamed column is read under both names, one that is gone becomes optional, a new one is
    delivered, and one of another type gets the rule for it. The change of the dbt YAML is shown
    first.
    """
    engagement = open_engagement(client, looks=True)
    proposal = proposed_acceptance(engagement)
    if proposal is None:
        click.echo(f"{client}: nothing to accept; no batch waits for a change of its files' shape.")
        return
    for sentence in proposal.told:
        click.echo(on_one_line(sentence))
    for diff in proposal.diffs(engagement.dbt_dir):
        click.echo(on_lines(diff))
    for sentence in proposal.left:
        click.echo(on_one_line(f"Not accepted: {sentence}"))
    if proposal.left:
        click.echo(
            "Mend what is not accepted by hand (SQL of your own, or the feed's YAML), or discard "
            f"the file; then run `consulting accept {client}` again."
        )
    if proposal.left and not proposal.texts:
        raise SystemExit(1)
    if dry_run:
        click.echo(_would(proposal))
        return
    if proposal.texts and not yes:
        click.confirm("Apply this patch?", abort=True)
    for sentence in accept(engagement, proposal):
        click.echo(on_one_line(sentence))
    after = "Mend the rest" if proposal.left else "The sensor tries what waits at its next tick"
    click.echo(f"{client}: accepted. {after}.")


def _would(proposal: Acceptance) -> str:
    return (
        f"Nothing is changed. Without --dry-run {len(proposal.texts)} files would be, "
        f"{len(proposal.batches)} waiting batches tried again and {len(proposal.drops)} files "
        "released."
    )

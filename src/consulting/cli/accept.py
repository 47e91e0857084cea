"""Accepting a change of a client's files: the patch is shown, then applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulting.chain.accepted import Acceptance, accept, proposed_acceptance
from consulting.cli.engagements import open_engagement
from consulting.cli.terminal import (
    asked_for_json,
    dry_run_option,
    json_option,
    say,
    say_json,
    say_lines,
)
from consulting.intake import BatchStatus
from consulting.profiling.wording import enumerated
from consulting.wording import counted

if TYPE_CHECKING:
    from consulting.chain.engagement import Engagement


@click.command(name="accept")
@click.argument("client")
@click.option(
    "--yes",
    is_flag=True,
    help="Ask nothing: apply the patch, and deliver as it is what no patch decides.",
)
@json_option
@dry_run_option
def accept_drift(client: str, *, yes: bool, dry_run: bool) -> None:
    """Accept that CLIENT's files changed their shape, and try what waits for it again.

    A renamed column is read under both names, one that is gone becomes optional, a new one is
    delivered, and one of another type gets the rule for it. The change of the dbt YAML is shown
    first. Far fewer rows, far more missing values, another unit, dates whose order or
    numbers whose decimal mark is unclear, values that a rule no longer reads change no YAML: the
    ledger notes who found them right, for these files alone. Look at --dry-run before --yes, which
    finds all of it right: values that are not read are then lost. --json asks nothing: it needs
    --yes or --dry-run.
    """
    engagement = open_engagement(client, looks=True, whole=True)
    proposal = proposed_acceptance(engagement)
    if asked_for_json():
        _tell_json(engagement, proposal, apply=yes and not dry_run, asked=yes or dry_run)
        return
    if proposal is None:
        say(f"{client}: nothing to accept{_not_yet(engagement)}")
        return
    _show(engagement, proposal)
    if not (proposal.texts or proposal.confirms or proposal.batches or proposal.drops):
        if not proposal.left:
            return
        raise SystemExit(1)
    if dry_run:
        say(_would(proposal))
        return
    if not yes:
        proposal = _answered(client, proposal)
    launch = _launch(engagement, proposal)
    for sentence in accept(engagement, proposal):
        say(sentence)
    after = (
        "Mend the rest"
        if proposal.left
        else f"The sensor tries what waits at its next tick; where no daemon runs, {launch}"
    )
    if proposal.batches or proposal.drops:
        say(f"{client}: accepted. {after}.")
    else:
        say(f"{client}: the patch is applied, and no file is tried again.")
    for feed, template in proposal.teaches.items():
        learn = f"consulting template learn {client} {feed} {template}"
        say(f"{feed} follows {template}: `{learn}` teaches it the new header.")


def _answered(client: str, proposal: Acceptance) -> Acceptance:
    """Ask for the patch, and of each batch that has what no patch decides; what was said yes to."""
    otherwise = (
        "Mend the feed's YAML by hand and accept again, have the client send the file again, or "
        f"end it: `consulting ledger {client}` tells its number for `consulting discard`."
    )
    if proposal.texts and not click.confirm("Apply this patch?"):
        say(f"Nothing is changed, and what waits is left as it is. {otherwise}")
        raise SystemExit(1)
    for asked in proposal.confirms:
        question = (
            f"Is what no patch decides right in {asked.of}, and is it to be delivered as it is?"
        )
        if not click.confirm(question):
            proposal = proposal.without(asked)
            say(f"{asked.of} is left as it is. {otherwise}")
    if not (proposal.texts or proposal.batches or proposal.drops):
        raise SystemExit(1)
    return proposal


def _not_yet(engagement: Engagement) -> str:
    """Why nothing is to be accepted, at the end of a sentence."""
    batches = engagement.intake.state().batches
    if not batches:
        return "; no batch waits for a change of its files' shape."
    under_way = any(batch.status == BatchStatus.RUNNING for batch in batches)
    return (
        f" yet; a batch {'has a run under way' if under_way else 'waits for a run'}. If that stops "
        "at a change of the files' shape, run it again then."
    )


def _launch(engagement: Engagement, proposal: Acceptance) -> str:
    """What tries again what waits, the oldest period first, where there are any; with its verb."""
    from consulting.components.engagement.partitions import partition_of

    state = engagement.intake.state()
    periods = [
        *(batch.period for batch in state.batches if batch.batch_id in proposal.batches),
        *(each.drop.period for each in state.quarantined if each.drop.drop_id in proposal.drops),
    ]
    names = [f" --partition {partition_of(p)}" for p in sorted({*filter(None, periods)})]
    found = [f"`dg launch --job {engagement.client_id}_cleaning{name}`" for name in names or [""]]
    return f"{enumerated(found)} {'do' if found[1:] else 'does'}"


def _show(engagement: Engagement, proposal: Acceptance) -> None:
    """What drifted, the patch that accepts it, and what none accepts."""
    for sentence in proposal.told:
        say(sentence)
    for diff in proposal.diffs(engagement.dbt_dir):
        say_lines(diff)
    for sentence in proposal.old:
        say(sentence)
    for sentence in proposal.left:
        say(f"Not accepted: {sentence}")
    if proposal.left:
        say(
            "Mend what is not accepted by hand (SQL of your own, or the feed's YAML), and run "
            f"`consulting accept {engagement.client_id}` again; or discard the file: `consulting "
            f"ledger {engagement.client_id}` tells its number for `consulting discard`."
        )


def _tell_json(
    engagement: Engagement, proposal: Acceptance | None, *, apply: bool, asked: bool
) -> None:
    """The same for programs: what drifted, what of it can not be accepted, and what was done."""
    if not asked:
        raise click.UsageError("--json asks nothing: give --yes or --dry-run with it.")
    told = proposal.model_dump(exclude={"texts"}) if proposal else {}
    diffs = list(proposal.diffs(engagement.dbt_dir)) if proposal else []
    applied = (
        apply
        and proposal is not None
        and bool(proposal.texts or proposal.confirms or not proposal.left)
    )
    released = accept(engagement, proposal) if applied and proposal else []
    outcome = {"applied": applied, "diffs": diffs, "released": released}
    say_json({"client": engagement.client_id, **told, **outcome}, indent=2)
    if proposal and proposal.left:
        raise SystemExit(1)


def _would(proposal: Acceptance) -> str:
    return (
        f"Nothing is changed. Without --dry-run {counted(len(proposal.texts), 'file')} would be, "
        f"{counted(len(proposal.batches), 'waiting batch', 'waiting batches')} tried again and "
        f"{counted(len(proposal.drops), 'file')} released."
    )

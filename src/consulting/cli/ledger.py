"""What became of a client's files, and the verbs that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from consulting.cli.engagements import client_ids, open_engagement, require_data
from consulting.cli.terminal import (
    asked_for_json,
    dry_run_option,
    json_option,
    say,
    say_error,
    tell_json,
)
from consulting.errors import ConsultingError
from consulting.intake import State
from consulting.layout import data_root, data_url
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.intake import DropStory, LedgerState, VerbOutcome


@click.command()
@click.argument("client", required=False)
@click.option("--file", "key", help="Only this file (its path in the source).")
@click.option("--events", is_flag=True, help="With every event of each file.")
@click.option(
    "--names", is_flag=True, help="With the names that the files have in the source, at any tier."
)
@click.option("--limit", default=50, show_default=True, help="How many files, newest first.")
@json_option
def ledger(client: str | None, key: str | None, *, events: bool, names: bool, limit: int) -> None:
    """Show what became of CLIENT's files; without CLIENT, a line of each client's."""
    require_data()
    if client is None:
        _tell_all()
        return
    intake = open_engagement(client, looks=True).intake
    state = intake.state()
    say(f"{client}: {_counts(state)}")
    for batch in state.batches:
        attempt = f"attempt {batch.attempt}{' (stuck)' if batch.stuck else ''}"
        say(
            f"  batch {batch.batch_id}: {batch.status}, {attempt}, "
            f"{counted(batch.files, 'file')}{f', {batch.reason}' if batch.reason else ''}"
        )
    stories = intake.history(key=key, limit=limit)
    true = intake.true_names([story.drop.drop_id for story in stories]) if names else {}
    if asked_for_json():
        told = state.model_dump(mode="json", exclude={"quarantined"})
        left_out = set() if events else {"events"}
        files = [story.model_dump(mode="json", exclude=left_out) for story in stories]
        tell_json({"client": client, **told, "files": files, "names": true})
        return
    repeats = [story.repeat_of for story in stories if story.repeat_of is not None]
    repeated = {one.drop.drop_id: one for one in intake.history(drop_ids=repeats, limit=limit)}
    for story in stories:
        for line in _lines(story, repeated.get(story.repeat_of or 0)):
            say(line)
        if story.waits_for_release:
            say(f"         mended? consulting release {client} {story.drop.drop_id}")
        if (name := true.get(story.drop.drop_id, story.drop.key)) != story.drop.key:
            say(f"         in the source: {name}")
        if events:
            for event in story.events:
                say(f"        {event.at:%Y-%m-%d %H:%M:%S}  {event.kind}  {event.detail}")


class _Number(click.ParamType[int]):
    """A drop, by the number that the ledger gives it."""

    name = "number"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The number; what is none is told where it is found."""
        try:
            return int(value)
        except ValueError:
            client = ctx.params.get("client", "<client>") if ctx else "<client>"
            self.fail(
                f"{value!r} is no number of a drop. Take it from `consulting ledger {client}`.",
                param,
                ctx,
            )


_NUMBER = _Number()


@click.command()
@click.argument("client")
@click.argument("drops", nargs=-1, required=True, type=_NUMBER)
@json_option
@dry_run_option
def reprocess(client: str, drops: tuple[int, ...], *, dry_run: bool) -> None:
    """Deliver DROPS of CLIENT again (their numbers in the ledger)."""
    _tell(
        open_engagement(client, looks=True, whole=True).intake.reprocess(drops, dry_run=dry_run),
        dry_run=dry_run,
    )


@click.command()
@click.argument("client")
@click.argument("drop", type=_NUMBER)
@json_option
@dry_run_option
def release(client: str, drop: int, *, dry_run: bool) -> None:
    """Let a quarantined DROP of CLIENT try again."""
    _tell(
        [open_engagement(client, looks=True, whole=True).intake.release(drop, dry_run=dry_run)],
        dry_run=dry_run,
    )


@click.command()
@click.argument("client")
@click.argument("drop", type=_NUMBER)
@json_option
@dry_run_option
def discard(client: str, drop: int, *, dry_run: bool) -> None:
    """Settle a quarantined DROP of CLIENT for good, without delivering it."""
    _tell(
        [open_engagement(client, looks=True).intake.discard(drop, dry_run=dry_run)], dry_run=dry_run
    )


def _tell_all() -> None:
    """Each client's counts and last delivery; one that is broken hides no other."""
    told = []
    for client in client_ids():
        try:
            intake = open_engagement(client, looks=True).intake
            state, made = intake.state(), intake.deliveries()
        except ConsultingError as error:
            say_error(client, error)
            continue
        last = made[-1] if made else None
        delivered = f"; last delivery {last.delivered_at:%Y-%m-%d}, {last.batch_id}" if last else ""
        say(f"{client}: {_counts(state)}{delivered}")
        fact = last and last.model_dump(mode="json")
        told.append({"client": client, "counts": state.counts, "last_delivery": fact})
    tell_json(told)


def _counts(state: LedgerState) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in state.counts.items() if count)
    return counts or f"no file was seen yet (the data lies in {data_url() or data_root()})"


def _lines(story: DropStory, repeats: DropStory | None) -> Iterator[str]:
    """A file's line; one that repeats another is in that one's delivery, and in none of its own."""
    drop = story.drop
    period = f", of {drop.period}" if drop.period else ""
    repeat = f", repeat of drop {repeats.drop.drop_id}" if repeats else ""
    delivered_in = (repeats or story).delivered_in
    again = "; it is not delivered again" if story.state is State.DISCARDED else ""
    delivery = f", in delivery {delivered_in}{again}" if delivered_in else ""
    told = f"{drop.key} (version {drop.version}){period}{repeat}{delivery}"
    yield f"  {drop.drop_id:>5}  {story.state:<12} {told}"
    if story.reason:
        to_do = story.fix if story.state is State.QUARANTINED and story.fix else ""
        yield f"         {story.code}: {story.reason} {to_do}".rstrip()


def _tell(outcomes: list[VerbOutcome], *, dry_run: bool) -> None:
    for outcome in outcomes:
        begin = "Would be: " if dry_run and outcome.allowed else ""
        say(f"{outcome.key} (version {outcome.version}): {begin}{outcome.sentence}")
    tell_json([outcome.model_dump(mode="json") for outcome in outcomes])
    if not all(outcome.allowed for outcome in outcomes):
        raise SystemExit(1)

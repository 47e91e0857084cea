"""`consulting ask`: the questions about a client's data whose answers teach most."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from consulting.chain.access import this_user
from consulting.chain.asked import (
    Answer,
    Answers,
    alike_in_words,
    open_questions,
    read_sheet,
    unknown_in_words,
    value_in_words,
    without_contradictions,
    write_sheet,
)
from consulting.chain.proposed import last_profile
from consulting.cleaning import ClientModels
from consulting.cli.engagements import open_engagement, require_feed
from consulting.cli.terminal import (
    asked_for_json,
    dry_run_option,
    json_option,
    say,
    say_json,
    say_lines,
)
from consulting.errors import TierBlockedError
from consulting.privacy.tiers import SAMPLED_TIER, SCHEMA_ONLY_TIER
from consulting.wording import counted

if TYPE_CHECKING:
    from consulting.chain import Engagement
    from consulting.profiling.asking import Ask

_FILE = click.Path(path_type=Path)
_SENT = click.Path(path_type=Path, dir_okay=False, exists=True)
_KEYS = click.Choice(["r", "a", "w", "x", "d", "q"])


def _new_sheet(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """A sheet that is there may hold the answers of a client."""
    if path is None:
        return None
    if path.suffix.lower() not in {".xlsx", ".csv"}:
        raise click.BadParameter(f"{path} is no name of a sheet: end it with .xlsx or .csv.")
    if path.exists():
        raise click.BadParameter(f"{path} is there already, perhaps with answers: name another.")
    if not path.parent.is_dir():
        raise click.BadParameter(f"There is no folder {path.parent}.")
    return path


@click.command()
@click.argument("client")
@click.option("--feed", help="Ask about this feed alone.")
@click.option("--rows", default=20, show_default=True, type=click.IntRange(1), help="At most.")
@click.option(
    "--sheet",
    type=_FILE,
    callback=_new_sheet,
    help="Write the questions to this new .xlsx or .csv file.",
)
@click.option("--answers", type=_SENT, help="Read them back from there.")
@click.option("--by", default=this_user, help="Who answers; stands beside each mark.")
@json_option
@dry_run_option
def ask(  # noqa: PLR0913, PLR0917 - one for each option
    client: str,
    feed: str | None,
    rows: int,
    sheet: Path | None,
    answers: Path | None,
    by: str,
    *,
    dry_run: bool,
) -> None:
    """Ask about what CLIENT's last profile found, and keep the answers in its dbt YAML.

    What is right is marked and not told again; what is wrong gets the right value by the column's
    rule; a right value of a list becomes one of its codes; what the profile only suspected becomes
    a warning, or is not asked again. First come the findings whose answers settle most. Answered in
    the terminal, each answer is saved at once; or in a sheet that the client fills. With --dry-run
    the change of the YAML is shown and not made. --json tells the questions and asks none.
    """
    if sum(map(bool, (sheet, answers, asked_for_json()))) > 1:
        raise click.UsageError("Give one of --sheet, --answers and --json.")
    engagement = open_engagement(client, looks=True)
    require_feed(engagement, feed)
    asked = _questions(engagement, feed, None if answers else rows)
    if asked_for_json():
        say_json([one.model_dump(mode="json") for one in asked], indent=2)
    elif sheet:
        questions = counted(len(asked), "question")
        if dry_run:
            say(f"{client}: would write {questions} to {sheet}")
            return
        write_sheet(asked, sheet)
        say(f"{client}: {questions} in {sheet}. Read the answers: --answers {sheet}")
    elif answers:
        _from_sheet(engagement, asked, answers, by, dry_run=dry_run)
    else:
        _in_terminal(engagement, asked, by, dry_run=dry_run)


def _questions(engagement: Engagement, feed: str | None, most: int | None) -> list[Ask]:
    tier = engagement.config.security_tier
    if tier == SCHEMA_ONLY_TIER:
        raise TierBlockedError("ask about rows", SAMPLED_TIER, engagement.client_id, tier)
    run_folder = last_profile(engagement)
    asked = open_questions(engagement, run_folder, feed, most) if run_folder else None
    if asked is None:
        raise click.ClickException(
            f"{engagement.client_id} has no profile whose rows are kept. Deliver a file first, or "
            "one again (`consulting reprocess`)."
        )
    return asked


def _from_sheet(
    engagement: Engagement, asked: list[Ask], path: Path, by: str, *, dry_run: bool
) -> None:
    said, unclear = read_sheet(engagement, path)
    if not said and not unclear:
        say(f"{path.name}: it holds no answer.")
    taken = Answers(engagement, by)
    to_take, contradictions = without_contradictions(
        [(one, said.pop(one.key)) for one in asked if one.key in said]
    )
    became = [taken.take(*one) for one in to_take]
    taken.require_readable()
    for sentence in became:
        say(sentence)
    for sentence in (*unclear, *contradictions, *unknown_in_words(said)):
        say(f"{path.name}: {sentence}.", err=True)
    for diff in taken.diffs():
        say_lines(diff)
    if not dry_run:
        taken.save()


def _in_terminal(engagement: Engagement, asked: list[Ask], by: str, *, dry_run: bool) -> None:
    if not asked:
        say(f"{engagement.client_id}: nothing to ask about the last profile.")
        return
    taken, saved = Answers(engagement, by), False
    try:
        settled: set[tuple[str, ...]] = set()
        for number, one in enumerate(asked, start=1):
            if one.finding in settled:
                continue
            _show(one, number, len(asked))
            answer = _answer(one)
            if answer is None:
                break
            say(taken.take(one, answer))
            if answer.said.startswith("all"):
                settled.add(one.finding)
            if taken.texts and not dry_run:
                saved = True  # at least one file may be written, whatever stops us
                taken.save()
    finally:  # Ctrl-C ends the questions, and what was answered is answered
        if saved:
            _prepare(engagement)
    for diff in taken.diffs():
        say_lines(diff)


def _prepare(engagement: Engagement) -> None:
    """Make the models what the answers say; what is left to do is told, whatever stops it."""
    client = engagement.client_id
    try:
        ClientModels(engagement.dbt_dir, client).prepare()
    except KeyboardInterrupt:
        say(f"The answers are saved. `consulting prepare {client}` makes the models of them.")
        raise


def _show(one: Ask, number: int, of: int) -> None:
    where = counted(one.rows, "row")
    where += f", first in {one.file}, line {one.row}" if one.file else ""
    issues = ", ".join(issue.replace("_", " ") for issue in one.issues)
    say(f"{number} of {of}: {one.feed}, “{one.column}”: {issues}; {where}")
    if one.cells:
        say(f"  {value_in_words(one) or '(no value)'}")
    say(f"  {one.why}")
    if one.alike:
        say(f"  Found for the same reason: {alike_in_words(one)}")
    if one.instead:
        say(f"  Others have: “{one.instead}”")


def _answer(one: Ask) -> Answer | None:
    """What somebody types; None to end."""
    if one.cells:
        say("  r: right, w: wrong, a: all right, x: all wrong, d: don't know, q: quit")
    else:
        say("  r: right, w: wrong, d: don't know, q: quit")
    key = click.prompt("  Answer", type=_KEYS, show_choices=False)
    if key == "q":
        return None
    if key != "w" or not one.value:
        said = {"r": "right", "a": "all right", "w": "wrong", "x": "all wrong"}.get(key, "")
        return Answer.model_validate({"said": said})
    hint = "Enter: what others have; -: no value" if one.instead else "Enter: no value"
    typed = click.prompt(f"  What should it be ({hint})", default="", show_default=False)
    return Answer(said="wrong", should_be="" if typed == "-" else typed or one.instead or "")

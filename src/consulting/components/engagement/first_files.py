"""The files of a new client that came of a sample: `defs.yaml`, README, questions, fixtures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting import dbt_yaml
from consulting.delivery import Place, Question, asked_of_file
from consulting.privacy.tiers import FULL_TIER
from consulting.shown import in_code, in_markdown, on_one_line
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.chain.sampled import Sampled
    from consulting.config.naming import NamedFeed, Rhythm
    from consulting.records import FeedAccount

_CRONS = {"day": "0 6 * * *", "week": "0 6 * * 1", "month": "0 6 1 * *"}
_MEASURED_LINES, _MEASURED_MINUTES = 40, 9.5
"""What a new user typed to a first delivery of three feeds, with all that went with it."""
_AGES = {"day": ("2d", "4d"), "week": ("8d", "14d"), "month": ("35d", "45d")}


def defs_yaml(type_name: str, client_id: str, sampled: Sampled) -> str:
    """The client's `defs.yaml`, with what is not sure as a question beside the line."""
    config, rhythm = sampled.config, sampled.rhythm
    cron = _CRONS[rhythm.every if rhythm else "week"]
    lines = [
        f"# {client_id}: one engagement, begun from a sample; README.md says what lies where.",
        f"type: {type_name}",
        "attributes:",
        f"  client_name: {dbt_yaml.sentence(config.client_name)}",
        f"  security_tier: {config.security_tier}  # 1 schema only, 2 masked sample, 3 everything",
        f"  source: {{type: local}}  # files arrive in data/{client_id}/incoming/",
        "  feeds:",
        *_feeds(sampled),
        *(_partitions(rhythm) if rhythm else ()),
        f'  # schedule: {{cron: "{cron}", timezone: Europe/Berlin}}',
        *_sla(rhythm),
        f'  # alerts: {{channel: "#{client_id.replace("_", "-")}-alerts"}}',
    ]
    return "\n".join(lines) + "\n"


def _feeds(sampled: Sampled) -> Iterator[str]:
    for feed in sampled.feeds:
        for told in (*_broken(sampled, feed), *_tells(sampled, feed)):
            yield from dbt_yaml.questions([told], 4).splitlines()
        yield f"    - {dbt_yaml.flow(feed.said)}"


def _broken(sampled: Sampled, feed: NamedFeed, asked: str = "") -> Iterator[str]:
    """The files of a feed that could not be read, told once where several feeds read them.

    Args:
        sampled: What was found.
        feed: The feed.
        asked: What to ask of each, where it is not its reader who can do something.
    """
    files, first = set(feed.files), {file: f.name for f in sampled.feeds[::-1] for file in f.files}
    for broken in sampled.received.quarantined:
        if broken.filename in files and first[broken.filename] == feed.name:
            yield f"{broken.filename} could not be read: {broken.reason} {asked or broken.fix}"


def _tells(sampled: Sampled, feed: NamedFeed) -> Iterator[str]:
    """What is to be asked of the parts of a feed's files."""
    yield from (told.line for told in sampled.tells if told.feeds[0] == feed.name)


def _partitions(rhythm: Rhythm) -> Iterator[str]:
    said = dbt_yaml.flow(rhythm.partitions)
    if rhythm.certain:
        yield f"  partitions: {said}"
        return
    yield (
        "  # ? Do the files' names tell the period they are of? They allow more than one reading, "
        "or are too few."
    )
    yield f"  # partitions: {said}"


def _sla(rhythm: Rhythm | None) -> Iterator[str]:
    every = rhythm.every if rhythm else "week"
    due, (warn, fail) = _CRONS[every].replace("0 6", "0 12", 1), _AGES[every]
    yield "  # ? By when is a delivery due, and how old may it be?"
    # what was due before today is nobody's debt; without periods it begins with the first file
    starts = f", starts: {datetime.now(UTC):%Y-%m-%d}" if rhythm else ""
    ages = f"warn_after: {warn}, fail_after: {fail}"
    yield f'  # sla: {{due: "{due}", timezone: Europe/Berlin, {ages}{starts}}}'


def questions_md(sampled: Sampled) -> str:
    """The letter to the client: what only they can answer."""
    letter = sampled.letter
    lines = [f"# Questions to {in_markdown(sampled.config.client_name)}", ""]
    if sampled.config.security_tier < FULL_TIER:
        lines += ["What was found stands in the quality report, for no value is written here.", ""]
    asked = 0
    for title, lead, questions in (
        ("Open", "The quality report of these files asks the same.", letter.reported),
        ("Rows that would be set aside", "", letter.rejects),
        ("Taken for granted", "Please tell us what is not so.", letter.proposed),
        ("Your files", "", list(_of_files(sampled))),
    ):
        if questions:
            lines += [f"## {title}", "", *([lead, ""] if lead else [])]
            for question in questions:
                asked += 1
                lines += [f"{asked}. {in_markdown(question.ask)}", *_places(question)]
            lines.append("")
    return "\n".join(lines)


def _places(question: Question) -> Iterator[str]:
    for place in question.places:
        where = f"**{in_markdown(place.where)}**" if place.where else ""
        yield "   - " + ": ".join(filter(None, (where, in_markdown(place.why))))


def _of_files(sampled: Sampled) -> Iterator[Question]:
    """What is asked of the files as such, and not in the report already."""
    said = {(q.ask, place.where) for q in sampled.letter.reported for place in q.places}
    told: list[tuple[str, str]] = []
    for feed in sampled.feeds:
        could = "Can you send it so that it can be read, or tell us what it is?"
        told += [("", line) for line in (*_broken(sampled, feed, could), *_tells(sampled, feed))]
    if sampled.config.security_tier == FULL_TIER:
        told += [
            (reading.filename, line)
            for reading in sampled.received.readings
            for line in asked_of_file(reading)  # the sample's parts are asked of above
        ]
    asked: dict[str, list[Place]] = {}
    for where, line in told:
        if (line, where) not in said:
            asked.setdefault(line, []).extend([Place(where=where)] if where else [])
    if sampled.rhythm is None or not sampled.rhythm.certain:
        asked["How often do you send files, and do their names tell the period they are of?"] = []
    for line, places in asked.items():
        yield Question(ask=line, places=tuple(places))


def readme_md(client_id: str, sampled: Sampled) -> str:
    """What lies where, and what to do with it."""
    files = len({file for feed in sampled.feeds for file in feed.files})
    lines = [
        f"# {in_markdown(sampled.config.client_name)}",
        "",
        f"One engagement, `{client_id}`, begun from a sample of {counted(files, 'file')}.",
        "",
        "| feed | files | models |",
        "|---|---|---|",
    ]
    written = {path.stem: path for path in sampled.written if path.suffix == ".yml"}
    for feed in sampled.feeds:
        models = f"`{feed.name}.yml`" if feed.name in written else "none yet"
        part = "".join(
            f", {key} {feed.said[key]}" for key in ("member", "sheet") if key in feed.said
        )
        lines.append(f"| {feed.name} | {in_code(feed.glob + part)} | {models} |")
    lines += [
        "",
        "- `defs.yaml`: which files there are, when they are due, who is told.",
        "- The models: columns, rules and tests of each feed; `# ?` marks what was not sure.",
        "- [questions.md](questions.md): for the client; its answers go to the lines with `# ?`.",
        "- `fixture_<feed>.csv`: the first rows, masked; below tier 3 the header alone.",
        "",
        f"Files go into `data/{client_id}/incoming/`; the job `{client_id}_cleaning` delivers",
        f"them. After a change, run `consulting check {client_id} --models`.",
        "",
    ]
    return "\n".join(lines)


def account_lines(sampled: Sampled) -> Iterator[str]:
    """How the feeds fit their templates, the account of each, and whether all is delivered."""
    for fit in sampled.fits:
        yield from fit.in_words()
    if sampled.tried is not None:
        yield f"Tried on the newest period, {sampled.tried}:"
    if sampled.cleaning is not None:
        for account in sampled.cleaning.accounts:
            files = (r for r in sampled.received.readings if r.feed == account.feed)
            whole = sum(reading.sampled_from or 0 for reading in files)
            yield from _account(account, whole)
    yield from unread_lines(sampled)
    yield from (on_one_line(told.line) for told in sampled.tells)
    if sampled.refused:
        yield f"Not delivered on trial: {sampled.refused}"
    else:
        yield "Delivered on trial, as it is: nothing has to be edited for a first delivery."
        yield from _saved(sampled)


def unread_lines(sampled: Sampled) -> Iterator[str]:
    """The files that could not be read, why, and what to do."""
    for broken in sampled.received.quarantined:
        yield on_one_line(f"{broken.filename} was not read: {broken.reason} {broken.fix}")


def _saved(sampled: Sampled) -> Iterator[str]:
    """The time that nobody had to spend, and what that is judged by."""
    texts = [path.read_text(encoding="utf-8") for path in sampled.written if path.suffix == ".yml"]
    said = [line for text in texts for line in map(str.strip, text.splitlines())]
    lines = sum(bool(line) and not line.startswith("#") for line in said)
    if lines:
        minutes = round(lines * _MEASURED_MINUTES / _MEASURED_LINES)
        yield (
            f"About {counted(minutes, 'minute')} saved: {counted(lines, 'line')} of YAML (a new "
            f"user took {_MEASURED_MINUTES:g} minutes for {_MEASURED_LINES})."
        )


def _account(account: FeedAccount, whole: int) -> Iterator[str]:
    """Where a feed's rows went; `whole` is how many its files hold, where a sample was taken."""
    rejected, merged = sum(account.rejected.values()), sum(account.merged.values())
    yield (
        f"{account.feed}: {account.received:,} received = {account.delivered:,} delivered + "
        f"{rejected:,} rejected + {merged:,} merged"
        + (f" (of {whole:,} rows, a masked sample)" if whole else "")
    )
    for code, rows in sorted(account.rejected.items(), key=lambda item: (-item[1], item[0])):
        column, _, reason = code.rpartition(":")
        yield f"  {rows:,} rejected: {column} {reason.replace('_', ' ')}".rstrip()

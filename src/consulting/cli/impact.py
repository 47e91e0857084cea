"""`consulting impact`: what a change in git does to the last deliveries, before it is merged."""

from __future__ import annotations

import subprocess
from itertools import chain
from typing import TYPE_CHECKING

import click

from consulting.chain.impact import Impact, impact_on
from consulting.cleaning.client_files import MODELS_OF_CLIENTS, ClientFiles
from consulting.cleaning.templated import followers
from consulting.cli.engagements import client_ids, open_engagement, this_project
from consulting.cli.terminal import asked_for_json, json_option, say, say_json, say_lines
from consulting.errors import ConsultingError
from consulting.rules.template import own_template_file
from consulting.shown import as_markdown_block, in_markdown, on_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from consulting.project import Project

_SHARED_FILES = ("pyproject.toml", "*.lock", "requirements*.txt")


@click.command()
@click.option("--since", metavar="REF", required=True, help="The branch or commit it is told from.")
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Try no more clients than this; those left out are named.",
)
@click.option("--markdown", is_flag=True, help="Tell it as a comment of a pull request.")
@json_option
def impact(since: str, *, most: int, markdown: bool) -> None:
    """Show which clients' deliveries change by what changed in git since REF.

    Tried are the clients whose folder, models or template changed; all of them, where something
    that they share did (macros, the project's own code, the versions it is made of). Each is tried
    on its last files as by `consulting preview`, beside the delivery that stands, and told in
    counts; nothing is delivered. Ends with 1 where a delivery would not be made.
    """
    project = this_project()
    concerned = list(_concerned(project, _changed(project.root, since)))
    found = [tried(client_id) for client_id in concerned[:most]]
    left_out = concerned[most:]
    if asked_for_json():
        told = [each.model_dump(mode="json") for each in found]
        say_json({"since": since, "clients": told, "left_out": left_out}, indent=2)
    elif markdown:
        say_lines("\n".join(_as_comment(found, left_out)))
    else:
        for line in chain.from_iterable(each.in_words() for each in found):
            say(line)
        say(_summary(found, left_out))
    if any(each.failed is not None for each in found):
        raise SystemExit(1)


def _changed(root: Path, since: str) -> list[Path]:
    """The files of the project that are not as they were where the two parted.

    Raises:
        click.ClickException: If git can not tell.
    """
    compared = (
        "diff",
        "--name-only",
        "--no-renames",  # the old name of a template is what clients follow
        "--relative",
        "-z",
        "--merge-base",
        "--end-of-options",
        since,
        "--",
    )
    new = ("ls-files", "--others", "--exclude-standard", "-z")
    names = chain.from_iterable(_git(root, *words).split("\0") for words in (new, compared))
    return [root / name for name in dict.fromkeys(names) if name]


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - git is told that no option comes any more
            ["git", *words],  # noqa: S607 - the git of whoever types this
            cwd=root,
            capture_output=True,
            text=True,
            errors="surrogateescape",  # a file's name may be of any bytes
            check=False,
        )
    except FileNotFoundError:
        raise click.ClickException("The program git is not here; install it.") from None
    if done.returncode:
        said = on_one_line(done.stderr.strip().partition("\n")[0])
        if "not a git repository" in said:
            raise click.ClickException(
                f"{root} is not a git repository, so there is nothing to compare with. Begin with "
                "`git init && git add . && git commit -m begin`."
            )
        raise click.ClickException(
            f"git can not compare: {said}. Name a branch or commit that is here, in a project that "
            "git keeps; a clone of one commit has no other: `git fetch --unshallow`."
        )
    return done.stdout


def _concerned(project: Project, paths: Sequence[Path]) -> Iterator[str]:
    """The clients whose deliveries are made from any of the files."""
    known = client_ids(project)
    homes = (project.clients, project.dbt / MODELS_OF_CLIENTS)
    owners = {owner for path in paths for home in homes if (owner := _child_of(home, path))}
    templates = {path.stem for path in paths if path == own_template_file(project.dbt, path.stem)}
    everyone = any(_is_shared(project, path) for path in paths)
    for client_id in known:
        if everyone or client_id in owners or following(project, client_id, templates) != []:
            yield client_id


def following(project: Project, client_id: str, templates: Iterable[str]) -> list[str] | None:
    """The feeds of a client that follow one of the templates; None if nobody can read which do."""
    files = ClientFiles(project.dbt, client_id)
    try:
        return [feed for template in templates for feed in followers(files, template)]
    except ConsultingError:
        return None  # trying it tells why


def _child_of(home: Path, path: Path) -> str | None:
    """The folder right below another that a file lies in."""
    below = path.relative_to(home).parts if path.is_relative_to(home) else ()
    return below[0] if len(below) > 1 else None


def _is_shared(project: Project, path: Path) -> bool:
    """Whether the deliveries of all clients are made with a file."""
    if path.parent == project.root:
        return any(path.match(pattern) for pattern in _SHARED_FILES)
    apart = (
        project.dbt / "templates",
        project.dbt / MODELS_OF_CLIENTS,
        project.defs / "consultancy",
    )
    if _child_of(project.clients, path) or any(map(path.is_relative_to, apart)):
        return False
    within = any(map(path.is_relative_to, (project.dbt, project.defs.parent)))
    return within and path.suffix != ".md"


def tried(client_id: str, feeds: Sequence[str] | None = None) -> Impact:
    """The impact on a client, be it that it can not be opened; on all its feeds if none is told."""
    try:
        return impact_on(open_engagement(client_id, looks=True), feeds)
    except ConsultingError as error:
        return Impact(client_id=client_id, feeds=tuple(feeds or ()), failed=str(error))


def _summary(found: Sequence[Impact], left_out: Sequence[str]) -> str:
    changed = sum(each.changes for each in found)
    failed = sum(each.failed is not None for each in found)
    said = f"Clients tried: {len(found)}; deliveries that change: {changed}; not made: {failed}."
    return f"{said} Not tried, for they are many: {', '.join(left_out)}." if left_out else said


def _as_comment(found: Sequence[Impact], left_out: Sequence[str]) -> Iterator[str]:
    """The same in Markdown: a table of the accounts that change, and all else word by word."""
    summary = in_markdown(_summary(found, left_out))
    yield f"**What this change does to the last deliveries.** {summary}"
    changed = [each for each in found if each.changes]
    if changed:
        yield "\n| client | feed | received | delivered | rejected | merged |"
        yield "|---|---|--:|--:|--:|--:|"
    for each in changed:
        for a in (account for account in each.accounts if account.changed):
            counts = (a.received, a.delivered, a.rejected, a.merged)
            yield f"| `{each.client_id}` | `{a.feed}` | {' | '.join(map(str, counts))} |"
    told = [each for each in found if each.changes or each.failed is not None]
    lines = [line for each in told for line in each.in_words()]
    if lines:
        yield ""
        yield as_markdown_block("\n".join(lines), "text")

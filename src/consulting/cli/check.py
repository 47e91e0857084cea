"""`consulting check`: every client's files, with file, line and column of each mistake."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from consulting.chain import artifacts
from consulting.chain.proposed import last_profile
from consulting.cleaning import ClientModels
from consulting.cleaning.review import (
    idle_marks,
    marked_values,
    review_models,
    unsent_columns,
)
from consulting.cli.engagements import open_engagement, require_client, this_project
from consulting.cli.terminal import json_option, say, say_lines, tell_json
from consulting.components.clients import load_clients
from consulting.config.reading import doubts_of
from consulting.errors import ConsultingError
from consulting.privacy.tiers import FULL_TIER
from consulting.shared_child import asked_again, read_apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consulting.components.engagement.client import Client


@click.command()
@click.argument("clients", nargs=-1)
@click.option("--models", is_flag=True, help="Also the clients' dbt models against their feeds.")
@json_option
def check(clients: tuple[str, ...], *, models: bool) -> None:
    """Check the defs.yaml of CLIENTS (default: all), against each other, too.

    `dg check yaml` checks one file of each component type; this checks each client's, within
    bounds of time and memory, and that no two clients' files come from one place. What is allowed
    and seldom meant is a warning, which is no failure: globs that fit the same files, and (with
    --models) a column that the client's last file does not have.
    """
    for client_id in clients:
        require_client(client_id)
    project = this_project()
    folders = {folder.name: folder for folder in project.client_folders()}
    wanted = clients or tuple(folders)
    doubts: list[str] = []
    # who names a client asks for it, whatever did not come back before
    with asked_again() if clients else nullcontext():
        loaded, broken = load_clients(project, folders.values())
        mistakes = dict(broken)
        for client_id in wanted:
            if client_id not in loaded:
                continue
            client = loaded[client_id].client
            found = doubts_of(folders[client_id], client.config)
            if models:
                mistakes[client_id] = _of_models(client)
                found += [] if mistakes[client_id] else _unsent(client_id)
            doubts += [f"warning: {client_id}: {doubt}" for doubt in found]
    names = {each: one.client.config.client_name for each, one in loaded.items()}
    doubts += _of_one_name(names, set(wanted))
    wrong = {client_id: text for client_id in wanted if (text := mistakes.get(client_id))}
    tell_json({"clients": list(wanted), "mistakes": wrong, "warnings": doubts})
    for text in (*doubts, *wrong.values()):
        say_lines(text, err=True)
    if wrong:
        raise SystemExit(1)
    besides = f" ({len(doubts)} to look at, above)" if doubts else ""
    say(f"{len(wanted)} of {len(wanted)} clients: nothing is wrong{besides}.")


def _of_one_name(names: Mapping[str, str], wanted: set[str]) -> Iterator[str]:
    """Clients that documents and alerts call the same, where one of them is asked about."""
    called: dict[str, list[str]] = {}
    for client_id, name in names.items():
        called.setdefault(name.strip().casefold(), []).append(client_id)
    for ids in called.values():
        if len(ids) > 1 and wanted & {*ids}:
            yield (
                f"warning: {', '.join(ids)}: all are called {names[ids[0]]!r}, so portfolio and "
                "alerts do not tell them apart"
            )


def _unsent(client_id: str) -> list[str]:
    """What the models read, or say is right, and the client's last files do not have."""
    engagement = open_engagement(client_id, looks=True)
    run_folder = last_profile(engagement)
    if run_folder is None:
        return []
    profiles = artifacts.read(run_folder / artifacts.PROFILE, artifacts.Profile).profiles
    doubts: list[str] = []
    for profile in profiles:
        sent = [column.name for column in profile.columns]
        idle = [(a.column, a.issue_type, a.idle) for a in profile.accepted if a.idle]
        doubts += unsent_columns(engagement.models, profile.feed, sent)
        doubts += idle_marks(engagement.models, profile.feed, idle)
    return doubts


def _of_models(client: Client) -> str:
    """What is wrong with a client's models, a line each."""
    dbt_dir, client_id = client.project.dbt, client.client_id
    feeds = [feed.name for feed in client.config.feeds]
    try:
        models = ClientModels(dbt_dir, client_id)
        models.prepare()
        found = read_apart(
            client_id, "its dbt models", list[str], review_models, dbt_dir, client_id, feeds
        )
        if client.config.security_tier < FULL_TIER:
            found += [mistake for feed in feeds for mistake in marked_values(models, feed)]
    except ConsultingError as error:
        return str(error)
    return "\n".join(f"{client_id}: {mistake}" for mistake in found)

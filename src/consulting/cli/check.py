"""`consulting check`: every client's files, with file, line and column of each mistake."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from consulting.cleaning import ClientModels
from consulting.cleaning.review import review_models
from consulting.cli.engagements import require_client, this_project
from consulting.components.clients import load_clients
from consulting.errors import ConsultingError
from consulting.shared_child import asked_again, read_apart

if TYPE_CHECKING:
    from consulting.components.engagement.client import Client


@click.command()
@click.argument("clients", nargs=-1)
@click.option("--models", is_flag=True, help="Also the clients' dbt models against their feeds.")
def check(clients: tuple[str, ...], *, models: bool) -> None:
    """Check the defs.yaml of CLIENTS (default: all), against each other, too.

    `dg check yaml` checks one file of each component type; this checks each client's, within
    bounds of time and memory, and that no two clients' files come from one place.
    """
    for client_id in clients:
        require_client(client_id)
    project = this_project()
    folders = project.client_folders()
    # who names a client asks for it, whatever did not come back before
    with asked_again() if clients else nullcontext():
        loaded, broken = load_clients(project, folders)
        mistakes = dict(broken)
        if models:
            for client_id, (client, _) in loaded.items():
                if not clients or client_id in clients:
                    mistakes[client_id] = _of_models(client)
    wanted = clients or [folder.name for folder in folders]
    told = [mistakes[client_id] for client_id in wanted if mistakes.get(client_id)]
    for text in told:
        click.echo(text, err=True)
    if told:
        raise SystemExit(1)
    click.echo(f"{len(wanted)} of {len(wanted)} clients: nothing is wrong.")


def _of_models(client: Client) -> str:
    """What is wrong with a client's models, a line each."""
    dbt_dir, client_id = client.project.dbt, client.client_id
    feeds = [feed.name for feed in client.config.feeds]
    try:
        ClientModels(dbt_dir, client_id).prepare()
        found = read_apart(
            client_id, "its dbt models", list[str], review_models, dbt_dir, client_id, feeds
        )
    except ConsultingError as error:
        return str(error)
    return "\n".join(f"{client_id}: {mistake}" for mistake in found)

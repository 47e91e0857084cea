"""Finding the project and a client's engagement from the command line, without loading others."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import dagster as dg

from consulting.bucket import everything, without_rows
from consulting.components.clients import load_client
from consulting.components.loading import find_project
from consulting.config_model import nearest
from consulting.errors import ConfigurationError
from consulting.layout import data_root, data_url
from consulting.resources.consultancy import ConsultancyResource

if TYPE_CHECKING:
    from consulting.chain import Engagement
    from consulting.project import Project


def this_project() -> Project:
    """The project that the working directory lies in.

    Raises:
        click.ClickException: If it lies in none, or its package can not be imported.
    """
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "pyproject.toml").is_file() or (folder / "dg.toml").is_file():
            # a project need not be installed: `dg` looks for its package in the same places
            sys.path += [str(folder / "src"), str(folder)]
            break
    try:
        return find_project(Path.cwd())
    except dg.DagsterError as error:
        raise click.ClickException(
            f"{Path.cwd()} is in no project of dg, or its package can not be imported: "
            f"{str(error).rstrip(' .')}. Change to the project's folder, or make a project: "
            "`consulting new <folder>`."
        ) from None


def client_ids(project: Project | None = None) -> list[str]:
    """All clients that have a `defs.yaml`."""
    folders = (project or this_project()).client_folders()
    return [folder.name for folder in folders if (folder / "defs.yaml").exists()]


def require_client(client_id: str) -> Project:
    """The project, if it has such a client.

    Raises:
        click.ClickException: If there is none; names the nearest.
    """
    project = this_project()
    known = client_ids(project)
    if client_id not in known:
        raise click.ClickException(
            f"There is no client {client_id!r}.{nearest(client_id, known)} "
            f"Clients: {', '.join(known) or 'none yet'}."
        )
    return project


def open_engagement(client_id: str, *, looks: bool = False, whole: bool = False) -> Engagement:
    """One client's engagement.

    Args:
        client_id: The client.
        looks: Only the ledger is asked: the place its files come from need not be in reach.
        whole: Where a bucket holds the data: the client's own files and database are read, too.

    Raises:
        click.ClickException: If there is no such client; names the nearest.
        ConfigurationError: If its `defs.yaml` is broken.
    """
    client = load_client(require_client(client_id), client_id).client
    wanted = everything if whole or not looks else without_rows
    return ConsultancyResource().engagement(client, looks=looks, wanted=wanted)


def require_data() -> None:
    """Refuse to look into a folder that is named and is not there: it would be made, and be empty.

    Raises:
        ConfigurationError: If `CONSULTING_DATA` names such a folder.
    """
    named = os.environ.get("CONSULTING_DATA")
    if named and data_url() is None and not data_root().is_dir():
        raise ConfigurationError(
            f"CONSULTING_DATA is {named!r}, and there is no such folder: nothing was received "
            "there yet. Look whether it is the one that Dagster's processes are given."
        )


def require_feed(engagement: Engagement, feed: str | None) -> None:
    """Refuse a feed that a client has not.

    Raises:
        click.ClickException: Names the nearest.
    """
    known = [each.name for each in engagement.config.feeds]
    if feed is not None and feed not in known:
        raise click.ClickException(
            f"{engagement.client_id} has no feed {feed!r}.{nearest(feed, known)} Its feeds: "
            f"{', '.join(known)}."
        )

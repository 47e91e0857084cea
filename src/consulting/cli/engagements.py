"""Finding a client's engagement from the command line, without loading all others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from consulting.components.loading import load_client
from consulting.config_model import nearest
from consulting.resources.consultancy import ConsultancyResource

if TYPE_CHECKING:
    from consulting.chain import Engagement

CLIENTS_DIR = Path(__file__).parents[1] / "defs" / "clients"


def client_ids() -> list[str]:
    """All clients that have a `defs.yaml`."""
    return sorted(path.parent.name for path in CLIENTS_DIR.glob("*/defs.yaml"))


def require_client(client_id: str) -> None:
    """Go on only if there is such a client.

    Raises:
        click.ClickException: If there is none; names the nearest.
    """
    known = client_ids()
    if client_id not in known:
        raise click.ClickException(
            f"There is no client {client_id!r}.{nearest(client_id, known)} "
            f"Clients: {', '.join(known) or 'none yet'}."
        )


def open_engagement(client_id: str, *, looks: bool = False) -> Engagement:
    """One client's engagement.

    Args:
        client_id: The client.
        looks: Only the ledger is asked: the place its files come from need not be in reach.

    Raises:
        click.ClickException: If there is no such client; names the nearest.
        ConfigurationError: If its `defs.yaml` is broken.
    """
    require_client(client_id)
    client = load_client(CLIENTS_DIR / client_id)
    return ConsultancyResource().engagement(client.client_id, client.config, looks=looks)

"""The clients of this code location, for what watches over all of them.

A component enrols its client when Dagster builds its definitions. The process that serves the
definitions is the one that runs the sensors, so the sensor for all clients finds them here, and
they cost no definition of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consulting.components.engagement.client import Client

_clients: dict[str, Client] = {}


def enrol(client: Client) -> None:
    """Add a client, or put its newest configuration in place of an older one."""
    _clients[client.client_id] = client


def enrolled() -> list[Client]:
    """All clients whose definitions were built in this process, by id."""
    return [_clients[client_id] for client_id in sorted(_clients)]


def dismiss(client_id: str | None = None) -> None:
    """Forget a client whose definitions were refused; all of them before a new load."""
    if client_id is None:
        _clients.clear()
    else:
        _clients.pop(client_id, None)

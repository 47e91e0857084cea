"""`consulting serve`: deliveries, portfolio and alerts in a browser, read only."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import click

from consulting.bucket import deliveries
from consulting.cli.engagements import client_ids, this_project
from consulting.cli.terminal import json_option, say, tell_json
from consulting.components.clients import load_client
from consulting.errors import ConfigurationError
from consulting.layout import LINKS_VARIABLE, data_root
from consulting.resources.consultancy import ConsultancyResource
from consulting.serving import Door, Shelf, build_app
from consulting.serving.door import LOOPBACK

if TYPE_CHECKING:
    from consulting.chain import Engagement
    from consulting.project import Project

TOKEN_VARIABLE = "CONSULTING_SERVE_TOKEN"  # noqa: S105 - a name, no secret
CLIENT_TOKEN = "_SERVE_TOKEN"  # noqa: S105
REMEMBERED_SECONDS = 30
MOST_AT_ONCE = 64


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=3001, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--name", "names", multiple=True, help="A further name that links call this place by."
)
@click.option("--proxy-header", help="The header in which a proxy in front names whom it let in.")
@json_option
def serve(address: str, port: int, *, names: tuple[str, ...], proxy_header: str | None) -> None:
    """Show deliveries, portfolio and alerts to browsers; nothing can be changed there.

    Only the files that a delivery's manifest lists are shown, of clients of this project, up to
    the tier that a client's defs.yaml says; at tier 3 each is noted in the client's access log.
    On another address than this machine's own, set CONSULTING_SERVE_TOKEN (the password to any
    name), <CLIENT>_SERVE_TOKEN (the same for one client's deliveries alone), or let a proxy ask
    (--proxy-header). Set CONSULTING_LINKS_URL where Dagster runs, and the links in Dagster, alerts
    and portfolio open here.
    """
    import uvicorn

    project = this_project()
    door = Door(
        names=LOOPBACK | {each.lower() for each in names},
        token=os.environ.get(TOKEN_VARIABLE) or None,
        of_clients={
            each: token
            for each in client_ids(project)
            if (token := os.environ.get(f"{each.upper()}{CLIENT_TOKEN}"))
        },
        proxy_header=proxy_header,
    )
    door.require_safe(address)
    shelf = Shelf(data_root(), lambda: client_ids(project), _Engagements(project).of)
    listening = _listening(address, port)
    shown = f"http://{address}:{listening.getsockname()[1]}"
    tell_json({"address": f"{shown}/", "links_variable": LINKS_VARIABLE})
    say(f"Deliveries and portfolio are at {shown}/, alerts at {shown}/alerts.html.")
    say("Ctrl-C ends it.")
    if os.environ.get(LINKS_VARIABLE) is None:
        say(f"Links lead here where Dagster is started with {LINKS_VARIABLE}={shown}")
    with listening:
        told = uvicorn.Config(
            build_app(shelf, door),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_AT_ONCE,
        )
        uvicorn.Server(told).run(sockets=[listening])


def _listening(address: str, port: int) -> socket.socket:
    """A socket that listens, before anybody is told where.

    Raises:
        ConfigurationError: If nobody can listen there.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            way_out = f"port {port} is in use: take another one, with `--port {port + 1}`"
        else:
            way_out = f"{error.strerror}: `--address 127.0.0.1` shows it to this machine alone"
        raise ConfigurationError(f"Nobody can listen at {address}:{port}, for {way_out}.") from None


class _Engagements:
    """The clients' engagements, read again after a while; one at a time, for all share a child."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Engagement]] = {}

    def of(self, client_id: str) -> Engagement:
        """A client's engagement; raises as `load_client` does."""
        with self._lock:
            read_at, known = self._known.get(client_id, (0.0, None))
            if known is None or time.monotonic() - read_at > REMEMBERED_SECONDS:
                client = load_client(self._project, client_id).client
                known = ConsultancyResource().engagement(client, looks=True, wanted=deliveries)
                self._known[client_id] = (time.monotonic(), known)
            return known

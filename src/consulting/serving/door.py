"""Who may look: the names we answer to, and what a guest has to bring."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import Headers

SHORTEST_TOKEN = 16
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NotAdmittedError(Exception):
    """A request that is answered with a refusal.

    Args:
        status: The HTTP status.
        said: Why, for whoever asks.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class Guest:
    """Who looks.

    Attributes:
        client: The only client whose deliveries it may see; None where it may see everything.
    """

    client: str | None = None

    def sees(self, client_id: str) -> bool:
        """Whether it may see a client's deliveries."""
        return self.client in {None, client_id}


@dataclass(frozen=True)
class Door:
    """Lets guests in.

    Attributes:
        names: The names that we answer to; a browser that was led here by another name (as in DNS
            rebinding) is turned away.
        token: What opens everything; None where nothing opens it, or, if no client has a token
            either, nothing need be brought.
        of_clients: Client → what opens its deliveries, and no other's.
        proxy_header: A header by which a proxy in front of us tells whom it let in.
    """

    names: frozenset[str] = LOOPBACK
    token: str | None = field(default=None, repr=False)
    of_clients: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy_header: str | None = None

    def require_safe(self, address: str) -> None:
        """Refuse to listen where strangers are, with the door open.

        Args:
            address: Where we are to listen.

        Raises:
            ConfigurationError: If more than this machine could come in without a word, or a token
                is short enough to be guessed.
        """
        for token in filter(None, (self.token, *self.of_clients.values())):
            if len(token) < SHORTEST_TOKEN:
                raise ConfigurationError(
                    f"A token of {len(token)} characters can be guessed. Use {SHORTEST_TOKEN} or "
                    "more, for example of `openssl rand -hex 24`."
                )
        if not (is_loopback(address) or self.token or self.proxy_header):
            raise ConfigurationError(
                f"{address} can be reached from elsewhere, and nobody has to say who they are. Set "
                "CONSULTING_SERVE_TOKEN, or put a proxy that asks in front and name its header "
                "(--proxy-header), or listen on 127.0.0.1."
            )

    def admit(self, headers: Headers) -> Guest:
        """Let a request in.

        Raises:
            NotAdmittedError: If it came by another name, or does not bring what opens the door.
        """
        if _host_of(headers.get("host", "")) not in self.names:
            raise NotAdmittedError(
                421, "This is not a name that `consulting serve` answers to; see its --name."
            )
        if self.proxy_header is not None and headers.get(self.proxy_header):
            return Guest()
        if self.token is None and self.proxy_header is None and not self.of_clients:
            return Guest()
        return self._guest_with(_brought(headers.get("authorization", "")))

    def _guest_with(self, brought: str) -> Guest:
        found = [
            Guest(client) for client, token in self.of_clients.items() if _same(brought, token)
        ]
        if self.token is not None and _same(brought, self.token):
            return Guest()
        if not found:
            raise NotAdmittedError(401, "Bring the token: any name, and the token as password.")
        return found[0]


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _host_of(header: str) -> str:
    """The name in a `Host` header, without its port; empty where it is none."""
    if not _HOST.fullmatch(header):
        return ""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _brought(header: str) -> str:
    """The token in an `Authorization` header, of either kind; empty where there is none."""
    kind, _, rest = header.partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())

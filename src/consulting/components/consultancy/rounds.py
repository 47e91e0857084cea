"""Whom the watch over all clients looks at next.

With a thousand clients hardly any has news in half a minute. A look is made at clients whose ledger
changed, at those never seen by this process, at those whose time has come (something fell due), at
those that are restless (a run just failed and its error may still come in), and, in case anything
was missed, at a twentieth of all in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from consulting.intake import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from consulting.components.engagement.client import Client
    from consulting.portfolio import ClientStanding

ROUND_TICKS = 20
"""Ticks in which each client is looked at once, whatever happens."""


@dataclass(frozen=True)
class Seen:
    """What the last look at a client found.

    Attributes:
        client: The client, as it was configured then.
        at: When it was looked at.
        standing: Its line of the portfolio page, without its incidents.
        again_at: When it is to be looked at even if nothing changes; None for its turn.
    """

    client: Client
    at: datetime
    standing: ClientStanding
    again_at: datetime | None = None


class Rounds:
    """The looks of one process; nothing is lost with it, for the next one looks at everybody.

    Args:
        ledger_url: The ledger whose changes tell who has news.
    """

    def __init__(self, ledger_url: str) -> None:
        self.ledger = Ledger.open(ledger_url)
        self._seen: dict[str, Seen] = {}
        self._news: set[str] = set()
        # each change is read at two ticks: one with a lower number may have been committed later
        self._marks: tuple[int, int] | None = None

    def next(self, clients: Sequence[Client], now: datetime) -> list[Client]:
        """The clients to look at now, the most urgent first."""
        self._read_news()
        for client_id in set(self._seen) - {client.client_id for client in clients}:
            del self._seen[client_id]
        turn = sorted(
            (client for client in clients if self.seen(client) is not None),
            key=lambda client: self._seen[client.client_id].at,
        )
        in_turn = {client.client_id for client in turn[: 1 + len(clients) // ROUND_TICKS]}
        urgent = {client.client_id: self._urgency(client, now, in_turn) for client in clients}
        return sorted(
            (client for client in clients if urgent[client.client_id] is not None),
            key=lambda client: (urgent[client.client_id], client.client_id),
        )

    def note(self, seen: Seen) -> None:
        """Remember a look."""
        self._seen[seen.client.client_id] = seen
        self._news.discard(seen.client.client_id)

    def seen(self, client: Client) -> Seen | None:
        """The last look at a client; None if there was none since it was configured anew."""
        seen = self._seen.get(client.client_id)
        return seen if seen is not None and seen.client is client else None

    def knows_all(self, clients: Iterable[Client]) -> bool:
        """Whether each client has been looked at."""
        return all(self.seen(client) is not None for client in clients)

    def _read_news(self) -> None:
        since = None if self._marks is None else self._marks[0]
        newest, changed = self.ledger.changed_since(since)
        self._news |= changed
        self._marks = (newest if self._marks is None else self._marks[1], newest)

    def _urgency(self, client: Client, now: datetime, in_turn: set[str]) -> int | None:
        """The smaller the sooner; None if there is no reason to look."""
        seen = self.seen(client)
        if client.client_id in self._news:
            return 0
        if seen is None:
            return 1
        if seen.again_at is not None and seen.again_at <= now:
            return 2
        return 3 if client.client_id in in_turn else None


@lru_cache(maxsize=8)
def rounds_of(ledger_url: str) -> Rounds:
    """The process's looks at the clients of one ledger."""
    return Rounds(ledger_url)

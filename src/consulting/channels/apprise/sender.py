"""Alerts by mail, Teams, webhooks and whatever else apprise knows, where there is no Slack."""

from __future__ import annotations

import hashlib
import logging
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from consulting.alerting.outbox import Outbox, receipts
from consulting.alerting.senders import (
    Envelope,
    LookupImpossibleError,
    OutboxEntry,
    Posted,
    UnsureError,
)
from consulting.channels.apprise.plain import plain_text
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SECONDS = 8
"""To wait for a connection, and again for an answer."""
_KINDS = {"🔴": "failure", "🟠": "warning", "✅": "success"}


class AppriseSender:
    """Sends each message to every address once.

    What these take can't be changed or looked up afterwards. So a repeat says nothing, and an
    answer that did not come makes the message go again, to that address only: who took it is noted
    in the ledger's database.

    Args:
        addresses: As apprise writes them ("mailto://…", "json://…"), by what they are called.
            They hold secrets and are never shown.
        url: SQLAlchemy URL of the ledger database.

    Raises:
        ConfigurationError: If apprise is not installed or does not know an address.
    """

    name = "apprise"

    def __init__(self, addresses: Mapping[str, str], url: str) -> None:
        try:
            import apprise
        except ImportError as error:
            raise ConfigurationError(
                f"{' and '.join(addresses)}: the package apprise is not installed. Install it "
                "where Dagster runs: pip install 'consulting[apprise]'."
            ) from error
        self._url = url
        self._targets: dict[str, tuple[str, Any]] = {}
        for name, address in addresses.items():
            timed = f"{address}{'&' if '?' in address else '?'}cto={SECONDS}&rto={SECONDS}"
            with _unlogged():
                target = apprise.Apprise.instantiate(timed)
            if target is None:
                kind, found, _ = address.partition("://")
                known = f" (it begins with {kind!r})" if found else ""
                raise ConfigurationError(
                    f"{name}: apprise can not use it{known}. See appriseit.com for how it is "
                    "written; a space in it is %20."
                )
            key = hashlib.sha256(address.encode()).hexdigest()[:16]
            self._targets[key] = (name, apprise.Apprise(target))

    @cached_property
    def _outbox(self) -> Outbox:
        """Opened when first used: a sender is made while the outbox is being written."""
        return Outbox(self._url)

    def post(self, envelope: Envelope) -> Posted:
        """Send a message to each address that has not taken it yet."""
        title, body = plain_text(envelope.message)
        kind = _KINDS.get(title[:1], "info")
        failed = []
        for key in self._left(envelope):
            name, target = self._targets[key]
            said = {"body": body or title, "title": title if body else ""}
            # said to be text, so that mail and Teams do not take a name for HTML or Markdown
            if not target.notify(**said, notify_type=kind, body_format="text"):
                failed.append(name)
                continue
            with self._outbox.transaction() as connection:
                connection.execute(receipts.insert().values(marker=envelope.marker, target=key))
        if failed:
            raise UnsureError(f"{', '.join(failed)} did not take it; the log says why.")
        return self._posted(envelope)

    def update(self, envelope: Envelope, posted: Posted) -> None:
        """Nothing: what was sent can't be changed; what got worse or is over comes as a reply."""

    def find(self, envelope: Envelope) -> Posted | None:
        """Whether every address took it."""
        if not self._left(envelope):
            return self._posted(envelope)
        raise LookupImpossibleError("what an address took can't be looked up there.")

    def finish(self, outbox: Sequence[OutboxEntry]) -> None:
        """Nothing: each address shows what it took."""

    def _left(self, envelope: Envelope) -> list[str]:
        """The addresses that are not known to have taken a message."""
        query = select(receipts.c.target).where(receipts.c.marker == envelope.marker)
        with self._outbox.reading() as connection:
            took: set[str] = set(connection.scalars(query))
        return [key for key in self._targets if key not in took]

    def _posted(self, envelope: Envelope) -> Posted:
        return Posted(channel_id=envelope.channel, ts=envelope.marker)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep apprise silent: what it says of an address that it can not use quotes the address."""
    log = logging.getLogger("apprise")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before

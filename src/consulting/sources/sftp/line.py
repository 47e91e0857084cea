"""A connection to an SFTP server, and a loop that all connections of the process live on."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import weakref
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import asyncssh

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    T = TypeVar("T")

_log = logging.getLogger(__name__)

ANSWER_SECONDS = 20.0
"""How long the server may take over one answer; a tick of a sensor then ends in time to say so."""

READ_SECONDS = 60.0
"""How long the server may take over `CHUNK_BYTES` of a file."""


@dataclass(frozen=True)
class Login:
    """How we come in.

    Attributes:
        host: The server.
        port: Its port.
        username: Whom we log in as.
        host_keys: Its public keys; one of them must be shown.
        private_key: Our private key's text, if we have one.
        passphrase: What opens it.
        password: Our password, if we have one.
        variables: What the names of the secrets' variables begin with, for messages.
    """

    host: str
    port: int
    username: str
    host_keys: tuple[str, ...]
    private_key: str | None = field(repr=False)
    passphrase: str | None = field(repr=False)
    password: str | None = field(repr=False)
    variables: str


class Line:
    """A connection, which ends with the object.

    A store's calls block, as those of all stores do; they wait for a loop that runs beside them.
    """

    def __init__(self, login: Login) -> None:
        self.process_id = os.getpid()
        self._loop = _loop_of(self.process_id)
        self.connection = _answer(self._loop, _connect(login), ANSWER_SECONDS)
        self._end = weakref.finalize(self, _hang_up, self._loop, self.connection, self.process_id)
        self.client: asyncssh.SFTPClient = self.run(
            self.connection.start_sftp_client(path_errors="surrogateescape")
        )

    def run(self, call: Awaitable[T], seconds: float | None = None) -> T:
        """The answer to one call.

        Raises:
            TimeoutError: If it does not come in time. Then the line is cut, for a call that is
                cancelled may wait for the silent server itself.
        """
        try:
            return _answer(self._loop, call, seconds or ANSWER_SECONDS)
        except TimeoutError:
            self.close()
            raise

    @property
    def server(self) -> str:
        """The server by the key that it showed, whatever its name and address."""
        # only Kerberos does without a key, which is off
        return self.connection.get_server_host_key().get_fingerprint()  # type: ignore[union-attr]

    def close(self) -> None:
        """Hang up."""
        self._end()


@lru_cache(maxsize=1)
def _loop_of(process_id: int) -> asyncio.AbstractEventLoop:  # noqa: ARG001 - threads are not forked
    """The one loop of this process that all its connections live on."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(_unheard)
    threading.Thread(target=loop.run_forever, name="sftp", daemon=True).start()
    return loop


def _unheard(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody waits for any more, as reads ahead on a line that broke: its call has told."""
    _log.debug("unheard on a line: %s", type(context.get("exception")).__name__)


def _answer(loop: asyncio.AbstractEventLoop, call: Awaitable[T], seconds: float) -> T:
    answer = asyncio.run_coroutine_threadsafe(_awaited(call), loop)
    try:
        return answer.result(seconds)
    except TimeoutError:
        answer.cancel()
        raise


async def _awaited(call: Awaitable[T]) -> T:
    return await call  # asyncssh gives objects that can be awaited, and are no coroutines


async def _connect(login: Login) -> asyncssh.SSHClientConnection:
    key, password = login.private_key, login.password
    keys = [asyncssh.import_private_key(key, login.passphrase)] if key else None
    trusted = [asyncssh.import_public_key(line) for line in login.host_keys]
    # nothing of the machine's own SSH settings, agent or known hosts counts
    return await asyncssh.connect(
        login.host,
        login.port,
        username=login.username,
        client_keys=keys,
        password=password,
        known_hosts=(trusted, [], []),
        agent_path=None,
        config=None,
        gss_host=None,
    )


def _hang_up(
    loop: asyncio.AbstractEventLoop, connection: asyncssh.SSHClientConnection, process_id: int
) -> None:
    if os.getpid() == process_id:  # of a forked copy, the line is the parent's
        loop.call_soon_threadsafe(connection.abort)

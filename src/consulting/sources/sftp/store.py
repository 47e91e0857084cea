"""A folder on an SFTP server as a store, with asyncssh."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import asyncssh

from consulting.errors import (
    DropChangedError,
    DropGoneError,
    DropRefusedError,
    StoreAccessError,
    StoreMissingError,
    StoreUnavailableError,
)
from consulting.sources.places import Place, steps
from consulting.sources.sftp.line import READ_SECONDS, Line
from consulting.sources.store import Listed
from consulting.sources.tree import Entry, Tree, key_of, path_of
from consulting.writing import CHUNK_BYTES, write_whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path
    from typing import TypeVar

    from consulting.sealed import SealedFile
    from consulting.sources.sftp.line import Login
    from consulting.sources.store import ListingPage

    T = TypeVar("T")

MOST_ENTRIES = 1_000_000
"""A folder that shows more is not read: a server's answer must not fill our memory."""

_NAMES_AT_ONCE = 1000
_TRIES = 2
"""How often a call is tried, each time with a new connection."""
_AS_LS = re.compile(r"([-a-zA-Z])[-rwxsStTlL]{9}")
_KINDS = {"-": stat.S_IFREG, "d": stat.S_IFDIR}

_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory)
_OF_A_FILE = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure)
_NO_KEY = (asyncssh.KeyImportError, asyncssh.KeyEncryptionError)
_PASSING = (
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.ConnectionLost,
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    OSError,
    TimeoutError,
)


class SftpStore:
    """A client's folder on an SFTP server.

    A version is told by size and time of change, in whole seconds as most servers give it: the
    time that a file must stand still before it is taken covers what that leaves open. Links are
    not seen; whose files a login may see is the server's to say.

    Args:
        login: How we come in.
        folder: The folder, from where the login begins or from the root.
        client_id: For messages.
    """

    atomic = False
    page_size = 10_000

    def __init__(self, login: Login, folder: str, *, client_id: str) -> None:
        self._login = login
        self._folder = folder.rstrip("/") or "/"
        self.client_id = client_id
        self._line: Line | None = None
        self._tree = Tree(client_id, self.describe(), self._entries)

    def describe(self) -> str:
        """The folder as a URL."""
        login = self._login
        port = "" if login.port == asyncssh.DEFAULT_PORT else f":{login.port}"
        folder = self._folder if self._folder.startswith("/") else f"/~/{self._folder}"
        return f"sftp://{login.username}@{login.host}{port}{folder}"

    def true_place(self) -> Place:
        """The folder as the server calls it, on the server that shows this key.

        Raises:
            StoreError: If the folder is missing, or the server refuses or does not answer.
        """

        def ask(line: Line) -> Place:
            folder = line.run(line.client.realpath(self._folder))
            return ("sftp", f"{self._login.username}@{line.server}", *steps(str(folder)))

        return self._call(ask, None)

    def list_page(self, after: str | None, limit: int) -> ListingPage:
        """List files after a key, in key order.

        Raises:
            StoreError: If the folder is missing, or the server refuses or does not answer.
        """
        return self._tree.page(after, limit)

    def exists(self, key: str) -> bool:
        """Whether there is a regular file of this key."""
        try:
            self._call(lambda line: line.run(self._status(line.client, key)), key)
        except (DropGoneError, DropChangedError):
            return False
        return True

    def fetch(self, listed: Listed, target: Path | SealedFile) -> str:
        """Copy the version that was listed.

        Raises:
            DropChangedError: If it is another version, before or after it was read.
            DropGoneError: If it is no longer there.
            DropRefusedError: If the server shows it and does not give it.
            StoreError: If the server refuses or does not answer.
        """

        def download(line: Line) -> str:
            line.run(self._status(line.client, listed.key))
            try:
                return copy(line)
            except _OF_A_FILE as error:
                raise DropRefusedError(
                    self.client_id,
                    listed.key,
                    f"The server shows it, and does not let {self._login.username} read it "
                    f"({type(error).__name__}).",
                    "Have the server's owner allow this user to read the file.",
                ) from error

        def copy(line: Line) -> str:
            file: asyncssh.SFTPClientFile = line.run(line.client.open(self._path(listed.key), "rb"))

            def confirm() -> None:
                if _signature(line.run(file.stat())) != listed.signature:
                    raise DropChangedError(self.client_id, listed.key)

            def chunks() -> Iterator[bytes]:
                at = 0
                while at < listed.size_bytes:
                    read = line.run(file.read(CHUNK_BYTES, at), READ_SECONDS)
                    chunk = bytes(read)  # type: ignore[arg-type]
                    if not chunk:
                        raise DropChangedError(self.client_id, listed.key)
                    at += len(chunk)
                    yield chunk

            try:
                confirm()
                return write_whole(target, chunks(), confirm=confirm)
            finally:
                with suppress(asyncssh.Error, OSError):
                    line.run(file.close())

        return self._call(download, listed.key)

    async def _status(self, client: asyncssh.SFTPClient, key: str) -> asyncssh.SFTPAttrs:
        """The status of a regular file that no link leads to."""
        root, path = await client.realpath(self._folder), self._path(key)
        if await client.realpath(path) != f"{root.rstrip('/')}/{path_of(key)}":
            raise DropChangedError(self.client_id, key)
        status = await client.lstat(path)
        if _kind(status) not in {stat.S_IFREG, None}:
            raise DropChangedError(self.client_id, key)
        return status

    def _path(self, key: str) -> str:
        if any(part in {"", ".", ".."} for part in key.split("/")):
            raise DropGoneError(self.client_id, key)
        return f"{self._folder.rstrip('/')}/{path_of(key)}"

    def _entries(self, prefix: str) -> list[Entry]:
        path = f"{self._folder.rstrip('/')}/{path_of(prefix)}"
        try:
            return self._call(lambda line: self._read(line, path), None, prefix)
        except StoreMissingError:
            if prefix:
                return []  # a subfolder that was removed meanwhile
            raise

    def _read(self, line: Line, path: str) -> list[Entry]:
        entries: list[Entry] = []
        names = line.client.scandir(path)
        while some := line.run(_some(names)):
            for found in some:
                raw = str(found.filename)
                if raw in {".", ".."} or "/" in raw or "\0" in raw:
                    continue  # no server of good will names a file so
                status, kind = found.attrs, _kind(found.attrs, str(found.longname or ""))
                if not _is_told(status, kind):
                    try:
                        status = line.run(line.client.lstat(f"{path.rstrip('/')}/{raw}"))
                    except _MISSING:
                        continue
                    kind = _kind(status) or kind
                    if not _is_told(status, kind):
                        self._refuse_untold()
                name = key_of(raw)
                if kind == stat.S_IFREG:
                    entries.append(Entry(name, partial(_listed, status)))
                elif kind == stat.S_IFDIR and not name.startswith("."):
                    entries.append(Entry(name, None))
            if len(entries) > MOST_ENTRIES:
                raise StoreUnavailableError(
                    self.client_id,
                    self.describe(),
                    f"a folder there holds more than {MOST_ENTRIES:,} files.",
                    "Have old files moved to another folder on the server.",
                )
        return entries

    def _call(self, call: Callable[[Line], T], key: str | None, prefix: str = "") -> T:
        """Ask the server; what may pass is tried on a new connection, the rest gets a name."""
        for attempt in range(1, _TRIES + 1):
            kept = self._line is not None  # a line that was not used for long may be dead
            try:
                return call(self._connected())
            except asyncssh.HostKeyNotVerifiable as error:
                self._refuse_host(error)
            except (asyncssh.PermissionDenied, *_NO_KEY) as error:
                self._refuse_login(error)
            except _MISSING as error:
                self._refuse_missing(error, key)
            except asyncssh.SFTPPermissionDenied as error:
                raise StoreAccessError(
                    self.client_id,
                    self.describe(),
                    f"{self._login.username} may not list {repr(prefix) if prefix else 'it'}.",
                    "Have the server's owner allow this user to list the folder and to read it.",
                ) from error
            except (*_PASSING, asyncssh.Error) as error:
                self._hang_up()
                silent = isinstance(error, TimeoutError) and not kept
                if silent or attempt == _TRIES or not isinstance(error, _PASSING):
                    self._refuse_unavailable(error)
        raise AssertionError  # the last try returned or raised

    def _connected(self) -> Line:
        if self._line is None or self._line.process_id != os.getpid():
            self._line = Line(self._login)
        return self._line

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _refuse_host(self, error: Exception) -> NoReturn:
        raise StoreAccessError(
            self.client_id,
            self.describe(),
            "the server shows none of the keys in `source.host_keys`, so it may be another one.",
            "Nothing was sent to it. Ask its owner whether its key was changed; if so, write the "
            f"new one that `ssh-keyscan -p {self._login.port} {self._login.host}` prints.",
        ) from error

    def _refuse_login(self, error: Exception) -> NoReturn:
        own = self._login.variables
        if isinstance(error, _NO_KEY):
            raise StoreAccessError(
                self.client_id,
                self.describe(),
                f"{own}PRIVATE_KEY holds no private key that can be opened.",
                f"Put the whole text of the key there, with its first and last line, and what "
                f"opens it in {own}PASSPHRASE.",
            ) from None
        raise StoreAccessError(
            self.client_id,
            self.describe(),
            f"the server refuses {self._login.username}'s login.",
            f"Check `source.username`, and {own}PRIVATE_KEY or {own}PASSWORD where Dagster runs.",
        ) from error

    def _refuse_untold(self) -> NoReturn:
        raise StoreUnavailableError(
            self.client_id,
            self.describe(),
            "the server does not tell what of its folder is a file, of what size, or since when.",
            "Ask its owner to have it tell permissions, size and time of change, as SFTP can.",
        )

    def _refuse_missing(self, error: Exception, key: str | None) -> NoReturn:
        if key is not None:
            raise DropGoneError(self.client_id, key) from error
        raise StoreMissingError(
            self.client_id,
            self.describe(),
            "there is no such folder.",
            "Have it made, or correct `source.folder` in the client's defs.yaml.",
        ) from error

    def _refuse_unavailable(self, error: Exception) -> NoReturn:
        raise StoreUnavailableError(
            self.client_id,
            self.describe(),
            f"the server can not be reached, or broke off ({type(error).__name__}).",
            "Check `source.host`, `source.port` and the network; the next tick tries again.",
        ) from error


async def _some(names: AsyncIterator[asyncssh.SFTPName]) -> list[asyncssh.SFTPName]:
    """The next of a folder's names; none at its end."""
    some: list[asyncssh.SFTPName] = []
    async for name in names:
        some.append(name)
        if len(some) == _NAMES_AT_ONCE:
            break
    return some


def _kind(status: asyncssh.SFTPAttrs, longname: str = "") -> int | None:
    """What a name stands for, as in a mode; None if the server does not tell.

    It may leave it out of the mode, or the mode away, and still write a line as `ls -l` does.
    """
    if kind := stat.S_IFMT(status.permissions or 0):
        return kind
    as_ls = _AS_LS.match(longname)
    return _KINDS.get(as_ls[1], stat.S_IFLNK) if as_ls else None


def _is_told(status: asyncssh.SFTPAttrs, kind: int | None) -> bool:
    whole = status.size is not None and status.mtime is not None
    return kind is not None and (kind != stat.S_IFREG or whole)


def _listed(status: asyncssh.SFTPAttrs, key: str) -> Listed:
    return Listed(key, status.size or 0, _signature(status))


def _signature(status: asyncssh.SFTPAttrs) -> str:
    return f"{status.size}-{status.mtime}-{status.mtime_ns or 0}"

"""A local folder, with its subfolders, as a store."""

from __future__ import annotations

import errno
import os
import stat
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from consulting.errors import (
    DropChangedError,
    DropGoneError,
    DropRefusedError,
    StoreAccessError,
    StoreMissingError,
    StoreUnavailableError,
    UnreadableFileError,
)
from consulting.sources.store import Listed
from consulting.sources.tree import Entry, Tree, key_of, path_of
from consulting.writing import CHUNK_BYTES, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consulting.sealed import SealedFile
    from consulting.sources.store import ListingPage


class LocalStore:
    """A client's drop folder.

    The listing goes down into subfolders and never follows a symbolic link, neither to a file nor
    to a folder. A version is told by size, mtime, ctime and inode: `cp -p` and `touch -d` can set
    the mtime, but not the ctime.

    Args:
        folder: The folder; it must exist when it is listed.
        client_id: For messages; by default the folder's parent's name.
    """

    atomic = False
    page_size = 10_000

    def __init__(self, folder: Path, *, client_id: str | None = None) -> None:
        self.folder = folder
        self.client_id = client_id or folder.parent.name
        self._tree = Tree(self.client_id, str(folder), self._entries)

    def describe(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def list_page(self, after: str | None, limit: int) -> ListingPage:
        """Lists files after a key, in key order.

        Raises:
            StoreError: If the folder is missing or can not be read.
        """
        return self._tree.page(after, limit)

    def exists(self, key: str) -> bool:
        """Whether there is a regular file of this key."""
        try:
            os.close(self._open(key))
        except DropRefusedError:
            return True
        except (DropGoneError, DropChangedError):
            return False
        return True

    def fetch(self, listed: Listed, target: Path | SealedFile) -> str:
        """Copies the version that was listed.

        Raises:
            DropChangedError: If it is another version, before or after it was read.
            DropGoneError: If it is no longer there.
            DropRefusedError: If this process may not read it.
            UnreadableFileError: If it has a second name, by a hard link.
        """
        descriptor = self._open(listed.key)

        def confirm() -> None:
            status = os.fstat(descriptor)
            if _signature(status) != listed.signature:
                raise DropChangedError(self.client_id, listed.key)
            if status.st_nlink > 1:
                raise UnreadableFileError(
                    listed.key,
                    "hard_link",
                    "It has a second name somewhere on this disk (a hard link), so it may be "
                    "another client's file.",
                    "Copy the file here in place of linking it; the copy is taken.",
                )

        try:
            confirm()
            return write_whole(target, _chunks(descriptor), confirm=confirm)
        finally:
            os.close(descriptor)

    def _entries(self, prefix: str) -> list[Entry]:
        folder = os.path.join(self.folder, path_of(prefix))  # noqa: PTH118 - a hot loop
        entries: list[Entry] = []
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    name = key_of(entry.name)
                    if entry.is_file(follow_symlinks=False):
                        entries.append(Entry(name, partial(_listed, entry)))
                    elif entry.is_dir(follow_symlinks=False) and not name.startswith("."):
                        entries.append(Entry(name, None))
        except FileNotFoundError:
            if prefix:
                return []  # a subfolder that was removed meanwhile
            self._refuse_missing()
        except NotADirectoryError:
            self._refuse_missing()
        except OSError as error:
            self._refuse(error, folder)
        return entries

    def _refuse_missing(self) -> NoReturn:
        raise StoreMissingError(
            self.client_id,
            str(self.folder),
            "there is no such folder.",
            "Create it, or correct `source` in the client's defs.yaml.",
        )

    def _refuse(self, error: OSError, path: str) -> NoReturn:
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise StoreAccessError(
                self.client_id,
                path,
                "this process may not read it.",
                "Grant the user that runs Dagster the right to read the folder.",
            ) from error
        raise StoreUnavailableError(
            self.client_id,
            path,
            f"it can not be read ({error.strerror}).",
            "Check the disk or the network share; the next tick tries again.",
        ) from error

    def _open(self, key: str) -> int:
        """Opens a file part by part, so that no link is followed on the way."""
        parts = path_of(key).split("/")
        if any(part in {"", ".", ".."} for part in parts):
            raise DropGoneError(self.client_id, key)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            for part in parts[:-1]:
                above, descriptor = descriptor, -1
                try:
                    descriptor = os.open(part, flags | os.O_DIRECTORY, dir_fd=above)
                finally:
                    os.close(above)
            folder = descriptor
            try:
                descriptor = os.open(parts[-1], flags | os.O_NONBLOCK, dir_fd=folder)
            except PermissionError as error:
                raise DropRefusedError(
                    self.client_id,
                    key,
                    "This process may not read it.",
                    "Grant the user that runs Dagster the right to read the file.",
                ) from error
            finally:
                os.close(folder)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR}:
                raise DropGoneError(self.client_id, key) from error
            if error.errno == errno.ELOOP:
                raise DropChangedError(self.client_id, key) from error
            self._refuse(error, str(self.folder))  # a true name is told by nobody else
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise DropChangedError(self.client_id, key)
        return descriptor


def _listed(entry: os.DirEntry[str], key: str) -> Listed | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # gone since the folder was read
    return Listed(
        key,
        status.st_size,
        _signature(status),
        f"{status.st_dev}-{status.st_ino}-{status.st_mtime_ns}-{status.st_size}",
    )


def _signature(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def _chunks(descriptor: int) -> Iterator[bytes]:
    while chunk := os.read(descriptor, CHUNK_BYTES):
        yield chunk

"""Writing a file so that it is either there, whole and durable, or not there at all."""

from __future__ import annotations

import hashlib
import os
import stat
import uuid
from typing import TYPE_CHECKING

from consulting.sealed import SealedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

CHUNK_BYTES = 1024 * 1024


def write_whole(
    target: Path | SealedFile,
    chunks: Iterable[bytes],
    *,
    confirm: Callable[[], None] | None = None,
) -> str:
    """Writes `chunks` to `target` through a temporary file beside it.

    Readers see the old file or the new one, never half of one; so do they after a power cut.

    Args:
        target: The file to make; its folder is made too. Of a sealed one no byte is on the disk in
            clear.
        chunks: The bytes.
        confirm: Called before the target appears; raises to refuse the bytes.

    Returns:
        The sha256 of the bytes.
    """
    seal = target.sealing if isinstance(target, SealedFile) else None
    target = target.path if isinstance(target, SealedFile) else target
    make_folder(target.parent)
    temporary = target.parent / f".{uuid.uuid4().hex}.part"
    digest = hashlib.sha256()
    try:
        sealed = seal() if seal else None
        with open(temporary, "xb", opener=_private) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(sealed(chunk) if sealed else chunk)
            file.flush()
            os.fsync(file.fileno())
        if confirm is not None:
            confirm()
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync(target.parent)
    return digest.hexdigest()


def keep_private() -> None:
    """Let this process, and those it starts, make files and folders for this user alone."""
    os.umask(0o077)


def close_to_others(path: Path) -> None:
    """Takes a file or folder that an earlier release, or another's umask, opened from others."""
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode) and mode & 0o077:
        path.chmod(stat.S_IMODE(mode) & 0o700)


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, for this user alone."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def write_text(target: Path, text: str) -> Path:
    """Writes one text as UTF-8, as `write_whole` does; returns `target`."""
    write_whole(target, [text.encode()])
    return target


def write_project_text(target: Path, text: str) -> Path:
    """The same for a project's own file: who could read it still can; a new one, who its folder.

    A checkout may be shared by a group; what we write of clients' data is its owner's alone.
    """
    like = target.stat() if target.exists() else None
    write_text(target, text)
    mode = like.st_mode if like else target.parent.stat().st_mode & 0o666
    target.chmod(stat.S_IMODE(mode))
    return target


def sync(path: Path) -> None:
    """Makes the bytes of a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hash_file(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

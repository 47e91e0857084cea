"""Files on a disk that nobody can read but the process that wrote them, and those it tells how.

Below tier 3 no file of a client is written to a disk in clear. What has to be read more than once,
and may be larger than the memory, is written under a key that only memory holds: if the process is
killed, or the power fails, what is left tells nothing.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - pydantic reads the annotation
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_KEY_BYTES = 32
_BLOCK = 16
_BUFFER = 1024 * 1024


@dataclass(frozen=True)
class SealedFile:
    """A file whose bytes are encrypted with a key that exists in memory alone.

    It is opened for reading as a `Path` is, and written by `write_whole`. The same key must not
    write two files.

    Attributes:
        path: Where the encrypted bytes are.
        key: The key of AES-256 and the first block of its counter.
    """

    path: Path
    key: bytes = field(default_factory=lambda: os.urandom(_KEY_BYTES + _BLOCK), repr=False)

    def open(self, mode: str = "rb") -> IO[bytes]:
        """The file's own bytes, from anywhere in it."""
        if mode != "rb":
            raise ValueError(mode)
        return cast("IO[bytes]", io.BufferedReader(_Unsealed(self), _BUFFER))

    def stat(self) -> os.stat_result:
        """As of a path: the encrypted bytes are as many."""
        return self.path.stat()

    def unlink(self) -> None:
        """Remove it, if it is there."""
        self.path.unlink(missing_ok=True)

    def sealing(self, at: int = 0) -> Callable[[bytes], bytes]:
        """What turns bytes, from one of the blocks on, into those on the disk, and back again."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        first = int.from_bytes(self.key[_KEY_BYTES:]) + at // _BLOCK
        counter = (first % (1 << 8 * _BLOCK)).to_bytes(_BLOCK)
        algorithm = algorithms.AES(self.key[:_KEY_BYTES])
        context = Cipher(algorithm, modes.CTR(counter)).encryptor()
        context.update(bytes(at % _BLOCK))
        return context.update


class _Unsealed(io.RawIOBase):
    """Reads a sealed file."""

    def __init__(self, sealed: SealedFile) -> None:
        self._sealed = sealed
        self._file = sealed.path.open("rb", buffering=0)
        self._unseal = sealed.sealing()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        data = self._unseal(self._file.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        at = self._file.seek(offset, whence)
        self._unseal = self._sealed.sealing(at)
        return at

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()

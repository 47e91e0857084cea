"""Files of others, read without waiting for them and without being led elsewhere."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

MAX_BYTES = 256 * 1024


def read_regular(path: Path, *, within: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file; nothing is waited for, and no link leads elsewhere.

    Args:
        path: The file; a link counts as what it leads to.
        within: The folder that it has to lie in, links resolved.
        max_bytes: What it may hold.

    Raises:
        ConfigurationError: If it is not there, no regular file, elsewhere or larger; says so.
    """
    with open_regular(path, within=within) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ConfigurationError(f"{path} is larger than {max_bytes // 1024} kB. Make it shorter.")
    return content


def open_regular(path: Path, *, within: Path) -> BinaryIO:
    """Open a regular file to read; whoever gets it closes it.

    Args:
        path: As for `read_regular`.
        within: As there.

    Raises:
        ConfigurationError: If it is not there, no regular file or elsewhere; says so.
    """
    try:
        # a pipe that nobody writes to would be waited for otherwise
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(f"{path} can not be opened ({error.strerror}).") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigurationError(f"{path} is not a regular file. Put the file itself there.")
    if not path.resolve().is_relative_to(within.resolve()):
        os.close(descriptor)
        raise ConfigurationError(f"{path} is a link out of {within}. Put the file itself there.")
    return os.fdopen(descriptor, "rb")

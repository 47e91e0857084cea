"""Files of others, read without waiting for them and without being led elsewhere."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

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
    try:
        # a pipe that nobody writes to would be waited for otherwise
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise ConfigurationError(f"{path} can not be opened ({error.strerror}).") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ConfigurationError(f"{path} is not a regular file. Put the file itself there.")
        if not path.resolve().is_relative_to(within.resolve()):
            raise ConfigurationError(
                f"{path} is a link out of {within}. Put the file itself there."
            )
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ConfigurationError(f"{path} is larger than {max_bytes // 1024} kB. Make it shorter.")
    return content

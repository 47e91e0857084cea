"""Folders that go with the process that made them, or, if it was killed, at the next sweep."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from consulting.writing import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BEGIN = ".scratch-"
_YOUNG_SECONDS = 60
"""A folder this young may not be locked yet by the process that just made it."""


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder for this user alone, gone at the end; a lock shows that its process is alive."""
    folder = parent / f"{_BEGIN}{uuid.uuid4().hex}"
    make_folder(folder)
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def sweep_scratch(parent: Path) -> None:
    """Remove the scratch folders whose process is gone."""
    for folder in parent.glob(f"{_BEGIN}*"):
        try:
            young = time.time() - folder.stat().st_mtime < _YOUNG_SECONDS
            descriptor = -1 if young else os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        if descriptor < 0:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # somebody works in it
        finally:
            os.close(descriptor)

"""Errors of others at the border: what of them may be told, and where the rest is kept.

The text of a library's error may quote a row (a failed cast does), a password or a piece of a file,
over as many lines and in as many ways as there are libraries. No search for what has to be taken
out finds all of it, so nothing of the text is told. What is told can hold no data: the error's
class and the place in our own code. At tier 3 the whole of it is kept in the client's folder.
"""

from __future__ import annotations

import errno
import logging
import re
import shutil
import sys
import tempfile
import threading
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consulting.errors import ConsultingError, DiskFullError, UnforeseenError
from consulting.layout import data_root
from consulting.plugins import blamed
from consulting.raised import chain_of, kind_of, place_of
from consulting.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_FULL = re.compile(r"No space left on device|database or disk is full|Disk quota exceeded")
_WRITERS = frozenset({
    "OSError", "_duckdb.IOException", "_duckdb.TransactionException", "_duckdb.FatalException",
    "sqlite3.OperationalError", "xlsxwriter.FileCreateError",
})  # fmt: skip
"""The errors whose texts say that a disk is full, and quote no value."""
KEPT = 20
"""The newest logs that are kept of a client."""
WITHHELD = "Its text may quote the client's data, so it is not told; below tier 3 it is not kept."
_SPEAKERS = frozenset({"consulting", "dagster"})
_MOST = 1_000_000
_UNSAFE = re.compile(r"[^\w.-]+")
# A library in Rust that breaks down raises a class of its own that is no `Exception`.
_PANIC = "PanicException"


@dataclass(frozen=True)
class ErrorLog:
    """Where the whole texts of other people's errors about one client's data go.

    Attributes:
        folder: The client's folder for them; None where they may not be kept: below tier 3.
    """

    folder: Path | None = None

    def keep(self, text: str, name: str) -> str:
        """Keep a text where only the user that runs this can read it.

        Args:
            text: The text.
            name: What went wrong, without a value in it; the same name again replaces the file, so
                that a batch that is tried again and fails again says the same.

        Returns:
            A sentence that says where it is, or that it was not kept.
        """
        if self.folder is None:
            return WITHHELD
        path = self.folder / f"{_UNSAFE.sub('_', name)}.log"
        try:
            write_whole(path, [text.encode("utf-8", "backslashreplace")[:_MOST]])
            newest_last = sorted(self.folder.glob("*.log"), key=lambda log: log.stat().st_mtime)
            for old in newest_last[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError as error:
            return f"Its text could not be kept in {self.folder} ({type(error).__name__})."
        place = "/".join(path.parts[-3:])
        return f"Its whole text is in {place} in the data folder: it may quote rows."


def is_foreign(error: BaseException) -> bool:
    """Whether an error's text is not ours; what tells a process to stop is no error."""
    if isinstance(error, ConsultingError):
        return False
    return isinstance(error, Exception) or type(error).__name__ == _PANIC


def in_our_words(
    error: BaseException, who: str, log: ErrorLog, *, name: str = "run"
) -> ConsultingError:
    """An error as it may be told: ours as it is, another's by its class and place.

    Raise it where no other error is being handled, for Python keeps that one as its context.

    Args:
        error: What was raised.
        who: Whose work it stopped: a client, or what all share.
        log: Where its text is kept.
        name: What was worked on, for the name of the file it is kept in.
    """
    if isinstance(error, ConsultingError):
        return error
    if any(map(_is_full_disk, chain_of(error))):
        return DiskFullError(who, {place: shutil.disk_usage(place).free for place in _written_to()})
    kind = kind_of(error)
    kept = log.keep("".join(traceback.format_exception(error)), f"{name}-{kind}")
    return UnforeseenError(who, kind, place_of(error), kept, blamed(error))


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    return kind_of(error) in _WRITERS and _FULL.search(str(error)) is not None


def _written_to() -> list[Path]:
    """The folders that runs write below, as far as they are there: data, and what is temporary."""
    places = (data_root(), Path(tempfile.gettempdir()))
    return [place for place in places if place.is_dir()]


def without_chain(error: BaseException) -> BaseException:
    """The error without what it came from: Dagster stores the text of each error of a chain."""
    error.__cause__ = error.__context__ = None
    return error


@contextmanager
def hushed() -> Iterator[None]:
    """Let no library print what it thinks of a client's data: warnings, logs, errors of threads.

    What a process prints is kept by Dagster as the run's compute log.
    """

    def thread_died(died: Any) -> None:
        _say(died.exc_type, "in a thread")

    def unraisable(died: Any) -> None:
        _say(died.exc_type, "at its end")

    def is_ours(record: logging.LogRecord) -> bool:
        return record.name.partition(".")[0] in _SPEAKERS

    printing = logging.lastResort  # what prints for loggers that nobody set up
    hooks = threading.excepthook, sys.unraisablehook
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if printing is not None:
            printing.addFilter(is_ours)
        threading.excepthook, sys.unraisablehook = thread_died, unraisable
        try:
            yield
        finally:
            threading.excepthook, sys.unraisablehook = hooks
            if printing is not None:
                printing.removeFilter(is_ours)


def _say(kind: type[BaseException] | None, where: str) -> None:
    logging.getLogger(__name__).warning("%s %s", kind.__qualname__ if kind else "error", where)


def phrase_of(text: str, phrases: Collection[str]) -> str | None:
    """The one of our own phrases that a foreign text says; nothing else of it goes on."""
    return next((phrase for phrase in phrases if phrase in text), None)

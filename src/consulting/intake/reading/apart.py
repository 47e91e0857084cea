"""Reading apart: in a child process, which may fail on a file without harm to anybody else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from consulting.bounded_child import Bounds, ChildStoppedError
from consulting.errors import UnreadableFileError
from consulting.intake.reading.corrections import read_either
from consulting.intake.reading.parts import Part, find_parts
from consulting.intake.reading.reader import read_file
from consulting.records import FileReading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from consulting.bounded_child import BoundedChild
    from consulting.intake.reading.options import Door, ReadOptions
    from consulting.sealed import SealedFile

T = TypeVar("T")


class _Told(TypedDict):
    """What `read_file` is told of a file besides where it lies."""

    filename: str
    feed: str
    sha256: str
    run_folder: Path
    options: ReadOptions
    door: Door


class ReadingApart:
    """Reads the files of one client's batch in a process of their own.

    Args:
        child: The process. It is started here, to import its libraries while we do something else.
    """

    def __init__(self, child: BoundedChild) -> None:
        self._child = child
        child.start()

    def read_file(self, path: Path | SealedFile, **told: Unpack[_Told]) -> FileReading:
        """Read one file, as `read_file` does, within the limits of its options.

        Raises:
            UnreadableFileError: As `read_file`, and `too_slow`, `too_much_memory`,
                `reader_failed`; what was stored of the file until then is gone.
        """
        return self._read(FileReading, read_file, path, told)

    def read_either(self, path: Path | SealedFile, **told: Unpack[_Told]) -> FileReading | None:
        """Read one file as corrections or as declared, as `read_either` does; raises as above."""
        return self._read(FileReading | None, read_either, path, told)

    def find_parts(
        self, path: Path, filename: str, options: ReadOptions, door: Door
    ) -> tuple[Part, ...]:
        """The parts of a file, as `find_parts` tells them, within the limits of its options.

        Raises:
            UnreadableFileError: If it can not be opened, or not within its limits.
        """
        with self._told(filename, options, None):
            return self._child.call(
                _bounds(options), tuple[Part, ...], find_parts, path, filename, options, door
            )

    def _read(
        self, returns: Any, function: Callable[..., T], path: Path | SealedFile, told: _Told
    ) -> T:
        options = told["options"]
        with self._told(told["filename"], options, told["run_folder"]):
            return self._child.call(_bounds(options), returns, function, path, **told)

    @contextmanager
    def _told(self, filename: str, options: ReadOptions, run_folder: Path | None) -> Iterator[None]:
        """Turn the end of the child into a refusal of the file, and sweep what it left."""
        try:
            yield
        except ChildStoppedError as stopped:
            for left in run_folder.glob("*/*.partial") if run_folder else ():
                left.unlink(missing_ok=True)
            if stopped.cause == "killed":
                raise  # by somebody else: nothing is known against the file
            raise _refusal(filename, options, stopped) from stopped


def _bounds(options: ReadOptions) -> Bounds:
    return Bounds(options.max_read_seconds, options.max_memory_bytes)


def _refusal(
    filename: str, options: ReadOptions, stopped: ChildStoppedError
) -> UnreadableFileError:
    if stopped.cause == "time":
        return UnreadableFileError(
            filename,
            "too_slow",
            f"Reading the file took more than the {options.max_read_seconds:,.0f} seconds allowed.",
            "Send it in smaller files, or raise `max_read_seconds` for the feed if this is right.",
        )
    if stopped.cause == "memory":
        return UnreadableFileError(
            filename,
            "too_much_memory",
            f"Reading the file takes more than the {options.max_memory_bytes:,} bytes of memory "
            "allowed.",
            "Send it in smaller files or as CSV, or raise `max_memory_bytes` for the feed if this "
            "is right.",
        )
    return UnreadableFileError(
        filename,
        "reader_failed",
        f"The library that reads files of this kind broke down on it ({stopped.detail}).",
        "Open the file, save it again or as CSV, and send it once more.",
    )

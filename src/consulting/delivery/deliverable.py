"""What a deliverable is: a document, or a format of the delivered tables.

Each is one class, found by the entry point group `consulting.deliverables`; others add theirs in
the same way. What they write must depend on what they are given alone: a delivery is made again
from the same inputs, byte by byte.
"""

from __future__ import annotations

import stat
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from consulting.errors import DeliveryError
from consulting.plugins import Answer, PlugIn, called, is_ours, plugins
from consulting.raised import WrongAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from consulting.delivery.contents import Contents
    from consulting.delivery.inputs import DeliveryInputs


class Deliverable(PlugIn):
    """Something that a delivery holds.

    Attributes:
        always: Whether it is in each delivery; what is not is named in `deliverables:`.
    """

    always: ClassVar[bool] = False


class Document(Deliverable, ABC):
    """A page, workbook or list about the delivery as a whole."""

    answers: ClassVar[Mapping[str, Answer]] = {"write": object}

    @abstractmethod
    def write(self, inputs: DeliveryInputs, contents: Contents, folder: Path) -> None:
        """Write its files.

        Args:
            inputs: Everything the delivery says.
            contents: What it holds.
            folder: The delivery's folder, whose tables and rejects are there.
        """


@dataclass(frozen=True)
class TableRows:
    """The rows of one delivered table, in their order.

    Attributes:
        connection: The client's warehouse, allowed to write to the delivery's folder.
        query: The SQL that gives the rows.
        columns: (name, type of DuckDB) in order.
        table: The table's name.
        rows: How many there are.
        created: When the delivery's files arrived; a file that holds a date holds this one.
    """

    connection: duckdb.DuckDBPyConnection
    query: str
    columns: Sequence[tuple[str, str]]
    table: str
    rows: int
    created: datetime


def _are_notes(_plugin: type, found: Any) -> Sequence[str]:
    if not (isinstance(found, tuple | list) and all(isinstance(note, str) for note in found)):
        raise WrongAnswerError(found)
    return found


class TableFormat(Deliverable, ABC):
    """How a delivered table is written as a file.

    Attributes:
        extension: What the file's name ends in.
        words: The file for people ("an Excel workbook").
        most_rows: A larger table is written as `instead` in its place, with a note; None: no limit.
        instead: The name of the format that holds tables of any size.
    """

    extension: ClassVar[str]
    words: ClassVar[str]
    most_rows: ClassVar[int | None] = None
    instead: ClassVar[str] = "csv"
    answers: ClassVar[Mapping[str, Answer]] = {"write": _are_notes}

    @abstractmethod
    def write(self, table: TableRows, target: Path) -> Sequence[str]:
        """Write the file.

        Args:
            table: Its rows.
            target: The file; its name ends in `extension`.

        Returns:
            What the client should know about it, in words.
        """


@contextmanager
def adding(
    client_id: str, kind: type[Deliverable], folder: Path, file: str | None = None
) -> Iterator[None]:
    """See that a deliverable adds files to a folder, and touches none that is there.

    Args:
        client_id: Whose delivery.
        kind: The deliverable, which writes in this context.
        folder: The folder.
        file: The one file that it is to add; without one, a document adds what it calls its own.

    Raises:
        DeliveryError: If it does otherwise; names it.
    """
    before = _files(folder)
    yield
    after = _files(folder)
    touched = [name for name, facts in before.items() if after.get(name) != facts]
    new = after.keys() - before.keys()
    if touched:
        problem = f"changed {touched[0]}, which is not its own"
    elif not all(stat.S_ISREG(after[name][0]) for name in new):
        problem = "left something that is no file"
    elif file is not None and new != {file}:
        problem = f"did not write {file}, or wrote others beside it"
    elif not new and not kind.always:
        problem = "wrote no file"
    else:
        return
    raise DeliveryError(
        f"{client_id}: nothing is delivered, for the {called(kind)} {problem}. Report it to those "
        "who maintain that package, or take it out of `deliverables` in the client's defs.yaml."
    )


def _files(folder: Path) -> dict[str, tuple[int, ...]]:
    """What lies below a folder by name: its kind, and what changes when it is written to."""
    found = {path.relative_to(folder).as_posix(): path.lstat() for path in folder.rglob("*")}
    return {
        name: (each.st_mode, each.st_ino, each.st_size, each.st_mtime_ns)
        for name, each in sorted(found.items())
        if not stat.S_ISDIR(each.st_mode)
    }


def documents() -> Mapping[str, type[Document]]:
    """The kinds of document by name, ours first."""
    found = {name: kind for name, kind in _all().items() if issubclass(kind, Document)}
    return dict(sorted(found.items(), key=lambda each: not is_ours(each[1])))


def table_formats() -> Mapping[str, type[TableFormat]]:
    """The formats of tables by name."""
    return {name: kind for name, kind in _all().items() if issubclass(kind, TableFormat)}


def _all() -> Mapping[str, type[Deliverable]]:
    return plugins("consulting.deliverables")

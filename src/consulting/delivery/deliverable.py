"""What a deliverable is: a document, or a format of the delivered tables.

Each is one class, found by the entry point group `consulting.deliverables`; others add theirs in
the same way. What they write must depend on what they are given alone: a delivery is made again
from the same inputs, byte by byte.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from consulting.plugins import plugins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from consulting.delivery.contents import Contents
    from consulting.delivery.inputs import DeliveryInputs


class Deliverable:
    """Something that a delivery holds.

    Attributes:
        always: Whether it is in each delivery; what is not is named in `deliverables:`.
    """

    always: ClassVar[bool] = False


class Document(Deliverable, ABC):
    """A page, workbook or list about the delivery as a whole."""

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

    @abstractmethod
    def write(self, table: TableRows, target: Path) -> Sequence[str]:
        """Write the file.

        Args:
            table: Its rows.
            target: The file; its name ends in `extension`.

        Returns:
            What the client should know about it, in words.
        """


def documents() -> Mapping[str, type[Document]]:
    """The kinds of document by name."""
    return {name: kind for name, kind in _all().items() if issubclass(kind, Document)}


def table_formats() -> Mapping[str, type[TableFormat]]:
    """The formats of tables by name."""
    return {name: kind for name, kind in _all().items() if issubclass(kind, TableFormat)}


def _all() -> Mapping[str, type[Deliverable]]:
    return plugins("consulting.deliverables")

"""What reading one file came to, before it becomes a `FileReading`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consulting.intake.reading.rows import RowStore, Stored

if TYPE_CHECKING:
    from consulting.records import SkippedLines

StoreFactory = Callable[[Sequence[str]], RowStore]
"""Makes the store of a file's rows once its columns are known."""


@dataclass
class Outcome:
    """The facts of one file, gathered on the way.

    Attributes:
        columns: The names of the columns.
        stored: What was kept.
        seen: Rows that parsed.
        rejected: Records set aside.
        received: Records by the independent count.
        header_lines: Where the header was taken from.
        skipped: Lines that are not data.
        decisions: What was decided, in words.
        warnings: What the client should confirm.
    """

    columns: tuple[str, ...]
    stored: Stored
    seen: int
    rejected: int
    received: int = 0
    format: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    quotechar: str | None = None
    sheet: str | None = None
    header_lines: tuple[int, ...] = ()
    skipped: list[SkippedLines] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

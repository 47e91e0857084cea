"""What the models read of a feed, held against the files that came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.profiling.wording import enumerated
from consulting.shown import on_one_line
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consulting.profiling.model import ColumnProfile, FeedProfile
    from consulting.records import ReadColumn

MOST_FILES = 3
"""So many files are named."""


class Reads:
    """The columns that a feed's models read, and those of its files.

    Args:
        current: The profile of the files.
        reads: What the models read.
        files: The columns of each file; without it, no file is named.
    """

    def __init__(
        self,
        current: FeedProfile,
        reads: Sequence[ReadColumn],
        files: Mapping[str, Sequence[str]],
    ) -> None:
        self.current = current
        self.columns = reads
        self.files = files
        # as in the warehouse, case does not tell two headers apart
        self.declared = {name.casefold(): read for read in reversed(reads) for name in read.names}

    def of(self, column: str) -> ReadColumn | None:
        """What reads a column; None where nothing does."""
        return self.declared.get(column.casefold())

    def is_converted(self, column: ColumnProfile) -> bool:
        """Whether a rule makes something else of a column's texts; SQL is not known to."""
        read = self.of(column.name)
        return read is not None and read.rule not in {None, "to_text"}

    @property
    def all_files(self) -> list[str]:
        """The files, or one without a name."""
        return list(self.files) or [""]

    def lacking(self, read: ReadColumn) -> list[str]:
        """The files that have a column under none of its names."""
        files = self.files or {"": [c.name for c in self.current.columns]}
        return [name for name, columns in files.items() if not read.is_in(columns)]

    def having(self, column: str) -> list[str]:
        """The files that have a column."""
        return [name for name, columns in self.files.items() if column in columns]

    def named(self, what: str, column: ColumnProfile) -> str:
        """A column's dates, amounts or numbers, at the beginning of a sentence."""
        return f"The {what} in “{column.name}”{in_files(self.having(column.name), ' of ')}"


def in_files(files: Sequence[str], before: str = "", last: str = "and") -> str:
    """Which files, in words; nothing where they are not known."""
    names = [on_one_line(name) for name in files if name]
    more = len(names) - MOST_FILES
    if more > 0:
        names = [*names[:MOST_FILES], f"{counted(more, 'file')} more"]
    return f"{before}{enumerated(names, last)}" if names else ""

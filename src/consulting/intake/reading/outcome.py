"""What reading one file came to, before it becomes a `FileReading`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consulting.errors import UnreadableFileError
from consulting.intake.reading.rows import RowStore, Stored
from consulting.wording import counted

if TYPE_CHECKING:
    from consulting.records import OtherTable, ShownAs, SkippedLines

StoreFactory = Callable[..., RowStore]
"""Makes the store of a file's rows once its columns are known: their names, and the places of those
that are left out where they hold nothing."""


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
        other_tables: Tables besides this one, set aside.
        decisions: What was decided, in words.
        warnings: What the client should confirm.
        unread: What of the file no feed reads, where feeds share it, in words.
        typed_columns: Those whose digits are all of numbers by the file's own types.
        shown_as: What the formats of a workbook's cells show beside numbers.
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
    other_tables: list[OtherTable] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unread: tuple[str, ...] = ()
    typed_columns: tuple[str, ...] = ()
    shown_as: tuple[ShownAs, ...] = ()

    def refuse_unaccounted(
        self,
        filename: str,
        counted: str,
        fix: str = "This is a fault of the reader; report it with the file's structure.",
    ) -> None:
        """Hold what was read against the independent count.

        Args:
            filename: The file as the client named it.
            counted: What was counted and how, with a place for the number.
            fix: What to do.

        Raises:
            UnreadableFileError: `rows_unaccounted`.
        """
        if self.received != self.seen + self.rejected:
            raise UnreadableFileError(
                filename,
                "rows_unaccounted",
                f"{counted.format(f'{self.received:,}')}, but {self.seen:,} were read and "
                f"{self.rejected:,} set aside.",
                fix,
            )

    def lines_in_words(self, lines: int) -> str:
        """What each line of the file was."""
        skipped = sum(item.last_line - item.first_line + 1 for item in self.skipped)
        rest = lines - self.received - len(self.header_lines) - skipped
        other = f", {rest:,} blank or inside a record" if rest > 0 else ""
        begin = "begins" if self.received == 1 else "begin"
        heads = len(self.header_lines)
        return (
            f"Of {counted(lines, 'line')}, {self.received:,} {begin} a record, {heads} "
            f"{'is' if heads == 1 else 'are'} the header, {skipped:,} "
            f"{'was' if skipped == 1 else 'were'} skipped{other}."
        )

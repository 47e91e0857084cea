"""What was skipped in a file or set aside from its table, put together and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.records import OtherTable, SkippedLines

MANY_LINES = 5  # more lines than that below a table may be more than notes
OTHER_TABLE = "another_table"
NOTE = "note below the table"
BETWEEN = "lines between two tables"
AGAIN = "the header again"


def merged(skipped: Sequence[SkippedLines]) -> list[SkippedLines]:
    """Neighbouring lines with one reason as one entry, in order."""
    found: list[SkippedLines] = []
    for item in sorted(skipped, key=lambda one: one.first_line):
        if found and found[-1].reason == item.reason:
            last = found[-1]
            if item.first_line == last.last_line + 1:
                doubtful = last.doubtful or item.doubtful
                found[-1] = last.model_copy(
                    update={"last_line": item.last_line, "doubtful": doubtful}
                )
                continue
        found.append(item)
    return [item.model_copy(update={"doubtful": True}) if _many(item) else item for item in found]


def _many(item: SkippedLines) -> bool:
    return item.reason in {NOTE, BETWEEN, AGAIN} and item.last_line - item.first_line >= MANY_LINES


def about(table: OtherTable) -> str:
    """What became of another table, for the client."""
    return (
        f"Another table stands in lines {table.first_line:,} to {table.last_line:,} "
        f"({counted(table.rows, 'row')}, {counted(table.columns, 'column')}). It was set aside and "
        "not mixed with the one that was read. Please send each table in a file or sheet of its "
        "own."
    )


def span(item: SkippedLines) -> str:
    """The lines, in words."""
    if item.first_line == item.last_line:
        return f"Line {item.first_line:,}"
    return f"Lines {item.first_line:,} to {item.last_line:,}"

"""From the headers in a file to the column names of its raw table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.errors import UnreadableFileError
from consulting.untitled import untitled
from consulting.wording import inflected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.intake.reading.options import ReadOptions

RESERVED = frozenset({"_file", "_row", "_row_id"})
MAX_NAME = 255
SHOWN = 10  # how many culprits a message names

_SPACE = re.compile(r"[\s\ufeff]+")


def column_names(
    headers: Sequence[str], width: int, options: ReadOptions
) -> tuple[tuple[str, ...], list[str]]:
    """Turn headers into `width` unique column names.

    A name keeps its words; only white space is tidied. DuckDB does not tell upper from lower case
    in names, so "ID" and "id" are the same name and one of them is numbered.

    Args:
        headers: The cells of the header, left to right.
        width: How many columns the rows have.
        options: Which titles may be told, and which of them the engagement names.

    Returns:
        The names, and warnings in words where a name is not what the file says.
    """
    warnings: list[str] = []
    unnamed: list[int] = []
    repeated: list[str] = []
    names: list[str] = []
    taken = dict.fromkeys(RESERVED, 1)
    written = headers
    headers = options.names.labels(headers, options.expected_columns)
    withheld = [
        at for at, title in enumerate(written, start=1) if title.strip() and not headers[at - 1]
    ]
    for position in range(1, width + 1):
        header = _SPACE.sub(" ", headers[position - 1]).strip() if position <= len(headers) else ""
        if len(header) > MAX_NAME:
            warnings.append(
                f"The header of column {position} is {len(header):,} characters long; "
                f"its first {MAX_NAME} are the column's name."
            )
            header = header[:MAX_NAME]
        if not header:
            if position not in withheld:
                unnamed.append(position)
            header = untitled(position)
        name = _free_name(header, taken)
        if name != header:
            repeated.append(f"column {position} became {name!r}")
        names.append(name)
    if withheld:
        said = inflected(
            "The [title of column|titles of columns] {of} could hold personal data (a name, a day, "
            "a number), so we do not show [it|them], and call the [column by its|columns by their] "
            "place. May we show [it|them]?",
            len(withheld),
        )
        warnings.append(said.replace("{of}", _places(withheld)))
    if unnamed:
        which = _places(unnamed)
        warnings.append(
            f"{len(unnamed)} column{'s have' if len(unnamed) > 1 else ' has'} no header "
            f"(position {which}); named after the position, like {untitled(unnamed[0])!r}."
        )
    if repeated:
        shown = "; ".join(repeated[:SHOWN]) + ("; …" if len(repeated) > SHOWN else "")
        warnings.append(f"Headers occur more than once or are reserved: {shown}.")
    return tuple(names), warnings


def _places(positions: Sequence[int]) -> str:
    return ", ".join(map(str, positions[:SHOWN])) + (", …" if len(positions) > SHOWN else "")


def _free_name(header: str, taken: dict[str, int]) -> str:
    """The header, or it with the next number that is free."""
    name = header
    number = taken.get(header.casefold(), 0)
    while name.casefold() in taken:
        number += 1
        name = f"{header}_{number}"
    taken[header.casefold()] = max(number, 1)
    taken.setdefault(name.casefold(), 1)
    return name


def refuse_if_long(filename: str, count: int, most: int) -> None:
    """Refuse a table of more records than the feed's `max_rows`.

    Raises:
        UnreadableFileError: `too_many_rows`.
    """
    if count > most:
        raise UnreadableFileError(
            filename,
            "too_many_rows",
            f"The file holds more than the {most:,} records allowed.",
            "Send it in parts, or raise `max_rows` for the feed if this is right.",
        )


def refuse_if_wide(filename: str, width: int, most: int) -> None:
    """Refuse a table of more columns than the feed's `max_columns`.

    Raises:
        UnreadableFileError: `too_many_columns`.
    """
    if width > most:
        raise UnreadableFileError(
            filename,
            "too_many_columns",
            f"The table has more than the {most:,} columns allowed ({width:,} so far).",
            "Often names of things became columns or keys: send them as values. Raise "
            "`max_columns` for the feed if this is right.",
        )

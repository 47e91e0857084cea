"""From the headers in a file to the column names of its raw table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

RESERVED = frozenset({"_file", "_row", "_row_id"})
MAX_NAME = 255
SHOWN = 10  # how many culprits a message names

_SPACE = re.compile(r"[\s\ufeff]+")


def column_names(headers: Sequence[str], width: int) -> tuple[tuple[str, ...], list[str]]:
    """Turn headers into `width` unique column names.

    A name keeps its words; only white space is tidied. DuckDB does not tell upper from lower case
    in names, so "ID" and "id" are the same name and one of them is numbered.

    Args:
        headers: The cells of the header, left to right.
        width: How many columns the rows have.

    Returns:
        The names, and warnings in words where a name is not what the file says.
    """
    warnings: list[str] = []
    unnamed: list[int] = []
    repeated: list[str] = []
    names: list[str] = []
    taken = dict.fromkeys(RESERVED, 1)
    for position in range(1, width + 1):
        header = _SPACE.sub(" ", headers[position - 1]).strip() if position <= len(headers) else ""
        if len(header) > MAX_NAME:
            warnings.append(
                f"The header of column {position} is {len(header):,} characters long; "
                f"its first {MAX_NAME} are the column's name."
            )
            header = header[:MAX_NAME]
        if not header:
            unnamed.append(position)
            header = f"column_{position}"
        name = _free_name(header, taken)
        if name != header:
            repeated.append(f"column {position} became {name!r}")
        names.append(name)
    if unnamed:
        which = ", ".join(map(str, unnamed[:SHOWN])) + (", …" if len(unnamed) > SHOWN else "")
        warnings.append(
            f"{len(unnamed)} column{'s have' if len(unnamed) > 1 else ' has'} no header "
            f"(position {which}); named after the position, like 'column_{unnamed[0]}'."
        )
    if repeated:
        shown = "; ".join(repeated[:SHOWN]) + ("; …" if len(repeated) > SHOWN else "")
        warnings.append(f"Headers occur more than once or are reserved: {shown}.")
    return tuple(names), warnings


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

"""How a rejected row is known when it comes back: its id, and the desk's own columns."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CORRECTION_ID = "_correction_id"
DESK_COLUMNS = (CORRECTION_ID, "_reason", "_file", "_row")
UNPARSED_TEXT = "_text"
UNKNOWN_CORRECTION = "correction:not_recognised"
"""The reason of a row of a corrections file whose id no delivery ever gave."""


def correction_id(client_id: str, feed: str, file: str, row: int) -> str:
    """Return the id of one rejected row: the same for the same line of the same bytes, for ever.

    Args:
        client_id: The client.
        feed: The feed.
        file: The SHA-256 of the file, or its name where the hash is not known.
        row: The line, or sheet row, in the file.
    """
    key = "\n".join((client_id, feed, file, str(row)))
    return f"R-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def is_corrections(columns: Iterable[str]) -> bool:
    """Whether a file with these headers is a rejects file that came back."""
    return CORRECTION_ID in {column.strip().strip("\ufeff").casefold() for column in columns}


def rejects_name(feed: str, period: str | None = None) -> str:
    """What a feed's rejects file is called, without its suffix.

    A period is part of it, so that the file that comes back is known to be of that period.
    """
    return f"{feed}_rejects_{period}" if period else f"{feed}_rejects"


def corrections_name(feed: str, period: str | None = None) -> str:
    """What the receipt of a feed's corrections is called, without its suffix."""
    return f"{feed}_corrections_{period}" if period else f"{feed}_corrections"

"""Columns without a title: what a reader calls them, by their place in the file."""

from __future__ import annotations

import re

_UNTITLED = re.compile(r"column_\d+(_\d+)?")


def untitled(place: int) -> str:
    """The name of a column without a title.

    Args:
        place: Where it stands in its file, from 1.
    """
    return f"column_{place}"


def is_untitled(name: str) -> bool:
    """Whether a column is named after its place, as it is or told apart from another one."""
    return _UNTITLED.fullmatch(name) is not None

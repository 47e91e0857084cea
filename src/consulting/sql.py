"""Names and texts as SQL, so that whatever a client's file is called stays a name or a text."""

from __future__ import annotations


def quoted(name: str) -> str:
    """The identifier `name` as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"

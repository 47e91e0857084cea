"""Names and texts as SQL, so that whatever a client's file is called stays a name or a text."""

from __future__ import annotations

NUMBER_TYPES = (
    "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL",
)  # fmt: skip
"""How the names of DuckDB's types of numbers begin."""


def quoted(name: str) -> str:
    """The identifier `name` as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def unglobbed(path: str) -> str:
    """A path as functions take it that read `*`, `?` and `[` as patterns."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)

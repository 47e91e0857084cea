"""Texts that stand for "no value" in the files of clients, and what counts as white space."""

from __future__ import annotations

WHITESPACE = " \t\n\r\x0b\x0c\u00a0\u2007\u200b\u202f\u3000\ufeff"

NULL_TOKENS: frozenset[str] = frozenset(
    {
        "#n/a",
        "#na",
        "#null!",
        "#ref!",
        "#value!",
        "(blank)",
        "(null)",
        "-",
        "--",
        "---",
        ".",
        "?",
        "<na>",
        "<null>",
        "\\n",
        "empty",
        "k.a.",
        "missing",
        "n. a.",
        "n.a.",
        "n.a",
        "n/a",
        "na",
        "nan",
        "nil",
        "none",
        "not applicable",
        "not available",
        "null",
        "tba",
        "tbd",
        "unbekannt",
        "unknown",
    }
)


def is_null_like(value: str) -> bool:
    """Whether a text is blank or stands for "no value" ("N/A", "-", "unknown")."""
    core = value.strip(WHITESPACE).casefold()
    return not core or core in NULL_TOKENS

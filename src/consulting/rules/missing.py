"""Texts that stand for "no value" in the files of clients, and what counts as white space.

The profile, the masks and the cleaning rules all read these words, and no others.
"""

from __future__ import annotations

import re

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
KEPT = {"NA": r"[A-Z]{2}"}
"""Words that are values too, with the form of the values among which they may be: the country
Namibia is NA."""
WORDS_AMONG_CODES = ("n/a", "#n/a", "null", "-")
"""What means "no value" beside such codes."""

AS_TEXT = re.compile(r'="([^"]*)"', re.DOTALL)
"""How spreadsheets are told to keep a text as it is: ="00123"."""


def trim(text: str) -> str:
    """A text without white space at its ends, and out of a spreadsheet's ="…"."""
    bare = text.strip(WHITESPACE)
    if bare.startswith('="') and (match := AS_TEXT.fullmatch(bare)) is not None:
        return match[1].strip(WHITESPACE)
    return bare


def is_null_like(value: str) -> bool:
    """Whether a text is blank or stands for "no value" ("N/A", "-", "unknown")."""
    core = trim(value).casefold()
    return not core or core in NULL_TOKENS


GRAMMAR = {
    "null_words": sorted(NULL_TOKENS),
    "blanks": WHITESPACE,
    "as_text": f"^{AS_TEXT.pattern}$",
    "space_at_an_end": rf"^[{WHITESPACE}]|[{WHITESPACE}]$",
}

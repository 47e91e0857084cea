"""Regular expressions that people write, in an engine whose time is linear in the text (RE2).

They are searched in names and values that strangers chose. Python's own engine would try every way
there is to match, for longer than anybody waits, and hold up the whole process meanwhile. This is
the engine that DuckDB has, too, so a pattern means the same in `defs.yaml` and in a rule.
"""

from __future__ import annotations

import re

LONGEST = 500
"""Letters of a pattern: what a text costs grows with it."""

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|\((?!\?)", re.DOTALL)
_NAMED = re.compile(r"(?<!\\)\(\?P?<(\w+)>")
_OPEN_COUNT = re.compile(r"(?<!\\)\{,\d")


def mistake_in(pattern: str) -> str | None:
    """What is wrong with a pattern, to follow its name; None if it can be used."""
    if len(pattern) > LONGEST:
        return f"has {len(pattern):,} letters; at most {LONGEST} are read"
    from pyarrow import ArrowInvalid, array
    from pyarrow.compute import match_substring_regex

    try:
        match_substring_regex(array([""]), pattern=pattern)
    except ArrowInvalid as error:
        said = str(error).rpartition("Invalid regular expression: ")[2]
        return f"is not a regular expression: {said} (RE2 reads it: no look-arounds, no \\1)"
    if _OPEN_COUNT.search(pattern):
        return "has a count without a lower bound, which is read as text; write {0,n} for {,n}"
    return None


def groups_of(pattern: str) -> frozenset[str]:
    """The names of a pattern's groups."""
    return frozenset(_NAMED.findall(pattern))


def find_groups(pattern: str, text: str) -> dict[str, str] | None:
    """The named groups of a pattern's first match in a text; None where there is none.

    Args:
        pattern: One that `mistake_in` has nothing against.
        text: Whatever a stranger wrote.
    """
    from pyarrow import scalar
    from pyarrow.compute import extract_regex

    # groups without a name are not extracted, and are refused
    named = _TOKEN.sub(lambda token: "(?:" if token[0] == "(" else token[0], pattern)
    # a name of bytes that are no text has them as surrogates
    clean = text.encode("utf-8", "replace").decode()
    found: dict[str, str] | None = extract_regex(scalar(clean), pattern=named).as_py()
    return found

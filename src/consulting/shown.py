"""Names that others chose, where people read them: one function for each language they stand in.

A file's name may hold line breaks that forge a line of a log, escapes that a terminal obeys, marks
that turn the direction of writing, or Markdown that becomes a link or an image in Dagster's pages.
"""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, and needed to write Persian, Hindi and emoji."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKUP = re.compile(r"[\\`*\[\]<>|~&#!]|(?<![^\W_])_|_(?![^\W_])")
_LINK = re.compile(r"(?i)(?<=[a-z]):(?=//)|(?<=www)\.|(?<=mailto):|(?<=xmpp):")


def on_one_line(text: str) -> str:
    """Text for a log or a terminal: what can not be seen is written out, line breaks too."""
    return "".join(map(_seen, text))


def on_lines(text: str) -> str:
    """The same for a message of our own that has several lines."""
    return "\n".join(map(on_one_line, text.split("\n")))


def in_markdown(text: str) -> str:
    """Text that Markdown shows as it is: no part of it is formatting, HTML, a link or a cell."""
    escaped = _MARKUP.sub(lambda found: f"\\{found[0]}", on_one_line(text))
    return _LINK.sub(lambda found: f"&#{ord(found[0])};", escaped)


def as_markdown_block(text: str, language: str = "") -> str:
    """Lines as a block of code, which nothing in them ends."""
    shown = on_lines(text)
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def in_code(text: str) -> str:
    """Text within a line of Markdown as code, in a cell of a table, too."""
    shown = on_one_line(text).replace("|", "\\|")
    fence, pad = "`" * (_longest_run(shown) + 1), " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _seen(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN or character in _JOINERS:
        return character
    code = ord(character)
    if character in "\n\r\t":
        return repr(character)[1:-1]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte


def cut(text: str, length: int) -> str:
    """The beginning of a text; an ellipsis shows where it was cut."""
    return text if len(text) <= length else f"{text[:length]}…"

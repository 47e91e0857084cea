"""What may be said outside: escaping for Slack, and no personal data that a name may hold.

An alert leaves the house. It carries our own sentences, made of counts and names: never a value of
a client's row, and never the text of another's error.
"""

from __future__ import annotations

from consulting.privacy import without_personal

CAUSE_LENGTH = 400


def escape(text: str) -> str:
    """Text for Slack in which nothing is a mention, a link or a command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped(text: str, length: int) -> str:
    """Escaped text of at most `length` characters, never cut within an escape."""
    if len(text) > length:
        text = shortened(text, length)
    result = escape(text)
    while len(result) > length:
        text = shortened(text, len(text) - max(1, (len(result) - length) // 5))
        result = escape(text)
    return result


def as_code(name: str, length: int = 300) -> str:
    """A name in Slack's code style, in which no character is formatting."""
    plain = " ".join(name.replace("`", chr(0x2B9)).split())  # a line break would end the style
    return f"`{escaped(plain, length)}`" if plain else "`-`"


def cause_in_one_line(cause: str) -> str:
    """Why something failed, in our own words, as one line that may leave the house."""
    return shortened(without_personal(" ".join(cause.split())), CAUSE_LENGTH)


def shortened(text: str, length: int) -> str:
    """Text of at most `length` characters; an ellipsis shows where it was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"

"""Texts as they are compared: without case, accents and the digits of other scripts."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """A text in small letters, without accents.

    Args:
        text: Any text; `"MÜLLER"` gives `"muller"`.
    """
    if text.isascii():
        return text.casefold()
    parted = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parted if not unicodedata.combining(c)).casefold().replace("ß", "ss")


def western(text: str) -> str:
    """A text with full-width letters and the digits of every script as ASCII, of equal length.

    Args:
        text: Any text; `"٠١٢"` gives `"012"`.
    """
    if text.isascii():
        return text
    return "".join(_western(c) for c in text)


def _western(character: str) -> str:
    if character.isascii():
        return character
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    narrow = unicodedata.normalize("NFKC", character)
    return narrow if len(narrow) == 1 and narrow.isascii() else character

"""The shape of a text: which kinds of characters stand where, and nothing of what they say."""

from __future__ import annotations


def shape(value: str) -> str:
    """A value with each letter as `A` or `a` and each digit as `9`; the rest stays.

    Args:
        value: Any text. `"Jane.Doe@acme.com"` gives `"Aaaa.Aaa@aaaa.aaa"`.
    """
    return "".join(
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in value
    )

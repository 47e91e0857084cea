"""Counts that agree with their words, wherever people read them."""

from __future__ import annotations

import re

_CHOICE = re.compile(r"\[([^|\[\]]*)\|([^|\[\]]*)\]")


def counted(count: int, word: str, many: str | None = None) -> str:
    """A count with its word: 1 row, 1,204 rows; `many` where that is not the word and an s."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"


def inflected(template: str, count: int) -> str:
    """A sentence with its count: `"{n} [row has|rows have] a value"` for one or for many."""
    chosen = _CHOICE.sub(lambda m: m.group(1 if count == 1 else 2), template)
    return chosen.replace("{n}", f"{count:,}")

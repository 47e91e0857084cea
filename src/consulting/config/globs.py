"""Whether one feed's glob leaves another's any file."""

from __future__ import annotations

import fnmatch

_FILLINGS = ("", "\u03c90")
"""What a star may stand for; letters that nobody's glob names, so that only a star fits them."""


def covers(earlier: str, later: str) -> bool:
    """Whether every file that `later` fits is taken by `earlier`, as far as examples tell.

    A glob with a slash is held against the whole path, another against the name.

    Args:
        earlier: The glob that is asked first.
        later: The glob that gets what is left.
    """
    fillings = (*_FILLINGS, "\u03c9/\u03c90") if "/" in later else _FILLINGS
    examples = [later.replace("*", filling).replace("?", "\u03c9") for filling in fillings]
    if "[" in later:
        return earlier.casefold() == later.casefold()
    return all(
        fnmatch.fnmatchcase(
            (example if "/" in earlier else example.rpartition("/")[2]).casefold(),
            earlier.casefold(),
        )
        for example in examples
    )

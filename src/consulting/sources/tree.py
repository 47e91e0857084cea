"""Folders below folders, listed page by page in the order of whole keys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from consulting.errors import StoreUnavailableError
from consulting.sources.store import ListingPage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from consulting.sources.store import Listed

DEEPEST = 100
"""No client's folders are deeper; a server, or a link that is none, may show some without end."""

PAGE_SECONDS = 10.0
"""A page that took so long to read ends, so that whoever asks for it can do something else."""

# A file name is bytes; those that are not UTF-8 arrive as lone surrogates, which no database
# stores. They are kept as private-use characters in the key.
_SURROGATES = {code: code - 0xDC80 + 0xF780 for code in range(0xDC80, 0xDD00)}
_BYTES = {private: surrogate for surrogate, private in _SURROGATES.items()}


class Entry(NamedTuple):
    """What stands in a folder.

    Attributes:
        name: Its name as in a key.
        listed: Gives the file of a key, or None if it is gone; None of a folder.
    """

    name: str
    listed: Callable[[str], Listed | None] | None


class Tree:
    """A tree of folders, each of which is read once per pass.

    Args:
        client_id: For messages.
        place: The tree in words, for messages.
        read: Gives what stands in the folder of a prefix ("" or "a/b/"), in any order: its files
            and its folders, and nothing of what is not to be seen.
    """

    def __init__(self, client_id: str, place: str, read: Callable[[str], Iterable[Entry]]) -> None:
        self._client_id = client_id
        self._place = place
        self._read = read
        # the walk that the last page came from, and where it stands
        self._walk: tuple[str, Iterator[Listed]] | None = None

    def page(self, after: str | None, limit: int) -> ListingPage:
        """At most `limit` files whose key is greater than `after`, in key order.

        They are fewer where reading the folders takes long.

        Raises:
            StoreError: If folders lie too deep in one another, or what `read` raises.
        """
        walk, self._walk = self._walk, None
        if walk is None or after is None or walk[0] != after:
            files = self._files("", after or "")
        else:
            files = walk[1]
        items: list[Listed] = []
        until = time.monotonic() + PAGE_SECONDS
        for file in files:
            items.append(file)
            if len(items) == limit or time.monotonic() >= until:
                self._walk = (file.key, files)
                return ListingPage(items, file.key)
        return ListingPage(items, None)

    def _files(self, prefix: str, after: str) -> Iterator[Listed]:
        """Whole keys come in order because a folder sorts as `name/`."""
        if prefix.count("/") > DEEPEST:
            raise StoreUnavailableError(
                self._client_id,
                self._place,
                f"its folders lie more than {DEEPEST} deep in one another.",
                "Have the files moved further up.",
            )
        entries = [(e.name if e.listed else e.name + "/", e.listed) for e in self._read(prefix)]
        entries.sort(key=lambda pair: pair[0])
        for name, listed in entries:
            key = prefix + name
            if listed is None:
                if key > after or after.startswith(key):
                    yield from self._files(key, after)
            elif key > after and (file := listed(key)) is not None:
                yield file


def key_of(name: str) -> str:
    """A name, with what is not UTF-8 as lone surrogates, so that any database can store it."""
    return name if name.isascii() else name.translate(_SURROGATES)


def path_of(key: str) -> str:
    """The name that a key was made of."""
    return key if key.isascii() else key.translate(_BYTES)

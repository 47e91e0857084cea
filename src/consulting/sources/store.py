"""What intake needs of a place where clients put files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.sealed import SealedFile


class Listed(NamedTuple):
    """One version of one file, as the store shows it (a tuple: a pass makes 100,000 of them).

    Attributes:
        key: Its path below the folder or prefix, with `/` between the parts.
        size_bytes: Its size.
        signature: Changes whenever the bytes may have changed.
        file_id: Stays the same when a file is renamed, if the store can tell.
    """

    key: str
    size_bytes: int
    signature: str
    file_id: str | None = None


class ListingPage(NamedTuple):
    """A part of a listing, in the order of the keys' code points as far as the store keeps it.

    Attributes:
        items: Files after the key that was asked for.
        next: Where the next page starts (exclusive); None if this was the last page.
    """

    items: Sequence[Listed]
    next: str | None


class Store(Protocol):
    """A place where a client puts files. Another kind of store is one more such class.

    Attributes:
        atomic: Files appear whole, so that no stability window is needed.
        page_size: How many keys to ask for at once.
    """

    atomic: bool
    page_size: int

    def describe(self) -> str:
        """The store in words, without secrets ("s3://uploads/acme/")."""
        ...

    def list_page(self, after: str | None, limit: int) -> ListingPage:
        """Lists at most `limit` files whose key is greater than `after`, in key order.

        Raises:
            StoreError: If the store does not answer as it should.
        """
        ...

    def exists(self, key: str) -> bool:
        """Whether there is a file of this key, whatever its version."""
        ...

    def fetch(self, listed: Listed, target: Path | SealedFile) -> str:
        """Copies exactly the version that was listed; the target appears whole, and durable.

        Returns:
            The sha256 of the bytes, as lowercase hexadecimal.

        Raises:
            DropChangedError: If the file is another version by now.
            DropGoneError: If the file is no longer there.
            StoreError: If the store does not answer as it should.
        """
        ...

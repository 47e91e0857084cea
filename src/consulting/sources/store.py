"""What intake needs of a place where clients put files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from consulting.raised import WrongAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from consulting.plugins import Answer
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


@runtime_checkable
class Store(Protocol):
    """A place where a client puts files. Another kind of store is one more such class.

    One that learns from its server which place it is, by whatever name, has a `true_place` too.

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
            DropRefusedError: If the place shows the file and does not give it.
            StoreError: If the store does not answer as it should.
        """
        ...


_SHA256 = re.compile(r"[0-9a-f]{64}")


def _is_page(_plugin: type, found: Any) -> ListingPage:
    if not (isinstance(found, ListingPage) and isinstance(found.next, str | None)):
        raise WrongAnswerError(found)
    for key, size, signature, file_id in found.items:
        told = (key, signature, file_id or "")
        if not (isinstance(size, int) and all(isinstance(text, str) for text in told)):
            raise WrongAnswerError((key, size, signature, file_id))
    return found


def _is_hash(_plugin: type, found: Any) -> str:
    if not (isinstance(found, str) and _SHA256.fullmatch(found)):
        raise WrongAnswerError(found)
    return found


STORE_ANSWERS: Mapping[str, Answer] = {
    "describe": str,
    "true_place": tuple,
    "list_page": _is_page,
    "exists": bool,
    "fetch": _is_hash,
}
"""What a store must answer."""

"""Which code location a client belongs to, where a project is split over several of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """One of the code locations that the clients are split over.

    A client's place depends on its id and the count alone. With one location more, those that move
    are the ones that move there.

    Attributes:
        number: Which of them, from 1.
        of: How many there are.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ValueError(f"there is no shard {self.number} of {self.of}")

    def has(self, client_id: str) -> bool:
        """Whether a client's definitions are here."""
        return shard_of(client_id, self.of) == self.number


def shard_of(client_id: str, count: int) -> int:
    """The number of a client's shard: the highest bidder gets it (rendezvous hashing)."""

    def bid(number: int) -> bytes:
        return hashlib.blake2b(f"{number}/{client_id}".encode(), digest_size=8).digest()

    return max(range(1, count + 1), key=bid)

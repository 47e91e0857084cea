"""What intake needs of a queue that tells where files arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.sources.places import Place


class Message(NamedTuple):
    """One message of a queue.

    Attributes:
        places: Where something changed; None if it can not be read.
        receipt: What it is removed by.
    """

    places: Sequence[Place] | None
    receipt: str


@runtime_checkable
class Queue(Protocol):
    """A queue of notifications, which may come late, twice, in another order or not at all.

    Queues that are equal are read once for all clients.
    """

    @property
    def url(self) -> str:
        """Its address, which holds no secret."""

    def receive(self) -> Sequence[Message]:
        """Some of its messages, which it keeps until they are removed; none if it is empty.

        Raises:
            QueueError: If it does not answer as it should.
            ConfigurationError: If a credential is not there.
        """

    def remove(self, messages: Sequence[Message]) -> None:
        """Removes messages that were received; raises as `receive`."""

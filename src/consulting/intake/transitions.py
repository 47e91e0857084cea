"""What can happen to a drop: from which states, and where it leads. No other change is written."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from consulting.intake.records import State

if TYPE_CHECKING:
    from collections.abc import Mapping


class Change(StrEnum):
    """What happens to a drop, as its history calls it."""

    SEEN = "seen"
    READY = "ready"
    SUPERSEDED = "superseded"
    VANISHED = "vanished"
    HIDDEN = "hidden"
    RETURNED = "returned"
    CLAIMED = "claimed"
    MOVED = "moved"
    QUARANTINED = "quarantined"
    DELIVERED = "delivered"
    RELEASED = "released"
    REPROCESSED = "reprocessed"
    DISCARDED = "discarded"


class Transition(NamedTuple):
    """Where a change may begin and where it ends.

    Attributes:
        before: The states from which it leads; none where it makes a new drop.
        after: The state it leads to.
        when: When it happens, in words.
    """

    before: frozenset[State]
    after: State
    when: str


def _of(*before: State, to: State, when: str) -> Transition:
    return Transition(frozenset(before), to, when)


TRANSITIONS: Mapping[Change, Transition] = {
    Change.SEEN: _of(to=State.SEEN, when="a look finds a new name, or new bytes under a known one"),
    Change.READY: _of(
        State.SEEN,
        State.QUARANTINED,
        to=State.READY,
        when="it has settled, its marker is there, and a feed takes its name, perhaps one that "
        "was added since",
    ),
    Change.SUPERSEDED: _of(
        State.SEEN,
        State.READY,
        State.CLAIMED,
        State.QUARANTINED,
        to=State.SUPERSEDED,
        when="newer bytes came under its name",
    ),
    Change.VANISHED: _of(
        State.SEEN,
        State.READY,
        State.CLAIMED,
        to=State.VANISHED,
        when="it is gone from the source before anybody read it",
    ),
    Change.HIDDEN: _of(
        State.SEEN,
        State.READY,
        State.QUARANTINED,
        State.SUPERSEDED,
        State.VANISHED,
        to=State.VANISHED,
        when="one of `temp_patterns` covers its name by now",
    ),
    Change.RETURNED: _of(
        State.VANISHED,
        State.SUPERSEDED,
        to=State.SEEN,
        when="the same bytes are the newest under its name again",
    ),
    Change.CLAIMED: _of(
        State.READY,
        State.CLAIMED,
        to=State.CLAIMED,
        when="a batch takes it, or a half of the batch that held it",
    ),
    Change.MOVED: _of(
        State.CLAIMED,
        State.READY,
        to=State.READY,
        when="its content belongs to another period than its batch",
    ),
    Change.QUARANTINED: _of(
        State.SEEN,
        State.READY,
        State.CLAIMED,
        to=State.QUARANTINED,
        when="no feed takes its name, it can not be read, or runs with it alone fail",
    ),
    Change.DELIVERED: _of(
        State.CLAIMED, to=State.DELIVERED, when="the delivery of its batch is made"
    ),
    Change.RELEASED: _of(State.QUARANTINED, to=State.READY, when="`consulting release`"),
    Change.REPROCESSED: _of(
        State.DELIVERED,
        State.SUPERSEDED,
        State.VANISHED,
        State.DISCARDED,
        to=State.READY,
        when="`consulting reprocess`",
    ),
    Change.DISCARDED: _of(
        State.QUARANTINED,
        State.CLAIMED,
        to=State.DISCARDED,
        when="`consulting discard`; while a batch holds it, that waits to be tried again",
    ),
}

"""The ways an alert leaves the house, and the ways that can fail."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, runtime_checkable

from consulting.alerting.message import Message
from consulting.errors import AlertError, ConsultingError
from consulting.plugins import blamed
from consulting.raised import kind_of, place_of
from consulting.records import Record, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class Posted(Record):
    """Where a message is: the channel's id and the message's own name in it."""

    channel_id: str
    ts: str


class Envelope(Record):
    """A message on its way.

    Attributes:
        channel: As configured: an id or a name.
        channel_id: The id, once it is known.
        message: What is sent.
        marker: Names this message for ever; a sender can find it by that.
        thread_ts: The message it replies to.
        broadcast: Whether a reply is shown in the channel, too.
        tried_at: When it was first tried.
    """

    channel: str
    channel_id: str | None = None
    message: Message
    marker: str
    thread_ts: str | None = None
    broadcast: bool = False
    tried_at: datetime | None = None


class OutboxEntry(Record):
    """One message of the outbox, for the page that shows it.

    Attributes:
        message: As it stands now.
        channel: Where it goes or went.
        state: "waiting", "sent" or "failing".
        at: When it was written.
        severity: The worst of the incidents it tells that are still open; None if all are over.
        replies: Messages in its thread.
        error: Why it could not be sent yet.
    """

    message: Message
    channel: str
    state: Literal["waiting", "sent", "failing"]
    at: datetime
    severity: Severity | None = None
    replies: tuple[Message, ...] = ()
    error: str | None = None


@runtime_checkable
class Sender(Protocol):
    """Takes messages out of the outbox."""

    name: str

    def post(self, envelope: Envelope) -> Posted:
        """Send a new message, or a reply where `thread_ts` is set.

        Raises:
            RateLimitedError: Not accepted; later.
            UnsureError: It may or may not have been accepted.
            RefusedError: Not accepted, and not later either.
        """

    def update(self, envelope: Envelope, posted: Posted) -> None:
        """Replace the content of a message; raises as `post` does."""

    def find(self, envelope: Envelope) -> Posted | None:
        """Look for a message that may have been accepted; None if it was not.

        Raises:
            LookupImpossibleError: If that can't be told.
        """

    def finish(self, outbox: Sequence[OutboxEntry]) -> None:
        """Called after each dispatch that sent something, with the newest of the outbox."""


class Senders:
    """Who sends to which channel.

    Args:
        own: The project's own way; it takes what has no sender of its own.
        others: Gives the sender of a channel that has one.
    """

    def __init__(self, own: Sender, others: Callable[[str], Sender | None] | None) -> None:
        self._own = own
        self._others = others or (lambda _: None)
        self._made: dict[str, Sender] = {}

    def of(self, channel: str) -> Sender:
        """The sender of a channel, made once; it raises what a sender may, and nothing else."""
        if channel not in self._made:
            other = self._others(channel)
            self._made[channel] = Guarded(other or self._own, is_own=other is None)
        return self._made[channel]


class Guarded:
    """A sender that fails in the ways that `Sender` names, whatever it raises.

    Args:
        sender: Who sends.
        is_own: Whether it is the project's own way, for which no other stands in.
    """

    def __init__(self, sender: Sender, *, is_own: bool) -> None:
        self.name = sender.name
        self._sender = sender
        self._broken = UnsureError if is_own else partial(RefusedError, scope="channel")

    def post(self, envelope: Envelope) -> Posted:
        """As the sender; one that fails otherwise takes no message any more."""
        return _asked(self._broken, self._sender.post, envelope)

    def update(self, envelope: Envelope, posted: Posted) -> None:
        """As the sender; where it fails otherwise, it is asked again."""
        _asked(UnsureError, self._sender.update, envelope, posted)

    def find(self, envelope: Envelope) -> Posted | None:
        """As the sender; where it fails otherwise, nothing can be told."""
        return _asked(LookupImpossibleError, self._sender.find, envelope)

    def finish(self, outbox: Sequence[OutboxEntry]) -> None:
        """As the sender."""
        self._sender.finish(outbox)


def _asked(broken: Callable[[str], AlertError], call: Callable[..., T], *args: Any) -> T:
    try:
        return call(*args)
    except (RateLimitedError, UnsureError, RefusedError, LookupImpossibleError):
        raise
    except Exception as error:  # noqa: BLE001 - it goes on, in our words
        told = in_words(error)
    raise broken(told)


def in_words(error: Exception) -> str:
    """What failed at sending, without the text of others: it may hold an address or a token."""
    if isinstance(error, ConsultingError):
        return str(error)
    where = f"in the {plugin}" if (plugin := blamed(error)) else "where none was foreseen"
    return (
        f"{kind_of(error)} {where}, at {place_of(error)}. Report it to those who maintain it, or "
        "take the channel out of `alerts.channels`"
    )


class Unreachable:
    """Stands in for the sender of a channel that can't be used: refuses, with the reason.

    Args:
        name: The kind of channel.
        reason: Why it can't be used, and what to do.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def post(self, envelope: Envelope) -> Posted:
        """Refuse; the default channel tells it."""
        raise RefusedError(f"{envelope.channel}: {self._reason}", "channel")

    def update(self, envelope: Envelope, posted: Posted) -> None:  # noqa: ARG002 - as `Sender` has it
        """Refuse."""
        raise RefusedError(f"{envelope.channel}: {self._reason}", "channel")

    def find(self, envelope: Envelope) -> Posted | None:
        """Nothing can be looked up."""
        raise LookupImpossibleError(f"{envelope.channel}: {self._reason}")

    def finish(self, outbox: Sequence[OutboxEntry]) -> None:
        """Nothing was sent."""


class RateLimitedError(AlertError):
    """The receiver asks to wait `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"Asked to wait {retry_after:g} s (rate limit).")


class UnsureError(AlertError):
    """No answer, or an answer that does not say whether the message was accepted."""


class LookupImpossibleError(AlertError):
    """Whether a message was accepted can't be looked up; the message names what is missing."""


class RefusedError(AlertError):
    """The receiver will not take this, now or later.

    Args:
        reason: Its word for why ("channel_not_found").
        scope: What has to change first: the "channel", the "message", or "everything" (a token).
    """

    def __init__(self, reason: str, scope: Literal["channel", "message", "everything"]) -> None:
        self.reason = reason
        self.scope = scope
        super().__init__(f"Refused: {reason}.")

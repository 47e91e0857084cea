"""How alerts leave the house: each kind of channel is one file here, or in a package of others.

A channel is a subclass of `Channel`, found by the entry point group `consulting.channels`; ours are
registered in the same way. Its fields are what `alerts.channels` in `defs.yaml` may say, and it
opens the `Sender` that takes messages out of the outbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from consulting.alerting.senders import Sender, Unreachable, in_words
from consulting.channels.channel import Channel, Means
from consulting.plugins import plugins

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Channel", "Means", "all_channels", "sender_of"]


def all_channels() -> Mapping[str, type[Channel]]:
    """Every kind of channel by its `type`; raises as `plugins` does."""
    return plugins("consulting.channels")


def sender_of(written: str, means: Means) -> Sender | None:
    """The sender of a channel as the outbox calls it; None if the project's own way takes it.

    Args:
        written: As `Channel.written` gives it.
        means: Of the project.

    A channel that can't be used does not stop the others: its sender refuses, with the reason.
    """
    kind, _, address = written.partition(":")
    if kind not in all_channels():
        return None
    try:
        return all_channels()[kind].at(address).open(means)
    except ValidationError:
        return Unreachable(kind, f"{written} is no address")
    except Exception as error:  # noqa: BLE001 - it is told, and the others go on
        return Unreachable(kind, in_words(error))

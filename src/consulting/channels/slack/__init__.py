"""A channel, a person or a group in Slack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field

from consulting.channels.channel import Channel
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from consulting.alerting import Sender
    from consulting.channels.channel import Means


def _is_one(channel: str) -> str:
    if not re.fullmatch(r"[#C@]\S+", channel):
        raise ValueError(
            f"{channel!r} is not a channel. Write its name with a #, its id or a person: "
            "'#acme-alerts', 'C0123456789' or '@ada'."
        )
    return channel


SlackName = Annotated[str, AfterValidator(_is_one)]
"""A channel's name or id, or a person, as `defs.yaml` writes it."""


class SlackChannel(Channel):
    """Alerts go to a channel in Slack."""

    type: Literal["slack"] = Field(description="Alerts go to Slack.")
    channel: SlackName = Field(
        description="Its name with a #, or its id.", examples=["#acme-alerts"]
    )

    @property
    def address(self) -> str:
        """The channel."""
        return self.channel

    @classmethod
    def at(cls, address: str) -> Self:
        """The channel of that name."""
        return cls(type="slack", channel=address)

    def open(self, means: Means) -> Sender:
        """Talk to the project's workspace.

        Raises:
            ConfigurationError: If there is no token.
        """
        if means.slack is None:
            raise ConfigurationError("SLACK_BOT_TOKEN is not set where Dagster runs")
        from consulting.channels.slack.sender import SlackSender

        return SlackSender(means.slack())

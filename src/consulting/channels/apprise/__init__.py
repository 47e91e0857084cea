"""Teams, webhooks and whatever else apprise knows; the address is a secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field

from consulting.channels.channel import Channel
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consulting.alerting import Sender
    from consulting.channels.channel import Means

_Variable = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]


class AppriseChannel(Channel):
    """Alerts go to an address that the package apprise knows."""

    type: Literal["apprise"] = Field(description="Alerts go to an address that apprise knows.")
    address_variable: _Variable = Field(
        description=(
            "The environment variable that holds the address, as apprise writes it: "
            "json://…, ntfy://…, msteams://…."
        ),
        examples=["ACME_ALERTS_ADDRESS"],
    )

    @property
    def address(self) -> str:
        """The variable's name."""
        return self.address_variable

    @classmethod
    def at(cls, address: str) -> Self:
        """The channel whose address a variable holds."""
        return cls.model_validate({"type": "apprise", "address_variable": address})

    def variables(self) -> Mapping[str, str]:
        """The one of the address."""
        return {self.address_variable: "alerts.channels.address_variable"}

    def open(self, means: Means) -> Sender:
        """Read the address.

        Raises:
            ConfigurationError: If it is not set, apprise is not installed or can't use it.
        """
        return opened(_held(self.address_variable), means)


class TeamsChannel(Channel):
    """Alerts go to a channel in Microsoft Teams."""

    type: Literal["teams"] = Field(description="Alerts go to Microsoft Teams.")
    webhook_variable: _Variable = Field(
        description=(
            "The environment variable that holds the web address which the workflow *Post to a "
            "channel when a webhook request is received* was given."
        ),
        examples=["ACME_TEAMS_WEBHOOK"],
    )

    @property
    def address(self) -> str:
        """The variable's name."""
        return self.webhook_variable

    @classmethod
    def at(cls, address: str) -> Self:
        """The channel whose webhook a variable holds."""
        return cls.model_validate({"type": "teams", "webhook_variable": address})

    def variables(self) -> Mapping[str, str]:
        """The one of the webhook."""
        return {self.webhook_variable: "alerts.channels.webhook_variable"}

    def open(self, means: Means) -> Sender:
        """Read the webhook's address; raises as `AppriseChannel.open` does."""
        return opened(_held(self.webhook_variable), means)


def opened(addresses: Mapping[str, str], means: Means) -> Sender:
    """A sender to addresses as apprise writes them, by what they are called.

    Raises:
        ConfigurationError: If apprise is not installed, or can't use one of them.
    """
    from consulting.channels.apprise.sender import AppriseSender

    return AppriseSender(addresses, means.ledger_url)


def _held(variable: str) -> dict[str, str]:
    """The address that a variable holds, by the variable's name."""
    address = os.environ.get(variable)
    if not address:
        raise ConfigurationError(f"{variable} is not set where Dagster runs")
    return {variable: address}

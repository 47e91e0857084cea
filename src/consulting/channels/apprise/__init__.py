"""Teams, webhooks and whatever else apprise knows; the address is a secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, get_args

from pydantic import Field

from consulting.channels.channel import Channel
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consulting.alerting import Sender
    from consulting.channels.channel import Means

_Variable = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]


class _BySecret(Channel):
    """A way whose address is a secret, which an environment variable holds."""

    variable_field: ClassVar[str]

    @property
    def address(self) -> str:
        """The variable's name."""
        return str(getattr(self, self.variable_field))

    @classmethod
    def at(cls, address: str) -> Self:
        """The channel whose address a variable holds."""
        (kind,) = get_args(cls.model_fields["type"].annotation)
        return cls.model_validate({"type": kind, cls.variable_field: address})

    def variables(self) -> Mapping[str, str]:
        """The one of the address."""
        return {self.address: f"alerts.channels.{self.variable_field}"}

    def open(self, means: Means) -> Sender:
        """Read the address.

        Raises:
            ConfigurationError: If it is not set, apprise is not installed or can't use it.
        """
        address = os.environ.get(self.address)
        if not address:
            raise ConfigurationError(f"{self.address} is not set where Dagster runs")
        return opened({self.address: address}, means)


class AppriseChannel(_BySecret):
    """Alerts go to an address that the package apprise knows."""

    variable_field: ClassVar = "address_variable"

    type: Literal["apprise"] = Field(description="Alerts go to an address that apprise knows.")
    address_variable: _Variable = Field(
        description=(
            "The environment variable that holds the address, as apprise writes it: "
            "json://…, ntfy://…, msteams://…."
        ),
        examples=["ACME_ALERTS_ADDRESS"],
    )


class TeamsChannel(_BySecret):
    """Alerts go to a channel in Microsoft Teams."""

    variable_field: ClassVar = "webhook_variable"

    type: Literal["teams"] = Field(description="Alerts go to Microsoft Teams.")
    webhook_variable: _Variable = Field(
        description=(
            "The environment variable that holds the web address which the workflow *Post to a "
            "channel when a webhook request is received* was given."
        ),
        examples=["ACME_TEAMS_WEBHOOK"],
    )


def opened(addresses: Mapping[str, str], means: Means) -> Sender:
    """A sender to addresses as apprise writes them, by what they are called.

    Raises:
        ConfigurationError: If apprise is not installed, or can't use one of them.
    """
    from consulting.channels.apprise.sender import AppriseSender

    return AppriseSender(addresses, means.ledger_url)

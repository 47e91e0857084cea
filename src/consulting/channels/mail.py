"""Mail, by the project's own server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import quote

from pydantic import Field

from consulting.channels.apprise import opened
from consulting.channels.channel import Channel
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from consulting.alerting import Sender
    from consulting.channels.channel import Means

SERVER_VARIABLE = "CONSULTING_MAIL_URL"
"""The server and the login: "mailtos://user:password@smtp.example.com?from=alerts@example.com"."""
_Address = Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+$")]


class MailChannel(Channel):
    """Alerts go by mail."""

    type: Literal["mail"] = Field(
        description=f"Alerts go by mail, through the server in `{SERVER_VARIABLE}`."
    )
    to: tuple[_Address, ...] = Field(
        min_length=1, description="Who gets them.", examples=[["ops@acme.example"]]
    )

    @property
    def address(self) -> str:
        """Who gets them."""
        return ",".join(self.to)

    @classmethod
    def at(cls, address: str) -> Self:
        """The mail to these people."""
        return cls(type="mail", to=tuple(address.split(",")))

    def open(self, means: Means) -> Sender:
        """Write to each of them through the project's server.

        Raises:
            ConfigurationError: If no server is named, apprise is not installed or can't use it.
        """
        server = os.environ.get(SERVER_VARIABLE)
        if not server:
            raise ConfigurationError(f"{SERVER_VARIABLE} is not set where Dagster runs")
        more = "&" if "?" in server else "?"
        letters = {
            f"{to} by {SERVER_VARIABLE}": f"{server}{more}to={quote(to, safe='@')}"
            for to in self.to
        }
        return opened(letters, means)

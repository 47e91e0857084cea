"""Where alerts are kept and how they leave: the desk on the ledger, and Slack or a page."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from consulting.layout import data_root, ledger_url

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from consulting.alerting import AlertDesk, Sender
    from consulting.channels.apprise.sender import AppriseSender
    from consulting.channels.slack.sender import SlackSender

TOKEN_VARIABLE = "SLACK_BOT_TOKEN"  # noqa: S105 - the variable's name, not the token
ADDRESSES_VARIABLE = "CONSULTING_ALERT_URLS"
"""Addresses as apprise writes them, parted by spaces or line breaks."""
SLACK_URL = "https://slack.com/api/"
KEEP_DAYS = 400
WEB_VARIABLE = "CONSULTING_WEB_URL"


class AlertsResource(dg.ConfigurableResource[None]):
    """Opens the alert desk and the way alerts leave by.

    The token comes from `SLACK_BOT_TOKEN` when it is needed, so that it never enters run config.
    """

    slack_base_url: str = Field(default=SLACK_URL, description="The address of Slack's Web API.")

    keep_days: int = Field(
        default=KEEP_DAYS,
        ge=1,
        description="For how many days what is over stays in the alerts' tables.",
    )

    def desk(self) -> AlertDesk:
        """The desk of all clients, in the ledger's database."""
        data_root().mkdir(parents=True, exist_ok=True)
        return _desk(ledger_url(), self.keep_days)

    def sender(self) -> Sender:
        """Slack where there is a token; else the given addresses; else `alerts.html`.

        Raises:
            ConfigurationError: If an address can't be used, or apprise is not installed.
        """
        token = os.environ.get(TOKEN_VARIABLE)
        if token:
            return _slack(token, self.slack_base_url)
        addresses = os.environ.get(ADDRESSES_VARIABLE, "").split()
        if addresses:
            return _apprise(tuple(addresses), ledger_url())
        from consulting.channels.page import PageSender

        return PageSender(data_root())

    def sender_of(self, channel: str) -> Sender | None:
        """The sender of a channel that has one of its own; see `consulting.channels.sender_of`."""
        from consulting.channels import Means, sender_of

        token = os.environ.get(TOKEN_VARIABLE)
        slack = partial(_slack_client, token, self.slack_base_url) if token else None
        return sender_of(channel, Means(ledger_url(), slack))


def run_link(run_id: str) -> str | None:
    """The run's page, where `CONSULTING_WEB_URL` says where Dagster's UI is."""
    base = os.environ.get(WEB_VARIABLE)
    return f"{base.rstrip('/')}/runs/{run_id}" if base else None


@lru_cache(maxsize=8)
def _desk(url: str, keep_days: int) -> AlertDesk:
    from consulting.alerting import AlertDesk

    return AlertDesk(url, keep=timedelta(days=keep_days))


@lru_cache(maxsize=8)
def _slack(token: str, base_url: str) -> SlackSender:
    """One sender per process, for it remembers the channels' ids."""
    from consulting.channels.slack.sender import SlackSender

    return SlackSender(_slack_client(token, base_url))


def _slack_client(token: str, base_url: str) -> WebClient:
    from dagster_slack import SlackResource

    client = SlackResource(token=token).get_client()
    client.base_url = base_url
    return client


@lru_cache(maxsize=8)
def _apprise(addresses: tuple[str, ...], url: str) -> AppriseSender:
    from consulting.channels.apprise.sender import AppriseSender

    named = {
        f"address {number} of {len(addresses)} in {ADDRESSES_VARIABLE}": address
        for number, address in enumerate(addresses, start=1)
    }
    return AppriseSender(named, url)

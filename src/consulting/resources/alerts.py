"""Where alerts are kept and how they leave: the desk on the ledger, and Slack or a page."""

from __future__ import annotations

import os
from functools import lru_cache

import dagster as dg
from dagster_slack import SlackResource
from pydantic import Field
from slack_sdk import WebClient

from consulting.alerting import AlertDesk, PageSender, Sender, SlackSender
from consulting.layout import data_root, ledger_url

TOKEN_VARIABLE = "SLACK_BOT_TOKEN"  # noqa: S105 - the variable's name, not the token
WEB_VARIABLE = "CONSULTING_WEB_URL"


class SlackAtResource(SlackResource):
    """dagster-slack's resource, which knows no address but Slack's own."""

    base_url: str = Field(default=WebClient.BASE_URL, description="The address of Slack's Web API.")

    def get_client(self) -> WebClient:
        """A client of `slack_sdk` for that address."""
        return WebClient(self.token, base_url=self.base_url)


class AlertsResource(dg.ConfigurableResource[None]):
    """Opens the alert desk and the way alerts leave by.

    The token comes from `SLACK_BOT_TOKEN` when it is needed, so that it never enters run config.
    """

    slack_base_url: str = Field(
        default=WebClient.BASE_URL, description="The address of Slack's Web API."
    )

    def desk(self) -> AlertDesk:
        """The desk of all clients, in the ledger's database."""
        data_root().mkdir(parents=True, exist_ok=True)
        return _desk(ledger_url())

    def sender(self) -> Sender:
        """Slack where there is a token; else `alerts.html` in the data root."""
        token = os.environ.get(TOKEN_VARIABLE)
        if not token:
            return PageSender(data_root())
        return _slack(token, self.slack_base_url)


def run_link(run_id: str) -> str | None:
    """The run's page, where `CONSULTING_WEB_URL` says where Dagster's UI is."""
    base = os.environ.get(WEB_VARIABLE)
    return f"{base.rstrip('/')}/runs/{run_id}" if base else None


@lru_cache(maxsize=8)
def _desk(url: str) -> AlertDesk:
    return AlertDesk(url)


@lru_cache(maxsize=8)
def _slack(token: str, base_url: str) -> SlackSender:
    """One sender per process, for it remembers the channels' ids."""
    return SlackSender(SlackAtResource(token=token, base_url=base_url).get_client())

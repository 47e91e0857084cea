"""`ConsultancyComponent`: what all clients share, from one `defs.yaml`."""

from __future__ import annotations

from typing import Annotated

import dagster as dg

from consulting.components.clients import Clients, ClientsComponent
from consulting.components.consultancy import notifications, watching
from consulting.components.consultancy.on_time import build_on_time_checks
from consulting.errors import ConfigurationError
from consulting.project import Project
from consulting.resources.alerts import KEEP_DAYS, SLACK_URL, AlertsResource
from consulting.resources.consultancy import ConsultancyResource


class ConsultancyComponent(dg.Component, dg.Model, dg.Resolvable):
    """What all clients share: alerts, the portfolio page, SLA checks, and the runs' resources."""

    slack_base_url: Annotated[
        str,
        dg.Resolver.default(description="The address of Slack's Web API.", examples=[SLACK_URL]),
    ] = SLACK_URL
    keep_days: Annotated[
        int,
        dg.Resolver.default(
            description="For how many days what is over stays in the alerts' tables.",
            examples=[KEEP_DAYS],
        ),
    ] = KEEP_DAYS

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """How `dg list components` describes it."""
        return dg.ComponentTypeSpec(
            description="What all clients share: alerts, portfolio, SLA checks, resources."
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """One sensor, one page and one schedule, whatever the number of clients.

        Where clients' sources name queues, one more sensor reads these.
        """
        found = clients_of(context)
        clients = found.loaded
        # a check stands where its asset does
        checks = [] if found.elsewhere else build_on_time_checks(clients)
        alerts = AlertsResource(slack_base_url=self.slack_base_url, keep_days=self.keep_days)
        return dg.Definitions(
            assets=[watching.build_portfolio(clients), watching.ALERTS_ASSET],
            asset_checks=[watching.alerts_get_out, *checks],
            sensors=[watching.build_sensor(clients), *notifications.build_sensors(clients)],
            schedules=[watching.heartbeat],
            resources={"alerts": alerts, "consultancy": ConsultancyResource()},
            # a process per step would load every client again
            executor=dg.in_process_executor,
        )


def clients_of(context: dg.ComponentLoadContext) -> Clients:
    """The clients of the project.

    Raises:
        ConfigurationError: If there are clients, and no `ClientsComponent` loads them.
    """
    project = Project.of(context)
    file = project.clients / "defs.yaml"
    if file.is_file():
        component = context.load_component(project.clients, ClientsComponent)
        return component.clients(context.for_path(project.clients))
    if project.client_folders():
        raise ConfigurationError(
            f"{file} is not there, so nobody would watch over the clients beside it. Write: "
            "`type: consulting.components.ClientsComponent`"
        )
    return Clients(dg.Definitions(), ())

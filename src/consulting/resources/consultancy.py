"""The consultancy's places: data root and ledger; and the stores files arrive in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import dagster as dg

from consulting.layout import ClientFolder, data_root, ledger_url

if TYPE_CHECKING:
    from consulting.chain import Engagement
    from consulting.config.engagement import EngagementConfig
    from consulting.project import Project
    from consulting.sources import Store


class Engaged(Protocol):
    """Who a client is, and in which project."""

    @property
    def client_id(self) -> str:
        """The name of its folder."""

    @property
    def config(self) -> EngagementConfig:
        """What its `defs.yaml` says."""

    @property
    def project(self) -> Project:
        """Where the project's things lie."""


class ConsultancyResource(dg.ConfigurableResource[None]):
    """Opens engagements where their things live.

    The data root and the ledger come from `CONSULTING_DATA` and `CONSULTING_LEDGER_URL` when they
    are needed, so that they never enter the run config.
    """

    def engagement(self, client: Engaged, *, looks: bool = False) -> Engagement:
        """One client's engagement, ready for work.

        Args:
            client: The client.
            looks: Only reads what the ledger knows: the place its files come from is not opened,
                so that a client with wrong credentials can be watched, too.

        Raises:
            ConfigurationError: If a place or a credential it needs is not there.
        """
        from consulting.chain import Engagement
        from consulting.sources.local import LocalStore

        client_id, config = client.client_id, client.config
        folder = ClientFolder(data_root(), client_id)
        store: Store
        if looks:
            store = LocalStore(folder.incoming, client_id=client_id)
        else:
            store = config.source.open(client_id, folder.incoming)
        return Engagement(
            client_id=client_id,
            config=config,
            folder=folder,
            store=store,
            ledger_url=ledger_url(),
            dbt_dir=client.project.dbt,
            clients_dir=client.project.clients,
        )

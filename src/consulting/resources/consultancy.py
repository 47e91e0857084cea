"""The consultancy's places: data root and ledger; and the stores files arrive in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import dagster as dg

from consulting.layout import READ, ClientFolder, data_root, data_url, ledger_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.chain import Engagement
    from consulting.config.engagement import EngagementConfig
    from consulting.project import Project
    from consulting.sources import Store

    Wanted = Callable[[str], bool]


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

    def engagement(
        self, client: Engaged, *, looks: bool = False, wanted: Wanted | None = None
    ) -> Engagement:
        """One client's engagement, ready for work.

        Args:
            client: The client.
            looks: Only reads what the ledger knows: the place its files come from is not opened,
                so that a client with wrong credentials can be watched, too.
            wanted: Where a bucket holds the data: which of its files are to be here, to be read.
                By default those that alerts and portfolio are made of; a run checks all out itself.

        Raises:
            ConfigurationError: If a place or a credential it needs is not there.
            StoreError: If the bucket that holds the data does not answer.
        """
        from consulting.bucket import claim_folder, documents, objects_at
        from consulting.chain import Engagement
        from consulting.chain.checked_out import share_key
        from consulting.privacy.tiers import FULL_TIER
        from consulting.sources.local import LocalStore

        client_id, config = client.client_id, client.config
        wanted = wanted or (documents if looks else None)
        url = data_url()
        root = data_root() / READ if url is not None and wanted else data_root()
        folder = ClientFolder(root, client_id)
        store: Store
        if looks:
            store = LocalStore(folder.incoming, client_id=client_id)
        else:
            store = config.source.open(client_id, folder.incoming)
        if url is not None:
            claim_folder(data_root(), url)
        objects = objects_at(url).of(client_id) if url is not None else None
        engagement = Engagement(
            client_id=client_id,
            config=config,
            folder=folder,
            store=store,
            ledger_url=ledger_url(),
            dbt_dir=client.project.dbt,
            clients_dir=client.project.clients,
            objects=objects,
        )
        if objects is not None:
            share_key(folder.path, objects, needed=config.security_tier < FULL_TIER)
            if wanted:
                engagement.checked_out.see(wanted)
        return engagement

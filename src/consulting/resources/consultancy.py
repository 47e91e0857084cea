"""The consultancy's places: data root, ledger and dbt project; and the stores files arrive in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from consulting.layout import ClientFolder, data_root, ledger_url

if TYPE_CHECKING:
    from consulting.chain import Engagement
    from consulting.config.engagement import EngagementConfig
    from consulting.sources import Store

DBT_DIR = Path(__file__).parents[3] / "dbt"


class ConsultancyResource(dg.ConfigurableResource[None]):
    """Opens engagements where their things live.

    The data root and the ledger come from `CONSULTING_DATA` and `CONSULTING_LEDGER_URL` when they
    are needed, so that they never enter the run config.
    """

    dbt_dir: str = Field(default=str(DBT_DIR), description="The shared dbt project.")

    def engagement(
        self, client_id: str, config: EngagementConfig, *, looks: bool = False
    ) -> Engagement:
        """One client's engagement, ready for work.

        Args:
            client_id: The client.
            config: What its `defs.yaml` says.
            looks: Only reads what the ledger knows: the place its files come from is not opened,
                so that a client with wrong credentials can be watched, too.

        Raises:
            ConfigurationError: If a place or a credential it needs is not there.
        """
        from consulting.chain import Engagement
        from consulting.sources.local import LocalStore

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
            dbt_dir=Path(self.dbt_dir),
        )

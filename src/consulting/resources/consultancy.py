"""The consultancy's places: data root, ledger and dbt project; and the stores files arrive in."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from consulting.config.engagement import EngagementConfig, S3Source
from consulting.errors import ConfigurationError
from consulting.layout import ClientFolder, data_root, ledger_url

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from consulting.chain import Engagement
    from consulting.intake import Store

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
        from consulting.intake.stores import LocalStore

        folder = ClientFolder(data_root(), client_id)
        store: Store
        if looks:
            store = LocalStore(folder.incoming, client_id=client_id)
        else:
            store = open_store(client_id, config, folder)
        return Engagement(
            client_id=client_id,
            config=config,
            folder=folder,
            store=store,
            ledger_url=ledger_url(),
            dbt_dir=Path(self.dbt_dir),
        )


def open_store(client_id: str, config: EngagementConfig, folder: ClientFolder) -> Store:
    """Where the client's files arrive."""
    from consulting.intake.stores import LocalStore

    source = config.source
    if isinstance(source, S3Source):
        from consulting.intake.stores.s3 import S3Store

        keys = _credentials(client_id, source)
        client = _s3_client(source.endpoint_url, source.region, *keys.values())
        return S3Store(
            client,
            bucket=source.bucket,
            prefix=source.prefix,
            client_id=client_id,
            variables=tuple(keys),
        )
    if source.folder:
        return LocalStore(Path(source.folder), client_id=client_id)
    if folder.incoming.is_symlink():
        raise ConfigurationError(
            f"{client_id}: {folder.incoming} is a link, and links are not followed: it could lead "
            "to another client's files. Put a folder there, or name one in `source.folder`."
        )
    folder.incoming.mkdir(parents=True, exist_ok=True)
    return LocalStore(folder.incoming, client_id=client_id)


def _credentials(client_id: str, source: S3Source) -> dict[str, str | None]:
    """The client's own keys by the names of their variables, or none for the machine's identity."""
    own = source.credentials_prefix
    names = [f"{own or 'AWS'}_{part}" for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
    if own is None:
        return dict.fromkeys(names)
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ConfigurationError(
            f"{client_id}: `source.credentials_prefix: {own}` reads its keys from "
            f"{' and '.join(names)}. Set {' and '.join(missing)} where Dagster runs."
        )
    return {name: os.environ[name] for name in names}


@lru_cache(maxsize=256)
def _s3_client(
    endpoint_url: str | None, region: str | None, access_key: str | None, secret_key: str | None
) -> S3Client:
    """A boto3 client; making one costs about 150 ms of CPU, so equal ones are shared."""
    from dagster_aws.s3 import S3Resource

    resource = S3Resource(
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        max_attempts=2,
    )
    client: S3Client = resource.get_client()
    return client

"""A prefix of an S3 bucket, or of any server that speaks S3."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from consulting.errors import ConfigurationError
from consulting.sources.places import Place, steps
from consulting.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from consulting.sources.store import Store


class S3Source(Source):
    """The client's files arrive under a prefix of an S3 bucket, or of a compatible server's."""

    type: Literal["s3"] = Field(description="Files arrive in an S3 bucket.")
    bucket: str = Field(min_length=3, description="The bucket's name.", examples=["client-uploads"])
    prefix: str = Field(
        description="Only keys below it are read; no other client's lies in it, or around it.",
        examples=["acme_corp/incoming/"],
    )
    endpoint_url: str | None = Field(
        default=None,
        description="The address of an S3-compatible server; AWS if not given.",
        examples=["http://127.0.0.1:9000"],
    )
    region: str | None = Field(
        default=None, description="The bucket's region.", examples=["eu-central-1"]
    )
    credentials_prefix: str | None = Field(
        default=None,
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description=(
            "Read this client's keys from `<PREFIX>_ACCESS_KEY_ID` and "
            "`<PREFIX>_SECRET_ACCESS_KEY`; the machine's own AWS identity if not given."
        ),
        examples=["ACME"],
    )

    own_fields: ClassVar[Mapping[str, Any]] = {"bucket": "each-client", "prefix": "each/"}

    @field_validator("prefix")
    @classmethod
    def _prefix_is_below_the_bucket(cls, prefix: str) -> str:
        if not all(step.strip() for step in prefix.strip("/").split("/")):
            raise ValueError(
                f"{prefix!r} is the whole bucket, or has an empty step. Name the folder of this "
                "client's files, for example 'acme_corp/incoming/'."
            )
        return prefix

    def place(self, incoming: Path) -> Place:  # noqa: ARG002 - it has a place of its own
        """The prefix; one bucket is the same behind every endpoint."""
        return ("s3", self.bucket.casefold(), *steps(self.prefix))

    def variables(self) -> Mapping[str, str]:
        """What the names of its keys begin with."""
        prefix = self.credentials_prefix
        return {f"{prefix}_": "source.credentials_prefix"} if prefix else {}

    def open(self, client_id: str, incoming: Path) -> Store:  # noqa: ARG002 - as above
        """The prefix, with the client's own keys or the machine's identity."""
        from consulting.sources.s3.store import S3Store

        keys = self._credentials(client_id)
        return S3Store(
            _client(self.endpoint_url, self.region, *keys.values()),
            bucket=self.bucket,
            prefix=self.prefix,
            client_id=client_id,
            variables=tuple(keys),
        )

    def _credentials(self, client_id: str) -> dict[str, str | None]:
        """The client's own keys by the names of their variables, or none for the machine's."""
        own = self.credentials_prefix
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
def _client(
    endpoint_url: str | None, region: str | None, access_key: str | None, secret_key: str | None
) -> S3Client:
    """A boto3 client; making one costs about 150 ms of CPU, so equal ones are shared."""
    from boto3.session import Session
    from botocore.config import Config

    # a session of its own: the default one is not safe to share between threads
    client: S3Client = Session().client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(retries={"max_attempts": 2, "mode": "standard"}),
    )
    return client

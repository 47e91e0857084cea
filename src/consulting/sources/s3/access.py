"""Buckets and queues: where they are, and with whose keys they are opened."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from consulting.errors import ConfigurationError
from consulting.sources.places import Place, steps


def place_in(bucket: str, key: str) -> Place:
    """Where a key or a prefix is; one bucket is the same behind every endpoint."""
    return ("s3", bucket.casefold(), *steps(key))


def keys_of(prefix: str | None, who: str, field: str) -> dict[str, str | None]:
    """Keys by the names of their variables, without values for the machine's own identity.

    Args:
        prefix: What the variables' names begin with; None for the machine's own identity.
        who: Whose keys they are, for the error.
        field: What named the prefix, for the error.

    Raises:
        ConfigurationError: If one of them is not set.
    """
    names = [f"{prefix or 'AWS'}_{part}" for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
    if prefix is None:
        return dict.fromkeys(names)
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ConfigurationError(
            f"{who}: `{field}: {prefix}` reads its keys from "
            f"{' and '.join(names)}. Set {' and '.join(missing)} where Dagster runs."
        )
    return {name: os.environ[name] for name in names}


@lru_cache(maxsize=256)
def client_of(  # noqa: PLR0913 - what boto3 asks for
    service: str,
    endpoint_url: str | None,
    region: str | None,
    access_key: str | None,
    secret_key: str | None,
    *,
    connect_seconds: float,
    read_seconds: float,
) -> Any:
    """A boto3 client; making one costs about 150 ms of CPU, so equal ones are shared."""
    from boto3.session import Session
    from botocore.config import Config

    # a session of its own: the default one is not safe to share between threads
    return Session().client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            retries={"max_attempts": 2, "mode": "standard"},
            connect_timeout=connect_seconds,
            read_timeout=read_seconds,
        ),
    )

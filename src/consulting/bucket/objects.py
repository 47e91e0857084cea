"""The objects below a prefix of a bucket, on S3 or any server that speaks it."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from consulting.errors import ConfigurationError, StoreAccessError, StoreUnavailableError
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

AT_ONCE = 16
"""Objects that are read or written at once."""
_IN_PARTS_BYTES = 16 * 1024**2
_REMOVED_AT_ONCE = 1000
_THERE_ALREADY = {409, 412}
_MISSING, _REFUSED = 404, {401, 403}


class ObjectGoneError(Exception):
    """An object that a tree names is no longer there: the tree is not the client's any more."""


class _ThereAlreadyError(Exception):
    """Somebody has written it first."""


@dataclass(frozen=True)
class Objects:
    """What lies below a prefix.

    Attributes:
        client: A boto3 client.
        bucket: The bucket.
        prefix: All names are below it.
        whose: For messages: the client, or all of them.
    """

    client: S3Client
    bucket: str
    prefix: str
    whose: str = "all clients"

    def of(self, client_id: str) -> Objects:
        """What lies below a client's own prefix."""
        return replace(self, prefix=f"{self.prefix}{client_id}/", whose=client_id)

    def read(self, name: str) -> bytes | None:
        """An object's bytes; None where there is none."""
        try:
            with self._told():
                found = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)
                return found["Body"].read()
        except ObjectGoneError:
            return None

    def fetch(self, name: str, target: Path, size: int) -> None:
        """Write an object's bytes to a file.

        Args:
            name: The object.
            target: The file.
            size: Its bytes, as far as is known; many are fetched in parts.

        Raises:
            ObjectGoneError: If it is not there.
            StoreError: If the server refuses or does not answer.
        """
        if size > _IN_PARTS_BYTES:
            with self._told():
                self.client.download_file(self.bucket, self.prefix + name, str(target))
        elif (held := self.read(name)) is not None:
            target.write_bytes(held)
        else:
            raise ObjectGoneError(name)

    def write(self, name: str, body: bytes | Path) -> None:
        """Write an object, from bytes or a file."""
        with self._told():
            if not isinstance(body, bytes) and body.stat().st_size > _IN_PARTS_BYTES:
                self.client.upload_file(str(body), self.bucket, self.prefix + name)
                return
            content = body if isinstance(body, bytes) else body.read_bytes()
            self.client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content)

    def write_once(self, name: str, body: bytes) -> bytes:
        """Write an object that nobody has written yet; gives what stands there."""
        known = self.read(name)
        if known is None:
            with suppress(_ThereAlreadyError), self._told():
                self.client.put_object(
                    Bucket=self.bucket, Key=self.prefix + name, Body=body, IfNoneMatch="*"
                )
            known = self.read(name)
        return known or body

    def names(self, beginning: str = "") -> Iterator[str]:
        """The names of all objects below the prefix that begin so."""
        with self._told():
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + beginning):
                for found in page.get("Contents", ()):
                    yield found["Key"].removeprefix(self.prefix)

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects for good.

        Raises:
            StoreError: If the server refuses, be it a single one of them, or does not answer.
        """
        keys = [self.prefix + name for name in names]
        with self._told():
            for start in range(0, len(keys), _REMOVED_AT_ONCE):
                some: list[ObjectIdentifierTypeDef] = [
                    {"Key": key} for key in keys[start : start + _REMOVED_AT_ONCE]
                ]
                answer = self.client.delete_objects(
                    Bucket=self.bucket, Delete={"Objects": some, "Quiet": True}
                )
                if left := answer.get("Errors"):
                    raise StoreAccessError(
                        self.whose,
                        f"s3://{self.bucket}/{self.prefix}",
                        f"the server did not remove {counted(len(left), 'object')} "
                        f"({left[0].get('Code')}).",
                        "Check that this machine's AWS identity may delete below it.",
                    )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the server's in our words."""
        try:
            yield
        except Exception as error:
            if not type(error).__module__.startswith(("boto", "s3transfer")):
                raise
            raise self._in_our_words(error) from None

    def _in_our_words(self, error: Exception) -> Exception:
        where = f"s3://{self.bucket}/{self.prefix}"
        answer = getattr(error, "response", None) or {}  # None where the line broke
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        code = answer.get("Error", {}).get("Code", "")
        if status == _MISSING and code != "NoSuchBucket":
            return ObjectGoneError(where)
        if status in _THERE_ALREADY:
            return _ThereAlreadyError(where)
        if status is None:
            return StoreUnavailableError(
                self.whose,
                where,
                f"the server can not be reached ({type(error).__name__}).",
                "Check the network, AWS_ENDPOINT_URL_S3 and the machine's AWS identity; then it is "
                "tried again.",
            )
        told = StoreAccessError if status in _REFUSED else StoreUnavailableError
        return told(
            self.whose,
            where,
            f"the server answered {status} {code}.",
            "Check that CONSULTING_DATA names a bucket that is there, in AWS_REGION, and that this "
            "machine's AWS identity may list, read, write and delete below it; then it is tried "
            "again.",
        )


def objects_at(url: str) -> Objects:
    """What lies below `s3://bucket/prefix`, with this machine's AWS identity."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    prefix = prefix.strip("/")
    return Objects(_client(os.getpid()), bucket, f"{prefix}/" if prefix else "")


@lru_cache(maxsize=1)
def _client(pid: int) -> S3Client:  # noqa: ARG001 - a fork has a client of its own
    from boto3.session import Session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    retries = {"mode": "standard", "total_max_attempts": 5}
    config = Config(retries=retries, max_pool_connections=AT_ONCE)  # type: ignore[arg-type]
    try:
        made: S3Client = Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as error:  # its text quotes the address, and a key in it
        raise ConfigurationError(
            f"AWS's own variables lead to no S3 server ({type(error).__name__}). Check "
            "AWS_ENDPOINT_URL_S3 (https://host:port), AWS_REGION and AWS_PROFILE."
        ) from None
    return made

"""A prefix of an S3 bucket, or of any server that speaks S3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from consulting.config_model import ConfigModel
from consulting.sources.s3.access import client_of, keys_of, place_in
from consulting.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from consulting.sources.places import Place
    from consulting.sources.queue import Queue
    from consulting.sources.store import Store

_QUEUE_URL = re.compile(r"https?://[^\s/@?#]+(/[^\s/@?#]+)+")
_BUCKET = re.compile(r"[A-Za-z0-9._-]+|arn:aws[^\s]*")
"""A name, or an access point's ARN, which stands in its place."""
_ACCESS_POINT = re.compile(r"^arn:|-s3alias$")
_PREFIX_PATTERN = r"^[A-Z][A-Z0-9_]*$"


class S3Notifications(ConfigModel):
    """A queue of SQS that the bucket tells of new files, so that it is listed only then.

    Attributes:
        queue_url: The queue's URL; one queue serves any number of clients.
        region: The queue's region, where the URL does not name it.
        credentials_prefix: Read the queue's keys from `<PREFIX>_ACCESS_KEY_ID` and
            `<PREFIX>_SECRET_ACCESS_KEY`; the machine's own AWS identity if not given.
    """

    queue_url: str = Field(
        examples=["https://sqs.eu-central-1.amazonaws.com/123456789012/client-uploads"]
    )
    region: str | None = Field(default=None, examples=["eu-central-1"])
    credentials_prefix: str | None = Field(
        default=None, pattern=_PREFIX_PATTERN, examples=["UPLOADS"]
    )

    @field_validator("queue_url")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        if not _QUEUE_URL.fullmatch(url):
            raise ValueError(
                f"{url!r} is no URL of a queue, and no ARN is one. Write it as https://sqs.<region>."
                "amazonaws.com/<account>/<name>; `aws sqs get-queue-url --queue-name <name>` "
                "prints it."
            )
        return url


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
        pattern=_PREFIX_PATTERN,
        description=(
            "Read this client's keys from `<PREFIX>_ACCESS_KEY_ID` and "
            "`<PREFIX>_SECRET_ACCESS_KEY`; the machine's own AWS identity if not given."
        ),
        examples=["ACME"],
    )
    notifications: S3Notifications | None = Field(
        default=None,
        description="Whom the bucket tells of new files; it is listed at every tick if none.",
        examples=[
            {"queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/client-uploads"}
        ],
    )

    own_fields: ClassVar[Mapping[str, Any]] = {"bucket": "each-client", "prefix": "each/"}

    @field_validator("bucket")
    @classmethod
    def _is_a_bucket_s_name(cls, bucket: str) -> str:
        if not _BUCKET.fullmatch(bucket):
            raise ValueError(
                f"{bucket!r} is no bucket's name: letters, digits, dots, dashes and underscores. "
                "Write the name alone, for example client-uploads, and the folder in `prefix`."
            )
        return bucket

    @field_validator("prefix")
    @classmethod
    def _prefix_is_below_the_bucket(cls, prefix: str) -> str:
        if not all(step.strip() for step in prefix.strip("/").split("/")):
            raise ValueError(
                f"{prefix!r} is the whole bucket, or has an empty step. Name the folder of this "
                "client's files, for example 'acme_corp/incoming/'."
            )
        return prefix

    @model_validator(mode="after")
    def _queue_names_the_bucket(self) -> Self:
        if self.notifications and _ACCESS_POINT.search(self.bucket):
            raise ValueError(
                f"`bucket: {self.bucket}` is an access point's, and a queue tells of files by "
                "their bucket's own name, so that it would tell nothing. Write the bucket's name, "
                "or leave `notifications` out."
            )
        return self

    def place(self, incoming: Path) -> Place:  # noqa: ARG002 - it has a place of its own
        """The prefix; one bucket is the same behind every endpoint."""
        return place_in(self.bucket, self.prefix)

    def told_by(self) -> Queue | None:
        """The queue that the bucket notifies."""
        if self.notifications is None:
            return None
        from consulting.sources.s3.queue import SqsQueue

        said = self.notifications
        return SqsQueue(said.queue_url, said.region, said.credentials_prefix)

    def variables(self) -> Mapping[str, str]:
        """What the names of its keys begin with."""
        named = {
            "source.credentials_prefix": self.credentials_prefix,
            "source.notifications.credentials_prefix": (
                self.notifications and self.notifications.credentials_prefix
            ),
        }
        return {f"{prefix}_": field for field, prefix in named.items() if prefix}

    def open(self, client_id: str, incoming: Path) -> Store:  # noqa: ARG002 - as above
        """The prefix, with the client's own keys or the machine's identity."""
        from consulting.sources.s3.store import S3Store

        keys = keys_of(self.credentials_prefix, client_id, "source.credentials_prefix")
        return S3Store(
            client_of(
                "s3",
                self.endpoint_url,
                self.region,
                *keys.values(),
                # three times each, a silent server leaves a tick of the sensor time to say so
                connect_seconds=5,
                read_seconds=15,
            ),
            bucket=self.bucket,
            prefix=self.prefix,
            client_id=client_id,
            variables=tuple(keys),
        )

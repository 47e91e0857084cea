"""A prefix of an S3 bucket, or of any server that speaks S3, as a store."""

from __future__ import annotations

import random
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from consulting.errors import (
    DropChangedError,
    DropGoneError,
    DropRefusedError,
    StoreAccessError,
    StoreMissingError,
    StoreThrottledError,
    StoreUnavailableError,
)
from consulting.sources.store import Listed, ListingPage
from consulting.writing import CHUNK_BYTES, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TypeVar

    from mypy_boto3_s3.client import S3Client

    from consulting.sealed import SealedFile

    T = TypeVar("T")

_THROTTLED = {
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequests",
    "TooManyRequestsException",
    "BandwidthLimitExceeded",
    "RequestThrottled",
    "503",
    "429",
    "ServiceUnavailable",
}
_REFUSED = {
    "AccessDenied",
    "403",
    "Forbidden",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AccountProblem",
    "AllAccessDisabled",
}
_OF_A_FILE = {"AccessDenied", "403", "Forbidden", "InvalidObjectState", "InvalidRequest"}
"""No right to it, an archive, a key of its own; what KMS refuses has codes that begin so."""
_CHANGED = {"PreconditionFailed", "412"}
_GONE = {"NoSuchKey", "404", "NotFound"}


class S3Store:
    """A client's prefix of a bucket.

    A version is told by ETag and size; reading asks for exactly the ETag that was listed.

    Args:
        client: A boto3 S3 client; credentials, endpoint and timeouts are its own.
        bucket: The bucket.
        prefix: Everything below it is the client's. A missing `/` at its end is added, or
            `acme` would show the files of `acme_europe` too.
        client_id: For messages; by default the prefix's first part.
        variables: For messages: where the client's keys come from.
        tries: How often one call is tried, beyond what the boto3 client does itself.
        pause_seconds: The pause before the second try; doubled for each further one.
    """

    atomic = True
    page_size = 1000

    def __init__(  # noqa: PLR0913 - settings, by name
        self,
        client: S3Client,
        bucket: str,
        prefix: str,
        *,
        client_id: str | None = None,
        variables: tuple[str, ...] = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        tries: int = 3,
        pause_seconds: float = 0.2,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._tries = tries
        self._pause_seconds = pause_seconds
        self._variables = " and ".join(variables)
        self.client_id = client_id or prefix.strip("/").partition("/")[0] or bucket

    def describe(self) -> str:
        """The prefix as a URL."""
        return f"s3://{self._bucket}/{self._prefix}"

    def list_page(self, after: str | None, limit: int) -> ListingPage:
        """Lists objects after a key, in key order.

        Raises:
            StoreError: If the bucket is missing, or the server refuses or does not answer.
        """
        start: dict[str, Any] = {} if after is None else {"StartAfter": self._prefix + after}
        answer = self._call(
            lambda: self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=self._prefix, MaxKeys=limit, **start
            )
        )
        items = [
            Listed(
                found["Key"][len(self._prefix) :],
                found["Size"],
                f"{found['ETag']}-{found['Size']}",
            )
            for found in answer.get("Contents", ())
        ]
        truncated = answer.get("IsTruncated", False) and items
        return ListingPage(items, items[-1].key if truncated else None)

    def exists(self, key: str) -> bool:
        """Whether there is an object of this key."""
        try:
            self._call(
                lambda: self._client.head_object(Bucket=self._bucket, Key=self._prefix + key), key
            )
        except DropGoneError:
            return False
        return True

    def fetch(self, listed: Listed, target: Path | SealedFile) -> str:
        """Downloads the version that was listed.

        Raises:
            DropChangedError: If it is another version by now.
            DropGoneError: If it is no longer there.
            DropRefusedError: If the server lists it and does not give it.
            StoreError: If the server refuses or does not answer.
        """
        etag = listed.signature.rpartition("-")[0]

        def download() -> str:
            try:
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=self._prefix + listed.key, IfMatch=etag
                )
            except ClientError as error:
                if _code(error) in _OF_A_FILE or _code(error).startswith("KMS."):
                    raise DropRefusedError(
                        self.client_id,
                        listed.key,
                        f"The server lists it, and does not give it ({_code(error)}).",
                        "Allow s3:GetObject on it (and kms:Decrypt, if a key of KMS encrypts it), "
                        "or have it stored without a key of its own, and out of an archive.",
                    ) from error
                raise
            # Servers exist that do not know IfMatch: what came back must say the same.
            if answer["ETag"] != etag:
                raise DropChangedError(self.client_id, listed.key)
            with closing(answer["Body"]) as body:
                return write_whole(target, _chunks(body, listed.size_bytes))

        return self._call(download, listed.key)

    def _call(self, call: Callable[[], T], key: str | None = None) -> T:
        """Calls the server; what may pass is tried again after a pause, the rest gets a name."""
        for attempt in range(1, self._tries + 1):
            try:
                return call()
            except (NoCredentialsError, PartialCredentialsError) as error:
                raise StoreAccessError(
                    self.client_id,
                    self.describe(),
                    "no S3 credentials were found.",
                    f"Set {self._variables}, or give the machine a role.",
                ) from error
            except ClientError as error:
                passing = self._is_passing(error)
                if not passing or attempt == self._tries:
                    self._refuse(error, key)
            except (BotoCoreError, _CutShortError) as error:
                silent = isinstance(error, (ConnectTimeoutError, ReadTimeoutError))
                if silent or attempt == self._tries:  # boto3 has waited again itself
                    raise StoreUnavailableError(
                        self.client_id,
                        self.describe(),
                        f"the server can not be reached ({type(error).__name__}).",
                        "Check `endpoint_url` and the network; the next tick tries again.",
                    ) from error
            time.sleep(self._pause_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311
        raise AssertionError  # the last try returned or raised

    def _is_passing(self, error: ClientError) -> bool:
        return _code(error) in _THROTTLED or _status(error) >= 500  # noqa: PLR2004

    def _refuse(self, error: ClientError, key: str | None) -> NoReturn:
        code = _code(error)
        if key is not None and code in _CHANGED:
            raise DropChangedError(self.client_id, key) from error
        if code == "NoSuchBucket" or (key is None and _status(error) == 404):  # noqa: PLR2004
            raise StoreMissingError(
                self.client_id,
                self.describe(),
                f"there is no bucket {self._bucket!r}.",
                "Create it, or correct `source.bucket` in the client's defs.yaml.",
            ) from error
        if key is not None and code in _GONE:
            raise DropGoneError(self.client_id, key) from error
        if code in _REFUSED or _status(error) in {401, 403}:
            raise StoreAccessError(
                self.client_id,
                self.describe(),
                f"the server refuses our credentials for bucket {self._bucket!r} ({code}).",
                f"Check {self._variables} (or the machine's role), and allow s3:ListBucket and "
                "s3:GetObject on this prefix.",
            ) from error
        if code in _THROTTLED:
            raise StoreThrottledError(
                self.client_id,
                self.describe(),
                f"the server asks for patience ({code}).",
                "Nothing to do: it is left alone for a while and asked again.",
            ) from error
        raise StoreUnavailableError(
            self.client_id,
            self.describe(),
            f"the server answered {_status(error)} {code}.",
            "The next tick tries again; if it stays so, ask whoever runs the server.",
        ) from error


class _CutShortError(Exception):
    """The connection closed before all bytes had come."""


def _chunks(body: Any, size_bytes: int) -> Iterator[bytes]:
    received = 0
    for chunk in body.iter_chunks(CHUNK_BYTES):
        received += len(chunk)
        yield chunk
    if received != size_bytes:
        raise _CutShortError


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

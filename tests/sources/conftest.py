"""Places of each kind that a client uploads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from consulting.sources.local import LocalStore
from consulting.sources.s3.store import S3Store
from consulting.testing.sources import UploadFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consulting.sources import Store
    from consulting.testing.sources import SourcePlace


class LocalPlace(UploadFolder):
    """A folder."""

    def store(self) -> Store:
        return LocalStore(self.folder, client_id="acme")

    def missing(self) -> Store:
        return LocalStore(self.folder / "none", client_id="acme")


@dataclass
class S3Place:
    """A prefix of a bucket."""

    client: Any
    bucket: str

    def store(self) -> Store:
        return S3Store(self.client, self.bucket, "acme/in", client_id="acme")

    def missing(self) -> Store:
        return S3Store(self.client, "not-there", "acme/in", client_id="acme")

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"acme/in/{key}", Body=content)

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=f"acme/in/{key}")


@pytest.fixture
def new_place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], SourcePlace]:
    """Makes a new and empty place of a kind."""
    count = iter(range(1000))

    def make(kind: str) -> SourcePlace:
        if kind == "local":
            folder = tmp_path / f"uploads-{next(count)}"
            folder.mkdir()
            return LocalPlace(folder)
        if kind == "s3":
            server = request.getfixturevalue("s3_server")
            bucket = f"uploads-{next(count)}-{abs(hash(tmp_path)):x}"
            server.client().create_bucket(Bucket=bucket)
            return S3Place(server.client(), bucket)
        server = request.getfixturevalue("sftp_server")
        monkeypatch.setenv("ACME_SFTP_PRIVATE_KEY", server.private_key)
        place: SourcePlace = server.new_place()
        return place

    return make

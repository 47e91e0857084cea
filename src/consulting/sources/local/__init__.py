"""A folder of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from consulting.errors import ConfigurationError
from consulting.layout import ClientFolder, data_url
from consulting.sources.local.store import LocalStore
from consulting.sources.places import Place, steps
from consulting.sources.source import Source

if TYPE_CHECKING:
    from consulting.sources.s3 import S3Source
    from consulting.sources.store import Store

__all__ = ["LocalSource", "LocalStore", "data_places"]


_SYSTEM = frozenset({"proc", "sys", "dev"})


class LocalSource(Source):
    """The client's files arrive in a folder of this machine."""

    type: Literal["local"] = Field(description="Files arrive in a local folder.")
    folder: str | None = Field(
        default=None,
        description="The drop folder; `incoming/` in the client's data folder if not given.",
        examples=["/mnt/sftp/acme"],
    )

    @field_validator("folder")
    @classmethod
    def _refuse_the_machine(cls, folder: str | None) -> str | None:
        if folder and (own := _of_the_machine(folder)):
            raise ValueError(own)
        return folder

    def place(self, incoming: Path) -> Place:
        """The folder, with links resolved; the bucket's, where one holds the data."""
        if not self.folder and (url := data_url()) is not None:
            return _in_the_bucket(url, incoming.parent.name, "incoming/").place(incoming)
        return _folder_place(Path(self.folder) if self.folder else incoming)

    def open(self, client_id: str, incoming: Path) -> Store:
        """The folder; the client's own is made."""
        if self.folder:
            if own := _of_the_machine(self.folder):  # a link may lead elsewhere by now
                raise ConfigurationError(f"{client_id}: {own}")
            return LocalStore(Path(self.folder), client_id=client_id)
        if (url := data_url()) is not None:
            return _in_the_bucket(url, client_id, "incoming/").open(client_id, incoming)
        if incoming.is_symlink():
            raise ConfigurationError(
                f"{client_id}: {incoming} is a link, and links are not followed: it could lead "
                "to another client's files. Put a folder there, or name one in `source.folder`."
            )
        incoming.mkdir(parents=True, exist_ok=True)
        return LocalStore(incoming, client_id=client_id)


def _in_the_bucket(url: str, client_id: str, below: str) -> S3Source:
    from consulting.sources.s3 import S3Source

    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    parts = (prefix.strip("/"), client_id, below)
    return S3Source(type="s3", bucket=bucket, prefix="/".join(filter(None, parts)))


def _of_the_machine(folder: str) -> str | None:
    """Why a folder is none that files arrive in: the system's own, such as /proc or all of it.

    What lies there as files is this process's environment, with the secrets of all clients.
    """
    parts = Path(os.path.realpath(folder)).parts[1:]
    if parts and parts[0] not in _SYSTEM:
        return None
    return (
        f"`folder: {folder}` is the system's own, where the secrets of all clients stand. Name the "
        "folder that this client's files arrive in."
    )


def data_places(folder: ClientFolder) -> list[Place]:
    """Where a client's own data lies: on this machine, and in the bucket that holds it."""
    places = [_folder_place(folder.path)]
    if (url := data_url()) is not None:
        places.append(_in_the_bucket(url, folder.client_id, "").place(folder.incoming))
    return places


def _folder_place(folder: Path) -> Place:
    """The place of a folder of this machine."""
    return ("local", *steps(os.path.realpath(folder)))

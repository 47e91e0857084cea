"""A folder of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from consulting.errors import ConfigurationError
from consulting.sources.local.store import LocalStore
from consulting.sources.places import Place, steps
from consulting.sources.source import Source

if TYPE_CHECKING:
    from consulting.sources.store import Store

__all__ = ["LocalSource", "LocalStore", "folder_place"]


class LocalSource(Source):
    """The client's files arrive in a folder of this machine."""

    type: Literal["local"] = Field(description="Files arrive in a local folder.")
    folder: str | None = Field(
        default=None,
        description="The drop folder; `incoming/` in the client's data folder if not given.",
        examples=["/mnt/sftp/acme"],
    )

    def place(self, incoming: Path) -> Place:
        """The folder, with links resolved."""
        return folder_place(Path(self.folder) if self.folder else incoming)

    def open(self, client_id: str, incoming: Path) -> Store:
        """The folder; the client's own is made."""
        if self.folder:
            return LocalStore(Path(self.folder), client_id=client_id)
        if incoming.is_symlink():
            raise ConfigurationError(
                f"{client_id}: {incoming} is a link, and links are not followed: it could lead "
                "to another client's files. Put a folder there, or name one in `source.folder`."
            )
        incoming.mkdir(parents=True, exist_ok=True)
        return LocalStore(incoming, client_id=client_id)


def folder_place(folder: Path) -> Place:
    """The place of a folder of this machine."""
    return ("local", *steps(os.path.realpath(folder)))

"""Files that arrive as rows of a SQLite database: `parcel(key, version, content)`."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from consulting.errors import DropChangedError, DropGoneError, StoreMissingError
from consulting.sources import Listed, ListingPage, Source
from consulting.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consulting.sealed import SealedFile


class ParcelSource(Source):
    """The client's files arrive in a database file."""

    type: Literal["parcel"] = Field(description="Files arrive in a database file.")
    file: str = Field(description="The database file.", examples=["/mnt/parcels/acme.db"])

    own_fields: ClassVar[Mapping[str, Any]] = {"file": "/each-client.db"}

    def place(self, incoming: Path) -> tuple[str, ...]:
        return ("parcel", *os.path.realpath(self.file).split("/"))

    def open(self, client_id: str, incoming: Path) -> ParcelStore:
        return ParcelStore(Path(self.file), client_id)


class ParcelStore:
    atomic = True
    page_size = 1000

    def __init__(self, file: Path, client_id: str) -> None:
        self.file = file
        self.client_id = client_id

    def describe(self) -> str:
        return str(self.file)

    def list_page(self, after: str | None, limit: int) -> ListingPage:
        query = (
            "SELECT key, length(content), version FROM parcel WHERE key > ? ORDER BY key LIMIT ?"
        )
        items = [
            Listed(key, size, str(version))
            for key, size, version in self._rows(query, after or "", limit)
        ]
        return ListingPage(items, items[-1].key if len(items) == limit else None)

    def exists(self, key: str) -> bool:
        return bool(self._rows("SELECT 1 FROM parcel WHERE key = ?", key))

    def fetch(self, listed: Listed, target: Path | SealedFile) -> str:
        rows = self._rows("SELECT version, content FROM parcel WHERE key = ?", listed.key)
        if not rows:
            raise DropGoneError(self.client_id, listed.key)
        version, content = rows[0]
        if str(version) != listed.signature:
            raise DropChangedError(self.client_id, listed.key)
        return write_whole(target, [content])

    def _rows(self, query: str, *values: Any) -> list[Any]:
        if not self.file.is_file():
            raise StoreMissingError(
                self.client_id,
                str(self.file),
                "there is no such file.",
                "Correct `source.file` in the client's defs.yaml.",
            )
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query, values).fetchall()

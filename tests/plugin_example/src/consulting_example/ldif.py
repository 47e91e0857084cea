"""Files that a directory of people exports: records of `name: value`, parted by empty lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from consulting.intake.reading import (
    ByteSource,
    FileFormat,
    Outcome,
    ReadOptions,
    StoreFactory,
    column_names,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from consulting.sealed import SealedFile


class LdifFormat(FileFormat):
    """The files are exports of a directory."""

    type: Literal["ldif"] = Field(description="An export of a directory (LDIF).")
    first: str = Field(
        default="dn", description="The name that each record begins with.", examples=["cn"]
    )

    names: ClassVar[Mapping[str, str]] = {"ldif": "an export of a directory (LDIF)"}
    extensions: ClassVar[Mapping[str, frozenset[str]]] = {"ldif": frozenset({"ldif", "ldi"})}

    def name_of(self, source: ByteSource, head: bytes, options: ReadOptions) -> str | None:
        return "ldif" if head.startswith(f"{self.first}: ".encode()) else None

    def read(
        self,
        path: Path | SealedFile,
        source: ByteSource,
        name: str,
        options: ReadOptions,
        store: StoreFactory,
    ) -> Outcome:
        titles = list(dict.fromkeys(key for _, record in _records(source) for key in record))
        columns, warnings = column_names(titles, len(titles), options)
        with store(columns) as kept:
            for line, record in _records(source):
                kept.add([[record.get(title) for title in titles]], [line])
            stored = kept.finish()
        received = sum(
            line.startswith(f"{self.first}:".encode())
            for block in source.line_blocks()
            for line in block.splitlines()
        )
        return Outcome(columns, stored, stored.seen, 0, received, warnings=warnings)


def _records(source: ByteSource) -> Iterator[tuple[int, dict[str, str]]]:
    number, begun, record = 0, 1, dict[str, str]()
    for block in source.line_blocks():
        for line in block.decode("utf-8").splitlines():
            number += 1
            key, colon, value = line.partition(": ")
            if colon:
                begun = begun if record else number
                record[key] = value
            elif record:
                yield begun, record
                record = {}
    if record:
        yield begun, record

"""The formats that we read ourselves; what reads one is imported when one comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from consulting.intake.reading.format import FileFormat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from consulting.intake.reading.options import ReadOptions
    from consulting.intake.reading.outcome import Outcome, StoreFactory
    from consulting.intake.reading.sources import ByteSource
    from consulting.sealed import SealedFile


class ParquetFormat(FileFormat):
    """The files are Parquet."""

    type: Literal["parquet"] = Field(description="Parquet.")

    names: ClassVar[Mapping[str, str]] = {"parquet": "Parquet"}
    extensions: ClassVar[Mapping[str, frozenset[str]]] = {
        "parquet": frozenset({"parquet", "parq", "pq"})
    }
    rank: ClassVar[int] = 10

    def name_of(self, source: ByteSource, head: bytes, options: ReadOptions) -> str | None:  # noqa: ARG002
        """By its first four bytes."""
        return "parquet" if head[:4] == b"PAR1" else None

    def read(  # noqa: D102 - as the base has it
        self,
        path: Path | SealedFile,
        source: ByteSource,
        name: str,  # noqa: ARG002
        options: ReadOptions,
        store: StoreFactory,
    ) -> Outcome:
        from consulting.intake.reading.parquet import read_parquet

        return read_parquet(path, source, options, store)


class WorkbookFormat(FileFormat):
    """The files are workbooks of Excel or OpenDocument."""

    type: Literal["workbook"] = Field(description="A workbook of Excel or OpenDocument.")

    names: ClassVar[Mapping[str, str]] = {
        "xlsx": "an Excel workbook (xlsx)",
        "xlsb": "an Excel workbook (xlsb)",
        "xls": "an Excel workbook (xls)",
        "ods": "an OpenDocument spreadsheet",
        "encrypted": "a workbook that needs a password",
    }
    extensions: ClassVar[Mapping[str, frozenset[str]]] = {
        "xlsx": frozenset({"xlsx", "xlsm", "xltx"}),
        "xlsb": frozenset({"xlsb"}),
        "xls": frozenset({"xls"}),
        "ods": frozenset({"ods"}),
    }
    rank: ClassVar[int] = 20

    def name_of(self, source: ByteSource, head: bytes, options: ReadOptions) -> str | None:
        """By the container and what lies in it."""
        from consulting.intake.reading.detection import workbook_kind

        return workbook_kind(source, head, options)

    def read(  # noqa: D102 - as the base has it
        self,
        path: Path | SealedFile,  # noqa: ARG002
        source: ByteSource,
        name: str,
        options: ReadOptions,
        store: StoreFactory,
    ) -> Outcome:
        from consulting.intake.reading.workbook import read_workbook

        return read_workbook(source, name, options, store)


class JsonFormat(FileFormat):
    """The files are JSON, or JSON lines."""

    type: Literal["json"] = Field(description="JSON, or JSON lines.")

    names: ClassVar[Mapping[str, str]] = {"json": "JSON", "ndjson": "JSON lines"}
    extensions: ClassVar[Mapping[str, frozenset[str]]] = {
        "json": frozenset({"json"}),
        "ndjson": frozenset({"ndjson", "jsonl", "json"}),
    }
    rank: ClassVar[int] = 30

    def name_of(self, source: ByteSource, head: bytes, options: ReadOptions) -> str | None:  # noqa: ARG002
        """By whether the first value parses."""
        from consulting.intake.reading.detection import json_kind

        return json_kind(source, head)

    def read(  # noqa: D102 - as the base has it
        self,
        path: Path | SealedFile,  # noqa: ARG002
        source: ByteSource,
        name: str,
        options: ReadOptions,
        store: StoreFactory,
    ) -> Outcome:
        from consulting.intake.reading.jsontext import read_json

        return read_json(source, name, options, store)


class DelimitedFormat(FileFormat):
    """The files are delimited text, such as CSV."""

    type: Literal["delimited"] = Field(description="Delimited text, such as CSV.")

    names: ClassVar[Mapping[str, str]] = {"csv": "delimited text"}
    extensions: ClassVar[Mapping[str, frozenset[str]]] = {
        "csv": frozenset(
            {"csv", "tsv", "tab", "txt", "psv", "dat", "asc", "prn", "ssv", "text", "data"}
        )
    }
    rank: ClassVar[int] = 90

    def name_of(self, source: ByteSource, head: bytes, options: ReadOptions) -> str | None:  # noqa: ARG002
        """What nothing else has claimed is taken for text, until it proves to be none."""
        return "csv"

    def read(  # noqa: D102 - as the base has it
        self,
        path: Path | SealedFile,  # noqa: ARG002
        source: ByteSource,
        name: str,  # noqa: ARG002
        options: ReadOptions,
        store: StoreFactory,
    ) -> Outcome:
        from consulting.intake.reading.delimited import read_delimited

        return read_delimited(source, options, store)

"""The records a run leaves in its run folder, for the stages after it and for the delivery."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from consulting.records import (
    Batch,
    CheckOutcome,
    ColumnMapping,
    FeedAccount,
    FileReading,
    ModelOutcome,
    QuarantinedFile,
    Record,
    Step,
)

if TYPE_CHECKING:
    from pathlib import Path

M = TypeVar("M", bound=BaseModel)


class Intake(Record):
    """What `file_received` leaves: the batch, and what became of each file.

    `carried` maps a feed this batch brought no file for to the delivery whose files stand in.
    """

    batch: Batch
    readings: tuple[FileReading, ...]
    quarantined: tuple[QuarantinedFile, ...]
    carried: dict[str, str] = {}


class Cleaning(Record):
    """What `cleaned` leaves: the models, the account of every row, the mapping, the steps."""

    models: tuple[ModelOutcome, ...]
    accounts: tuple[FeedAccount, ...]
    mappings: tuple[ColumnMapping, ...]
    steps: tuple[Step, ...]


class Checks(Record):
    """What `validated` leaves."""

    checks: tuple[CheckOutcome, ...]


def write(path: Path, record: BaseModel) -> None:
    """Write one record; a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(record.model_dump_json(indent=1), encoding="utf-8")
    temporary.replace(path)


def read(path: Path, kind: type[M]) -> M:
    """Read one record back.

    Raises:
        FileNotFoundError: If the stage before has not run for this batch.
    """
    return kind.model_validate_json(path.read_bytes())

"""The records a run leaves in its run folder, for the stages after it and for the delivery."""

from __future__ import annotations

import errno
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, Field, ValidationError

from consulting.delivery import UnmappedColumn
from consulting.profiling import DriftFinding, FeedProfile, Issue, Score
from consulting.records import (
    Batch,
    CheckOutcome,
    ColumnMapping,
    CorrectionsFile,
    FeedAccount,
    FileReading,
    ModelOutcome,
    QuarantinedFile,
    ReadCount,
    Record,
    Step,
)
from consulting.writing import write_text

if TYPE_CHECKING:
    from pathlib import Path

M = TypeVar("M", bound=BaseModel)

INTAKE, CLEANING, CHECKS, PROFILE = "intake.json", "cleaning.json", "checks.json", "profile.json"
FILES = "files.json"


class Intake(Record):
    """What `file_received` leaves: the batch, and what became of each file.

    Attributes:
        batch: What was taken.
        readings: How each of its files was read.
        quarantined: Its files that could not be read, at this attempt or an earlier one.
        carried: For a feed this batch brought no file for: the delivery whose files stand in.
        carried_readings: How those were read, and the period's other files of a feed that this
            batch brought a file for.
        corrections: The corrections files in force, in order: those of earlier deliveries whose
            files are in use again, then this batch's own.
        corrected: All files as the corrections left them, where any are in force.
        confirmed: What of its files somebody found right, as the ledger says.
        earlier: The deliveries made before, in that order. A rebuild looks back at these and no
            others, whatever has been delivered since.
    """

    batch: Batch
    readings: tuple[FileReading, ...]
    quarantined: tuple[QuarantinedFile, ...]
    carried: dict[str, str] = Field(default_factory=dict)
    carried_readings: tuple[FileReading, ...] = ()
    corrections: tuple[CorrectionsFile, ...] = ()
    corrected: tuple[FileReading, ...] = ()
    confirmed: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()

    @property
    def base(self) -> tuple[FileReading, ...]:
        """All files that the run works on, as they were read; the newest come last."""
        return (*self.carried_readings, *self.readings)

    @property
    def in_use(self) -> tuple[FileReading, ...]:
        """All files that the run works on, corrections included."""
        return self.corrected or self.base

    @property
    def to_profile(self) -> tuple[FileReading, ...]:
        """All files with rows of their own: a corrections file is none, but may add rows."""
        return tuple(r for r in self.in_use if r.corrections is None or r.loaded_rows)

    @property
    def own_corrections(self) -> tuple[FileReading, ...]:
        """The corrections files that this batch brought, with what became of their rows."""
        since = [file.since for file in self.corrections]
        applied = [reading for reading in self.corrected if reading.corrections is not None]
        return tuple(
            reading
            for reading, batch_id in zip(applied, since, strict=True)
            if batch_id == self.batch.batch_id
        )


class Profile(Record):
    """What `profiled` leaves: the profile of each feed, and what concerns several."""

    profiles: tuple[FeedProfile, ...]
    across: tuple[Issue, ...] = ()
    drift: tuple[DriftFinding, ...] = ()
    score: Score | None = None

    def issues_by_severity(self) -> dict[str, int]:
        """How many issues of each severity, within feeds and across them."""
        issues = [issue for feed in self.profiles for issue in feed.issues] + list(self.across)
        return {s: sum(issue.severity == s for issue in issues) for s in ("error", "warn", "info")}


class Files(Record):
    """What `profiled` leaves of feeds with several files: feed → file → its own profile."""

    of: dict[str, dict[str, FeedProfile]]


class Cleaning(Record):
    """What `cleaned` leaves: the models, the account of every row, the mapping, the steps.

    Columns of feeds with models that neither are delivered nor dropped with a reason stand in
    `unmapped`. (A feed without models has none mapped; its rows are all rejects.) `reasons` are the
    engagement's own words for reject reasons. `counts` are of the values that the rules read, and
    `drift` is what they no longer read of them.
    """

    models: tuple[ModelOutcome, ...]
    accounts: tuple[FeedAccount, ...]
    mappings: tuple[ColumnMapping, ...]
    steps: tuple[Step, ...]
    reasons: dict[str, str] = Field(default_factory=dict)
    unmapped: tuple[UnmappedColumn, ...] = ()
    counts: tuple[ReadCount, ...] = ()
    drift: tuple[DriftFinding, ...] = ()


class Checks(Record):
    """What `validated` leaves."""

    checks: tuple[CheckOutcome, ...]

    def by_status(self) -> Counter[str]:
        """How many tests ended how."""
        return Counter(check.status for check in self.checks)


def write(path: Path, record: BaseModel) -> None:
    """Write one record; a reader sees all of it or nothing."""
    write_text(path, record.model_dump_json(indent=1))


def read(path: Path, kind: type[M]) -> M:
    """Read one record back; what a later version no longer knows is left out.

    Raises:
        FileNotFoundError: If the stage before has not run for this batch, or ran with a version
            whose record lacks what this one needs: then it has to run again.
    """
    try:
        return kind.model_validate_json(path.read_bytes(), extra="ignore")
    except ValidationError:
        raise FileNotFoundError(errno.ENOENT, "of another version", str(path)) from None


def find(path: Path, kind: type[M]) -> M | None:
    """Read one record of an earlier batch; None where it is gone, or is of a version too old."""
    try:
        return read(path, kind)
    except FileNotFoundError:
        return None

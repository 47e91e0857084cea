"""Corrections files: told from other files, given to their feed, and applied."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from consulting.chain.apart import within
from consulting.chain.carried import sheets_before
from consulting.cleaning.models import read_columns
from consulting.corrections import (
    apply_corrections,
    origin,
    returned_rows,
    sent_rows,
    written_forms,
)
from consulting.errors import (
    BeyondLimitError,
    DropMovedError,
    TierBlockedError,
    UnreadableFileError,
)
from consulting.privacy.tiers import FULL_TIER
from consulting.records import FileReading
from consulting.rules import column_rule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consulting.chain.artifacts import Intake
    from consulting.chain.engagement import Engagement
    from consulting.corrections.sent import Forms
    from consulting.intake.reading import ReadingApart
    from consulting.layout import ClientFolder
    from consulting.records import Batch, Drop
    from consulting.sealed import SealedFile

MOST_ROWS = 200_000
"""A corrections file is held in memory; whoever has more to correct sends the whole file again."""
_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Files of several sheets, of which a feed that names none reads the first with data."""
_Origin = tuple[str, str | None] | None


def read_drop(  # noqa: PLR0913 - as `read_file`
    engagement: Engagement,
    reader: ReadingApart,
    path: Path | SealedFile,
    *,
    filename: str,
    feed: str,
    sha256: str,
    run_folder: Path,
    others: Sequence[str] = (),
) -> FileReading:
    """Read a file as its feed declares it, or as corrections where it holds the ids of rejects.

    Args:
        engagement: Whose file.
        reader: Reads it.
        path: Where it lies.
        filename: As the client named it.
        feed: The feed it is read for.
        sha256: Of its bytes.
        run_folder: Takes the rows.
        others: The feeds that it was read for before: what they read is not read again.

    Raises:
        UnreadableFileError: If it can not be read, or holds corrections below tier 3.
    """
    declared = engagement.read_options(engagement.feed(feed)).behind(engagement.door)
    before = tuple((each.member, each.sheet) for each in map(engagement.feed, others))
    files = engagement.feed(feed).files
    sharing = [each for each in engagement.config.feeds if each.files == files]
    first = sharing[0].name == feed and len(sharing) > 1
    parts = tuple((each.member, each.sheet) for each in sharing if first)
    beside = engagement.models.read_beside(feed)
    told: dict[str, Any] = {"others": before, "parts": parts, "beside": beside}
    if isinstance(declared.sheet, int) or filename.lower().endswith(_WORKBOOKS):
        told["sheets_before"] = sheets_before(engagement, feed, run_folder.name)
    reading = reader.read_either(
        path,
        filename=filename,
        feed=feed,
        sha256=sha256,
        run_folder=run_folder,
        options=declared.model_copy(update=told),
        door=engagement.door,
    )
    if reading is None:
        tier = engagement.config.security_tier
        blocked = TierBlockedError("apply corrections", FULL_TIER, engagement.client_id, tier)
        raise UnreadableFileError(
            filename,
            "corrections_blocked",
            f"It is a rejects file that came back with corrections. {blocked}",
            "Until then, correct the rows where they come from and send the whole file again.",
        )
    return reading


def feed_of_corrections(
    engagement: Engagement, batch: Batch, drop: Drop, reading: FileReading, run_folder: Path
) -> str:
    """The feed that a corrections file belongs to by its ids, whatever its own name says.

    Raises:
        DropMovedError: If its rows are of another period; it is left to a batch of that period.
        UnreadableFileError: If there is nothing it could correct.
    """
    if reading.loaded_rows > MOST_ROWS:
        held = f"It holds {reading.loaded_rows:,} rows to correct, more than {MOST_ROWS:,}."
        raise _too_many(drop, held)
    found = _apart(engagement, batch, drop, reading, run_folder)
    if found is None and not reading.loaded_rows:
        return reading.feed
    if found is None or found[0] not in {feed.name for feed in engagement.config.feeds}:
        raise UnreadableFileError(
            drop.key,
            "corrections_unknown",
            f"None of its {reading.loaded_rows:,} rows was rejected in a delivery to "
            f"{engagement.client_id}: no `_correction_id` of it is known.",
            "Correct the rejects file of the newest delivery, leave its column _correction_id as "
            "it is, and send that.",
        )
    feed, period = found
    if engagement.config.partitions is None or period is None:
        period = batch.period
    engagement.intake.sort_by_content(batch, drop, feed=feed, period=period, now=datetime.now(UTC))
    if period != batch.period:
        raise DropMovedError(engagement.client_id, drop.key, feed, period or "")
    return feed


def _apart(
    engagement: Engagement, batch: Batch, drop: Drop, reading: FileReading, run_folder: Path
) -> tuple[str, str | None] | None:
    """`_origin_of` within the limits of all feeds, for whose it is shows only then.

    Raises:
        UnreadableFileError: If it takes more.
    """
    arguments = (reading, run_folder, engagement.folder, batch.batch_id)
    limits, doing = engagement.limits_together, f"finding what {drop.key} corrects"
    try:
        return within(engagement, limits, doing, _Origin, _origin_of, *arguments)
    except BeyondLimitError as beyond:
        raise _too_many(drop, str(beyond)) from None


def _too_many(drop: Drop, reason: str) -> UnreadableFileError:
    fix = "Correct the file that the rows came from and send it whole."
    return UnreadableFileError(drop.key, "corrections_too_many", reason, fix)


def _origin_of(
    reading: FileReading, run_folder: Path, past: ClientFolder, before: str
) -> tuple[str, str | None] | None:
    """The feed and period that most rows of a corrections file were rejected in."""
    ids = [row.identity for row in returned_rows(reading, run_folder)]
    sent = sent_rows(past, ids, before=before)
    return origin(sent[identity] for identity in ids if identity in sent)


def without_base(file: FileReading) -> UnreadableFileError:
    """Why a corrections file can not be applied: what it corrects is no longer held."""
    return UnreadableFileError(
        file.filename,
        "corrections_without_base",
        f"The delivered files of feed '{file.feed}', which it corrects, are no longer held.",
        "Reprocess the feed's newest file, then release this one.",
    )


def with_corrections(engagement: Engagement, received: Intake, run_folder: Path) -> Intake:
    """Apply the corrections in force to the files in use, apart and within limits.

    Args:
        engagement: Whose they are; its folder holds what earlier deliveries sent out.
        received: What was received, with the corrections files as they were read.
        run_folder: Where all of it was read to.

    Raises:
        BeyondLimitError: If it takes more than all feeds together may.
    """
    files = received.corrections
    if not files:
        return received
    corrected = within(
        engagement,
        engagement.limits_together,
        f"applying the corrections of batch {received.batch.batch_id}",
        list[FileReading],
        apply_corrections,
        received.base,
        received.corrections,
        run_folder=run_folder,
        past=engagement.folder,
        written={file.reading.feed: _written(engagement, file.reading.feed) for file in files},
    )
    return received.model_copy(update={"corrected": tuple(corrected)})


def _written(engagement: Engagement, feed: str) -> Forms:
    """How the feed's rules read decimal marks and dates, by header."""
    metas = read_columns(engagement.models.load_manifest(), feed).values()
    return written_forms((rule.sources, rule.written()) for rule in map(column_rule, metas))


def told(files: Sequence[FileReading]) -> list[str]:
    """What became of corrections files, in a line each."""
    return [
        f"{file.filename}: {file.corrections.in_words()}"
        for file in files
        if file.corrections is not None
    ]

"""The client's warehouse holds one batch at a time; no stage may take it for another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.apart import within
from consulting.delivery import HISTORY_SCHEMA
from consulting.errors import BeyondLimitError, DeliveryError
from consulting.intake.reading import load_raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.chain.engagement import Engagement
    from consulting.config.engagement import Feed
    from consulting.records import FileReading

MARK = "loaded_batch"


def load_files(engagement: Engagement, received: artifacts.Intake) -> None:
    """Load what was read into the client's `raw` schema, and leave the record of it."""
    run_folder = engagement.folder.run(received.batch.batch_id)
    mark = engagement.folder.path / MARK
    # between the two marks the warehouse belongs to no batch
    mark.unlink(missing_ok=True)
    for feed in engagement.config.feeds:
        _require_columns(engagement, feed, received.in_use)
    within(
        engagement,
        engagement.limits_together,
        f"loading the rows of batch {received.batch.batch_id}",
        dict[str, int],
        load_raw,
        engagement.folder.warehouse,
        run_folder,
        received.in_use,
        expected=expected_columns(engagement, received.in_use),
        keep=HISTORY_SCHEMA,
    )
    artifacts.write(run_folder / artifacts.INTAKE, received)
    mark.write_text(received.batch.batch_id, encoding="utf-8")


def _require_columns(engagement: Engagement, feed: Feed, files: Sequence[FileReading]) -> None:
    """Files that each have few columns may have too many together, where each has others."""
    most = engagement.limits(feed).max_columns
    columns = {name.casefold() for file in files if file.feed == feed.name for name in file.columns}
    if len(columns) > most:
        said = f"the files of feed {feed.name!r} have {len(columns):,} columns together, more than "
        raise BeyondLimitError(engagement.client_id, f"{said}the {most:,} allowed", "max_columns")


def require_loaded(engagement: Engagement, batch_id: str) -> artifacts.Intake:
    """What `file_received` left of the batch, if the warehouse still holds its rows.

    Raises:
        DeliveryError: If another batch was loaded since, or none: a stage that went on would put
            one batch's rows under another's name.
    """
    try:
        received = artifacts.read(
            engagement.folder.run(batch_id) / artifacts.INTAKE, artifacts.Intake
        )
        loaded = (engagement.folder.path / MARK).read_text(encoding="utf-8")
    except FileNotFoundError:
        loaded = None
    if loaded != batch_id:
        raise DeliveryError(
            f"{engagement.client_id}: the warehouse holds {loaded or 'no batch'}, not {batch_id}, "
            f"so a run of {batch_id} can not begin in the middle. Run the client's whole job."
        )
    return received


def expected_columns(
    engagement: Engagement, readings: Sequence[FileReading]
) -> dict[str, list[str]]:
    """The columns of the feeds that have no file; where there is one, its own columns count."""
    declared = engagement.models.declared_columns()
    present = {reading.feed for reading in readings}
    names = [feed.name for feed in engagement.config.feeds]
    return {name: declared.get(name, []) for name in names if name not in present}

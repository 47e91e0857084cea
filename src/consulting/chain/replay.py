"""Rebuilding a delivery from its landed files, to see that it comes out the same."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.apart import child_of
from consulting.chain.cleaned import clean_files
from consulting.chain.corrected import read_drop, with_corrections
from consulting.chain.delivered import exports, gather
from consulting.chain.loaded import load_files
from consulting.chain.measure import earlier_profiles
from consulting.chain.profiled import profile_files
from consulting.chain.tier import hold_tier
from consulting.chain.unread import earlier_counts
from consulting.chain.validated import run_tests
from consulting.delivery import INNER_MANIFEST, build_delivery
from consulting.delivery.verify import verify
from consulting.errors import DeliveryError
from consulting.intake.reading import ReadingApart
from consulting.layout import ClientFolder
from consulting.privacy.tiers import FULL_TIER
from consulting.writing import hash_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consulting.chain.engagement import Engagement
    from consulting.delivery import Difference
    from consulting.records import FileReading


def verify_delivery(
    engagement: Engagement, delivery_id: str, *, log: Callable[[str], None]
) -> list[Difference]:
    """Rebuild a delivery elsewhere, from landed bytes, and compare it with what was delivered.

    At tiers 1 and 2 the client's files were never kept; the header or the masked sample that was
    kept is what it is rebuilt from.

    Args:
        engagement: Whose delivery.
        delivery_id: The delivery; the ids are the names of the folders in `deliverables/`.
        log: Told of each step.

    Returns:
        Every difference; none where it is reproduced byte for byte.

    Raises:
        TierLoweredError: If its tier was lowered and nobody has confirmed that.
        DeliveryError: If there is no such delivery, or what it was made from is gone.
    """
    hold_tier(engagement)
    delivered = engagement.folder.deliverables / delivery_id
    if not delivered.is_dir():
        known = engagement.folder.deliveries()
        if delivery_id in known:
            raise DeliveryError(
                f"{engagement.client_id}: {delivery_id} no longer lies in deliverables/. Bring its "
                "folder back from where it was moved to; then it can be compared."
            )
        raise DeliveryError(
            f"{engagement.client_id} has no delivery {delivery_id!r}. Its deliveries: "
            f"{', '.join(known) or 'none yet'}."
        )
    record_access(engagement, by="consulting verify", operation="rebuild", subject=delivery_id)
    return verify(
        delivered,
        lambda scratch: _rebuild(engagement, delivery_id, scratch, log),
        inner=engagement.folder.run(delivery_id) / INNER_MANIFEST,
    )


def _rebuild(
    engagement: Engagement, batch_id: str, scratch: Path, log: Callable[[str], None]
) -> None:
    """The whole chain again, in a folder of its own and without the ledger."""
    kept = engagement.folder.run(batch_id)
    received = artifacts.find(kept / artifacts.INTAKE, artifacts.Intake)
    if received is None:
        raise DeliveryError(
            f"{engagement.client_id}: the run folder {kept} is gone, or too old for this version, "
            f"so {batch_id} can not be rebuilt. Keep `runs/` as long as deliveries have to be "
            "verifiable."
        )
    again = replace(engagement, folder=ClientFolder(scratch, engagement.client_id))
    run_folder = again.folder.run(batch_id)
    run_folder.mkdir(parents=True)
    reader = ReadingApart(child_of())

    def again_of(reading: FileReading) -> FileReading:
        return _read_again(engagement, reader, reading, kept, run_folder)

    received = received.model_copy(
        update={
            "readings": tuple(map(again_of, received.readings)),
            "carried_readings": tuple(map(again_of, received.carried_readings)),
            "corrections": tuple(
                file.model_copy(update={"reading": again_of(file.reading)})
                for file in received.corrections
            ),
        }
    )
    received = with_corrections(engagement, received, run_folder)
    load_files(again, received)
    profile_files(
        again, received, before=lambda feed: earlier_profiles(engagement, feed, batch_id), log=log
    )
    clean_files(
        again, received, before=lambda feed: earlier_counts(engagement, feed, batch_id), log=log
    )
    run_tests(again, batch_id, log=log)
    inputs = gather(again, batch_id, past=engagement.folder)
    tables = exports(again, inputs)
    build_delivery(inputs, folder=again.folder, tables=tables, past=engagement.folder)


def _read_again(
    engagement: Engagement,
    reader: ReadingApart,
    reading: FileReading,
    kept: Path,
    run_folder: Path,
) -> FileReading:
    """One file read from its landed bytes, or, below tier 3, what was kept of it."""
    landed = engagement.folder.landing / reading.sha256
    whole = engagement.config.security_tier == FULL_TIER and not reading.partial
    if whole and landed.is_dir():
        file = next(path for path in sorted(landed.iterdir()) if path.is_file())
        return read_drop(
            engagement,
            reader,
            file,
            filename=reading.filename,
            feed=reading.feed,
            # what lies there now: where it was altered, the input is what differs
            sha256=hash_file(file),
            run_folder=run_folder,
        )
    for path in reading.paths:
        (run_folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept / path, run_folder / path)
    return reading

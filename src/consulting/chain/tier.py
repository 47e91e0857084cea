"""A lowered security tier takes effect at the next run: what it does not allow is removed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from consulting.bounded_memory import spill_of
from consulting.chain.loaded import MARK
from consulting.delivery import MANIFEST
from consulting.privacy.tiers import FULL_TIER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from consulting.chain.carried import Carried
    from consulting.chain.engagement import Engagement
    from consulting.layout import ClientFolder

REASON_SUFFIX = ".reason.json"


def forget_what_the_tier_forbids(engagement: Engagement, log: Callable[[str], None]) -> None:
    """Remove what an earlier run at a higher tier stored.

    Of a delivery made at a higher tier its manifest stays: hashes and counts, no row.
    """
    tier, folder = engagement.config.security_tier, engagement.folder
    held = folder.path / "tier"
    before = int(held.read_text()) if held.exists() else FULL_TIER
    if tier < FULL_TIER:
        shutil.rmtree(folder.landing, ignore_errors=True)
    if tier < before:
        shutil.rmtree(folder.path / "runs", ignore_errors=True)
        for name in (folder.warehouse.name, f"{folder.warehouse.name}.wal", MARK):
            (folder.path / name).unlink(missing_ok=True)
        _forget_leftovers(folder)
        _forget_quarantined(folder)
        for delivery in _made_above(folder, tier):
            log(f"The tier was lowered to {tier}: of delivery {delivery.name} the manifest is kept")
            _keep_only_manifest(delivery)
    folder.path.mkdir(parents=True, exist_ok=True)
    held.write_text(str(tier))


def tell_of_partial_files(
    engagement: Engagement, carried: Sequence[Carried], log: Callable[[str], None]
) -> None:
    """Say which files stand in with less than all their rows, since the tier was raised."""
    if engagement.config.security_tier < FULL_TIER:
        return
    for earlier in carried:
        if any(reading.partial for reading in earlier.readings):
            whose = (
                f"no new file, and delivery {earlier.batch_id}, whose files stand in,"
                if earlier.batch_id
                else "the delivery whose files are delivered again with the new ones"
            )
            log(
                f"{earlier.feed}: {whose} was made at a lower tier: only a masked sample or the "
                "headers are held. Reprocess its drop (`consulting reprocess "
                f"{engagement.client_id} <drop>`) for all its rows; the same bytes dropped again "
                "are a repeat"
            )


def _forget_leftovers(folder: ClientFolder) -> None:
    """Drop what a run that was killed left half done: rows on disk that it had no memory for."""
    for path in (spill_of(folder.warehouse), *folder.deliverables.glob(".*")):
        shutil.rmtree(path, ignore_errors=True)


def _forget_quarantined(folder: ClientFolder) -> None:
    """Drop the copies of the client's files; the reasons beside them stay."""
    for path in folder.quarantine.rglob("*"):
        if path.is_file() and not path.name.endswith(REASON_SUFFIX):
            path.unlink()


def _made_above(folder: ClientFolder, tier: int) -> list[Path]:
    return [
        manifest.parent
        for manifest in sorted(folder.deliverables.glob(f"*/{MANIFEST}"))
        if json.loads(manifest.read_bytes())["security_tier"] > tier
    ]


def _keep_only_manifest(delivery: Path) -> None:
    for path in delivery.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != MANIFEST:
            path.unlink()

"""The tier a client's data is held at: lowered only once somebody has confirmed what that removes.

The ledger says at which tier the last run held data. A higher tier in
`defs.yaml` takes effect by itself. A lower one removes data for good and may be a slip, so until it
is confirmed outside of the YAML nothing of the client runs and nothing is removed.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from consulting.bounded_memory import spill_of
from consulting.chain.loaded import MARK
from consulting.errors import BatchHeldError, TierLoweredError
from consulting.intake import BatchStatus
from consulting.layout import MANIFEST
from consulting.privacy.tiers import FULL_TIER
from consulting.scratch import sweep_scratch
from consulting.writing import close_to_others

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from consulting.chain.carried import Carried
    from consulting.chain.engagement import Engagement
    from consulting.layout import ClientFolder

REASON_SUFFIX = ".reason.json"
LEFT_SECONDS = 600
"""A run that has not given its first sign of life yet has left nothing that is as old."""


def hold_tier(engagement: Engagement) -> None:
    """Note the tier that data is held at from now on, if that removes nothing.

    Raises:
        TierLoweredError: If data is held at a higher tier, or nobody can tell at which.
    """
    if refusal := refusal_of(engagement):
        raise refusal
    _note(engagement)


def refusal_of(engagement: Engagement) -> TierLoweredError | None:
    """Why nothing of the client may run; None if it may."""
    held, wanted = _held(engagement), engagement.config.security_tier
    if held is None or held <= wanted:
        return None
    return TierLoweredError(engagement.client_id, wanted, held)


def lower_tier(engagement: Engagement, *, now: datetime) -> None:
    """Remove what the client's tier does not allow, and note the tier; a person said so.

    Raises:
        BatchHeldError: If a run works for the client.
        StoreError: If the bucket that holds the data does not remove it; the tier is not noted.
    """
    intake = engagement.intake
    held = [each for each in intake.state().batches if each.status == BatchStatus.RUNNING]
    if held and intake.live_runs(now=now):
        raise BatchHeldError(engagement.client_id, held[0].batch_id, "a run of it is at work")
    engagement.checked_out.take_idle(now)
    for path in dict.fromkeys(path for path, _ in above_the_tier(engagement)):
        _remove(path)
    engagement.checked_out.put_back()
    engagement.checked_out.remove_for_good()
    _note(engagement)


def above_the_tier(engagement: Engagement) -> Iterator[tuple[Path, str]]:
    """What is held that the client's tier does not allow, each with what it is.

    Of a delivery made at a higher tier its manifest stays: hashes and counts, no row.
    """
    folder, tier = engagement.folder, engagement.config.security_tier
    if tier == FULL_TIER or refusal_of(engagement) is None:
        return
    places = (
        (folder.landing, "the client's files, as they came"),
        (folder.runs, "what the runs read, rows among it"),
        *(
            (folder.sample(above), "what is kept of a sample")
            for above in range(tier + 1, FULL_TIER + 1)
        ),
        (folder.warehouse, "the warehouse"),
        (folder.warehouse.with_name(f"{folder.warehouse.name}.wal"), "the warehouse"),
        (folder.path / MARK, "the warehouse"),
        (folder.errors, "texts of errors"),
        *((path, "what a killed run left") for path in _leftovers(folder)),
    )
    yield from ((path, what) for path, what in places if path.exists())
    for path in sorted(folder.quarantine.rglob("*")):
        if path.is_file() and not path.name.endswith(REASON_SUFFIX):
            yield path, "a file in quarantine (its reason stays)"
    for delivery in _made_above(folder, tier):
        for path in sorted(delivery.iterdir()):
            if path.name != MANIFEST:
                yield path, "of a delivery (its manifest stays)"


def forgotten_below(engagement: Engagement) -> list[str]:
    """The deliveries known by what runs kept of them alone, which a lowered tier removes."""
    made = engagement.folder.deliverables
    return [d for d in engagement.folder.deliveries() if not (made / d / MANIFEST).is_file()]


def sweep(engagement: Engagement, *, now: datetime) -> None:
    """Remove what killed runs left; below tier 3 also whatever is landed, for nothing may stay."""
    folder = engagement.folder
    sweep_scratch(folder.path)
    for path in folder.path.iterdir() if folder.path.is_dir() else ():
        if path != folder.incoming:  # whoever fills it may be another user
            close_to_others(path)
    left = [*_leftovers(folder)]
    if engagement.config.security_tier < FULL_TIER and folder.landing.is_dir():
        left += folder.landing.iterdir()
    old = [path for path in left if path.exists() and _age(path, now) > LEFT_SECONDS]
    if old and not engagement.intake.live_runs(now=now):
        for path in old:
            _remove(path)


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


def _held(engagement: Engagement) -> int | None:
    """The tier noted; None where nothing is held. What is held and not noted counts as all."""
    noted = engagement.intake.held_tier()
    if noted is not None:
        return noted
    folder = engagement.folder
    places = (folder.landing, folder.runs, folder.warehouse, folder.deliverables)
    if any(path.exists() for path in places):
        return FULL_TIER
    return max(
        (tier for tier in range(FULL_TIER + 1) if folder.sample(tier).exists()), default=None
    )


def _note(engagement: Engagement) -> None:
    tier = engagement.config.security_tier
    if engagement.intake.held_tier() != tier:
        engagement.intake.hold_tier(tier)


def _leftovers(folder: ClientFolder) -> list[Path]:
    """What a run that was killed leaves half done: rows on disk that it had no memory for."""
    spilled = spill_of(folder.warehouse)
    return [path for path in (spilled, *folder.deliverables.glob(".*")) if path.exists()]


def _made_above(folder: ClientFolder, tier: int) -> list[Path]:
    made = []
    for manifest in sorted(folder.deliverables.glob(f"*/{MANIFEST}")):
        try:
            held = json.loads(manifest.read_bytes())["security_tier"]
        except (ValueError, KeyError, TypeError):
            held = FULL_TIER
        if not isinstance(held, int) or held > tier:
            made.append(manifest.parent)
    return made


def _age(path: Path, now: datetime) -> float:
    return now.timestamp() - path.stat().st_mtime


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

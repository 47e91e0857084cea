"""Accepting what drifted: the feed's YAML takes it as it is now, and the batch is tried again."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.access import this_user
from consulting.chain.patching import is_at_fault, make_patches, text_of
from consulting.cleaning.templated import followed
from consulting.errors import CleaningError
from consulting.intake import POISON, State
from consulting.privacy.tiers import FULL_TIER
from consulting.profiling import label_of, unified
from consulting.profiling.reads import in_files
from consulting.records import Record
from consulting.writing import write_project_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.chain.engagement import Engagement
    from consulting.intake import LedgerState
    from consulting.profiling import DriftFinding


_GONE = frozenset({State.DISCARDED, State.SUPERSEDED})
"""Files that no batch is to deliver any more."""


class Confirmation(Record):
    """What no YAML decides of a batch, and somebody has to find right.

    Attributes:
        of: Its files and its period, in words.
        findings: What is to be right, in the words of the ledger.
        drops: The files, as the ledger numbers them.
        batches: The batches that wait for it.
    """

    of: str
    findings: tuple[str, ...]
    drops: tuple[int, ...]
    batches: tuple[str, ...]


class Acceptance(Record):
    """What accepting does, before it is done.

    Attributes:
        texts: Each YAML file to change, with its text before and after.
        told: What drifted, in sentences.
        confirms: What somebody has to find right, a batch at a time.
        left: What no patch can accept, and what to do.
        batches: The batches that wait because of it, or whose run is under way, and are tried
            again; none of which anything is left, for they would fail again.
        drops: The files that were set aside because of it, and are released; as the batches.
        teaches: Feed → the template that can learn a new header of it, at tier 3.
    """

    texts: dict[str, tuple[str, str]]
    told: tuple[str, ...]
    confirms: tuple[Confirmation, ...]
    left: tuple[str, ...]
    old: tuple[str, ...]
    batches: tuple[str, ...]
    drops: tuple[int, ...]
    teaches: dict[str, str]

    def without(self, denied: Confirmation) -> Acceptance:
        """What is left to do where somebody did not find right what was asked of a batch."""
        return self.model_copy(
            update={
                "confirms": tuple(one for one in self.confirms if one is not denied),
                "batches": tuple(one for one in self.batches if one not in denied.batches),
                "drops": tuple(one for one in self.drops if one not in denied.drops),
            }
        )

    def diffs(self, dbt_dir: Path) -> Iterator[str]:
        """A unified diff of each file."""
        for name, (before, after) in self.texts.items():
            yield unified(before, after, label_of(dbt_dir / name))


def proposed_acceptance(engagement: Engagement) -> Acceptance | None:
    """What accepting the client's drift would do; None where no batch waits because of any.

    What drifted is compared with the models as they are now: one that was accepted, and whose
    files were not yet let go, is only let go.

    Raises:
        CleaningError: If dbt can not read the YAML with the patch.
    """
    state = engagement.intake.state()
    waiting = {batch.batch_id for batch in state.batches}
    aside = {d: b for d, b in _set_aside(state).items() if _has_drifted(engagement, b)}
    old = [drop_id for drop_id in aside if _is_overtaken(engagement, drop_id, aside[drop_id])]
    for drop_id in old:
        del aside[drop_id]
    looked_at = dict(_looked_at(engagement, filter(engagement.intake.awaited, waiting)))
    looked_at = {b: at for b, at in looked_at.items() if not _has_lost_files(engagement, at)}
    drifted = [
        batch_id
        for batch_id in sorted({*looked_at.values(), *aside.values()})
        if _has_drifted(engagement, batch_id)
    ]
    if not drifted and not old:
        return None
    made = make_patches(engagement, drifted)
    found = {batch_id: [drift for drift, _ in each] for batch_id, each in made.drift.items()}
    through = {batch_id for batch_id in found if not made.left[batch_id]}
    return Acceptance(
        texts=made.texts,
        told=made.told,
        confirms=tuple(
            _to_confirm(engagement, b, asked, [w for w, at in looked_at.items() if at == b])
            for b in found
            if b in through and (asked := [f for f in found[b] if f.to_confirm])
        ),
        left=tuple(dict.fromkeys(sentence for each in made.left.values() for sentence in each)),
        old=tuple(_told_of_old(engagement, old)),
        batches=tuple(sorted(b for b, at in looked_at.items() if at in through)),
        drops=tuple(drop for drop, b in aside.items() if b in through),
        teaches=_teaches(engagement, [finding for each in found.values() for finding in each]),
    )


def _looked_at(engagement: Engagement, waiting: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each batch that waits, and that whose run looked at its files: of a half, the whole."""
    several = [*waiting]
    roots = engagement.intake.roots(several)
    for batch_id in several:
        ran = (engagement.folder.run(batch_id) / artifacts.PROFILE).exists()
        yield batch_id, batch_id if ran else roots[batch_id]


def _has_lost_files(engagement: Engagement, batch_id: str) -> bool:
    """Whether what a run looked at holds files that are not to be delivered any more."""
    path = engagement.folder.run(batch_id) / artifacts.INTAKE
    received = artifacts.find(path, artifacts.Intake)
    drops = [drop.drop_id for drop in received.batch.drops] if received else []
    stories = engagement.intake.history(drop_ids=drops) if drops else ()
    return any(each.state in _GONE for each in stories)


def _set_aside(state: LedgerState) -> dict[int, str]:
    """The files that are set aside because runs with them failed → the batch of the last run."""
    return {
        story.drop.drop_id: story.batch_id
        for story in state.quarantined
        if story.code == POISON and story.batch_id
    }


def _is_overtaken(engagement: Engagement, drop_id: int, batch_id: str) -> bool:
    """Whether newer files of its feed and period were delivered since a file was set aside."""
    (story,) = engagement.intake.history(drop_ids=[drop_id])
    last = engagement.intake.last_delivered(story.drop.feed or "", period=story.drop.period)
    if last is None or len({*engagement.intake.roots([last[0].batch_id, batch_id]).values()}) == 1:
        return False
    at = {fact.batch_id: fact.delivered_at for fact in engagement.intake.deliveries()}
    since = max(event.at for event in story.events if event.kind == "quarantined")
    return at.get(last[0].batch_id, since) > since


def _told_of_old(engagement: Engagement, drop_ids: Sequence[int]) -> Iterator[str]:
    client = engagement.client_id
    for story in engagement.intake.history(drop_ids=drop_ids) if drop_ids else ():
        drop = story.drop
        yield (
            f"{drop.key} is left as it is: it was set aside, and newer files of {drop.feed} were "
            f"delivered since. If it is still wanted, `consulting release {client} {drop.drop_id}` "
            f"lets it try again; else `consulting discard {client} {drop.drop_id}` ends it."
        )


def _to_confirm(
    engagement: Engagement, batch_id: str, asked: Sequence[DriftFinding], waiting: Sequence[str]
) -> Confirmation:
    run_folder = engagement.folder.run(batch_id)
    received = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake)
    feeds, period = {finding.feed for finding in asked}, received.batch.period
    files = in_files([r.filename for r in received.to_profile if r.feed in feeds])
    return Confirmation(
        of=f"{files} ({period})" if period else files,
        findings=tuple(dict.fromkeys(finding.to_confirm for finding in asked)),
        drops=tuple(drop.drop_id for drop in received.batch.drops),
        batches=tuple(waiting),
    )


def _teaches(engagement: Engagement, found: Sequence[DriftFinding]) -> dict[str, str]:
    """Which templates can learn the headers that feeds are renamed to."""
    if engagement.config.security_tier < FULL_TIER:
        return {}  # a header may be data there, and nobody learns from it
    renamed = {finding.feed for finding in found if finding.kind == "renamed_column"}
    following = followed(engagement.models.files) if renamed else {}
    return {feed: name for feed, name in following.items() if feed in renamed}


def accept(engagement: Engagement, acceptance: Acceptance) -> list[str]:
    """Write the YAML, note what was found right and by whom, and let the files go; in sentences.

    dbt has read the YAML elsewhere. Whatever is killed in between therefore leaves YAML that it can
    read, and is taken up where it ended by accepting again.

    Raises:
        CleaningError: If somebody else changed the YAML meanwhile; it is not written then.
    """
    write_changed(engagement, acceptance.texts)
    for asked in acceptance.confirms:
        # whatever else is let go may come into one batch with these, and was looked at, too
        drops = sorted({*asked.drops, *acceptance.drops})
        for finding in asked.findings:
            engagement.intake.confirm(drops, finding, by=this_user(), now=datetime.now(UTC))
    engagement.intake.retry(acceptance.batches, now=datetime.now(UTC))
    # a run that was under way may have failed with the models as they were
    meanwhile = _set_aside(engagement.intake.state())
    late = [drop for drop, batch_id in meanwhile.items() if batch_id in acceptance.batches]
    released = [
        engagement.intake.release(drop, dry_run=False) for drop in (*acceptance.drops, *late)
    ]
    return [f"{each.key}: {each.sentence}" for each in released]


def write_changed(engagement: Engagement, texts: Mapping[str, tuple[str, str]]) -> None:
    """Write YAML files that are as they were when the change of them was made, one at a time.

    Raises:
        CleaningError: If one was changed meanwhile; none is written then.
    """
    dbt_dir = engagement.dbt_dir
    descriptor = os.open(dbt_dir, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for name, (before, _) in texts.items():
            if text_of(dbt_dir / name) != before:
                raise CleaningError(
                    f"{engagement.client_id}: somebody else changed {label_of(dbt_dir / name)} "
                    "meanwhile, so nothing is written. Run it again: it takes the file as it is "
                    "now."
                )
        for name, (_, after) in texts.items():
            write_project_text(dbt_dir / name, after)
    finally:
        os.close(descriptor)


def _has_drifted(engagement: Engagement, batch_id: str) -> bool:
    """Whether the run of a batch came to nothing because of the shape of its files."""
    path = engagement.folder.run(batch_id) / artifacts.PROFILE
    if not path.exists():
        return False
    drift = artifacts.read(path, artifacts.Profile).drift
    cleaning = artifacts.find(path.with_name(artifacts.CLEANING), artifacts.Cleaning)
    return any(map(is_at_fault, (*drift, *(cleaning.drift if cleaning else ()))))

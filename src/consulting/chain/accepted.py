"""Accepting what drifted: the feed's YAML takes it as it is now, and the batch is tried again."""

from __future__ import annotations

import fcntl
import os
import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.access import this_user
from consulting.chain.cleaned import clean_files
from consulting.chain.profiled import drift_of, earlier_profiles
from consulting.chain.trial import on_trial, rows_are_kept
from consulting.chain.unread import earlier_counts
from consulting.cleaning import ClientModels
from consulting.cleaning.client_files import shown_path
from consulting.cleaning.templated import followed
from consulting.errors import CleaningError
from consulting.intake import POISON
from consulting.privacy.tiers import FULL_TIER
from consulting.profiling import label_of, patched, unified
from consulting.records import Record
from consulting.scratch import scratch_folder
from consulting.writing import write_project_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.intake import LedgerState
    from consulting.profiling import DriftFinding, FeedProfile

_TURNED = frozenset({"decimal_mark_changed", "date_order_changed"})
"""What one rule can not read both ways without a patch that says so."""
_TURNS = (
    "Files of newer periods were delivered with the rule as it is, and turned it would read those "
    "wrong. Have the client send these again as newer ones are written."
)
_BOTH = (
    "Files of newer periods were delivered with the rule as it is, so it reads both from now on; "
    "what may be two numbers (1.234) it rejects then."
)


class Acceptance(Record):
    """What accepting does, before it is done.

    Attributes:
        texts: Each YAML file to change, with its text before and after.
        told: What drifted, in sentences.
        confirms: What no YAML decides and somebody has to find right, in the words of the ledger,
            and of which files.
        left: What no patch can accept, and what to do.
        batches: The batches that wait because of it, or whose run is under way, and are tried
            again; none of which anything is left, for they would fail again.
        drops: The files that were set aside because of it, and are released; as the batches.
        teaches: Feed → the template that can learn a new header of it, at tier 3.
    """

    texts: dict[str, tuple[str, str]]
    told: tuple[str, ...]
    confirms: dict[str, tuple[int, ...]]
    left: tuple[str, ...]
    old: tuple[str, ...]
    batches: tuple[str, ...]
    drops: tuple[int, ...]
    teaches: dict[str, str]

    def diffs(self, dbt_dir: Path) -> Iterator[str]:
        """A unified diff of each file."""
        for name, (before, after) in self.texts.items():
            yield unified(before, after, label_of(dbt_dir / name))


def proposed_acceptance(engagement: Engagement) -> Acceptance | None:
    """What accepting the client's drift would do; None where no batch waits because of any.

    What drifted is compared with the models as they are now: one that was accepted, and whose
    files were not yet let go, is only let go.
    """
    state = engagement.intake.state()
    waiting = {batch.batch_id for batch in state.batches}
    aside = {d: b for d, b in _set_aside(state).items() if _has_drifted(engagement, b)}
    old = [drop_id for drop_id in aside if _is_overtaken(engagement, drop_id, aside[drop_id])]
    for drop_id in old:
        del aside[drop_id]
    found: dict[str, list[tuple[DriftFinding, FeedProfile]]] = {}
    for batch_id in sorted({*waiting, *aside.values()}):
        if _has_drifted(engagement, batch_id) and not _is_replaced(engagement, batch_id):
            found[batch_id] = list(_drift_now(engagement, batch_id))
    if not found and not old:
        return None
    texts, told, left = _patches(engagement, found)
    through = {batch_id for batch_id in found if not left[batch_id]}
    return Acceptance(
        texts=texts,
        told=told,
        confirms=_to_confirm(engagement, found),
        left=tuple(dict.fromkeys(sentence for each in left.values() for sentence in each)),
        old=tuple(_told_of_old(engagement, old)),
        batches=tuple(b for b in found if b in waiting & through),
        drops=tuple(drop for drop, b in aside.items() if b in through),
        teaches=_teaches(engagement, [finding for each in found.values() for finding, _ in each]),
    )


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
    engagement: Engagement, found: Mapping[str, Sequence[tuple[DriftFinding, FeedProfile]]]
) -> dict[str, tuple[int, ...]]:
    """What somebody has to find right, and the files of the batches that wait for it."""
    confirms: dict[str, tuple[int, ...]] = {}
    for batch_id, findings in found.items():
        run_folder = engagement.folder.run(batch_id)
        drops = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake).batch.drops
        held = tuple(drop.drop_id for drop in drops)
        for finding, _ in findings:
            if finding.to_confirm:
                confirms[finding.to_confirm] = (*confirms.get(finding.to_confirm, ()), *held)
    return confirms


def _teaches(engagement: Engagement, found: Sequence[DriftFinding]) -> dict[str, str]:
    """Which templates can learn the headers that feeds are renamed to."""
    if engagement.config.security_tier < FULL_TIER:
        return {}  # a header may be data there, and nobody learns from it
    renamed = {finding.feed for finding in found if finding.kind == "renamed_column"}
    following = followed(engagement.models.files) if renamed else {}
    return {feed: name for feed, name in following.items() if feed in renamed}


def accept(engagement: Engagement, acceptance: Acceptance) -> list[str]:
    """Write the YAML, note what was found right and by whom, and let the files go; in sentences.

    dbt reads the YAML elsewhere first. Whatever is killed in between therefore leaves YAML that it
    can read, and is taken up where it ended by accepting again.

    Raises:
        CleaningError: If dbt can not read the YAML with the patch, or somebody else changed it
            meanwhile; it is not written then.
    """
    if acceptance.texts:
        require_readable(engagement, acceptance.texts)
    write_changed(engagement, acceptance.texts)
    for finding, drop_ids in acceptance.confirms.items():
        engagement.intake.confirm(drop_ids, finding, by=this_user(), now=datetime.now(UTC))
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


def require_readable(engagement: Engagement, texts: Mapping[str, tuple[str, str]]) -> None:
    """Let dbt read the client's models with the texts, in a copy of its project."""
    with scratch_folder(engagement.folder.path) as scratch:
        copy = engagement.models.copied(scratch)
        for name, (_, after) in texts.items():
            write_text(Path(os.path.normpath(copy / name)), after)
        ClientModels(copy, engagement.client_id).prepare()


def _own_sql(engagement: Engagement, finding: DriftFinding) -> Iterator[str]:
    """Models of the client's own SQL that name a column which is now called otherwise."""
    old, new = finding.previous_column, finding.column
    if old is None or new is None:
        return
    manifest = engagement.models.load_manifest()
    source = f"source.consulting.raw.{finding.feed}"
    for unique_id, node in manifest["nodes"].items():
        sql = node.get("raw_code") or ""
        named = re.search(rf"(?i)(?<!\w){re.escape(old)}(?!\w)", sql.replace(new, ""))
        if named and source in manifest["parent_map"].get(unique_id, ()):
            yield (
                f"{finding.feed}: {shown_path(node['original_file_path'])} names “{old}” itself, "
                f"which the files call “{new}” now. Let it read “{new}”."
            )


def _has_drifted(engagement: Engagement, batch_id: str) -> bool:
    """Whether the run of a batch came to nothing because of the shape of its files."""
    path = engagement.folder.run(batch_id) / artifacts.PROFILE
    if not path.exists():
        return False
    drift = artifacts.read(path, artifacts.Profile).drift
    cleaning = artifacts.find(path.with_name(artifacts.CLEANING), artifacts.Cleaning)
    return any(map(_is_at_fault, (*drift, *(cleaning.drift if cleaning else ()))))


def _is_replaced(engagement: Engagement, batch_id: str) -> bool:
    """Whether newer files came under the names of all of a batch's: its next run takes none."""
    run_folder = engagement.folder.run(batch_id)
    drops = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake).batch.drops
    held = {drop.drop_id for drop in drops}
    return engagement.intake.replaced([*held]) == held


def _is_at_fault(finding: DriftFinding) -> bool:
    # a column that no model reads is refused when it finds no place in the mapping
    unread = finding.kind in {"new_column", "renamed_column"} and not finding.accepted
    return finding.severity == "block" or unread


def _drift_now(engagement: Engagement, batch_id: str) -> Iterator[tuple[DriftFinding, FeedProfile]]:
    folder, stops = engagement.folder.run(batch_id), False
    received = artifacts.read(folder / artifacts.INTAKE, artifacts.Intake)
    profiles = artifacts.read(folder / artifacts.PROFILE, artifacts.Profile).profiles
    for profile in profiles:
        carried = profile.feed in received.carried
        before = partial(earlier_profiles, engagement, profile.feed, batch_id)
        readings = [each for each in received.to_profile if each.feed == profile.feed]
        for finding in drift_of(
            engagement, before, profile, readings, run_folder=folder, carried=carried
        ):
            if _is_at_fault(finding):
                stops = stops or finding.severity == "block"
                yield finding, profile
    of_feed = {profile.feed: profile for profile in profiles}
    for finding in () if stops else _unread_now(engagement, received):
        yield finding, of_feed[finding.feed]


def _unread_now(engagement: Engagement, received: artifacts.Intake) -> tuple[DriftFinding, ...]:
    """What the rules as they are now do not read, of a batch that was stopped for that."""
    batch_id = received.batch.batch_id
    folder = engagement.folder.run(batch_id)
    cleaning = artifacts.find(folder / artifacts.CLEANING, artifacts.Cleaning)
    found = tuple(filter(_is_at_fault, cleaning.drift)) if cleaning else ()
    if not found or not rows_are_kept(received, folder):
        return found
    with on_trial(engagement, folder) as again:
        cleaned = clean_files(
            again,
            received,
            before=lambda feed: earlier_counts(engagement, feed, batch_id),
            log=lambda _: None,
        )
    return tuple(filter(_is_at_fault, cleaned.drift))


def _patches(
    engagement: Engagement, found: Mapping[str, Sequence[tuple[DriftFinding, FeedProfile]]]
) -> tuple[dict[str, tuple[str, str]], tuple[str, ...], dict[str, list[str]]]:
    """The files with every change made, what is accepted so, and, by batch, what can not be.

    No change is made for a batch of which something is left, as long as another goes through.
    """
    left = {
        batch_id: [s for one in some for s in _accepted(engagement, batch_id, *one, {})[1]]
        for batch_id, some in found.items()
    }
    texts: dict[str, tuple[str, str]] = {}
    told: dict[object, str] = {}
    for batch_id in [each for each in found if not left[each]] or found:
        for finding, profile in found[batch_id]:
            change = (finding.feed, finding.kind, finding.column, finding.previous_column)
            if change not in told:
                told[change], _ = _accepted(engagement, batch_id, finding, profile, texts)
    return texts, tuple(filter(None, told.values())), left


def _accepted(
    engagement: Engagement,
    batch_id: str,
    finding: DriftFinding,
    profile: FeedProfile,
    texts: dict[str, tuple[str, str]],
) -> tuple[str, list[str]]:
    """Make the change of a finding in the texts: what is accepted so, and what can not be."""
    said = f"{finding.feed}: {finding.detail}"
    if finding.to_confirm:
        return f"{said} {finding.recommendation}", []
    path = engagement.models.yaml_of(finding.feed)
    name = os.path.relpath(path, engagement.dbt_dir)
    before, now = texts.get(name) or (text_of(path),) * 2
    turns = finding.kind in _TURNED and _is_of_older_period(engagement, batch_id, finding.feed)
    # files of newer periods are read by the rule as it is
    one = finding.model_copy(update={"in_some": True}) if turns else finding
    after = patched(now, one, profile)
    if after is None:
        advice = _TURNS if turns else finding.recommendation
        return "", [f"{said} No patch accepts that. {advice}"]
    texts[name] = (before, after)
    return f"{said} {_BOTH}" if turns else said, [*_own_sql(engagement, finding)]


def _is_of_older_period(engagement: Engagement, batch_id: str, feed: str) -> bool:
    """Whether files of a newer period than a batch's were delivered for a feed."""
    run_folder = engagement.folder.run(batch_id)
    period = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake).batch.period
    known = {fact.period for fact in engagement.intake.deliveries()}
    newer = (each for each in known if period and each and each > period)
    return any(engagement.intake.last_delivered(feed, period=each) for each in newer)


def text_of(path: Path) -> str:
    """The text with its own ends of lines, so that writing it back changes none."""
    return path.read_bytes().decode("utf-8") if path.exists() else ""

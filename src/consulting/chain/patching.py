"""The change of a client's YAML that takes what drifted, tried on the files before it is offered.

A patch is made from what a profile tells. Whether the models can then take the files, the models
themselves say: with it, in a copy of the dbt project, nothing may drift any more, and a rule that
it changes must read the values.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from consulting.chain import artifacts
from consulting.chain.access import record_access
from consulting.chain.cleaned import clean_files
from consulting.chain.drift import drift_of
from consulting.chain.measure import earlier_profiles
from consulting.chain.trial import on_trial, rows_are_kept
from consulting.chain.unread import earlier_counts
from consulting.cleaning.client_files import shown_path
from consulting.errors import CleaningError
from consulting.profiling import label_of, patched, unified
from consulting.scratch import scratch_folder
from consulting.wording import counted
from consulting.writing import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from consulting.chain.engagement import Engagement
    from consulting.profiling import DriftFinding, FeedProfile

    Drift = tuple[DriftFinding, FeedProfile]
    Column = tuple[str, str | None]

_UNREAD = "unread_values"
_ROUNDS = 3
"""A column that has another name, then another currency, is patched in so many steps."""
_TURNED = frozenset({"decimal_mark_changed", "date_order_changed"})
"""What one rule can not read both ways without a patch that says so."""
_SHAPES = frozenset({"missing_column", "new_column", "renamed_column"})
"""What is taken without another rule."""
_TURNS = (
    "Newer files were delivered with the rule as it is, and turned it would read those "
    "wrong. Have the client send these again as newer ones are written."
)
_OTHERWISE = (
    "What waits before it has that column in another way, and is accepted first: run `consulting "
    "accept` again once that is delivered."
)
_BOTH = (
    "Newer files were delivered with the rule as it is, so it reads both from now on; "
    "what may be two numbers (1.234) it rejects then."
)


class Patches(NamedTuple):
    """What a client's YAML becomes.

    Attributes:
        texts: Each file to change, with its text before and after.
        told: What is accepted so, in sentences.
        left: By batch, what can not be, and what to do.
        drift: By batch, what drifted, with what came to light when it was tried.
    """

    texts: dict[str, tuple[str, str]]
    told: tuple[str, ...]
    left: dict[str, list[str]]
    drift: dict[str, list[Drift]]


def make_patches(engagement: Engagement, batches: Iterable[str]) -> Patches:
    """Every change that takes what drifted in some batches, as far as the models then take it all.

    No change is made for a batch that has one which can not be made; where SQL of the client's own
    has to follow a change, the batch waits for it.

    Args:
        engagement: Whose batches.
        batches: Those whose files drifted.

    Raises:
        CleaningError: If dbt can not read the YAML with the changes.
    """
    found: dict[str, list[Drift]] = {batch_id: [] for batch_id in batches}
    made = _Made(engagement, found)
    for batch_id in found:
        record_access(engagement, by="consulting accept", operation="run models", subject=batch_id)
        made.add(batch_id, drift_now(engagement, batch_id))
    for _ in range(_ROUNDS):
        made.patch()
        if not made.try_out():
            break
    else:
        made.patch()
        with patched_copy(engagement, made.texts):
            pass  # dbt can read it
    return Patches(made.texts, tuple(filter(None, made.told.values())), made.left, found)


def drift_now(engagement: Engagement, batch_id: str) -> Iterator[Drift]:
    """What the models as they are can not take of a batch, with the profile of the feed.

    What rules no longer read is asked only of a batch that else would go through.
    """
    folder, stops = engagement.folder.run(batch_id), False
    received = artifacts.read(folder / artifacts.INTAKE, artifacts.Intake)
    profiles = artifacts.read(folder / artifacts.PROFILE, artifacts.Profile).profiles
    for profile in profiles:
        before = earlier_profiles(engagement, profile.feed, batch_id)
        for finding in drift_of(engagement, received, profile, before, folder).findings:
            if is_at_fault(finding):
                stops = stops or finding.severity == "block"
                yield finding, profile
    of_feed = {profile.feed: profile for profile in profiles}
    for finding in () if stops else _unread_now(engagement, received):
        yield finding, of_feed[finding.feed]


def is_at_fault(finding: DriftFinding) -> bool:
    """Whether nothing is delivered because of a change."""
    # a column that no model reads is refused when it finds no place in the mapping
    unread = finding.kind in {"new_column", "renamed_column"} and not finding.accepted
    return finding.severity == "block" or unread


@contextmanager
def patched_copy(
    engagement: Engagement, texts: Mapping[str, tuple[str, str]]
) -> Iterator[Engagement]:
    """The client with texts in a copy of its dbt project, which dbt has read; gone at the end.

    Raises:
        CleaningError: If dbt can not read them.
    """
    with scratch_folder(engagement.folder.path) as scratch:
        copy = engagement.models.copied(scratch)
        for name, (_, after) in texts.items():
            write_text(Path(os.path.normpath(copy / name)), after)
        again = replace(engagement, dbt_dir=copy)
        again.models.prepare()
        yield again


class _Made:
    """The changes for what drifted, as far as they are made.

    Attributes:
        texts: As `Patches`.
        told: What drifted, and in which files if somebody is to confirm it → what is accepted so.
        left: As `Patches`.
    """

    def __init__(self, engagement: Engagement, found: Mapping[str, list[Drift]]) -> None:
        self._engagement = engagement
        self._found = found
        self._made_for: dict[_Key, str] = {}
        self._refused: set[str] = set()
        self._judged: set[tuple[str, _Key]] = set()
        self.texts: dict[str, tuple[str, str]] = {}
        self.told: dict[tuple[str, _Key], str] = {}
        self.left: dict[str, list[str]] = {batch_id: [] for batch_id in found}

    def add(self, batch_id: str, drift: Iterable[Drift]) -> None:
        """Add what drifted; values that are not read have a patch where another rule may do so."""
        for finding, profile in drift:
            diff = None
            if finding.kind == _UNREAD:
                path = self._engagement.models.yaml_of(finding.feed)
                after = patched(text_of(path), finding, profile)
                diff = unified(text_of(path), after, label_of(path)) if after else None
            one = finding.model_copy(update={"patch": diff}) if diff else finding
            self._found[batch_id].append((one, profile))

    def patch(self) -> None:
        """Make what changes can be made, each on top of those before."""
        for batch_id, some in self._found.items():
            for finding, profile in some:
                if (batch_id, _key(finding)) not in self._judged:
                    self._judged.add((batch_id, _key(finding)))
                    self._judge(batch_id, finding, profile)
        self.texts, self.told, self._made_for = {}, {}, {}
        for batch_id in [each for each in self._found if each not in self._refused]:
            for finding, profile in self._found[batch_id]:
                # one patch is for all batches, and what is found right of the files it names
                files = f"{batch_id} {finding.detail}" if finding.to_confirm else ""
                key = files, _key(finding)
                if key not in self.told:
                    self.told[key] = self._make(batch_id, finding, profile)
                    self._made_for.setdefault(_key(finding), batch_id)

    def try_out(self) -> bool:
        """Hold the files against the models with the changes; whether that shows any more."""
        if not self.texts:
            return False
        with patched_copy(self._engagement, self.texts) as again:
            going = [batch_id for batch_id in self._found if not self.left[batch_id]]
            found = [self._try_batch(again, batch_id) for batch_id in going]
        return any(found)

    def _try_batch(self, again: Engagement, batch_id: str) -> bool:
        known = {_key(finding) for finding, _ in self._found[batch_id]}
        confirmed = {f.to_confirm for f, _ in self._found[batch_id] if f.to_confirm}
        try:
            now = [*drift_now(again, batch_id)]
        except CleaningError as error:  # SQL of the client's own can not take it
            for finding in [f for f, _ in self._found[batch_id] if not f.to_confirm]:
                self._leave(batch_id, finding, f"With the change, {error}")
            return True
        still = [one for one in now if one[0].to_confirm not in confirmed]
        again_told = {_key(finding) for finding, _ in still}
        for finding in [f for f, _ in self._found[batch_id] if _key(f) in again_told]:
            self._leave(batch_id, finding, finding.by_hand)
        self.add(batch_id, (one for one in still if _key(one[0]) not in known))
        if still:
            return True
        unread = [*_not_read(self._engagement, again, batch_id, self._found[batch_id])]
        for finding, why in unread:
            self._leave(batch_id, finding, f"{why} {finding.by_hand}")
        return bool(unread)

    def _leave(self, batch_id: str, finding: DriftFinding, why: str) -> None:
        if finding.kind == _UNREAD:  # somebody may still find that right
            self._found[batch_id][:] = [
                (one.model_copy(update={"patch": None}) if one is finding else one, profile)
                for one, profile in self._found[batch_id]
            ]
            return
        self._refused.add(batch_id)
        other = self._made_for.get(_key(finding), batch_id) != batch_id
        self.left[batch_id].append(_left(finding, _OTHERWISE if other else why))

    def _judge(self, batch_id: str, finding: DriftFinding, profile: FeedProfile) -> None:
        """Tell what no patch accepts, and of what a patch accepts the SQL that reads it, too."""
        if finding.to_confirm:
            return
        change = self._change(batch_id, finding, profile)
        if change.after is None:
            self._leave(batch_id, finding, _TURNS if change.turns else finding.by_hand)
        else:
            self.left[batch_id] += _own_sql(self._engagement, finding)

    def _make(self, batch_id: str, finding: DriftFinding, profile: FeedProfile) -> str:
        """Make the change of a finding in the texts; what is accepted so."""
        said = f"{finding.feed}: {finding.detail}"
        if finding.to_confirm:
            return f"{said} {finding.recommendation}"
        change = self._change(batch_id, finding, profile)
        if change.after is None:
            return ""
        self.texts[change.name] = (change.before, change.after)
        return f"{said} {_BOTH}" if change.turns else said

    def _change(self, batch_id: str, finding: DriftFinding, profile: FeedProfile) -> _Change:
        """The change of a finding, on top of those that are made."""
        engagement = self._engagement
        path = engagement.models.yaml_of(finding.feed)
        name = os.path.relpath(path, engagement.dbt_dir)
        before, now = self.texts.get(name) or (text_of(path),) * 2
        turns = finding.kind in _TURNED and _has_newer(engagement, batch_id, finding.feed)
        # newer files are read by the rule as it is
        one = finding.model_copy(update={"in_some": True}) if turns else finding
        return _Change(name, before, patched(now, one, profile), turns)


class _Change(NamedTuple):
    """A change of a YAML file.

    Attributes:
        name: The file, from the dbt project on.
        before: Its text before all changes.
        after: Its text with this one; None where no patch makes it.
        turns: Whether newer files are read by the rule as it is, so that it has to read both.
    """

    name: str
    before: str
    after: str | None
    turns: bool


_Key = tuple[str, str, str | None, str | None, str | None]


def _key(finding: DriftFinding) -> _Key:
    one = finding
    return one.feed, one.kind, one.column, one.previous_column, one.row_rule


def _left(finding: DriftFinding, why: str) -> str:
    return f"{finding.feed}: {finding.detail} No patch accepts that. {why}"


def _unread_now(engagement: Engagement, received: artifacts.Intake) -> tuple[DriftFinding, ...]:
    """What the rules as they are now do not read, of a batch that was stopped for that."""
    batch_id = received.batch.batch_id
    folder = engagement.folder.run(batch_id)
    cleaning = artifacts.find(folder / artifacts.CLEANING, artifacts.Cleaning)
    found = tuple(filter(is_at_fault, cleaning.drift)) if cleaning else ()
    if not found or not rows_are_kept(received, folder):
        return found
    return tuple(filter(is_at_fault, _cleaned(engagement, engagement, received).drift))


def _cleaned(
    engagement: Engagement, models: Engagement, received: artifacts.Intake
) -> artifacts.Cleaning:
    """What models make of a batch's rows, elsewhere."""
    batch_id = received.batch.batch_id
    with on_trial(models, engagement.folder.run(batch_id)) as elsewhere:
        return clean_files(
            elsewhere,
            received,
            before=lambda feed: earlier_counts(engagement, feed, batch_id),
            log=lambda _: None,
        )


def _not_read(
    engagement: Engagement, again: Engagement, batch_id: str, found: Sequence[Drift]
) -> Iterator[tuple[DriftFinding, str]]:
    """The changes whose rules would read less than half of the values, and no more than before.

    Nor is it a way to read numbers or dates that they become texts, while the rule as it is reads
    half of them and more: it is some file that has something else there.
    """
    changes = {
        (finding.feed, finding.column): finding
        for finding, _ in found
        if not finding.to_confirm and finding.kind not in _SHAPES
    }
    folder = engagement.folder.run(batch_id)
    received = artifacts.read(folder / artifacts.INTAKE, artifacts.Intake)
    if not changes or not rows_are_kept(received, folder):
        return
    now = _read(engagement, again, received)
    as_text = {c for c in changes if _rule(again, c) == "to_text" != _rule(engagement, c)}
    poor = {c: one for c, one in now.items() if c in changes and 2 * one[0] < one[1]}
    then = _read(engagement, engagement, received) if poor or as_text else {}
    for column, (read, values) in poor.items():
        if read <= then.get(column, (0, 0))[0]:
            yield (
                changes[column],
                f"The rule of the patch would read {read:,} of {counted(values, 'value')}.",
            )
    for column in as_text & then.keys():
        read, values = then[column]
        if 2 * read >= values > 0:
            why = f"Its rule reads {read:,} of {counted(values, 'value')}, which would become texts"
            yield changes[column], f"{why}. Have the client send the file that differs again."


def _rule(models: Engagement, column: Column) -> str | None:
    """The rule of a feed's column; None where the models read none of that name."""
    feed, header = column
    reads = models.models.reads(feed)
    return next((read.rule or "to_text" for read in reads if header in read.names), None)


def _read(
    engagement: Engagement, models: Engagement, received: artifacts.Intake
) -> dict[Column, tuple[int, int]]:
    """Feed and header → how many values models read, and how many there are.

    Nothing where they can not be run: the next run says what is wrong.
    """
    try:
        cleaning = _cleaned(engagement, models, received)
    except CleaningError:
        return {}
    made = {(m.feed, m.target_column): m.source_columns for m in cleaning.mappings}
    found: dict[Column, tuple[int, int]] = {}
    for one in cleaning.counts:
        for header in made.get((one.feed, one.column), ()):
            read, values = found.get((one.feed, header), (0, 0))
            found[one.feed, header] = (read + one.values - one.unread, values + one.values)
    return found


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


def _has_newer(engagement: Engagement, batch_id: str, feed: str) -> bool:
    """Whether files of a newer period than a batch's were delivered, or without periods later ones.

    A file that is delivered again is as old as it was.
    """
    run_folder = engagement.folder.run(batch_id)
    batch = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake).batch
    if batch.period is None:
        last = engagement.intake.last_delivered(feed)
        own = [drop.drop_id for drop in batch.drops if drop.feed == feed]
        return last is not None and own != [] and max(drop.drop_id for drop in last[1]) > max(own)
    known = {fact.period for fact in engagement.intake.deliveries()}
    newer = (each for each in known if each and each > batch.period)
    return any(engagement.intake.last_delivered(feed, period=each) for each in newer)


def text_of(path: Path) -> str:
    """The text with its own ends of lines, so that writing it back changes none."""
    return path.read_bytes().decode("utf-8") if path.exists() else ""

"""What a change of the models does to the last files, before anything is delivered."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from consulting.chain import artifacts, gate
from consulting.chain.access import record_access
from consulting.chain.cleaned import clean_files
from consulting.chain.delivered import exports, gather
from consulting.chain.differing import that_stand
from consulting.chain.drift import drift_of
from consulting.chain.measure import earlier_profiles
from consulting.chain.tier import refusal_of
from consulting.chain.trial import on_trial, rows_are_kept
from consulting.chain.unread import earlier_counts
from consulting.chain.validated import run_tests
from consulting.delivery import (
    Differences,
    FeedDifference,
    accounts_of,
    draft_delivery,
    read_summary,
)
from consulting.errors import ConsultingError, DeliveryError
from consulting.privacy.tiers import SCHEMA_ONLY_TIER
from consulting.records import Record
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from consulting.chain.engagement import Engagement
    from consulting.delivery import DeliveryInputs, DeliverySummary
    from consulting.profiling import DriftFinding
    from consulting.records import CheckOutcome


class TestChange(Record):
    """A test that ends otherwise than it did, or does not pass.

    Attributes:
        name: The test.
        model: The model it is about.
        then: How it ended when the files were last run; None where it is new.
        now: How it ends.
        failing_rows: How many rows fail.
        message: Why it could not run; None where it did.
    """

    name: str
    model: str
    then: str | None
    now: str
    failing_rows: int
    message: str | None = None

    def in_words(self) -> str:
        """What there is to say of it."""
        if self.now == "error":
            return f"test {self.name} of {self.model} could not run: {self.message}"
        was = f"{self.then} → " if self.then not in {None, self.now} else ""
        rows = f", {counted(self.failing_rows, 'row')}" if self.failing_rows else ""
        return f"test {self.name} of {self.model}: {was}{self.now}{rows}"


class Preview(Record):
    """What the models, as they are now, make of the last files.

    Attributes:
        client_id: Whose.
        batch_id: The batch whose files they are.
        files: Their names.
        refused: Why it would not be delivered; None where it would.
        feeds: Where the rows go, beside the delivery it is compared with.
        differences: How what would be delivered is not that delivery; None where there is none.
        tests: Tests that end otherwise, and those that do not pass.
    """

    client_id: str
    batch_id: str
    files: tuple[str, ...]
    refused: str | None
    feeds: tuple[FeedDifference, ...]
    differences: Differences | None
    tests: tuple[TestChange, ...]

    def in_words(self) -> Iterator[str]:
        """What there is to say, a line each."""
        beside = self.differences
        against = f", beside delivery {beside.then.delivery_id}" if beside else ""
        yield f"{self.client_id}: {', '.join(self.files)} (batch {self.batch_id}){against}"
        for feed in self.feeds:
            yield from feed.in_words(every=beside is None)
        for table in beside.tables if beside else ():
            yield from table.with_examples()
        yield from (test.in_words() for test in self.tests)
        refused = f"not be delivered: {self.refused}" if self.refused else "be delivered."
        yield f"It would {refused}"


class _Base(NamedTuple):
    """The last files: where their run left them, and what it made of them."""

    run_folder: Path
    received: artifacts.Intake
    profile: artifacts.Profile


@contextmanager
def previews(engagement: Engagement) -> Iterator[Callable[..., Preview]]:
    """Load the rows of the last files once; what is given previews them as often as it is called.

    It takes the feed to tell of (default: all), and raises a `CleaningError` where the models can
    not be run.

    Args:
        engagement: Whose files.

    Raises:
        TierLoweredError: If the client's tier was lowered and nobody has confirmed that.
        DeliveryError: If no file was read yet, or its rows are not kept.
    """
    if refusal := refusal_of(engagement):
        raise refusal
    base = _last_files(engagement)
    record_access(
        engagement, by="consulting preview", operation="run models", subject=base.run_folder.name
    )
    with on_trial(engagement, base.run_folder) as again:
        yield lambda feed=None, log=_quiet: _preview(engagement, again, base, feed, log)


def _quiet(_text: str) -> None:
    """Nobody is told."""


def _last_files(engagement: Engagement) -> _Base:
    for run_folder in sorted(engagement.folder.path.glob("runs/*"), reverse=True):
        received = artifacts.find(run_folder / artifacts.INTAKE, artifacts.Intake)
        profile = artifacts.find(run_folder / artifacts.PROFILE, artifacts.Profile)
        empty = engagement.config.security_tier == SCHEMA_ONLY_TIER
        if received and profile and (empty or rows_are_kept(received, run_folder)):
            return _Base(run_folder, received, profile)
    raise DeliveryError(
        f"{engagement.client_id}: no file was read yet, so there is nothing to try the models on. "
        f"Drop a file into {engagement.store.describe()} and run the job "
        f"{engagement.client_id}_cleaning; or begin with a sample: `dg scaffold defs "
        f"EngagementComponent clients/{engagement.client_id} --sample <files>`."
    )


def _preview(
    engagement: Engagement,
    again: Engagement,
    base: _Base,
    feed: str | None,
    log: Callable[[str], None],
) -> Preview:
    again = replace(again)  # its models are read as they are now
    received, batch_id = base.received, base.run_folder.name
    run_folder = again.folder.run(batch_id)
    profile = base.profile.model_copy(update={"drift": _drift(engagement, again, base)})
    artifacts.write(run_folder / artifacts.PROFILE, profile)
    cleaning = clean_files(
        again, received, before=lambda feed: earlier_counts(engagement, feed, batch_id), log=log
    )
    checks = run_tests(again, batch_id, log=log)
    refused = None
    try:
        gate.require_passed(again, received, profile, cleaning, checks)
    except ConsultingError as error:
        refused = str(error)
    then = _beside(engagement, batch_id)
    inputs = gather(again, batch_id, past=engagement.folder).model_copy(
        update={"history": (then,) if then else ()}
    )
    found = None
    try:
        found = _drafted(engagement, again, inputs)
    except DeliveryError as error:
        refused = refused or str(error)
    before = artifacts.find(base.run_folder / artifacts.CHECKS, artifacts.Checks)
    return _of_feed(
        Preview(
            client_id=again.client_id,
            batch_id=batch_id,
            files=tuple(dict.fromkeys(reading.filename for reading in received.in_use)),
            refused=refused,
            feeds=found.feeds if found else accounts_of(inputs),
            differences=found,
            tests=tuple(_tests(before.checks if before else (), checks.checks)),
        ),
        inputs,
        feed,
    )


def _drift(engagement: Engagement, again: Engagement, base: _Base) -> tuple[DriftFinding, ...]:
    """What the models as they are now can not take of the files."""
    batch_id = base.received.batch.batch_id
    return tuple(
        drift
        for found in base.profile.profiles
        for drift in drift_of(
            again,
            base.received,
            found,
            earlier_profiles(engagement, found.feed, batch_id),
            base.run_folder,
        ).findings
    )


def _beside(engagement: Engagement, batch_id: str) -> DeliverySummary | None:
    """The delivery of the same files, else the last that stands."""
    stand = that_stand(engagement)
    known = batch_id if batch_id in engagement.folder.deliveries() else None
    name = known or next(reversed(stand), None)
    return read_summary(engagement.folder.as_sent(name)) if name else None


def _drafted(
    engagement: Engagement, again: Engagement, inputs: DeliveryInputs
) -> Differences | None:
    target = again.folder.deliverables / "draft"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    tables = [each.model_copy(update={"formats": ()}) for each in exports(again, inputs)]
    return draft_delivery(inputs, again.folder, tables, target, engagement.folder).differences


def _tests(then: Sequence[CheckOutcome], now: Sequence[CheckOutcome]) -> Iterator[TestChange]:
    before = {check.unique_id: check.status for check in then}
    for check in now:
        was = before.get(check.unique_id)
        if check.status != "pass" or was not in {None, check.status}:
            yield TestChange(
                name=check.name,
                model=check.model,
                then=was,
                now=check.status,
                failing_rows=check.failing_rows,
                message=check.message,
            )


def _of_feed(found: Preview, inputs: DeliveryInputs, feed: str | None) -> Preview:
    """What concerns a feed: its account, and the tables that its columns are in."""
    if feed is None:
        return found
    tables = {each.target_table for each in inputs.mappings if each.feed == feed}
    models = tables | {f"stg_{feed}", f"int_{feed}", f"merged_{feed}", f"rejects_{feed}"}
    told = found.differences
    return found.model_copy(
        update={
            "feeds": tuple(each for each in found.feeds if each.feed == feed),
            "tests": tuple(each for each in found.tests if each.model in models),
            "differences": told
            and told.model_copy(
                update={
                    "feeds": tuple(each for each in told.feeds if each.feed == feed),
                    "tables": tuple(each for each in told.tables if each.table in tables),
                }
            ),
        }
    )

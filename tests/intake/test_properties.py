"""A client, a clock, an orchestrator and a store that do anything in any order."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from consulting.errors import (
    BatchHeldError,
    BatchSettledError,
    DropChangedError,
    DropGoneError,
    StoreThrottledError,
)
from consulting.intake import BatchPolicy, FeedPattern, Intake, Ledger, RunVerdict, State
from consulting.layout import ClientFolder
from consulting.sources.local import LocalStore

if TYPE_CHECKING:
    from consulting.sources import ListingPage

NAMES = st.sampled_from(
    ["orders_1.csv", "orders_2.csv", "a/orders_3.csv", "a-b/orders_4.csv", "Zorders.csv", "x.txt"]
)
CONTENTS = st.sampled_from(["A", "B", "C", "poison"])
_UNSETTLED = {State.SEEN, State.READY, State.CLAIMED}


class ShyStore(LocalStore):
    """A folder that sometimes asks for patience."""

    page_size = 2
    shy = False

    def list_page(self, after: str | None, limit: int) -> ListingPage:
        if self.shy:
            raise StoreThrottledError(self.client_id, self.describe(), "busy.", "Wait.")
        return super().list_page(after, limit)


class IntakeMachine(RuleBasedStateMachine):
    """Files come, change and go; runs succeed, fail, die or linger; the clock jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = ClientFolder(Path(self.temporary.name), "acme")
        self.folder.incoming.mkdir(parents=True)
        self.ledger = Ledger(f"sqlite:///{self.temporary.name}/ledger.db")
        self.store = ShyStore(self.folder.incoming)
        self.now = datetime(2026, 1, 5, tzinfo=UTC)
        self.verdicts: dict[str, RunVerdict] = {}
        self.live: dict[str, tuple[str, list[tuple[int, str]]]] = {}
        self.in_effect: dict[str, list[tuple[int, str]]] = {}

    @initialize(max_files=st.integers(1, 4))
    def begin(self, max_files: int) -> None:
        self.intake = Intake(
            ledger=self.ledger,
            store=self.store,
            folder=self.folder,
            feeds=[FeedPattern(name="orders", glob="*orders*.csv")],
            policy=BatchPolicy(max_files=max_files, retry_seconds=30),
        )

    def teardown(self) -> None:
        if hasattr(self, "intake"):
            self.drain()
        self.ledger.engine.dispose()
        self.temporary.cleanup()

    @rule(name=NAMES, content=CONTENTS)
    def upload(self, name: str, content: str) -> None:
        path = self.folder.incoming / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        (self.folder.incoming / name).unlink(missing_ok=True)

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        if (self.folder.incoming / old).exists():
            (self.folder.incoming / new).parent.mkdir(exist_ok=True)
            (self.folder.incoming / old).replace(self.folder.incoming / new)

    @rule(seconds=st.sampled_from([1, 11, 60, 4000, -5, -100_000]))
    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(budget=st.sampled_from([0, 60]))
    def look(self, budget: float) -> None:
        self.intake.look(now=self.now, budget_seconds=budget)

    @rule()
    def look_at_a_busy_store(self) -> None:
        self.store.shy = True
        try:
            self.intake.look(now=self.now)
        except StoreThrottledError:
            pass
        finally:
            self.store.shy = False

    @rule()
    def tick(self) -> None:
        self.intake.reconcile(self.verdict, now=self.now)
        self.intake.look(now=self.now)
        self.intake.claim(now=self.now, trigger="sensor")

    @rule()
    def start(self) -> None:
        for batch in self.intake.pending_requests():
            run_id = f"run-{len(self.verdicts)}"
            self.verdicts[run_id] = RunVerdict.RUNNING
            try:
                batch = self.intake.begin(batch.batch_id, run_id, now=self.now)  # noqa: PLW2901
            except BatchHeldError:
                self.verdicts[run_id] = RunVerdict.FAILED
                continue
            content = []
            for drop in batch.drops:
                try:
                    landed = self.intake.land(batch, drop)
                except (DropChangedError, DropGoneError):
                    continue
                if landed.repeat_of is None:
                    content.append((drop.drop_id, landed.path.read_text()))
            self.live[run_id] = (batch.batch_id, content)

    @rule(fate=st.sampled_from(["finish", "finish", "fail", "die", "forget"]))
    def end(self, fate: str) -> None:
        for run_id, (batch_id, content) in list(self.live.items()):
            del self.live[run_id]
            if fate == "die":
                self.verdicts[run_id] = RunVerdict.DIED
            elif fate == "fail" or any(text == "poison" for _, text in content):
                self.verdicts[run_id] = RunVerdict.FAILED
            else:
                self.finish(run_id, batch_id, content, told=fate == "finish")

    def finish(
        self, run_id: str, batch_id: str, content: list[tuple[int, str]], *, told: bool
    ) -> None:
        self.verdicts[run_id] = RunVerdict.FAILED
        try:
            self.intake.seal(batch_id, run_id, now=self.now)
            self.in_effect[batch_id] = content
            if told:
                self.intake.delivered(batch_id, run_id, now=self.now)
        except (BatchHeldError, BatchSettledError):
            return
        self.verdicts[run_id] = RunVerdict.SUCCEEDED

    @rule(data=st.data())
    def release_or_discard(self, data: st.DataObject) -> None:
        for story in self.intake.state().quarantined:
            verb: Any = data.draw(st.sampled_from([self.intake.release, self.intake.discard]))
            outcome = verb(story.drop.drop_id, dry_run=True, now=self.now)
            done = verb(story.drop.drop_id, dry_run=False, now=self.now)
            assert (outcome.allowed, outcome.after) == (done.allowed, done.after)

    def verdict(self, run_id: str) -> RunVerdict:
        return self.verdicts[run_id]

    @invariant()
    def nothing_is_in_effect_twice(self) -> None:
        if not hasattr(self, "intake"):
            return
        delivered = {fact.batch_id for fact in self.intake.deliveries()}
        times = Counter(
            drop_id for batch_id in delivered for drop_id, _ in self.in_effect.get(batch_id, ())
        )
        assert all(number == 1 for number in times.values()), times

    @invariant()
    def every_drop_has_one_holder(self) -> None:
        if not hasattr(self, "intake"):
            return
        standings = self.intake.state().batches
        stories = self.intake.history(limit=10_000)
        claimed = Counter(s.batch_id for s in stories if s.state is State.CLAIMED)
        assert claimed == {s.batch_id: s.files for s in standings if s.files}
        running = [s for s in standings if s.status == "running"]
        assert len({s.run_id for s in running}) == len(running)

    def drain(self) -> None:
        """With a patient store, a healed world and time, everything is settled."""
        for path in self.folder.incoming.rglob("*"):
            if path.is_file() and path.read_text() == "poison":
                path.write_text("healed")
        for _ in range(60):
            self.pass_time(7 * 3600)
            self.tick()
            self.start()
            self.end("finish")
            stories = self.intake.history(limit=10_000)
            if not any(story.state in _UNSETTLED for story in stories):
                break
        self.nothing_is_in_effect_twice()
        newest = {story.drop.key: story for story in reversed(stories)}
        contents = {drop_id: text for files in self.in_effect.values() for drop_id, text in files}
        for path in self.folder.incoming.rglob("*"):
            if path.is_file():
                self.is_accounted_for(path, newest, contents)

    def is_accounted_for(
        self, path: Path, newest: dict[str, Any], contents: dict[int, str]
    ) -> None:
        key = str(path.relative_to(self.folder.incoming))
        story = newest[key]
        if key == "x.txt" or story.state is State.DISCARDED:
            assert story.state in {State.QUARANTINED, State.DISCARDED}
            return
        assert story.state is State.DELIVERED, story
        standing = story.repeat_of or story.drop.drop_id
        assert contents[standing] == path.read_text()


IntakeMachine.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestIntake = IntakeMachine.TestCase

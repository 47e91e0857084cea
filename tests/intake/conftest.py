"""One client's desk: an intake with a clock of its own, and runs that write what they deliver."""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consulting.errors import DropChangedError, DropGoneError
from consulting.intake import BatchPolicy, FeedPattern, Intake, Ledger, RunVerdict, State
from consulting.layout import ClientFolder
from consulting.sources.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.intake import Look
    from consulting.records import Batch

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
FEEDS = (FeedPattern(name="orders", glob="orders*.csv"), FeedPattern(name="stock", glob="stock*"))


@dataclass
class Desk:
    """What a sensor and its runs do, step by step, with a clock that stands still."""

    intake: Intake
    now: datetime = START
    verdicts: dict[str, RunVerdict] = field(default_factory=dict)
    effects: dict[str, list[tuple[str, int, bytes]]] = field(default_factory=dict)
    runs: int = 0

    @property
    def incoming(self) -> Path:
        return self.intake.folder.incoming

    def put(self, key: str, content: str | bytes = "id\n1\n") -> Path:
        """A client uploads a file, whole."""
        path = self.incoming / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def later(self, seconds: float = 11) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def look(self, budget_seconds: float = 60) -> Look:
        return self.intake.look(now=self.now, budget_seconds=budget_seconds)

    def settle(self) -> Look:
        """Two looks, far enough apart for a file to count as finished."""
        self.look()
        self.later()
        return self.look()

    def tick(self) -> list[Batch]:
        """A sensor's evaluation."""
        self.reconcile(claims=True)
        self.look()
        self.intake.claim(now=self.now, trigger="sensor")
        return self.intake.pending_requests()

    def reconcile(self, *, claims: bool = False) -> None:
        self.intake.reconcile(
            lambda run_id: self.verdicts.get(run_id, RunVerdict.UNKNOWN),
            now=self.now,
            claims=claims,
        )

    def begin(self, batch: Batch) -> tuple[str, Batch]:
        self.runs += 1
        run_id = f"run-{self.runs}"
        self.verdicts[run_id] = RunVerdict.RUNNING
        return run_id, self.intake.begin(batch.batch_id, run_id, now=self.now)

    def run(self, batch: Batch, poison: Callable[[str], bool] = lambda _: False) -> RunVerdict:
        """A run: lands, fails on poison, delivers, and says so last."""
        run_id, batch = self.begin(batch)
        content: list[tuple[str, int, bytes]] = []
        for drop in batch.drops:
            try:
                landed = self.intake.land(batch, drop)
            except (DropChangedError, DropGoneError):
                continue
            if poison(drop.key):
                self.verdicts[run_id] = RunVerdict.FAILED
                return RunVerdict.FAILED
            if landed.repeat_of is None:
                content.append((drop.key, drop.version, landed.path.read_bytes()))
        self.effects[batch.batch_id] = content
        self.intake.delivered(batch.batch_id, run_id, now=self.now)
        self.verdicts[run_id] = RunVerdict.SUCCEEDED
        return RunVerdict.SUCCEEDED

    def cycle(self, times: int = 1, poison: Callable[[str], bool] = lambda _: False) -> int:
        """Ticks and runs, a pause between them; returns how many runs there were."""
        before = self.runs
        for _ in range(times):
            for batch in self.tick():
                self.run(batch, poison)
            self.later(60)
        return self.runs - before

    def counts(self) -> dict[str, int]:
        """The states that hold drops."""
        return {state: n for state, n in self.intake.state().counts.items() if n}

    def delivered_contents(self) -> list[tuple[str, bytes]]:
        """Every file in effect, over all deliveries that the ledger knows."""
        known = {fact.batch_id for fact in self.intake.deliveries()}
        return sorted(
            (key, content)
            for batch_id, files in self.effects.items()
            if batch_id in known
            for key, _, content in files
        )

    def states_of(self, key: str) -> list[State]:
        """The states of a key's versions, oldest first."""
        return [story.state for story in reversed(self.intake.history(key=key))]


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new ledger on each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def make_desk(tmp_path: Path, ledger_url: str) -> Callable[..., Desk]:
    """Makes a client's desk over the test's one ledger."""

    def make(client_id: str = "acme", **changes: Any) -> Desk:
        folder = ClientFolder(tmp_path, client_id)
        folder.incoming.mkdir(parents=True, exist_ok=True)
        arguments: dict[str, Any] = {
            "ledger": Ledger.open(ledger_url),
            "store": LocalStore(folder.incoming),
            "folder": folder,
            "feeds": FEEDS,
            "policy": BatchPolicy(),
        }
        return Desk(Intake(**arguments | changes))

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture
def sqlite_desk(tmp_path: Path) -> Desk:
    """For tests of what does not depend on the database."""
    folder = ClientFolder(tmp_path, "acme")
    folder.incoming.mkdir(parents=True)
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    return Desk(
        Intake(ledger=ledger, store=LocalStore(folder.incoming), folder=folder, feeds=FEEDS)
    )


def _load(name: str) -> Any:
    """A module beside this file; tests are no packages."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def failing_proxy(s3_server: Any) -> Callable[..., Any]:
    """Starts a proxy that makes a share of the S3 server's answers fail."""
    return functools.partial(_load("failing_proxy").FailingProxy, s3_server.endpoint_url)

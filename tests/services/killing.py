"""A sensor and its runs in a process of their own that kills itself with SIGKILL at a boundary.

Boundaries are found from outside the product: every SQL statement and commit on the ledger, and
every file that is opened for writing, renamed or removed below the world's folder. The orchestrator
is played by durable files, with the one rule that matters: a run key is launched once, for ever.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from consulting import database
from consulting.errors import BatchHeldError, BatchSettledError, DropChangedError, DropGoneError
from consulting.intake import BatchPolicy, FeedPattern, Intake, Ledger, RunVerdict, State
from consulting.intake import ledger as ledger_module
from consulting.layout import ClientFolder
from consulting.sources.local import LocalStore
from consulting.testing.sources import UploadFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from consulting.testing.sources import SourcePlace

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


class World:
    """A client's folder, an orchestrator's memory and what was delivered; all on disk.

    Args:
        root: An empty folder.
        ledger_url: A new ledger.
        place: Where the client uploads to, empty; its drop folder if not given.
    """

    def __init__(self, root: Path, ledger_url: str, place: SourcePlace | None = None) -> None:
        self.root = root
        self.place = place
        self.ledger_url = ledger_url
        self.folder = ClientFolder(root, "acme")
        self.now = START
        self.kills = 0
        self.uploaded: dict[str, list[bytes]] = {}
        for name in ("runs", "effects"):
            (root / name).mkdir(parents=True)
        self.folder.incoming.mkdir(parents=True)

    def intake(self) -> Intake:
        return Intake(
            ledger=Ledger.open(self.ledger_url),
            store=self.place.store() if self.place else LocalStore(self.folder.incoming),
            folder=self.folder,
            feeds=[FeedPattern(name="orders", glob="orders*")],
            policy=BatchPolicy(max_files=4, retry_seconds=1, max_deaths=1000),
        )

    def put(self, key: str, content: bytes) -> None:
        """A client uploads a file: under a temporary name first, as careful ones do."""
        self.uploaded.setdefault(key, []).append(content)
        if self.place is not None:
            self.place.put(key, content)
            return
        UploadFolder(self.folder.incoming).put(key, content)

    def work(self, *, rounds: int = 3, kill_at: int | None = None) -> bool:
        """Runs sensor ticks and runs in another process.

        Args:
            rounds: How many ticks, each followed by the runs it asked for.
            kill_at: The boundary at which the process kills itself.

        Returns:
            Whether it was killed.
        """
        start = self.now
        self.now += timedelta(seconds=100 * rounds + 100)
        _disconnect()
        gc.freeze()  # a child that collects the parent's garbage copies all its memory
        child = os.fork()
        if child == 0:
            try:
                gc.disable()
                os.fsync = _leave_to_the_kernel
                if kill_at is not None:
                    _kill_at(kill_at, self)
                self._serve(start, rounds)
                os._exit(0)
            except BaseException:  # noqa: BLE001 - a forked child must end here
                sys.excepthook(*sys.exc_info())
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            self.kills += 1
            self._bury()
            return True
        assert os.WEXITSTATUS(status) == 0, "the child failed, see its traceback above"
        return False

    def work_here(self, *, rounds: int = 5) -> None:
        """The same without a kill, begun anew in this process: cheaper than in one of its own."""
        Ledger._opened.clear()
        start = self.now
        self.now += timedelta(seconds=100 * rounds + 100)
        fsync, os.fsync = os.fsync, _leave_to_the_kernel
        try:
            self._serve(start, rounds)
        finally:
            os.fsync = fsync

    def _serve(self, now: datetime, rounds: int) -> None:
        intake = self.intake()
        for _ in range(rounds):
            now += timedelta(seconds=100)
            intake.reconcile(self._verdict_of, now=now, verdict_of_request=self._verdict_of_request)
            intake.look(now=now)
            intake.claim(now=now, trigger="sensor")
            for batch in intake.pending_requests():
                request = self.root / "runs" / f"{batch.run_key}.json"
                if not request.exists():
                    _write(request, {"status": "QUEUED", "batch_id": batch.batch_id})
            for request in sorted((self.root / "runs").glob("*.json")):
                run = json.loads(request.read_text())
                if run["status"] == "QUEUED":
                    _write(request, run | {"status": "STARTED"})
                    status = self._run(intake, run["batch_id"], request.stem, now)
                    _write(request, run | {"status": status})

    def _run(self, intake: Intake, batch_id: str, run_id: str, now: datetime) -> str:
        try:
            batch = intake.begin(batch_id, run_id, now=now)
        except (BatchHeldError, BatchSettledError):
            return "FAILED"
        content = []
        for drop in batch.drops:
            try:
                landed = intake.land(batch, drop)
            except (DropChangedError, DropGoneError):
                continue
            if landed.repeat_of is None:
                content.append([drop.key, drop.version, landed.path.read_text()])
        intake.seal(batch_id, run_id, now=now)
        if content:
            _write(self.root / "effects" / f"{batch_id}.json", content)
        intake.delivered(batch_id, run_id, now=now)
        return "SUCCEEDED"

    def _bury(self) -> None:
        """What run monitoring does: a run whose process is gone is marked so."""
        for request in (self.root / "runs").glob("*.json"):
            run = json.loads(request.read_text())
            if run["status"] == "STARTED":
                _write(request, run | {"status": "DIED"})

    def _verdict_of(self, run_id: str) -> RunVerdict:
        path = self.root / "runs" / f"{run_id}.json"
        if not path.exists():
            return RunVerdict.UNKNOWN
        status = json.loads(path.read_text())["status"]
        if status in {"QUEUED", "STARTED"}:
            return RunVerdict.RUNNING
        return RunVerdict(status.lower())

    _verdict_of_request = _verdict_of

    def check(self) -> None:
        """Asserts the promise: every drop accounted for, none delivered twice in effect."""
        intake = self.intake()
        stories = intake.history(limit=100_000)
        states = {story.state for story in stories}
        assert states <= {State.DELIVERED, State.SUPERSEDED, State.VANISHED}, states
        newest = {story.drop.key: story for story in reversed(stories)}
        for key, contents in self.uploaded.items():
            if self.place is not None or (self.folder.incoming / key).exists():
                assert newest[key].state is State.DELIVERED, (key, newest[key])
                assert contents
        in_effect: Counter[tuple[str, int]] = Counter()
        delivered = {fact.batch_id for fact in intake.deliveries()}
        for batch_id in delivered:
            path = self.root / "effects" / f"{batch_id}.json"
            for key, version, text in json.loads(path.read_text()) if path.exists() else ():
                in_effect[key, version] += 1
                assert text.encode() in self.uploaded[key]
        twice = [each for each, number in in_effect.items() if number > 1]
        assert twice == []
        for story in stories:
            if story.state is State.DELIVERED and story.repeat_of is None:
                assert in_effect[story.drop.key, story.drop.version] == 1, story
        orphans = {path.stem for path in (self.root / "effects").glob("*.json")} - delivered
        assert orphans == set(), [story for story in stories if story.batch_id in orphans]


def _leave_to_the_kernel(_descriptor: int) -> None:
    """What was written outlives a killed process; only a power cut asks for more."""


def _write(path: Path, value: Any) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value))
    part.replace(path)


def _kill_at(boundary: int, world: World) -> None:
    """Counts boundaries from now on in this process, and ends it at the given one."""
    passed = 0

    def step() -> None:
        nonlocal passed
        passed += 1
        if passed == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    root = str(world.root)

    def on_audit(name: str, arguments: tuple[Any, ...]) -> None:
        if name == "open":
            path, _mode, flags = arguments
            if flags & (os.O_WRONLY | os.O_RDWR) and str(path).startswith(root):
                step()
        elif name in {"os.rename", "os.remove"} and str(arguments[0]).startswith(root):
            step()

    sys.addaudithook(on_audit)
    _on_ledger(step, world)


def _on_ledger(step: Callable[[], None], world: World) -> None:
    original = Ledger._create_tables

    def create_tables(ledger: Ledger) -> None:
        event.listen(ledger.engine, "before_cursor_execute", lambda *_: step())
        event.listen(ledger.engine, "commit", lambda *_: step())
        original(ledger)

    Ledger._create_tables = create_tables  # type: ignore[method-assign]


_ENGINES: dict[str, Engine] = {}


def _engine_of(url: str) -> Engine:
    """One engine per database: a child keeps its parent's compiled statements, no connection."""
    if url not in _ENGINES:
        engine = _ENGINES[url] = database.build_engine(database._with_driver(url))
        if database.is_sqlite(engine):
            event.listen(
                engine, "connect", lambda plain, _: plain.execute("PRAGMA synchronous = OFF")
            )
    return _ENGINES[url]


@contextmanager
def kept_engines() -> Iterator[None]:
    """Ledgers are opened with these engines, by worlds alone: other tests have several threads."""
    before = ledger_module.engine_of
    ledger_module.engine_of = _engine_of
    try:
        yield
    finally:
        _disconnect()
        _ENGINES.clear()
        Ledger._opened.clear()
        ledger_module.engine_of = before


def _disconnect() -> None:
    """Neither a fork nor a database that is emptied may find a connection open."""
    for engine in _ENGINES.values():
        engine.dispose()


def matrix_of(
    root: Path,
    ledger_url: str,
    *,
    every: int = 1,
    empty: Callable[[], None] | None = None,
    new_place: Callable[[], SourcePlace | None] = lambda: None,
) -> int:
    """Kills at each boundary in turn, each time in a new world; returns how many there were.

    Args:
        root: A folder of this test's own; each world begins in it anew.
        ledger_url: The ledger's database.
        every: Kills at each so-manieth boundary only.
        empty: Empties the database, where it does not lie below `root`.
        new_place: Gives a new, empty place where the client uploads to.
    """

    def make_world() -> World:
        _disconnect()
        Ledger._opened.clear()
        shutil.rmtree(root, ignore_errors=True)
        if empty is not None:
            empty()
        world = World(root, ledger_url, new_place())
        for number in range(2):
            world.put(f"orders_{number}.csv", f"content {number}".encode())
        world.put("orders copy.csv", b"content 1")
        return world

    make_world().work_here()
    boundary = 1
    kills = 0
    while True:
        world = make_world()
        killed = world.work(kill_at=boundary)
        kills += killed
        world.put("orders_0.csv", b"content 0, second version")
        world.work_here(rounds=3)
        world.check()
        if not killed:
            return kills
        boundary += every

"""What looking costs: 100,000 known keys, and ticks per second with 1,000 clients.

    PYTHONPATH=src python benchmarks/intake.py [--keys 100000] [--clients 1000]

CPU seconds are this process's own; the ledger is SQLite. Everything is made in a temporary folder.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from consulting.intake import FeedPattern, Intake, Ledger, LocalStore, RunVerdict
from consulting.layout import ClientFolder

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


class Clock:
    """Prints what a block cost."""

    def __init__(self, title: str, units: int) -> None:
        self.title = title
        self.units = units

    def __enter__(self) -> None:
        self.cpu, self.wall = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        cpu, wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
        print(f"{self.title:50} {cpu:7.2f} CPU s {wall:7.2f} s {self.units / wall:9.0f} /s")


def client(root: Path, ledger: Ledger, client_id: str) -> Intake:
    """A client with an empty drop folder."""
    folder = ClientFolder(root, client_id)
    folder.incoming.mkdir(parents=True)
    return Intake(
        ledger=ledger,
        store=LocalStore(folder.incoming),
        folder=folder,
        feeds=[FeedPattern(name="orders", glob="orders*")],
    )


def tick(intake: Intake, now: datetime) -> None:
    """A sensor's evaluation, without the orchestrator's own cost."""
    intake.reconcile(lambda _: RunVerdict.UNKNOWN, now=now)
    intake.look(now=now, budget_seconds=600)
    intake.claim(now=now, trigger="sensor")
    intake.pending_requests()


def main() -> None:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        ledger = Ledger(f"sqlite:///{root / 'ledger.db'}")
        clients = [client(root, ledger, f"client_{n:04}") for n in range(options.clients)]
        for intake in clients:
            for number in range(3):
                (intake.folder.incoming / f"orders_{number}.csv").write_text(str(number))
        with Clock(f"{options.clients} clients, 3 new files each: first tick", len(clients)):
            for intake in clients:
                tick(intake, NOW)
        with Clock("second tick: settled, claimed", len(clients)):
            for intake in clients:
                tick(intake, NOW + timedelta(seconds=60))
        for intake in clients:
            (batch,) = intake.pending_requests()
            intake.begin(batch.batch_id, "run", now=NOW)
            intake.delivered(batch.batch_id, "run", now=NOW)
        with Clock("steady tick", len(clients)):
            for intake in clients:
                tick(intake, NOW + timedelta(seconds=120))
        large = client(root, ledger, "large")
        for number in range(options.keys):
            (large.folder.incoming / f"orders_{number}.csv").touch()
        with Clock(f"{options.keys} new keys: first look", options.keys):
            large.look(now=NOW, budget_seconds=600)
        with Clock("second look: settled", options.keys):
            large.look(now=NOW + timedelta(seconds=60), budget_seconds=600)
        with Clock("known and unchanged: look", options.keys):
            large.look(now=NOW + timedelta(seconds=120), budget_seconds=600)
        with Clock("of which the listing alone", options.keys):
            after, complete = None, False
            while not complete:
                after = large.store.list_page(after, large.store.page_size).next
                complete = after is None
        with Clock("steady tick of the others, beside it", len(clients)):
            for intake in clients:
                tick(intake, NOW + timedelta(seconds=180))


if __name__ == "__main__":
    main()

"""What intake costs: quiet ticks of many clients, looking again, listing.

    PYTHONPATH=src python benchmarks/intake.py
    PYTHONPATH=src python benchmarks/intake.py --clients 100 --keys 10000 --no-s3

* ticks: `reconcile`, `look`, `claim` and `pending_requests` of every client in turn, on one SQLite
  ledger, in one process; nothing to do, with empty folders and with known files in them;
* looking again at a folder whose files are all known, and listing it alone;
* listing a prefix of a real S3 server (SeaweedFS), page by page.

CPU seconds and their ratios are what to look at; wall time depends on who else is there.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consulting.intake import (
    BatchPolicy,
    FeedPattern,
    Intake,
    Ledger,
    LocalStore,
    RunVerdict,
    S3Store,
)
from consulting.layout import ClientFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.intake.stores import Store

FEEDS = (FeedPattern(name="orders", glob="orders*"),)
UPLOAD_SECONDS = 120
NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


def main() -> None:
    """Measure once, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--files", type=int, default=100, help="known files of each client")
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--no-s3", action="store_true")
    options = parser.parse_args()
    print("| what | CPU s | wall s | per CPU s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        ticks(Path(folder) / "clients", options.clients, options.files)
        looks(Path(folder) / "keys", options.keys)
    if not options.no_s3:
        s3(options.keys)


@contextmanager
def measured(what: str, count: int, unit: str) -> Iterator[None]:
    """Prints one line of the table."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"| {what} | {cpu:.2f} | {wall:.2f} | {count / cpu:,.0f} {unit} |", flush=True)


def ticks(root: Path, clients: int, files: int) -> None:
    """Ticks of clients for whom nothing has changed."""
    ledger = Ledger.open(f"sqlite:///{root / 'ledger.db'}")
    intakes = [intake_of(ledger, root, f"client_{number:04}") for number in range(clients)]
    for known in (0, files):
        for intake in intakes:
            put(intake.folder.incoming, known)
        for seconds in (0, 20, 40):
            for intake in intakes:
                intake.look(now=NOW + timedelta(seconds=seconds))
        if known:
            for intake in intakes:
                deliver(intake)
        with measured(f"a tick of each of {clients:,} clients, {known} files", clients, "ticks"):
            for intake in intakes:
                quiet_tick(intake)


def looks(root: Path, keys: int) -> None:
    """Looks at one folder with many files."""
    ledger = Ledger.open(f"sqlite:///{root / 'ledger.db'}")
    intake = intake_of(ledger, root, "acme")
    put(intake.folder.incoming, keys)
    with measured(f"listing {keys:,} files of a folder", keys, "files"):
        list_all(intake.store)
    with measured(f"first look at {keys:,} files", keys, "files"):
        intake.look(now=NOW, budget_seconds=3600)
    intake.look(now=NOW + timedelta(seconds=20), budget_seconds=3600)
    with measured(f"looking again at {keys:,} known files", keys, "files"):
        look = intake.look(now=NOW + timedelta(seconds=40), budget_seconds=3600)
    if (look.listed, look.seen_new, look.ready) != (keys, 0, 0):
        raise RuntimeError(f"a quiet look was expected: {look}")


def s3(keys: int) -> None:
    """Lists a prefix of a real server, if it can be filled in time."""
    with ExitStack() as stack:
        client = stack.enter_context(s3_client())
        client.create_bucket(Bucket="uploads")
        deadline = time.monotonic() + UPLOAD_SECONDS
        with ThreadPoolExecutor(8) as pool:
            uploaded = sum(pool.map(lambda number: upload(client, number, deadline), range(keys)))
        if uploaded < keys:
            print(f"Only {uploaded:,} of {keys:,} objects were uploaded in {UPLOAD_SECONDS} s.")
        with measured(f"listing {uploaded:,} objects of an S3 server", uploaded, "objects"):
            list_all(S3Store(client, "uploads", "acme"))


def upload(client: Any, number: int, deadline: float) -> bool:
    """Puts one object, unless the time is up."""
    if time.monotonic() > deadline:
        return False
    client.put_object(Bucket="uploads", Key=f"acme/{number % 97}/orders_{number:06}", Body=b"id")
    return True


@contextmanager
def s3_client() -> Iterator[Any]:
    """A client of the server that the tests start."""
    path = Path(__file__).parents[1] / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("conftest", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    with tempfile.TemporaryDirectory() as folder, tests.serve_s3(Path(folder)) as server:
        yield server.client()


def intake_of(ledger: Ledger, root: Path, client_id: str) -> Intake:
    """One client's intake over a folder of its own."""
    folder = ClientFolder(root, client_id)
    folder.incoming.mkdir(parents=True)
    return Intake(
        ledger=ledger,
        store=LocalStore(folder.incoming, client_id=client_id),
        folder=folder,
        feeds=FEEDS,
        policy=BatchPolicy(),
    )


def put(folder: Path, files: int) -> None:
    """Small files."""
    for number in range(files):
        (folder / f"orders_{number:06}.csv").write_bytes(b"id\n")


def deliver(intake: Intake) -> None:
    """One batch with all that is ready, without reading it."""
    batch = intake.claim(now=NOW, trigger="benchmark")
    if batch is None:
        raise RuntimeError("files were expected to be ready")
    intake.begin(batch.batch_id, batch.run_key, now=NOW)
    intake.delivered(batch.batch_id, batch.run_key, now=NOW)


def quiet_tick(intake: Intake) -> None:
    """What a sensor's evaluation asks of intake."""
    now = NOW + timedelta(minutes=5)
    intake.reconcile(lambda _: RunVerdict.UNKNOWN, now=now)
    look = intake.look(now=now)
    if look.seen_new or intake.claim(now=now, trigger="sensor") or intake.pending_requests():
        raise RuntimeError(f"a quiet tick was expected: {look}")


def list_all(store: Store) -> int:
    """Lists page by page, and counts."""
    after, count = None, 0
    while True:
        page = store.list_page(after, store.page_size)
        count += len(page.items)
        after = page.next
        if after is None:
            return count


if __name__ == "__main__":
    main()

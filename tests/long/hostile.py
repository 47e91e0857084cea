"""A long search for a file that the reader or the chain can not take, by hand.

    PYTHONPATH=src python tests/long/hostile.py --minutes 240 --samples ../shared/cases

Files are the hostile ones of tests/hostile/attacks.py, a few honest ones and those of `--samples`,
each altered again and again, and tables, workbooks, JSON and corrections made of hostile names,
headers and values. Every one is read apart within a budget; every twentieth that can be read also
goes through the chain's next steps (load, profile, propose) in a child of its own. Between them, a
`defs.yaml` and now and then a client's models are rewritten and read as a load of the definitions
reads them. At the end the slowest (by processor seconds, for the machine may be busy) and the
largest are told, and every crash: the file is kept in `--keep`. What a seed was slow with is
repeated alone by `--only NAME`.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from consulting.bounded_child import BoundedChild, Bounds, ChildStoppedError
from consulting.cleaning import ClientModels
from consulting.config.reading import read_engagement
from consulting.errors import ConsultingError, UnreadableFileError
from consulting.intake.reading import Door, ReadingApart, ReadOptions, load_raw
from consulting.profiling import FeedProfile, profile_feed, propose_feed
from consulting.records import FileReading
from consulting.shared_child import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

ATTACKS = Path(__file__).parents[1] / "hostile" / "attacks.py"
BUDGET_SECONDS = 20
BUDGET_BYTES = 1024**3
EVERY = 20
MODELS_EVERY = 60
DBT = Path(__file__).parents[2] / "dbt"
SHOWN = 10
BAD = {"too_slow", "too_much_memory", "reader_failed", "rows_unaccounted"}


def load_attacks() -> Any:
    spec = importlib.util.spec_from_file_location("hostile_attacks", ATTACKS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def spent() -> float:
    """Processor seconds of this process and all that it started."""
    total = sum(os.times()[:4])
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])
    return total


def honest() -> dict[str, bytes]:
    """Files that are read, to be altered."""
    rows = "".join(f'{n},"name {n}",2026-01-{n % 28 + 1:02},{n * 1.5}\n' for n in range(200))
    return {
        "good.csv": f"id,name,since,amount\n{rows}".encode(),
        "good.json": b'[{"id": 1, "v": {"a": "x"}}, {"id": 2, "v": {"a": "y"}}]',
        "good.ndjson": b'{"id": 1}\n{"id": 2}\n' * 50,
    }


class Search:
    """One search: what was tried, and what came of it."""

    def __init__(self, keep: Path, seed: int, only: str | None) -> None:
        self.keep = keep
        self.only = only
        self.draws = random.Random(seed)
        self.codes: Counter[str] = Counter()
        self.slowest: list[tuple[float, str]] = []
        self.largest: list[tuple[int, str]] = []
        self.crashes: list[str] = []

    def one(self, reader: ReadingApart, name: str, data: bytes, number: int) -> None:
        """Read one file, and now and then go on with it."""
        if self.only not in {None, name}:
            return
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            path = folder / "landed"
            path.write_bytes(data)
            began = spent()
            outcome = self._read(reader, path, name, data)
            if isinstance(outcome, FileReading) and number % EVERY == 0:
                self._go_on(folder, outcome, name, data)
            label = f"{number} {name}: {outcome if isinstance(outcome, str) else 'read'}"
            self.slowest = sorted([*self.slowest, (spent() - began, label)])[-SHOWN:]
            written = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) - len(data)
            self.largest = sorted([*self.largest, (written, label)])[-SHOWN:]

    def _read(self, reader: ReadingApart, path: Path, name: str, data: bytes) -> FileReading | str:
        options = ReadOptions(max_read_seconds=BUDGET_SECONDS, max_memory_bytes=BUDGET_BYTES)
        try:
            reading = reader.read_file(
                path,
                filename=name,
                feed="feed",
                sha256=hashlib.sha256(data).hexdigest(),
                run_folder=path.parent / "runs",
                options=options,
                door=Door(tier=3, client_id="acme"),
            )
        except UnreadableFileError as error:
            self.codes[error.code] += 1
            if error.code in BAD:
                self._crashed(name, data, f"{error.code}: {error.reason}")
            return error.code
        except Exception as error:  # noqa: BLE001 - the search is for these
            self._crashed(name, data, f"{type(error).__name__} in the reader: {error}")
            return type(error).__name__
        self.codes["read"] += 1
        return reading

    def _go_on(self, folder: Path, reading: FileReading, name: str, data: bytes) -> None:
        try:
            with BoundedChild() as child:
                bounds = Bounds(BUDGET_SECONDS, BUDGET_BYTES)
                runs = folder / "runs"
                child.call(bounds, Any, load_raw, runs / "w.duckdb", runs, [reading], expected={})
                found = child.call(
                    bounds, FeedProfile, profile_feed, "feed", [reading], runs, declared=()
                )
                child.call(bounds, Any, propose_feed, found)
        except ChildStoppedError as error:
            self._crashed(name, data, f"after reading: {error}")
        except Exception as error:  # noqa: BLE001 - the search is for these
            self._crashed(name, data, f"{type(error).__name__} after reading: {error}")

    def _crashed(self, name: str, data: bytes, why: str) -> None:
        self.keep.mkdir(parents=True, exist_ok=True)
        target = self.keep / f"{hashlib.sha256(data).hexdigest()[:12]}-{Path(name).name}"
        target.write_bytes(data)
        self.crashes.append(f"{why[:200]} ({target})")
        print(self.crashes[-1], flush=True)

    def engagement(self, folder: Path, data: bytes) -> None:
        """Read a `defs.yaml` as a load does."""
        client = folder / "clients" / "acme"
        client.mkdir(parents=True, exist_ok=True)
        (client / "defs.yaml").write_bytes(data)
        self._of_engineer("defs.yaml", data, lambda: read_engagement(client, {}))

    def models(self, folder: Path, name: str, data: bytes) -> None:
        """Prepare a client's models as a load does; one of its files is hostile."""
        dbt = folder / "dbt"
        if not dbt.exists():
            shutil.copytree(DBT, dbt, ignore=shutil.ignore_patterns("target", "logs"))
        own = dbt / "models" / "clients" / "acme"
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        (own / name).write_bytes(data)
        self._of_engineer(name, data, ClientModels(dbt, "acme").prepare)

    def _of_engineer(self, name: str, data: bytes, read: Callable[[], object]) -> None:
        if self.only not in {None, name}:
            return
        began = spent()
        try:
            read()
            outcome = "read"
        except StoppedError as error:
            outcome = "stopped"
            self._crashed(name, data, str(error))
        except ConsultingError as error:
            outcome = "refused"
            if "broke the process down" in str(error) or "took more than" in str(error):
                self._crashed(name, data, str(error))
        except Exception as error:  # noqa: BLE001 - the search is for these
            outcome = type(error).__name__
            self._crashed(name, data, f"{outcome}: {error}")
        self.codes[f"{name} {outcome}"] += 1
        took = (spent() - began, f"{name}: {outcome}")
        self.slowest = sorted([*self.slowest, took])[-SHOWN:]

    def report(self) -> None:
        """Say what came of it."""
        print("\noutcomes:", dict(self.codes.most_common()))
        print("slowest:", *(f"  {s:6.2f} s  {label}" for s, label in self.slowest[::-1]), sep="\n")
        print("largest:", *(f"  {b:>12,} bytes  {n}" for b, n in self.largest[::-1]), sep="\n")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"largest process: {peak / 1024:,.0f} MB; crashes: {len(self.crashes)}")


def main() -> None:
    """Searches until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--samples", type=Path, help="a folder of files to alter, too")
    parser.add_argument("--only", help="read no file but those of this name, of all that are drawn")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "hostile_files")
    options = parser.parse_args()
    attacks = load_attacks()
    seeds = honest()
    for kind, found in attacks.ALL.items():
        for name, make in found.items():
            seeds[f"{name}.{kind}"] = make(2000)
    if options.samples:
        for path in sorted(options.samples.iterdir()):
            if path.is_file() and os.access(path, os.R_OK):
                seeds[path.name] = path.read_bytes()
    print(f"seed {options.seed}, {len(seeds)} files to begin with")
    search = Search(options.keep, options.seed, options.only)
    deadline = time.monotonic() + options.minutes * 60
    number = 0
    with BoundedChild() as child, tempfile.TemporaryDirectory() as scratch:
        reader, engineers = ReadingApart(child), Path(scratch)
        while time.monotonic() < deadline:
            number += 1
            draws = search.draws
            if number % 3 == 0:
                search.engagement(engineers, attacks.rewritten(attacks.ENGAGEMENT, draws))
                if number % MODELS_EVERY == 0:
                    search.models(
                        engineers, "orders.yml", attacks.rewritten(attacks.MODEL_YAML, draws)
                    )
                    search.models(
                        engineers, "orders.sql", attacks.rewritten(attacks.MODEL_SQL, draws)
                    )
            if number % 2:
                kind = draws.choice(sorted(attacks.TABLES))
                name = f"{attacks.text(draws, 2)} {kind}".encode("utf-8", "replace").decode()
                data = attacks.TABLES[kind](draws)
            else:
                name = draws.choice(sorted(seeds))
                data = seeds[name] if number <= len(seeds) else attacks.altered(seeds[name], draws)
            search.one(reader, name, data, number)
    search.report()
    sys.exit(bool(search.crashes))


if __name__ == "__main__":
    main()

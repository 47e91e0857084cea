"""Many random kills of the real Dagster, by hand.

    PYTHONPATH=src python tests/long/dagster_kills.py --kills 100 --seed 1 [--warm]

Daemon, code server and runs are processes of their own over local files; two clients upload files
all the while. At random moments a part is killed with SIGKILL and left to a supervisor that starts
daemon and code server again; nobody else helps. In the end every file must be delivered once.
Prints a table, and ends with exit code 1 if a promise is broken.
"""

from __future__ import annotations

# ruff: noqa: T201 - a program for the command line
import argparse
import importlib.util
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import dagster as dg

PARTS = {
    "run": 45,
    "code server": 20,
    "daemon": 20,
    "run and code server": 10,
    "everything": 5,
}
"""What is killed, and how often of a hundred kills."""

CLIENTS = ("alpha", "beta")
QUIET_SECONDS = 900


def main() -> None:
    """Kill until there were enough, wait until all is quiet, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600, help="kill no longer than this")
    parser.add_argument("--warm", action="store_true", help="fork runs from a warm parent")
    parser.add_argument("--pause", type=float, default=9, help="mean seconds between two kills")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        python = load("warm_python").WarmPython()
        clients = dict.fromkeys(CLIENTS)
        world = load("dagster_world").World(
            Path(folder) / "world", clients, python=python, warm=options.warm
        )
        if options.warm:
            PARTS["warm parent"] = 20
        with world.running():
            world.drop("alpha", "orders_0000.csv")
            world.await_that("the first run begins", world.run_processes)
            while time.monotonic() - started < options.seconds:
                kill_one(world, chance, options.pause)
                if sum(world.kills.values()) >= options.kills:
                    break
            killed = time.monotonic()
            world.await_that("all is delivered and quiet", world.is_quiet, QUIET_SECONDS)
            quiet = time.monotonic() - killed
        tally = world.check()
        report(world, tally, killed - started, quiet)
    sys.exit(any(tally[name] for name in ("lost", "doubled", "strays", "rows lost")))


def kill_one(world: Any, chance: random.Random, pause: float) -> None:
    """Clients upload, and one part dies; a run only while there is one."""
    for client_id in CLIENTS:
        if len(world.pending(client_id)) < 3 and chance.random() < 0.6:
            world.drop(client_id, f"orders_{len(world.uploaded):04}.csv")
    time.sleep(chance.expovariate(1 / pause))
    part = chance.choices(list(PARTS), list(PARTS.values()))[0]
    if part.startswith("run"):
        deadline = time.monotonic() + 60
        while not world.run_processes() and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(chance.uniform(0, pause))
    if world.kill(part):
        print(f"{sum(world.kills.values()):4} {part}", file=sys.stderr, flush=True)


def report(world: Any, tally: dict[str, int], seconds: float, quiet: float) -> None:
    """The table."""
    runs = world.runs()
    ended = {
        status.value: sum(run.status is status for run in runs) for status in dg.DagsterRunStatus
    }
    print("| | count |\n|---|---|")
    for part in PARTS:
        print(f"| kills of: {part} | {world.kills[part]} |")
    print(f"| kills in all | {sum(world.kills.values())} |")
    for name, count in tally.items():
        print(f"| {name} | {count} |")
    for status, count in ended.items():
        if count:
            print(f"| runs that ended {status} | {count} |")
    print(f"| seconds of killing, then until all was quiet | {seconds:.0f}, {quiet:.0f} |")


def load(name: str) -> Any:
    """A module of tests/services; tests are no package."""
    path = Path(__file__).parents[1] / "services" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()

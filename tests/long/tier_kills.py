"""Runs of Dagster at each tier, killed in the middle of each stage, and every byte searched.

    PYTHONPATH=src:. python tests/long/tier_kills.py --kills 8

Canaries stand in cells, titles, file, sheet and member names and JSON fields. Each run is a process
of its own, over an instance, data and a folder for temporary files of its own; it is killed with
SIGKILL at moments spread over what a whole run takes, then run again to its end. After each of the
two all of it is searched: below tier 3 no canary stands anywhere but in the client's own folder and
the ledger; at tier 3 no cell stands in what Dagster stores or prints. Prints a line for each run,
and ends with exit code 1 if a promise is broken.
"""

from __future__ import annotations

# ruff: noqa: T201 - a program for the command line
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.canary import Sighting, sightings, sightings_in
from tests.chain.conftest import DBT
from tests.hostile.test_strangers import CANARIES, CELL, FEEDS, FILES

CLIENT = "acme_corp"
CELLS = [CELL, "Sieglinde"]
LONGEST, LEASE = 600, 30


def run_job(tier: int, dbt_dir: Path) -> None:
    """In the child: one tick, and the run that it asks for."""
    import dagster as dg
    from tests.e2e.conftest import Location

    location = Location(
        Path(os.environ["CONSULTING_DATA"]),
        CLIENT,
        dbt_dir=dbt_dir,
        security_tier=tier,
        feeds=FEEDS,
        sla=None,
        intake={"settle_seconds": 0, "retry_seconds": 0, "lease_seconds": LEASE},
    )
    with dg.DagsterInstance.get() as instance:
        location.instance = instance
        requests = location.requests()
        print("requests", len(requests))
        for request in requests:
            print("succeeded", location.run(request).success)


class Place:
    """A place for runs: data, Dagster's home, temporary files, what was printed."""

    def __init__(self, root: Path, tier: int) -> None:
        self.root, self.tier = root, tier
        self.dbt = root / "dbt"
        shutil.copytree(DBT, self.dbt, ignore=shutil.ignore_patterns(CLIENT, "target", "logs"))
        self.incoming = root / "data" / CLIENT / "incoming"
        for folder in (self.incoming, root / "home", root / "tmp"):
            folder.mkdir(parents=True)
        for name, content in FILES.items():
            data = content.encode() if isinstance(content, str) else content
            (self.incoming / name).write_bytes(data)

    def run(self, seconds: float | None) -> tuple[float, str]:
        """Run the job in a process, for so long at most; how long it took, and what it printed."""
        environment = os.environ | {
            "CONSULTING_DATA": str(self.root / "data"),
            "DAGSTER_HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
        }
        command = [sys.executable, __file__, "--child", str(self.dbt), "--tier", str(self.tier)]
        begun = time.monotonic()
        with (self.root / "printed").open("ab") as printed:
            child = subprocess.Popen(
                command, env=environment, stdout=printed, stderr=printed, start_new_session=True
            )
            try:
                child.wait(seconds or LONGEST)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        text = (self.root / "printed").read_text(errors="replace")
        return time.monotonic() - begun, text

    def leaks(self) -> list[Sighting]:
        """Where a canary stands that may not."""
        printed = (self.root / "printed").read_bytes()
        if self.tier == 3:
            return sightings([self.root / "home"], CELLS) + sightings_in(printed, CELLS)
        ledger = (self.root / "data").glob("ledger.db*")
        found = sightings([self.root], CANARIES, leave_out=[self.incoming, *ledger])
        return found + sightings_in(printed, CANARIES)

    def delivered(self) -> int:
        """Deliveries that lie there, whole."""
        folder = self.root / "data" / CLIENT / "deliverables"
        return len([*folder.glob("*/manifest.json")])


def main() -> None:
    """Kill at each tier, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=8, help="at each tier")
    parser.add_argument("--tier", type=int, action="append", choices=(1, 2, 3))
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_job(options.tier[0], options.child)
        return
    broken = 0
    for tier in options.tier or (1, 2, 3):
        whole = attempt(tier, None)
        broken += whole[1]
        for number in range(options.kills):
            broken += attempt(tier, whole[0] * (number + 0.5) / options.kills)[1]
    sys.exit(broken > 0)


def attempt(tier: int, seconds: float | None) -> tuple[float, int]:
    """One place: a run that is killed after so many seconds, and one that is not."""
    with tempfile.TemporaryDirectory(prefix="tiers-") as folder:
        place = Place(Path(folder) / "place", tier)
        took, printed = place.run(seconds)
        leaks = place.leaks()
        if seconds is not None:
            for _ in range(5):
                if place.delivered():
                    break
                time.sleep(LEASE)  # nobody but the lease says here that the run is dead
                _, printed = place.run(None)
            leaks += place.leaks()
        ok = place.delivered() == 1 and not leaks
        when = "whole run" if seconds is None else f"killed after {seconds:5.1f} s"
        said = "held" if ok else "BROKEN"
        print(f"tier {tier}, {when}: {said}, {place.delivered()} delivered", flush=True)
        for leak in leaks[:10]:
            print(f"    {leak}")
        if not place.delivered():
            print(printed[-2000:])
    return took, int(not ok)


if __name__ == "__main__":
    main()

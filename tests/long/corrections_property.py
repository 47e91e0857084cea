"""A long search for a set of corrections that loses or doubles a row, by hand.

    PYTHONPATH=src python tests/long/corrections_property.py --examples 50

Runs the property of tests/chain/test_corrections_property.py with the whole chain, dbt included:
exactly the corrected rows are delivered, and every row is accounted for.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings


def main() -> None:
    """Searches, and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50)
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[2]))
    case = importlib.import_module("tests.chain.test_corrections_property")
    desk = importlib.import_module("tests.chain.test_corrections")
    root = Path(tempfile.mkdtemp())
    master = desk.World(root / "master")
    master.drop("customers_1.csv", desk.BAD_FILE)
    started, delivered = time.monotonic(), 0

    @given(plan=case.returned)
    @settings(
        max_examples=options.examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def search(plan: object) -> None:
        nonlocal delivered
        with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
            world, received = case.check(master, Path(place), plan)
            if received is not None:
                case.deliver_and_check(world, received, plan)
                delivered += 1

    with contextlib.redirect_stdout(io.StringIO()):
        master.run()
    search()
    seconds = time.monotonic() - started
    print(f"{options.examples} examples, {delivered} deliveries in {seconds:.0f} s: all held")  # noqa: T201


if __name__ == "__main__":
    main()

"""A long search for a table that does not come back from the reader, by hand.

    PYTHONPATH=src python tests/long/reading_round_trips.py --examples 4000

Runs each test of tests/intake/reading/test_round_trips.py with more tables, new ones each time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "intake" / "reading" / "test_round_trips.py"


def main() -> None:
    """Searches, and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=4000, help="tables for each test")
    options = parser.parse_args()
    started = time.monotonic()
    environment = {**os.environ, "ROUND_TRIP_EXAMPLES": str(options.examples)}
    command = [sys.executable, "-m", "pytest", "-q", str(TESTS)]
    done = subprocess.run(command, env=environment, check=False)
    print(f"{options.examples} tables for each test, {time.monotonic() - started:.0f} s")  # noqa: T201
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()

"""Ten million rows through the chain within 4 GB of memory, by hand.

    PYTHONPATH=src python tests/long/large_input.py
    PYTHONPATH=src python tests/long/large_input.py --rows 1000000 --gigabytes 1

Runs `benchmarks/chain_cost.py` and ends with exit code 1 if a stage passed the limit, a row is
unaccounted for or a test failed. Needs about 10 GB of disk and half an hour of a small machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "chain_cost.py"


def main() -> None:
    """Run the chain and judge it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--gigabytes", type=float, default=4.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        numbers = Path(folder) / "numbers.json"
        command = [sys.executable, str(BENCHMARK), "--no-peer", "--json", str(numbers)]
        subprocess.run([*command, f"--rows={arguments.rows}"], check=True)
        found = json.loads(numbers.read_text())
    problems = [
        f"{name} took {stage['peak_mb']:,.0f} MB"
        for name, stage in found["stages"].items()
        if stage["peak_mb"] > arguments.gigabytes * 1000
    ]
    account = found["account"]
    if account["unaccounted"] or account["received"] != arguments.rows:
        problems.append(f"of {account['received']:,} rows {account['unaccounted']} are unaccounted")
    if set(found["tests"]) - {"pass", "warn"}:
        problems.append(f"tests ended as {found['tests']}")
    if problems:
        raise SystemExit("; ".join(problems))


if __name__ == "__main__":
    main()

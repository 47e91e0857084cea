"""A large file goes through the chain in bounded memory: what does not fit goes to disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "chain_cost.py"
ROWS, FEW_ROWS = 250_000, 1_000
DATABASE_LIMIT = "200MB"
MOST_GROWTH_MB = {
    "file_received": 260,
    "profiled": 220,
    "cleaned": 220,
    "validated": 220,
    "delivered": 300,
}
"""What each stage may take more than it takes for a few rows.

Python, Arrow, dbt and the processes that read and parse take some 500 MB whatever the file's size,
and DuckDB up to its limit of 200 MB. A stage that held all rows as Python values, or sorted them
in memory without a bound, would take 100 to 200 MB more.
"""


def numbers_of(folder: Path, rows: int) -> Any:
    """The numbers of one run of the chain over a file of so many rows, in a process of its own."""
    numbers = folder / f"numbers_{rows}.json"
    command = [sys.executable, str(BENCHMARK), f"--rows={rows}", "--no-peer"]
    subprocess.run(
        [*command, f"--json={numbers}"],
        env={**os.environ, "CONSULTING_MEMORY_LIMIT": DATABASE_LIMIT},
        check=True,
        capture_output=True,
        timeout=600,
    )
    return json.loads(numbers.read_text())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The numbers for a large file."""
    return numbers_of(tmp_path_factory.mktemp("large"), ROWS)


def test_no_stage_holds_a_large_file_in_memory(run: Any, tmp_path: Path) -> None:
    few = numbers_of(tmp_path, FEW_ROWS)["stages"]
    growth = {s: run["stages"][s]["peak_mb"] - few[s]["peak_mb"] for s in MOST_GROWTH_MB}
    assert {s: more for s, more in growth.items() if more > MOST_GROWTH_MB[s]} == {}


def test_every_row_of_a_large_file_is_accounted_for(
    run: Any,
) -> None:
    account = run["account"]
    assert account["received"] == ROWS
    assert account["unaccounted"] == 0
    assert 0 < sum(account["rejected"].values()) < 0.02 * ROWS
    assert sum(account["merged"].values()) > 0

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
ROWS = 250_000
DATABASE_LIMIT = "200MB"
PROCESS_MB = {
    "file_received": 600,  # with the process that reads
    "profiled": 500,
    "cleaned": 540,
    "validated": 500,
    "delivered": 570,
}
"""What DuckDB may use, and what the whole process may.

Python, Arrow and dbt take some 400 MB whatever the file's size. A stage that held all rows as
Python values, or sorted them in memory without a bound, would take 100 to 200 MB more.
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The numbers of one run of the chain over a large file, in a process of its own."""
    numbers = tmp_path_factory.mktemp("large") / "numbers.json"
    command = [sys.executable, str(BENCHMARK), f"--rows={ROWS}", "--no-peer"]
    subprocess.run(
        [*command, f"--json={numbers}"],
        env={**os.environ, "CONSULTING_MEMORY_LIMIT": DATABASE_LIMIT},
        check=True,
        capture_output=True,
        timeout=600,
    )
    return json.loads(numbers.read_text())


def test_no_stage_holds_a_large_file_in_memory(
    run: Any,
) -> None:
    peaks = {stage: run["stages"][stage]["peak_mb"] for stage in PROCESS_MB}
    assert {stage: peak for stage, peak in peaks.items() if peak > PROCESS_MB[stage]} == {}


def test_every_row_of_a_large_file_is_accounted_for(
    run: Any,
) -> None:
    account = run["account"]
    assert account["received"] == ROWS
    assert account["unaccounted"] == 0
    assert 0 < sum(account["rejected"].values()) < 0.02 * ROWS
    assert sum(account["merged"].values()) > 0

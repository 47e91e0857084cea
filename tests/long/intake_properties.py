"""A long search for a history that breaks intake, by hand.

    PYTHONPATH=src python tests/long/intake_properties.py --examples 500 --steps 80

Runs the state machine of tests/intake/test_properties.py with more and longer histories.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test


def main() -> None:
    """Searches, and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--steps", type=int, default=80)
    options = parser.parse_args()
    path = Path(__file__).parents[1] / "intake" / "test_properties.py"
    spec = importlib.util.spec_from_file_location("test_properties", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    started = time.monotonic()
    run_state_machine_as_test(
        module.IntakeMachine,
        settings=settings(
            max_examples=options.examples,
            stateful_step_count=options.steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{options.examples} histories held, {time.monotonic() - started:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main()

"""The code location: loads `defs/`, nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import dagster as dg

from consulting.components.loading import load_project
from consulting.writing import keep_private

# what this process and the runs it starts write is the clients', and nobody else's to read
keep_private()


@dg.definitions
def defs() -> dg.Definitions:
    """All definitions of the project."""
    return _loaded()


@cache
def _loaded() -> dg.Definitions:
    """Loaded once: Dagster asks up to five times in one process, and a reload starts a new one."""
    return load_project(Path(__file__).parent)

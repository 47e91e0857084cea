"""The code location: loads `defs/`, nothing else."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from consulting.components.loading import load_project


@dg.definitions
def defs() -> dg.Definitions:
    """All definitions of the project."""
    return load_project(Path(__file__).parent)

"""The code location: all that lies in `defs/`."""

from pathlib import Path

import dagster as dg

from consulting.components.loading import load_project


@dg.definitions
def defs() -> dg.Definitions:
    """All definitions of the project."""
    return load_project(Path(__file__).parent)

"""Loading the project with Dagster's own loader, once a process."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import dagster as dg

from consulting.project import Project

if TYPE_CHECKING:
    from pathlib import Path


@cache
def load_project(path_within_project: Path) -> dg.Definitions:
    """All definitions of a project, as `dg.load_from_defs_folder` makes them.

    They are made once: Dagster asks up to five times in one process, and a reload starts a new one.
    What Dagster would add is left out: the schemas of all component types that are installed, for
    which it imports every library there is.

    Args:
        path_within_project: Any path of the project.

    Raises:
        Exception: If anything but a client is broken.
    """
    with warnings.catch_warnings():
        # Dagster's own loader silences what it says of itself, too
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.simplefilter("ignore", category)
        tree = dg.ComponentTree.for_project(path_within_project)
        return tree.build_defs(tree.defs_module_path)


def find_project(path_within_project: Path) -> Project:
    """The project that a path lies in.

    Raises:
        Exception: If it lies in none.
    """
    return Project.of(dg.ComponentTree.for_project(path_within_project))

"""A run's rows once more, elsewhere: what the models make of them, with nothing of it kept."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.loaded import expected_columns
from consulting.intake.reading import load_raw
from consulting.layout import ClientFolder
from consulting.scratch import scratch_folder
from consulting.writing import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consulting.chain.engagement import Engagement


def rows_are_kept(received: artifacts.Intake, run_folder: Path) -> bool:
    """Whether the run folder still holds what was written of all its files."""
    paths = [run_folder / path for reading in received.in_use for path in reading.paths]
    return bool(paths) and all(path.exists() for path in paths)


@contextmanager
def on_trial(engagement: Engagement, run_folder: Path) -> Iterator[Engagement]:
    """The client in a folder of its own, with the rows of a run loaded; gone at the end.

    Neither the ledger nor the client's warehouse is touched.

    Args:
        engagement: Whose run.
        run_folder: Of the run; it holds the rows.
    """
    received = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake)
    with scratch_folder(engagement.folder.path) as scratch:
        again = replace(engagement, folder=ClientFolder(scratch, engagement.client_id))
        place = again.folder.run(run_folder.name)
        for reading in received.in_use:
            for path in reading.paths:
                if not (place / path).exists():
                    make_folder((place / path).parent)
                    os.link(run_folder / path, place / path)
        make_folder(place)
        artifacts.write(place / artifacts.INTAKE, received)
        expected = expected_columns(again, received.in_use)
        load_raw(again.folder.warehouse, place, received.in_use, expected=expected)
        yield again

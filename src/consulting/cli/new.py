"""`consulting new`: a consultancy's own project."""

from __future__ import annotations

from pathlib import Path

import click

from consulting.cli.terminal import say
from consulting.templates import write_project


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Make a project in FOLDER: it holds what is yours, and runs as it is."""
    written = write_project(folder)
    say(f"{folder} is a project of {len(written)} files; its README.md says what is where.")
    say("Next:")
    say(f"  cd {folder}")
    say("  dg scaffold defs EngagementComponent clients/newco")
    say("  DAGSTER_HOME=$PWD dg dev    # then drop files into data/newco/incoming/")

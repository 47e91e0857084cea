"""`consulting new`: a consultancy's own project."""

from __future__ import annotations

from pathlib import Path

import click

from consulting.cli.terminal import dry_run_option, json_option, say, tell_json
from consulting.layout import LINKS_VARIABLE
from consulting.templates import planned_files, write_project
from consulting.wording import counted


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
@dry_run_option
def new(folder: Path, *, dry_run: bool) -> None:
    """Make a project in FOLDER: it holds what is yours, and runs as it is."""
    written = planned_files(folder) if dry_run else write_project(folder)
    tell_json({"files": [str(path) for path in written], "written": not dry_run})
    if dry_run:
        for path in written:
            say(f"would write {path}")
        return
    say(
        f"{folder} is a project of {counted(len(written), 'file')}; its README.md says what is "
        "where."
    )
    say("Next:")
    say(f"  cd {folder}")
    say("  dg scaffold defs EngagementComponent clients/newco")
    say(f"  {LINKS_VARIABLE}=127.0.0.1:3001 DAGSTER_HOME=$PWD dg dev")
    say("  consulting serve    # in a terminal of its own: what links in the UI lead to")
    say("Then drop files into data/newco/incoming/.")

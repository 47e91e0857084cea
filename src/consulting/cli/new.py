"""`consulting new`: a consultancy's own project."""

from __future__ import annotations

from pathlib import Path

import click

from consulting.templates import write_project


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Make a project in FOLDER: it holds what is yours, and runs as it is."""
    written = write_project(folder)
    click.echo(f"{folder} is a project of {len(written)} files; its README.md says what is where.")
    click.echo("Next:")
    click.echo(f"  cd {folder}")
    click.echo("  dg scaffold defs EngagementComponent clients/newco")
    click.echo("  DAGSTER_HOME=$PWD dg dev    # then drop files into data/newco/incoming/")

"""What the verbs print: nothing of a stranger's does anything in the terminal it is read in."""

from __future__ import annotations

import json

import click

from consulting.shown import on_lines, on_one_line

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Tell what would happen; change nothing."
)
"""Of every verb that changes anything."""
json_option = click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")
"""Of every verb that tells anything."""


def say(text: str, *, err: bool = False) -> None:
    """Print one line; line breaks in it are written out, for a name might forge a line."""
    click.echo(on_one_line(text), err=err)


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text of our own that has several lines."""
    click.echo(on_lines(text), err=err)


def say_json(told: object, *, indent: int | None = None) -> None:
    """Print what JSON can hold in ASCII, for programs: some letters are orders to a terminal."""
    click.echo(json.dumps(told, indent=indent))

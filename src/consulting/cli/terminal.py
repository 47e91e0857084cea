"""What the verbs print: nothing of a stranger's does anything in the terminal it is read in."""

from __future__ import annotations

import json

import click

from consulting.shown import on_lines, on_one_line

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Tell what would happen; change nothing."
)
"""Of every verb that changes anything."""
_JSON = "consulting.json"


def _remember(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001
    context.meta[_JSON] = value


json_option = click.option(
    "--json", is_flag=True, expose_value=False, callback=_remember, help="Tell it as JSON."
)
"""Of every verb; what is said otherwise goes to standard error then."""


def say(text: str, *, err: bool = False) -> None:
    """Print one line; line breaks in it are written out, for a name might forge a line."""
    click.echo(on_one_line(text), err=err or asked_for_json())


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text of our own that has several lines."""
    click.echo(on_lines(text), err=err or asked_for_json())


def say_error(client: str, error: Exception) -> None:
    """Print an error of one client, which is named once in each of its lines."""
    lines = (line.removeprefix(f"{client}: ") for line in str(error).splitlines())
    say_lines("\n".join(f"{client}: {line}" for line in lines), err=True)


def asked_for_json() -> bool:
    """Whether the verb that runs is to tell JSON: nothing else goes to standard output then."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_JSON))


def tell_json(told: object) -> None:
    """Print what a verb found as JSON, if it was asked to."""
    if asked_for_json():
        say_json(told, indent=2)


def say_json(told: object, *, indent: int | None = None) -> None:
    """Print what JSON can hold in ASCII, for programs: some letters are orders to a terminal."""
    click.echo(json.dumps(told, indent=indent))

"""`consulting explain`: what a client's configuration comes to, and what comes next."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from consulting.cli.engagements import require_client
from consulting.cli.terminal import asked_for_json, json_option, say, say_json
from consulting.components.clients import load_client
from consulting.config.explained import Setting, project_settings, settings_of
from consulting.timekeeping import Ahead, ahead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consulting.config.engagement import EngagementConfig

_WIDEST = 44


@click.command()
@click.argument("client")
@click.option(
    "--ahead",
    "count",
    type=click.IntRange(0, 100),
    default=5,
    show_default=True,
    help="How many runs and due times to show.",
)
@click.option("--own", is_flag=True, help="Without what is nobody's but the library's default.")
@json_option
def explain(client: str, count: int, *, own: bool) -> None:
    """Show what is in force for CLIENT, each value with the line that says so, and what is next.

    A value is the client's own (its defs.yaml), inherited by all (defaults.yaml), the library's
    default, or the project's (an environment variable). Below it the calendar: the next runs and
    due times, when a missing delivery is told, days off and pauses, and why each is when it is.
    """
    project = require_client(client)
    config = load_client(project, client).client.config
    settings = [
        each
        for each in (*settings_of(project.clients / client, config), *project_settings(project))
        if each.source != "default" or not own
    ]
    coming = _ahead(config, count)
    if asked_for_json():
        told = {"client": client, "settings": _plain(settings), "ahead": _plain(coming)}
        say_json(told, indent=2)
        return
    for line in (*_settings(settings), "", *_coming(config, coming)):
        say(line)


def _ahead(config: EngagementConfig, count: int) -> list[Ahead]:
    if not count:
        return []
    return ahead(
        datetime.now(UTC),
        schedule=config.schedule,
        sla=config.sla,
        partitions=config.partitions,
        count=count,
    )


def _plain(records: list[Setting] | list[Ahead]) -> list[dict[str, Any]]:
    return [each.model_dump(mode="json") for each in records]


def _settings(settings: list[Setting]) -> Iterator[str]:
    yield "Settings in force:"
    width = min(_WIDEST, max((len(each.field) for each in settings), default=0))
    for each in settings:
        value = each.value if isinstance(each.value, str) else json.dumps(each.value)
        written = f" (as {each.written})" if each.written else ""
        where = f" {_near(each.where)}" if each.where else ""
        yield f"  {each.field:<{width}}  {value}{written}  [{each.source}{where}]"


def _near(where: str) -> str:
    """A place as seen from here, for an editor to open."""
    path, colon, rest = where.partition(":")
    here = Path.cwd()
    shown = Path(path)
    return f"{shown.relative_to(here) if shown.is_relative_to(here) else shown}{colon}{rest}"


def _coming(config: EngagementConfig, coming: list[Ahead]) -> Iterator[str]:
    yield "What is next:"
    if config.process == "on_arrival":
        yield "  as files arrive: `process: on_arrival`, the sensor starts a run for each batch"
    if config.sla is None:
        yield "  nothing is promised: there is no `sla`, so no delivery is ever late"
    for each in coming:
        yield f"  {each.at:%a %Y-%m-%d %H:%M %Z}  {each.what:<11} {each.why}"

"""`consulting shards`: the clients split over several code locations."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from consulting.cli.engagements import client_ids, this_project
from consulting.cli.terminal import dry_run_option, json_option, say, tell_json
from consulting.components.locations import shard_of
from consulting.writing import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.project import Project

MOST_SHARDS = 64
_WRITTEN = "Written by `consulting shards"
_HEAD = '''\
"""{written} {count}`: the clients in {count} code locations, all else in one."""

from pathlib import Path

import dagster as dg
from consulting import load_consultancy, load_shard


@dg.definitions
def consultancy() -> dg.Definitions:
    """What looks at all clients, and the project's own: all but the clients."""
    return load_consultancy(Path(__file__).parent)
'''
_SHARD = '''

@dg.definitions
def clients_{number}() -> dg.Definitions:
    """Part {number} of {count} of the clients."""
    return load_shard(Path(__file__).parent, {number}, of={count})
'''
_LOCATION = """\
  - python_module:
      module_name: {package}.shards
      attribute: {name}
      location_name: {name}
"""


@click.command()
@click.argument("count", type=click.IntRange(1, MOST_SHARDS))
@json_option
@dry_run_option
def shards(count: int, *, dry_run: bool) -> None:
    """Split the clients over COUNT code locations.

    It writes `shards.py` into the project's package and `workspace.yaml` beside pyproject.toml, for
    dagster-webserver, dagster-daemon and dg dev, each with `-w workspace.yaml`. What looks at all
    clients (alerts, SLA checks, portfolio) and what else the project defines is a location of its
    own, which defines no client. A client's location depends on its id and COUNT alone. To go back
    to one location delete both files.
    """
    project = this_project()
    files = _files(project, count)
    for path in files:
        _refuse_foreign(path)
    for path, text in files.items():
        if not dry_run:
            write_whole(path, [text.encode()])
        say(f"{'would write' if dry_run else 'wrote'} {path.relative_to(project.root)}")
    clients = Counter(f"clients_{shard_of(each, count)}" for each in client_ids(project))
    say("  consultancy: looks at all clients")
    for name in _names(count)[1:]:
        say(f"  {name}: clients: {clients[name]}")
    told = {"files": [str(path) for path in files], "written": not dry_run}
    tell_json({**told, "clients": {name: clients[name] for name in _names(count)[1:]}})
    if not dry_run:
        say("Next: DAGSTER_HOME=$PWD dg dev -w workspace.yaml")


def _names(count: int) -> list[str]:
    return ["consultancy", *(f"clients_{number}" for number in range(1, count + 1))]


def _files(project: Project, count: int) -> dict[Path, str]:
    """What is written, by its place."""
    package = project.defs.parent
    module = _HEAD.format(written=_WRITTEN, count=count)
    module += "".join(_SHARD.format(number=n, count=count) for n in range(1, count + 1))
    workspace = f"# {_WRITTEN} {count}`.\n"
    workspace += "load_from:\n"
    workspace += "".join(_LOCATION.format(package=package.name, name=n) for n in _names(count))
    return {package / "shards.py": module, project.root / "workspace.yaml": workspace}


def _refuse_foreign(path: Path) -> None:
    """Go on only if nothing is lost.

    Raises:
        click.ClickException: If somebody wrote the file by hand.
    """
    if path.exists() and _WRITTEN not in path.read_text(encoding="utf-8"):
        raise click.ClickException(
            f"{path} was not written by this command, so it is left alone. Move it away, run the "
            "command again, and bring what is yours back."
        )

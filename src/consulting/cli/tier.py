"""Confirming a lowered tier: what it removes is shown, and removed only where that is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from consulting.chain.tier import above_the_tier, lower_tier, refusal_of
from consulting.cli.engagements import open_engagement
from consulting.cli.terminal import say

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("client")
@click.option("--yes", is_flag=True, help="Remove what is shown, for good.")
def tier(client: str, *, yes: bool) -> None:
    """Show what CLIENT's lowered `security_tier` removes; with --yes, remove it."""
    engagement = open_engagement(client, looks=True)
    wanted = engagement.config.security_tier
    if refusal_of(engagement) is None:
        say(f"{client}: nothing to confirm; its data is held at tier {wanted} or below.")
        return
    doomed = list(above_the_tier(engagement))
    for path, what in doomed:
        name = path.relative_to(engagement.folder.path)
        say(f"  {client}/{name}: {what}, {_size(path)}")
    if not yes:
        told = "To remove this for good" if doomed else "Nothing would be removed. To confirm that"
        say(f"{told}, and go on at tier {wanted}: `consulting tier {client} --yes`")
        return
    lower_tier(engagement, now=datetime.now(UTC))
    say(f"{client}: removed; its data is held at tier {wanted} now.")


def _size(path: Path) -> str:
    files = [each for each in (path, *path.rglob("*")) if each.is_file()]
    return f"{len(files):,} files, {sum(each.stat().st_size for each in files):,} bytes"

"""Confirming a lowered tier: what it removes is shown, and removed only where that is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from consulting.chain.differing import told_forgotten
from consulting.chain.tier import above_the_tier, forgotten_below, lower_tier, refusal_of
from consulting.cli.engagements import open_engagement
from consulting.cli.terminal import dry_run_option, json_option, say, tell_json
from consulting.wording import counted

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("client")
@click.option("--yes", is_flag=True, help="Remove what is shown, for good.")
@json_option
@dry_run_option
def tier(client: str, *, yes: bool, dry_run: bool) -> None:
    """Show what CLIENT's lowered `security_tier` removes; with --yes, remove it."""
    engagement = open_engagement(client, looks=True, whole=True)
    wanted = engagement.config.security_tier
    lowered = refusal_of(engagement) is not None
    doomed = list(above_the_tier(engagement)) if lowered else []
    away = forgotten_below(engagement) if lowered else []
    names = [f"{client}/{path.relative_to(engagement.folder.path)}" for path, _ in doomed]
    removed = lowered and yes and not dry_run
    if not lowered:
        say(f"{client}: nothing to confirm; its data is held at tier {wanted} or below.")
    for name, (path, what) in zip(names, doomed, strict=True):
        say(f"  {name}: {what}, {_size(path)}")
    if away and not removed:
        say(
            f"Moved out of `deliverables/`: {', '.join(away)}. What the runs kept of them would "
            "go, and later runs and `consulting diff` would know nothing of them: put the folders "
            "back first, if they are to count."
        )
    if lowered and not removed:
        doing = "To remove this for good" if doomed else "Nothing would be removed. To confirm that"
        say(f"{doing}, and go on at tier {wanted}: `consulting tier {client} --yes`")
    if removed:
        lower_tier(engagement, now=datetime.now(UTC))
        say(f"{client}: removed; its data is held at tier {wanted} now.")
    if away and removed:
        say(told_forgotten(away))
    told = {"above_it": names, "moved_away": away, "removed": removed}
    tell_json({"client": client, "tier": wanted, **told})


def _size(path: Path) -> str:
    files = [each for each in (path, *path.rglob("*")) if each.is_file()]
    size = sum(each.stat().st_size for each in files)
    return f"{counted(len(files), 'file')}, {counted(size, 'byte')}"

"""Bringing what an earlier release kept to this one."""

from __future__ import annotations

import click

from consulting import migrations
from consulting.cli.terminal import dry_run_option, json_option, say, tell_json
from consulting.database import engine_of, locked, reading, usable
from consulting.errors import LedgerError
from consulting.layout import ledger_url


@click.command()
@click.option("--saved", is_flag=True, help="I have a backup (PostgreSQL: `pg_dump`).")
@json_option
@dry_run_option
def upgrade(*, saved: bool, dry_run: bool) -> None:
    """Migrate the ledger of an earlier release; it is saved first."""
    tell_json(_upgrade(saved=saved, dry_run=dry_run))


def _upgrade(*, saved: bool, dry_run: bool) -> dict[str, object]:
    """Do it, and tell where the ledger stood and what it lacked."""
    engine = engine_of(ledger_url())
    place = engine.url.render_as_string(hide_password=True)
    with usable(engine), reading(engine) as connection:
        revision = migrations.revision_of(connection)
    if revision is None:
        say(f"There is no ledger at {place} yet: nothing to do.")
        return {"ledger": place, "step": None, "lacks": [], "migrated": False}
    steps = migrations.pending(revision)
    if steps is None:
        raise LedgerError(
            f"The ledger at {place} is at step {revision}, which this release does not know: a "
            "newer release wrote it. Nothing was changed. Install that release, or a newer one."
        )
    told = {"ledger": place, "step": revision, "lacks": [step.revision for step in steps]}
    if not steps:
        say(f"The ledger at {place} is up to date (step {revision}).")
        return {**told, "migrated": False}
    say(f"The ledger at {place} is at step {revision}. To do:")
    for step in steps:
        say(f"  {step.revision}  {step.what}")
    if dry_run:
        say("Nothing was changed: this was a dry run.")
        return {**told, "migrated": False}
    copy = migrations.save(engine, revision)
    if copy is None and not saved:
        raise LedgerError(
            f"The ledger at {place} can not be saved from here. Nothing was changed. Save it with "
            "`pg_dump`, then run `consulting upgrade --saved`."
        )
    if copy is not None:
        say(f"Saved as {copy}.")
    with locked(engine) as connection:
        migrations.migrate(connection)
    say(f"The ledger is at step {migrations.HEAD}.")
    return {**told, "migrated": True}

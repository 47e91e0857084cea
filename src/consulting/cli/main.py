"""The `consulting` command and its groups of verbs."""

from __future__ import annotations

import warnings

import click
import dagster as dg

from consulting.cli import (
    accept,
    check,
    deliveries,
    demo,
    explain,
    ledger,
    models,
    new,
    preview,
    serve,
    shards,
    tier,
    upgrade,
)
from consulting.foreign import ErrorLog, in_our_words
from consulting.shown import on_lines
from consulting.writing import keep_private


class PlainErrors(click.Group):
    """Shows the project's own errors as a sentence instead of a stack."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a verb."""
        keep_private()
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.simplefilter("ignore", category)
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.UsageError):
            raise
        except click.ClickException as refusal:
            raise click.ClickException(on_lines(refusal.message)) from None
        except Exception as error:  # noqa: BLE001 - it is told, in our words
            told = in_our_words(error, "consulting", ErrorLog())
            raise click.ClickException(on_lines(str(told))) from None


@click.group(cls=PlainErrors)
@click.version_option(package_name="consulting")
def main() -> None:
    """Recurring data engagements: what Dagster's own `dg` does not do."""


for command in (
    accept.accept_drift,
    check.check,
    demo.demo,
    explain.explain,
    ledger.ledger,
    ledger.reprocess,
    ledger.release,
    ledger.discard,
    models.prepare,
    models.propose,
    models.fields,
    models.rules,
    new.new,
    preview.preview,
    serve.serve,
    shards.shards,
    deliveries.verify,
    deliveries.diff,
    tier.tier,
    upgrade.upgrade,
):
    main.add_command(command)

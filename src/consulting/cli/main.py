"""The `consulting` command and its groups of verbs."""

from __future__ import annotations

import warnings

import click
import dagster as dg

from consulting.cli import (
    accept,
    ask,
    check,
    deliveries,
    demo,
    explain,
    impact,
    ledger,
    models,
    new,
    preview,
    serve,
    shards,
    template,
    tier,
    upgrade,
)
from consulting.foreign import ErrorLog, in_our_words
from consulting.shown import on_lines
from consulting.writing import keep_private

SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "A client": (
        explain.explain,
        check.check,
        models.propose,
        preview.preview,
        impact.impact,
        accept.accept_drift,
        ask.ask,
        tier.tier,
    ),
    "Its files": (ledger.ledger, ledger.reprocess, ledger.release, ledger.discard),
    "Its deliveries": (deliveries.diff, deliveries.verify, serve.serve),
    "The project": (new.new, models.prepare, template.template, shards.shards, upgrade.upgrade),
    "To learn": (demo.demo, models.fields, models.rules),
}
"""The verbs as `--help` lists them."""
_SENTENCE = 300


class PlainErrors(click.Group):
    """Shows our errors as a sentence instead of a stack, and the verbs in sections."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the sections, each verb with the first sentence of its help."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(c.name or "", c.get_short_help_str(_SENTENCE)) for c in commands]
                )

    def invoke(self, ctx: click.Context) -> object:
        """Run a verb."""
        keep_private()
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.simplefilter("ignore", category)
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.UsageError, BrokenPipeError):
            raise  # click ends quietly where nobody reads on
        except click.ClickException as refusal:
            raise click.ClickException(on_lines(refusal.message)) from None
        except Exception as error:  # noqa: BLE001 - it is told, in our words
            told = in_our_words(error, "consulting", ErrorLog())
            raise click.ClickException(on_lines(str(told))) from None


@click.group(cls=PlainErrors)
@click.version_option(package_name="consulting")
def main() -> None:
    """Recurring data engagements: what Dagster's own `dg` does not do."""


for commands in SECTIONS.values():
    for command in commands:
        main.add_command(command)

"""Checking that a delivery is what it says it is."""

from __future__ import annotations

import click

from consulting.chain.replay import verify_delivery
from consulting.cli.engagements import open_engagement
from consulting.shown import on_one_line


@click.command()
@click.argument("client")
@click.argument("delivery_id")
def verify(client: str, delivery_id: str) -> None:
    """Rebuild a delivery of CLIENT from its landed files and compare it byte for byte."""
    differences = verify_delivery(
        open_engagement(client), delivery_id, log=lambda text: click.echo(on_one_line(text))
    )
    for difference in differences:
        click.echo(on_one_line(f"differs: {difference}"))
    if differences:
        raise SystemExit(1)
    click.echo(f"{delivery_id} is reproduced byte for byte.")

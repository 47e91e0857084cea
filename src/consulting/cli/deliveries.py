"""Checking that a delivery is what it says it is, and comparing it with another."""

from __future__ import annotations

from pathlib import Path

import click

from consulting.chain.differing import compare_deliveries, forgotten, told_forgotten
from consulting.chain.replay import verify_delivery
from consulting.cli.engagements import open_engagement
from consulting.cli.terminal import asked_for_json, json_option, say, say_json, tell_json
from consulting.delivery import write_comparison
from consulting.writing import make_folder


@click.command()
@click.argument("client")
@click.argument("delivery", required=False)
@json_option
def verify(client: str, delivery: str | None) -> None:
    """Rebuild a DELIVERY of CLIENT from its landed files and compare it byte for byte.

    DELIVERY is its id, how that begins, or its number; the last one by default.
    """
    engagement = open_engagement(client)
    made = engagement.folder.deliveries()
    delivery_id = engagement.folder.delivery_named(delivery or (made[-1] if made else "last"))
    differences = verify_delivery(engagement, delivery_id, log=say)
    for difference in differences:
        say(f"differs: {difference}")
    told = [difference.model_dump(mode="json") for difference in differences]
    tell_json({"client": client, "delivery_id": delivery_id, "differences": told})
    if differences:
        raise SystemExit(1)
    say(f"{delivery_id} is reproduced byte for byte.")


@click.command()
@click.argument("client")
@click.argument("then", required=False)
@click.argument("now", required=False)
@json_option
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write comparison.html and comparison.json into this folder, too.",
)
def diff(client: str, then: str | None, now: str | None, *, to: Path | None) -> None:
    """Show how delivery NOW of CLIENT differs from delivery THEN, and why.

    Rows that are new, gone or altered, by their key; values that changed, by column; columns and
    types; rejects by reason; the score; and which files, corrections, rules, settings, code or
    libraries are others. Default: the last delivery that stands, beside the one whose place it
    took or else the one before it; with THEN alone, that one and the last. Only the deliveries are
    read. Values are shown as in the report: below tier 3, and of personal columns, by their shape.
    """
    engagement = open_engagement(client, looks=True)
    found = compare_deliveries(engagement, then, now)
    if to is not None:
        make_folder(to)
        write_comparison(found, to)
    if asked_for_json():
        say_json(found.model_dump(mode="json"), indent=2)
        return
    for line in found.in_words():
        say(line)
    if lost := told_forgotten(forgotten(engagement)):
        say(lost)

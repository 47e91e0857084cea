"""`consulting preview`: what a change of the models does, before anything is delivered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from consulting.chain.preview import previews
from consulting.cleaning import ClientModels
from consulting.cleaning.models import expect_parse
from consulting.cli.engagements import open_engagement, require_feed
from consulting.cli.terminal import asked_for_json, json_option, say, say_error, say_json
from consulting.errors import ConsultingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consulting.chain import Engagement
    from consulting.chain.preview import Preview

LOOKS_EVERY = 0.3


@click.command()
@click.argument("client")
@click.option("--feed", help="Tell of this feed alone.")
@click.option("--watch", is_flag=True, help="Again whenever a model, its YAML or a macro is saved.")
@json_option
def preview(client: str, feed: str | None, *, watch: bool) -> None:
    """Try CLIENT's models, as they are now, on its last files, and show what changes.

    Rows that would move between delivered, rejected and merged, with the reasons; values that
    change, by column, with examples (shapes where they are personal, or below tier 3); tests that
    end otherwise; and whether it would be delivered. Compared with the delivery of these files,
    or the last. It all happens in a folder that is gone at the end: ledger, warehouse and
    deliveries stay as they are. Ends with 1 where nothing would be delivered.
    """
    engagement = open_engagement(client, looks=True)
    require_feed(engagement, feed)
    with previews(engagement) as tried:
        for _ in _each_save(engagement) if watch else (None,):
            passed = _tell(client, lambda: tried(feed))
    if not passed:
        raise SystemExit(1)


def _tell(client: str, tried: Callable[[], Preview]) -> bool:
    """Preview once; whether it would be delivered."""
    started = time.monotonic()
    try:
        found = tried()
    except ConsultingError as error:
        if asked_for_json():
            raise
        say_error(client, error)
        return False
    if asked_for_json():
        say_json(found.model_dump(mode="json"))
    else:
        for line in found.in_words():
            say(line)
        say(f"({time.monotonic() - started:.1f} s)")
    return found.refused is None


def _each_save(engagement: Engagement) -> Iterator[None]:
    """Once now, and each time what the models are made of is saved otherwise; until Ctrl-C."""
    seen = None
    try:
        while True:
            found = ClientModels(engagement.dbt_dir, engagement.client_id).fingerprint()
            if found != seen:
                seen = found
                yield
                say("Waiting for a change; Ctrl-C ends it.", err=True)
                expect_parse()
            time.sleep(LOOKS_EVERY)
    except KeyboardInterrupt:
        return

"""The outbox page: what Slack would have shown, on the local disk, where there is no Slack."""

from __future__ import annotations

import html
import logging
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from consulting.alerting.senders import Envelope, OutboxEntry, Posted
from consulting.bucket import publish_page
from consulting.channels.page.blocks_html import message_html
from consulting.shown import on_one_line
from consulting.writing import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

PAGE_NAME = "alerts.html"


class PageSender:
    """Logs each alert and keeps a page of them: the default, which needs no Slack.

    The page is made from the outbox itself, so a message can be neither lost from it nor be on it
    twice; after a crash a message may be logged twice.

    Args:
        folder: Where `alerts.html` is kept; the data root.
    """

    name = "page"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def post(self, envelope: Envelope) -> Posted:
        """Log a message."""
        logger.warning(
            "Alert for %s: %s", envelope.channel, on_one_line(html.unescape(envelope.message.text))
        )
        return Posted(channel_id=envelope.channel, ts=envelope.marker)

    def update(self, envelope: Envelope, posted: Posted) -> None:
        """Nothing: the page shows messages as they stand."""

    def find(self, envelope: Envelope) -> Posted | None:
        """Never there before; logging it again does no harm."""

    def finish(self, outbox: Sequence[OutboxEntry]) -> None:
        """Write the page anew."""
        publish_page(write_page(outbox, self._folder / PAGE_NAME))


def write_page(outbox: Sequence[OutboxEntry], path: Path) -> Path:
    """Write the outbox as one self-contained page; readers see the old or the new one whole."""
    template = Template(
        resources.files("consulting.channels.page")
        .joinpath("alerts.html")
        .read_text(encoding="utf-8")
    )
    still_open = [entry for entry in outbox if entry.severity is not None]
    still_open.sort(key=lambda entry: entry.severity != "error")
    over = [entry for entry in outbox if entry.severity is None]
    parts = [
        f"<h2>{title} <small>{len(entries)}</small></h2>" + "\n".join(map(_entry, entries))
        for title, entries in (("Open, worst first", still_open), ("Over, or only told", over))
        if entries
    ]
    page = template.substitute(
        entries="\n".join(parts) or '<p class="none">No alert has been written yet.</p>',
    )
    return write_text(path, page)


def _entry(entry: OutboxEntry) -> str:
    replies = "".join(f'<div class="reply">{message_html(each)}</div>' for each in entry.replies)
    error = ""
    if entry.error and entry.state != "sent":
        error = f'<p class="error">Not sent yet: {html.escape(entry.error)}</p>'
    return (
        f'<article class="{entry.state}"><p class="to"><strong>{html.escape(entry.channel)}'
        f"</strong> <time>{entry.at:%d %b %Y %H:%M} UTC</time></p>"
        f"{error}{message_html(entry.message)}{replies}</article>"
    )

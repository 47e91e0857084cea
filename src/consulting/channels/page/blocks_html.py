"""Slack's blocks as HTML, as Slack would show them: for the local outbox page."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consulting.alerting.message import Message

_TOKEN = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<!date\^\d+\^[^|<>]*\|(?P<date>[^<>]*)>"
    r"|<(?P<url>[^|<>\s!#@][^|<>\s]*)(?:\|(?P<label>[^<>]*))?>"
    r"|\*(?P<bold>[^*\n]+)\*"
    r"|_(?P<italic>[^_\n]+)_"
    r"|(?P<newline>\n)"
)

_LINKED = ("http://", "https://", "file://")

_MARKS = {"🔴": "error", "🟠": "warning", "🟢": "done", "✅": "resolved"}
"""Drawn by the page, for not every machine has a font with these signs."""

_TAGS = {"code": "code", "bold": "strong", "italic": "em", "date": "time"}


def message_html(message: Message) -> str:
    """A message as HTML; text only, if it has no blocks."""
    if not message.blocks:
        return f"<p>{_mrkdwn(message.text)}</p>"
    return "\n".join(_block(block) for block in message.blocks)


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<h3>{_text(block['text'])}</h3>"
        case "context":
            inner = " ".join(_text(element) for element in block["elements"])
            return f'<p class="context">{inner}</p>'
        case "section" if "fields" in block:
            cells = "".join(f"<li>{_text(cell)}</li>" for cell in block["fields"])
            return f'<ul class="facts">{cells}</ul>'
        case "section":
            return f"<p>{_text(block['text'])}</p>"
        case other:
            return f"<p>[{html.escape(other)}]</p>"


def _text(text: dict[str, Any]) -> str:
    if text["type"] == "mrkdwn":
        return _mrkdwn(text["text"])
    return _escape(text["text"]).replace("\n", "<br>")


def _escape(text: str) -> str:
    """Slack text is escaped for `&`, `<` and `>` already; anything else is made safe here."""
    safe = html.escape(html.unescape(text))
    for mark, meaning in _MARKS.items():
        dot = f'<span class="mark {meaning}" role="img" aria-label="{meaning}"></span>'
        safe = safe.replace(mark, dot)
    return safe


def _mrkdwn(text: str) -> str:
    parts, end = [], 0
    for found in _TOKEN.finditer(text):
        parts += [_escape(text[end : found.start()]), _styled(found)]
        end = found.end()
    return "".join([*parts, _escape(text[end:])])


def _styled(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if found["url"]:
        label = _escape(found["label"] or found["url"])
        if not found["url"].startswith(_LINKED):
            return label
        return f'<a href="{_escape(found["url"])}">{label}</a>'
    inner = _escape(found[kind]) if kind else ""
    tag = _TAGS.get(kind or "")
    return "<br>" if kind == "newline" else f"<{tag}>{inner}</{tag}>" if tag else inner

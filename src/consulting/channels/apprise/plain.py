"""Slack's blocks as plain text, for mail, webhooks and other chats."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consulting.alerting.message import Message

_TOKEN = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<!date\^\d+\^[^|<>]*\|(?P<date>[^<>]*)>"
    r"|<(?P<url>[^|<>\s]+)\|(?P<label>[^<>]*)>"
    r"|\*(?P<bold>[^*\n]+)\*"
)


_DISGUISED_LINK = re.compile(r"\](?=[(\[])|<(?=[!@#]|\w+:)")
_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def plain_text(message: Message) -> tuple[str, str]:
    """The title and the body of a message; the body may be empty.

    Some chats take Markdown for text, too: in a client's name no link hides and nobody is called.
    """
    parts = [part for block in message.blocks if (part := _block(block))]
    title = html.unescape(message.text)
    body = "\n\n".join(part for part in parts if part != title)
    return _inert(title), _inert(body)


def _inert(text: str) -> str:
    return _MENTION.sub("\uff20", _DISGUISED_LINK.sub(r"\g<0> ", text))


def _block(block: dict[str, Any]) -> str:
    if "fields" in block:
        # "*Label*\nvalue"
        return "\n".join(_text(cell).replace("\n", ": ", 1) for cell in block["fields"])
    if "elements" in block:
        return " ".join(_text(element) for element in block["elements"])
    return _text(block["text"])


def _text(text: dict[str, Any]) -> str:
    said: str = text["text"]
    if text["type"] == "mrkdwn":
        said = _TOKEN.sub(_unstyled, said)
    return html.unescape(said)


def _unstyled(found: re.Match[str]) -> str:
    if found["url"]:
        return f"{found['label']}: {found['url']}"
    return found["code"] or found["date"] or found["bold"] or ""

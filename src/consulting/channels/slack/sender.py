"""Alerts to Slack, through the real `slack_sdk` client.

Every message carries a marker in its metadata. When it is unclear whether Slack took a message (no
answer, a 5xx, a process killed in between), the channel's history is searched for the marker before
anything is sent again. Slack documents no key that makes `chat.postMessage` idempotent.
"""

from __future__ import annotations

import http.client
import logging
import re
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from consulting.alerting.senders import (
    Envelope,
    LookupImpossibleError,
    OutboxEntry,
    Posted,
    RateLimitedError,
    RefusedError,
    UnsureError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from slack_sdk.web import SlackResponse

logger = logging.getLogger(__name__)

EVENT_TYPE = "consulting_alert"
CALL_SECONDS = 10
CLOCK_SKEW_SECONDS = 600
"""How far Slack's clock may be from ours when the history is searched."""
PAGE = 200
MOST_PAGES = 10

_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{6,}")
_TRANSIENT = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_RATE_LIMITED = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_CHANNEL = {
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "restricted_action_read_only_channel",
    "no_permission",
    "cant_broadcast_message",
}
_EVERYTHING = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "org_login_required",
    "team_access_not_granted",
    "access_denied",
    "ekm_access_denied",
}

_NO_ANSWER = (OSError, http.client.HTTPException, SlackClientError, ValueError, AttributeError)
"""None, or half of one: time-outs, resets, a body that is no JSON, or JSON that is no object."""


class SlackSender:
    """Sends alerts with a `slack_sdk.WebClient`, such as `SlackResource.get_client()` gives.

    The bot token needs the scope `chat:write`; `channels:history` (and `groups:history` for
    private channels) to find out after a crash whether a message was taken; and `channels:read`
    (`groups:read`) if channels are given by name, not by id.

    Args:
        client: Its token, address, proxy and TLS settings are used. Its retry handlers are not:
            they would send a message again without looking whether it was taken.
        timeout: Seconds to wait for each call.
    """

    name = "slack"

    def __init__(self, client: WebClient, *, timeout: int = CALL_SECONDS) -> None:
        self._client = WebClient(
            token=client.token,
            base_url=client.base_url,
            timeout=timeout,
            ssl=client.ssl,
            proxy=client.proxy,
            retry_handlers=[],
        )
        self._ids: dict[str, str] = {}

    def post(self, envelope: Envelope) -> Posted:
        """Send a new message, or a reply where `thread_ts` is set."""
        answer = _call(
            lambda: self._client.chat_postMessage(
                channel=envelope.channel_id or _named(envelope),
                text=envelope.message.text,
                blocks=list(envelope.message.blocks) or None,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"marker": envelope.marker}},
                thread_ts=envelope.thread_ts,
                reply_broadcast=envelope.broadcast or None,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return Posted(channel_id=str(answer["channel"]), ts=str(answer["ts"]))

    def update(self, envelope: Envelope, posted: Posted) -> None:
        """Replace the content of a message; doing so twice is harmless."""
        _call(
            lambda: self._client.chat_update(
                channel=posted.channel_id,
                ts=posted.ts,
                text=envelope.message.text,
                blocks=list(envelope.message.blocks) or None,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"marker": envelope.marker}},
            )
        )

    def find(self, envelope: Envelope) -> Posted | None:
        """Search the channel, or the thread, for the message's marker."""
        channel = self._channel_id(envelope)
        for message in self._messages(channel, envelope):
            payload = message.get("metadata", {}).get("event_payload", {})
            if payload.get("marker") == envelope.marker:
                return Posted(channel_id=channel, ts=str(message["ts"]))
        return None

    def finish(self, outbox: Sequence[OutboxEntry]) -> None:
        """Nothing: Slack has shown it already."""

    def _messages(self, channel: str, envelope: Envelope) -> Iterator[dict[str, Any]]:
        """What was said in the channel or thread since the message was first tried."""
        since = envelope.tried_at.timestamp() - CLOCK_SKEW_SECONDS if envelope.tried_at else 0
        asked: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{since:.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        method: Callable[..., SlackResponse] = self._client.conversations_history
        if envelope.thread_ts is not None:
            method = self._client.conversations_replies
            asked["ts"] = envelope.thread_ts
        for page in _pages(method, asked):
            yield from page["messages"]

    def _channel_id(self, envelope: Envelope) -> str:
        """The channel's id; the history is not to be had by name."""
        if envelope.channel_id is not None:
            return envelope.channel_id
        if _CHANNEL_ID.fullmatch(_named(envelope)):
            return _named(envelope)
        name = _named(envelope).removeprefix("#")
        if name not in self._ids:
            asked = {
                "limit": PAGE,
                "types": "public_channel,private_channel",
                "exclude_archived": True,
            }
            for page in _pages(self._client.conversations_list, asked):
                self._ids |= {each["name"]: str(each["id"]) for each in page["channels"]}
        if name not in self._ids:
            raise RefusedError("channel_not_found", "channel")
        return self._ids[name]


def _named(envelope: Envelope) -> str:
    """The channel as Slack knows it."""
    return envelope.channel.removeprefix("slack:")


def _pages(method: Callable[..., SlackResponse], asked: dict[str, Any]) -> Iterator[SlackResponse]:
    """Each page of a listing.

    Raises:
        LookupImpossibleError: If the listing is not allowed, or is too long to be read to its end.
    """
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        asking = asked | ({"cursor": cursor} if cursor else {})
        try:
            page = _call(lambda asking=asking: method(**asking))  # type: ignore[misc]
        except RefusedError as refused:
            raise LookupImpossibleError(f"Slack answered {refused.reason}.") from refused
        yield page
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
    raise LookupImpossibleError(f"There are more than {MOST_PAGES * PAGE} messages to search.")


def _call(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Make one call, and say how it failed in our own words."""
    try:
        return call()
    except SlackApiError as error:
        _translate(error)
    except _NO_ANSWER as error:
        raise UnsureError(f"No clear answer from Slack ({type(error).__name__}).") from error


def _translate(error: SlackApiError) -> NoReturn:
    response: Any = error.response
    status = int(getattr(response, "status_code", 200) or 200)
    headers = {
        key.lower(): value for key, value in (getattr(response, "headers", {}) or {}).items()
    }
    data = getattr(response, "data", response)
    said = data.get("error") if isinstance(data, dict) else "no object"
    word = str(said or f"http_{status}")
    if status == http.client.TOO_MANY_REQUESTS or word in _RATE_LIMITED:
        raise RateLimitedError(_seconds(headers.get("retry-after"))) from error
    if status >= http.client.INTERNAL_SERVER_ERROR or word in _TRANSIENT or " " in word:
        # slack_sdk puts a sentence in the place of the error where the body was no JSON
        raise UnsureError(f"Slack's answer was unclear (HTTP {status}).") from error
    scope: Literal["channel", "message", "everything"] = "message"
    if word in _CHANNEL:
        scope = "channel"
    elif word in _EVERYTHING or status >= http.client.BAD_REQUEST:
        scope = "everything"
    raise RefusedError(word, scope) from error


def _seconds(header: object) -> float:
    value = header[0] if isinstance(header, list) and header else header
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return 1.0

"""A server that speaks the part of Slack's Web API that alerts use, and misbehaves on demand.

It keeps channels, messages, threads and metadata as Slack does, and checks what Slack checks (the
token, a known channel, the sizes of blocks). `faults` makes the next calls fail: with 429, with
500 before or after the message was taken, or by not answering.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "xoxb-test"
MOST_BLOCKS, HEADER_LENGTH, TEXT_LENGTH = 50, 150, 3000


@dataclass
class SlackServer:
    """One workspace. `messages` holds everything posted, in order."""

    channels: dict[str, str] = field(
        default_factory=lambda: {
            "data-alerts": "C00000001",
            "acme-alerts": "C00000002",
            "globex": "C00000003",
        }
    )
    scopes: set[str] = field(
        default_factory=lambda: {"chat:write", "channels:history", "channels:read"}
    )
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    posted_at: dict[str, list[float]] = field(default_factory=dict)
    faults: deque[str] = field(default_factory=deque)
    fault_of_call: Callable[[int], str | None] | None = None
    hang_seconds: float = 2.0
    answer_seconds: float = 0
    retry_after: float = 1
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    last_ts: float = 0

    def roots(self) -> list[dict[str, Any]]:
        """The messages that stand in a channel themselves."""
        return [each for each in self.messages if "thread_ts" not in each]

    def replies(self) -> list[dict[str, Any]]:
        """The messages that stand in threads."""
        return [each for each in self.messages if "thread_ts" in each]

    def handle(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer one call as Slack would."""
        with self.lock:
            answers = {
                "chat.postMessage": self._post,
                "chat.update": self._update,
                "conversations.history": self._history,
                "conversations.replies": self._replies,
                "conversations.list": self._list,
            }
            if method not in answers:
                return {"ok": False, "error": "unknown_method"}
            return answers[method](asked)

    def _id(self, channel: str) -> str | None:
        name = channel.removeprefix("#")
        return self.channels.get(name) or (channel if channel in self.channels.values() else None)

    def _post(self, asked: dict[str, Any]) -> dict[str, Any]:
        channel = self._id(asked["channel"])
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        if problem := _invalid(asked.get("blocks")):
            return {"ok": False, "error": problem}
        self.last_ts = max(time.time(), self.last_ts + 0.000001)
        message = {
            "ts": f"{self.last_ts:.6f}",
            "channel": channel,
            "text": asked["text"],
            "blocks": asked.get("blocks") or [],
            "metadata": asked.get("metadata") or {},
            "edits": 0,
        }
        if asked.get("thread_ts"):
            message["thread_ts"] = asked["thread_ts"]
            message["broadcast"] = str(asked.get("reply_broadcast", "")).lower() in {"1", "true"}
        self.messages.append(message)
        self.posted_at.setdefault(channel, []).append(time.monotonic())
        return {"ok": True, "channel": channel, "ts": message["ts"], "message": message}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        for message in self.messages:
            if message["ts"] == asked["ts"] and message["channel"] == asked["channel"]:
                message["text"] = asked["text"]
                message["blocks"] = asked.get("blocks") or []
                message["edits"] += 1
                return {"ok": True, "channel": message["channel"], "ts": message["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _history(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "channels:history" not in self.scopes:
            return {"ok": False, "error": "missing_scope"}
        if asked["channel"] not in self.channels.values():
            return {"ok": False, "error": "channel_not_found"}
        shown = [
            each
            for each in self.messages
            if each["channel"] == asked["channel"]
            and ("thread_ts" not in each or each.get("broadcast"))
        ]
        return self._listed(shown, asked)

    def _replies(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "channels:history" not in self.scopes:
            return {"ok": False, "error": "missing_scope"}
        thread = [
            each
            for each in self.messages
            if each["channel"] == asked["channel"]
            and asked["ts"] in {each["ts"], each.get("thread_ts")}
        ]
        return self._listed(thread, asked)

    def _listed(self, shown: list[dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
        """A page of messages, newest first; small pages, so that the client has to turn them."""
        shown = [each for each in shown if float(each["ts"]) > float(asked.get("oldest") or 0)]
        newest_first = shown[::-1]
        start, size = int(asked.get("cursor") or 0), min(int(asked.get("limit") or 100), 25)
        page = newest_first[start : start + size]
        if str(asked.get("include_all_metadata", "")).lower() not in {"1", "true"}:
            page = [{key: each[key] for key in each if key != "metadata"} for each in page]
        following = str(start + size) if start + size < len(newest_first) else ""
        return {
            "ok": True,
            "messages": page,
            "has_more": bool(following),
            "response_metadata": {"next_cursor": following},
        }

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "channels:read" not in self.scopes:
            return {"ok": False, "error": "missing_scope"}
        every = [{"id": each, "name": name} for name, each in self.channels.items()]
        start = int(asked.get("cursor") or 0)
        following = str(start + 2) if start + 2 < len(every) else ""
        return {
            "ok": True,
            "channels": every[start : start + 2],
            "response_metadata": {"next_cursor": following},
        }


def _invalid(blocks: list[dict[str, Any]] | None) -> str | None:
    """Slack's word for blocks that it would not take; None for good ones."""
    if not blocks:
        return None
    if len(blocks) > MOST_BLOCKS:
        return "invalid_blocks"
    for block in blocks:
        texts = [block["text"]] if "text" in block else []
        texts += block.get("fields", []) + block.get("elements", [])
        most = HEADER_LENGTH if block["type"] == "header" else TEXT_LENGTH
        if any(not text["text"] or len(text["text"]) > most for text in texts):
            return "invalid_blocks"
        if block["type"] == "section" and not texts:
            return "invalid_blocks"
    return None


class _Handler(BaseHTTPRequestHandler):
    workspace: SlackServer

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if len(body) < size:
            return  # the client was killed while it wrote
        method = self.path.rsplit("/", 1)[-1]
        asked = self._asked(body)
        workspace = self.workspace
        with workspace.lock:
            workspace.calls[method] += 1
            fault = workspace.faults.popleft() if workspace.faults else None
            if fault is None and workspace.fault_of_call is not None:
                fault = workspace.fault_of_call(sum(workspace.calls.values()))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(200, {"ok": False, "error": "invalid_auth"})
        elif fault is not None:
            self._fail(fault, method, asked)
        else:
            answer = workspace.handle(method, asked)
            time.sleep(workspace.answer_seconds)
            self._answer(200, answer)

    def _fail(self, fault: str, method: str, asked: dict[str, Any]) -> None:
        """Misbehave; "after" means that the message is taken all the same."""
        workspace = self.workspace
        if fault.endswith("after"):
            workspace.handle(method, asked)
        if fault == "429":
            again = {"Retry-After": str(workspace.retry_after)}
            self._answer(429, {"ok": False, "error": "ratelimited"}, again)
        elif fault.startswith("500"):
            self._answer(500 if fault == "500 before" else 503, None)
        elif fault.startswith("list"):
            self._answer(200, [] if fault == "list after" else ["proxy"])
        elif fault.startswith("hang"):
            time.sleep(workspace.hang_seconds)
        elif fault.startswith("drop"):
            self.connection.close()
        else:
            self._answer(200, {"ok": False, "error": fault})

    def _asked(self, body: bytes) -> dict[str, Any]:
        if "json" in self.headers.get("Content-Type", ""):
            asked: dict[str, Any] = json.loads(body)
            return asked
        return dict(parse_qsl(body.decode()))

    def _answer(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:
        payload = b"upstream unavailable" if answer is None else json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(payload)
        except OSError:
            pass  # the client gave up or was killed; that is what some tests are about

    def log_message(self, *_: Any) -> None:
        """Nothing: tests look at `calls`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Nothing: clients are killed on purpose."""


@contextmanager
def slack_server() -> Iterator[SlackServer]:
    """Run a workspace on a free port of this machine."""
    workspace = SlackServer()
    handler = type("Handler", (_Handler,), {"workspace": workspace})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    workspace.url = f"http://127.0.0.1:{server.server_port}/api/"
    try:
        yield workspace
    finally:
        server.shutdown()
        server.server_close()

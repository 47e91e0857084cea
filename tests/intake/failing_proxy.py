"""An HTTP proxy before an S3 server that makes a share of the answers fail, in four ways."""

from __future__ import annotations

import http.client
import random
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import ClassVar, Self
from urllib.parse import urlsplit

SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>slow</Message></Error>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FailingProxy

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        way = self.server.next_failure()
        if way in {"503", "500"}:
            self._answer(int(way), [("Content-Type", "application/xml")], SLOW_DOWN, len(SLOW_DOWN))
            return
        if way == "reset":
            self.close_connection = True
            return
        connection = http.client.HTTPConnection(self.server.target, timeout=20)
        # The signature covers the Host header: it must stay the client's.
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        headers = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}
        ]
        length = len(content)
        if self.command == "HEAD":
            length = int(answer.getheader("Content-Length") or 0)
        if way == "cut":
            self.close_connection = True
            content = content[: len(content) // 2]
        self._answer(answer.status, headers, content, length)

    def _answer(
        self, status: int, headers: list[tuple[str, str]], content: bytes, length: int
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    # the names are those that http.server calls
    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass_on  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Tests need no log of requests."""


class FailingProxy(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine; use it as a context manager.

    Args:
        endpoint_url: The real server.
        share: Which share of the answers fails.
        seed: Decides which.
    """

    allow_reuse_address = True
    daemon_threads = True
    ways: ClassVar[tuple[str, ...]] = ("503", "500", "reset", "cut")

    def __init__(self, endpoint_url: str, *, share: float, seed: int = 1) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(endpoint_url).netloc
        self.share = share
        self.asked = 0
        self.failed = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.endpoint_url = f"http://127.0.0.1:{self.server_address[1]}"

    def next_failure(self) -> str | None:
        with self._lock:
            self.asked += 1
            if self._random.random() >= self.share:
                return None
            self.failed += 1
            return self._random.choice(self.ways)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

"""A webhook on this machine, over real HTTP."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Hook:
    """A webhook that refuses the next calls on demand."""

    def __init__(self) -> None:
        self.took: list[dict[str, Any]] = []
        self.refuse = 0
        self.address = ""

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.took]


@contextmanager
def a_hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if hook.refuse:
                hook.refuse -= 1
                self.send_error(503)
                return
            hook.took.append(said)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.address = f"json://user:secret@127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield hook
    server.shutdown()
    server.server_close()

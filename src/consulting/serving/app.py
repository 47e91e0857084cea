"""The HTTP side: one path per file, read only, with headers that let no page do anything."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from consulting.errors import ConfigurationError
from consulting.regular_files import open_regular
from consulting.serving.door import NotAdmittedError
from consulting.serving.shelf import DELIVERABLES, PAGES, not_there

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from starlette.requests import Request
    from starlette.responses import Response

    from consulting.serving.door import Door, Guest
    from consulting.serving.shelf import Shelf

_CHUNK_BYTES = 256 * 1024
_SHOWN = {".html": "text/html; charset=utf-8", ".json": "application/json"}
"""What a browser shows; all else it saves."""
_PLAIN = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
_PLAIN += "form-action 'none'; frame-ancestors 'none'"
_SANDBOX = f"{_PLAIN}; sandbox allow-downloads allow-popups"
"""A delivered page holds texts of a client: were one ever more than text, it could do nothing."""
_LISTING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px/1.6 sans-serif;max-width:60rem;margin:2rem auto}}</style></head>
<body><h1>{title}</h1><ul>
{items}
</ul></body></html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def build_app(shelf: Shelf, door: Door) -> Starlette:
    """The application.

    Args:
        shelf: What there is to see.
        door: Who may see it.
    """

    def answer(request: Request) -> Response:
        try:
            response = _answer(request, shelf, door.admit(request.headers))
        except NotAdmittedError as refusal:
            response = PlainTextResponse(f"{refusal}\n", refusal.status)
            if refusal.status == 401:  # noqa: PLR2004 - HTTP's
                response.headers["WWW-Authenticate"] = 'Basic realm="consulting", charset="UTF-8"'
        response.headers.update(_HEADERS)
        response.headers.setdefault("Content-Security-Policy", _SANDBOX)
        if request.method == "HEAD":
            return PlainTextResponse(None, response.status_code, dict(response.headers))
        return response

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "HEAD"])])


def _answer(request: Request, shelf: Shelf, guest: Guest) -> Response:
    path: str = request.path_params["path"]
    parts = path.rstrip("/").split("/") if path.rstrip("/") else []
    if any(not part or part[0] == "." or "\\" in part or not part.isprintable() for part in parts):
        raise not_there()
    if len(parts) <= 1:
        return _page(parts[0] if parts else PAGES[0], shelf, guest, home=not parts)
    client_id, where, *rest = parts
    if where != DELIVERABLES or not guest.sees(client_id):
        raise not_there()
    if not rest:
        return _listing(
            client_id, [each["delivery_id"] for each in shelf.deliveries(client_id)], path
        )
    if len(rest) == 1:
        return _listing(rest[0], shelf.files(client_id, rest[0]), path)
    delivery_id, *name = rest
    place = shelf.file(client_id, delivery_id, "/".join(name))
    return _file(place, within=place.parents[len(name) - 1])


def _page(name: str, shelf: Shelf, guest: Guest, *, home: bool) -> Response:
    """The portfolio or the alerts, for those who may see all; else what a guest may see."""
    if name in PAGES and guest.client is None and shelf.has_page(name):
        response = _file(shelf.root / name, within=shelf.root)
        response.headers["Content-Security-Policy"] = f"{_PLAIN}; script-src {_our_scripts()}"
        return response
    if not home:
        raise not_there()
    seen = [each for each in shelf.client_ids() if guest.sees(each)]
    return _listing("Deliveries", [f"{each}/{DELIVERABLES}/" for each in seen], "")


def _listing(title: str, names: list[str], path: str) -> Response:
    """Links to what lies below a path; each is a path of one's own, whatever is in its name."""
    base = f"/{path.rstrip('/')}/" if path.strip("/") else "/"
    link = Markup('<li><a href="{}">{}</a></li>')
    items = Markup("\n").join(link.format(quote(base + name), name) for name in names)
    page = Markup(_LISTING).format(  # noqa: S704 - ours; what is put in is escaped
        title=title, items=items or Markup("<li>none yet</li>")
    )
    return HTMLResponse(page)


def _file(path: Path, *, within: Path) -> Response:
    """A file, piece by piece; a browser shows pages, and saves all else."""
    try:
        opened = open_regular(path, within=within)
    except ConfigurationError:
        raise not_there() from None
    name = PurePosixPath(path.name)
    headers = {"Content-Length": str(os.fstat(opened.fileno()).st_size)}
    if name.suffix not in _SHOWN:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name.name)}"
    media = _SHOWN.get(name.suffix, "application/octet-stream")
    done = BackgroundTask(opened.close)  # also where nobody asks for the pieces
    return StreamingResponse(_pieces(opened), headers=headers, media_type=media, background=done)


def _pieces(opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        while piece := opened.read(_CHUNK_BYTES):
            yield piece


def _our_scripts() -> str:
    """The hashes of the scripts of our own pages: those run, and none that a text brought in."""
    page = files("consulting.portfolio").joinpath("portfolio.html").read_text("utf-8")
    found = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashed = (base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in found)
    return " ".join(f"'sha256-{each}'" for each in hashed) or "'none'"

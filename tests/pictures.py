"""The pictures of the README, taken of the demo; `make pictures` delivers it and runs this.

`pictures.json` holds what they show, as hashes of the words of the report and the edges of the
graph: a test tells when they no longer show what the code makes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterable

    import dagster as dg

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
CLIENT = "acme_corp"
_VARIES = re.compile(r"\d{1,2} [A-Z][a-z]+ 20\d\d|\b[a-z_]+-\d{5}-[0-9a-f]{8}\b")
"""The day, and the id of the delivery."""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden = tag in {"style", "script", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.said += data.split()


def of_report(html: str) -> str:
    """What the first screen of a report says, as a hash."""
    words = _Words()
    words.feed(html)
    first, _, _ = " ".join(words.said).partition("What matters most")
    return _hash(_VARIES.sub("", first))


def of_graph(assets: Iterable[dg.AssetSpec]) -> str:
    """What the client's graph shows, as a hash: its assets by name, each with those it follows."""
    edges = [
        (dep.asset_key.path[-1], spec.key.path[-1])
        for spec in assets
        if spec.group_name == CLIENT
        for dep in spec.deps
    ]
    return _hash(json.dumps(sorted(edges)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _take(address: str, name: str, width: int, height: int) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("A browser takes the pictures: run .ci/system-packages first.")
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *(f"--window-size={width},{height}", "--virtual-time-budget=40000"),
            *(f"--screenshot={PICTURES / name}", address),
        ],
        check=True,
        capture_output=True,
    )


def _assets() -> list[dg.AssetSpec]:
    import consulting
    from consulting.components.loading import load_project

    return [*load_project(Path(consulting.__file__).parent).resolve_all_asset_specs()]


def _of_the_graph() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [Path(sys.executable).with_name("dg"), "dev", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"DAGSTER_HOME": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        site = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                requests.get(f"{site}/server_info", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(1)
        page = f"{site}/locations/consulting/asset-groups/{CLIENT}/lineage"
        _take(page, "graph.png", 1700, 900)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def main() -> None:
    """Take the pictures, and note what they show."""
    deliveries = (ROOT / "data" / CLIENT / "deliverables").glob("*/quality_report.html")
    newest = max(deliveries, key=lambda path: path.stat().st_mtime)
    _take(newest.as_uri(), "report.png", 1200, 1010)
    _of_the_graph()
    shown = {
        "report": of_report(newest.read_text(encoding="utf-8")),
        "graph": of_graph(_assets()),
    }
    (PICTURES / "pictures.json").write_text(json.dumps(shown, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""The pages in a real browser: nothing sticks out, page one fits a sheet, nothing is fetched.

They need chromium and pdftotext (apt: chromium poppler-utils). Where a machine has none they are
skipped, but never in CI (the environment variable CI), where their absence is a failure.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from consulting.delivery import Delivery

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("CI") and not (shutil.which("chromium") and shutil.which("pdftotext")),
        reason="needs chromium and pdftotext (apt: chromium poppler-utils)",
    ),
]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--virtual-time-budget=3000",
)
MEASURE = """<!DOCTYPE html><body><script>
const results = {}, pages = %s;
for (const [name, url, width] of pages) {
  const frame = document.createElement("iframe");
  frame.style.width = width + "px"; frame.style.height = "900px"; frame.style.border = "0";
  frame.src = url;
  frame.onload = () => {
    const root = frame.contentDocument.documentElement;
    const out = [...root.querySelectorAll("*")].filter(e => {
      const box = e.getBoundingClientRect();
      return box.width && box.right > width + 1 && !e.closest("thead");
    }).map(e => e.tagName + "." + e.className.toString());
    const fetched = frame.contentWindow.performance.getEntriesByType("resource").length;
    results[name] = {width: root.scrollWidth, out: out.slice(0, 5), fetched};
    document.title = JSON.stringify(results);
  };
  document.body.append(frame);
}
</script></body>"""


def chromium(profile: Path, *arguments: str) -> str:
    command = ["chromium", *FLAGS, f"--user-data-dir={profile}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def test_no_page_is_wider_than_the_screen_and_none_fetches_anything(
    build_at: Callable[[int], Delivery], tmp_path: Path
) -> None:
    pages = [
        (f"{name} at tier {tier}, {width} px", (build_at(tier).path / name).as_uri(), width)
        for tier in (1, 2, 3)
        for name in ("quality_report.html", "mapping_document.html")
        for width in (390, 1280)
    ]
    measure = tmp_path / "measure.html"
    measure.write_text(MEASURE % json.dumps(pages))
    dom = chromium(tmp_path / "profile", "--dump-dom", measure.as_uri())
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert title is not None
    results = json.loads(title.group(1).replace("&amp;", "&").replace("&gt;", ">"))
    assert len(results) == 12
    for name, _, width in pages:
        assert results[name] == {"width": width, "out": [], "fetched": 0}, name


def test_the_first_printed_page_holds_the_whole_verdict(delivery: Delivery, tmp_path: Path) -> None:
    pdf = tmp_path / "report.pdf"
    page = (delivery.path / "quality_report.html").as_uri()
    chromium(tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page)
    text = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
    ).stdout
    sheets = text.split("\f")
    for words in ("Ready to use, with care", "6,313", "Column unaccounted for", "decimal mark"):
        assert words in sheets[0]
    assert "What we changed" not in sheets[0]
    assert sheets[1].strip().startswith("What we changed")
    assert re.search(r"1 / \d+", sheets[0])

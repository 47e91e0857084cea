"""The pages in a real browser: nothing sticks out, page one fits a sheet, nothing is fetched.

They need chromium and pdftotext (apt: chromium poppler-utils). Where a machine has none they are
skipped, but never in CI (the environment variable CI), where their absence is a failure.
"""

import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from consulting.delivery import Delivery, DeliveryInputs, build_delivery
from consulting.layout import ClientFolder
from consulting.records import ColumnMapping

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
// WCAG 2.2, 1.4.3: every text against what it stands on; large text needs 3, other text 4.5
const parse = c => c.match(/[\\d.]+/g).map(Number);
const light = c => {
  const l = c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92
    : ((v + .055) / 1.055) ** 2.4);
  return .2126 * l[0] + .7152 * l[1] + .0722 * l[2];
};
const ratio = (a, b) => {
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + .05) / (y + .05);
};
const grounds = (win, e) => {
  for (; e; e = e.parentElement) {
    const style = win.getComputedStyle(e), colour = parse(style.backgroundColor);
    if (style.backgroundImage !== "none")
      return style.backgroundImage.match(/rgba?\\([^)]*\\)/g).map(parse);
    if (colour.length < 4 || colour[3] > 0) return [colour];
  }
  return [[255, 255, 255]];
};
const contrasts = (win, root) => {
  const found = [], walker = win.document.createTreeWalker(root.querySelector("body"), 4);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement, style = win.getComputedStyle(e);
    if (!walker.currentNode.data.trim() || !e.getBoundingClientRect().width) continue;
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const colour = parse(e.closest("svg") ? style.fill : style.color);
    for (const ground of grounds(win, e))
      found.push({
        text: walker.currentNode.data.trim().slice(0, 20), ratio: ratio(colour, ground),
        wanted: size >= 24 || (bold && size >= 18.66) ? 3 : 4.5,
      });
  }
  if (found.length < 50) found.push({text: "hardly any text was measured", ratio: 0, wanted: 1});
  return found;
};
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
    const faint = contrasts(frame.contentWindow, root).filter(e => e.ratio < e.wanted);
    const fetched = frame.contentWindow.performance.getEntriesByType("resource").length;
    results[name] = {
      width: root.scrollWidth, out: out.slice(0, 5), fetched, faint: faint.slice(0, 5),
      ran: frame.contentWindow.hacked === true,
    };
    document.title = JSON.stringify(results);
  };
  document.body.append(frame);
}
</script></body>"""


def chromium(profile: Path, *arguments: str) -> str:
    command = ["chromium", *FLAGS, f"--user-data-dir={profile}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


FINE = {"out": [], "fetched": 0, "faint": [], "ran": False}


def measured(pages: list[tuple[str, str, int]], tmp_path: Path) -> dict[str, dict[str, object]]:
    """Each page as the browser lays it out at a width."""
    measure = tmp_path / "measure.html"
    measure.write_text(MEASURE % json.dumps(pages))
    dom = chromium(tmp_path / "profile", "--dump-dom", measure.as_uri())
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert title is not None
    results: dict[str, dict[str, object]] = json.loads(html.unescape(title.group(1)))
    assert len(results) == len(pages)
    return results


def test_no_page_is_wider_than_the_screen_none_fetches_anything_and_every_text_stands_out(
    build_at: Callable[[int], Delivery], tmp_path: Path
) -> None:
    pages = [
        (f"{name} at tier {tier}, {width} px", (build_at(tier).path / name).as_uri(), width)
        for tier in (1, 2, 3)
        for name in ("quality_report.html", "mapping_document.html")
        for width in (390, 1280)
    ]
    results = measured(pages, tmp_path)
    for name, _, width in pages:
        assert results[name] == {"width": width, **FINE}, name


LONG = "a" * 180
NAMES = (
    "<script>window.hacked=true</script>",
    "<img src=x onerror='window.hacked=true'>",
    LONG,
    "اسم العميل الكامل \u202e (reversed)",
    "名前とても長い列名" * 12,
    "=cmd|' /C calc'!A0",
    "{{ 7 * 7 }} {% raw %}",
)


def test_long_foreign_and_evil_names_neither_run_nor_break_the_page(
    folder: ClientFolder, inputs: DeliveryInputs, tmp_path: Path
) -> None:
    profiles = tuple(
        profile.model_copy(
            update={
                "columns": tuple(
                    column.model_copy(update={"name": NAMES[n % len(NAMES)] + str(n)})
                    for n, column in enumerate(profile.columns * 8)
                ),
                "issues": tuple(
                    issue.model_copy(update={"column": NAMES[n % len(NAMES)], "examples": NAMES})
                    for n, issue in enumerate(profile.issues * 3)
                ),
            }
        )
        for profile in inputs.profiles
    )
    changes = {
        "client_name": f"{NAMES[0]} {NAMES[3]}",
        "profiles": profiles,
        "mappings": tuple(
            ColumnMapping(
                feed="orders", source_columns=(name,), target_table="orders", target_column=name
            )
            for name in NAMES
        ),
        "checks": tuple(check.model_copy(update={"description": LONG}) for check in inputs.checks),
        "reasons": dict.fromkeys(inputs.reasons, LONG),
        "quarantined": tuple(
            file.model_copy(update={"filename": f"{LONG}.csv"}) for file in inputs.quarantined
        ),
    }
    delivery = build_delivery(inputs.model_copy(update=changes), folder=folder, tables=())
    pages = [
        (f"{name}, {width} px", (delivery.path / name).as_uri(), width)
        for name in ("quality_report.html", "mapping_document.html")
        for width in (390, 1280)
    ]
    results = measured(pages, tmp_path)
    for name, _, width in pages:
        assert results[name] == {"width": width, **FINE}, name
    assert "7 * 7" in (delivery.path / "quality_report.html").read_text()


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

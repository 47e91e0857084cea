"""The deliverables word for word: what a change does to them is seen in a readable diff.

`make golden` writes the files of `golden/` anew; read the diff before you commit it. They hold
text only, and nothing that another version of a library or another machine would change: the hashes
and sizes of the delivery's files are masked.
"""

import csv
import difflib
import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from consulting.delivery import Delivery, DeliveryInputs
from consulting.delivery.mapping import HEADERS, map_feeds

GOLDEN = Path(__file__).with_name("golden")
RENEW = "CONSULTING_RENEW_GOLDEN"
MASK = "(masked)"
BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "li", "tr", "dt", "caption", "article", "section"}
BLOCKS |= {"table", "ul", "ol", "dl", "header", "footer", "nav", "pre"}
MARKS = {"h1": "\n# ", "h2": "\n## ", "h3": "\n### ", "h4": "\n#### ", "li": "- ", "a": ""}


@dataclass
class Lines(HTMLParser):
    """A page as a person would read it aloud, line by line; charts by their words."""

    html: str
    text: str = ""
    hidden: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        lines = (re.sub(r"[ \n]+", " ", line).strip() for line in self.text.split("\r"))
        kept = (re.sub(r"^(#+ )", r"\n\1", line) for line in lines if line.strip("-| "))
        self.text = "\n".join(kept).strip() + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "title", "svg"}:
            self.hidden.append(tag)
        if tag == "svg":
            self.text += f" [{dict(attrs)['aria-label']}] "
        if tag in BLOCKS:
            self.text += "\r" + MARKS.get(tag, "")
        elif tag in {"td", "th", "dd", "br", "span", "small"}:
            self.text += " | " if tag in {"td", "th"} else " "

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and tag == self.hidden[-1]:
            self.hidden.pop()
        if tag in BLOCKS:
            self.text += "\r"

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text += data


def report(delivery: Delivery, _inputs: DeliveryInputs) -> str:
    return Lines((delivery.path / "quality_report.html").read_text(encoding="utf-8")).text


def mapping(_delivery: Delivery, inputs: DeliveryInputs) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("Feed", *HEADERS))
    for feed in map_feeds(inputs):
        writer.writerows((feed.feed, *line) for line in feed.lines)
    return text.getvalue()


def transform_log(delivery: Delivery, _inputs: DeliveryInputs) -> str:
    return (delivery.path / "transform_log.csv").read_text(encoding="utf-8")


def manifest(delivery: Delivery, _inputs: DeliveryInputs) -> str:
    content: dict[str, Any] = json.loads((delivery.path / "manifest.json").read_text())
    content["files"] = dict.fromkeys(content["files"], MASK)
    content["fingerprints"]["inputs"] = MASK
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def customers_rejects(delivery: Delivery, _inputs: DeliveryInputs) -> str:
    found = sorted((delivery.path / "rejects").glob("customers_rejects*.csv"))
    return found[0].read_text(encoding="utf-8-sig") if found else ""


FORMS: dict[str, Callable[[Delivery, DeliveryInputs], str]] = {
    "report.txt": report,
    "mapping.csv": mapping,
    "transform_log.csv": transform_log,
    "manifest.json": manifest,
    "customers_rejects.csv": customers_rejects,
}


@pytest.mark.parametrize("tier", [1, 2, 3])
@pytest.mark.parametrize("name", FORMS)
def test_the_deliverables_are_word_for_word_as_they_were(
    build_at: Callable[[int], Delivery],
    inputs_at: Callable[[int], DeliveryInputs],
    tier: int,
    name: str,
) -> None:
    golden = GOLDEN / f"tier_{tier}" / name
    made = FORMS[name](build_at(tier), inputs_at(tier))
    if os.environ.get(RENEW):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(made, encoding="utf-8", newline="")
    kept = golden.read_bytes().decode()
    if made != kept:
        changes = difflib.unified_diff(kept.splitlines(), made.splitlines(), "golden", "now", n=1)
        pytest.fail(
            f"{golden.relative_to(GOLDEN.parent)} is not what it was. If that is meant: "
            "`make golden`.\n" + "\n".join(list(changes)[:60])
        )


def test_the_golden_files_hold_nothing_of_one_machine() -> None:
    for path in GOLDEN.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(home|root|tmp|work|Users)/", text), path

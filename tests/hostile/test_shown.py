"""What a client calls its files is shown to people as it is, and does nothing there."""

from __future__ import annotations

import os
import stat
import unicodedata
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from consulting import chain
from consulting.cli import ledger as verbs
from consulting.components.engagement import metadata
from consulting.database import engine_of
from consulting.errors import ConfigurationError, LedgerError, UnreadableFileError
from consulting.intake import Ledger
from consulting.shown import as_markdown_block, in_code, in_markdown, on_lines, on_one_line

from ..chain.conftest import World

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = [
    "a.csv\n2026-01-01 ERROR globex: all is lost",
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "\u202efdp.exe\u2066",
    "![](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>&lt;b&gt;",
    "a | b | `c` ```\nrm -rf",
    "www.evil.example http://evil.example mailto:a@b.c",
    "# title **bold** _em_ ~~gone~~ \\",
    "~~~", "- [ ] task", "1. one", "a\\|b", "\ud800", "x\x85y\u2028z",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(alphabet=st.characters(), max_size=60))
RENDERER = MarkdownIt("gfm-like", {"linkify": False, "html": True})


class _Page(HTMLParser):
    """The elements of a page, and the text of each cell or item."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements, self.texts = list[str](), list[str]()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)
        if tag in {"td", "li"}:
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data


def invisible(text: str) -> list[str]:
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return [c for c in text if unicodedata.category(c) in kinds and c not in "\u200c\u200d"]


@given(TEXTS)
def test_a_line_stays_a_line_and_nothing_in_it_is_invisible(text: str) -> None:
    shown = on_one_line(text)
    assert invisible(shown) == []
    assert len(shown.splitlines()) <= 1
    assert on_lines(text).count("\n") == text.count("\n")
    assert on_one_line("Jürgen 王芳 a_b (1).csv") == "Jürgen 王芳 a_b (1).csv"


@given(TEXTS)
@example("a_b c_ _d")
def test_markdown_shows_a_text_as_it_is_in_a_cell_and_in_a_list(text: str) -> None:
    marked = in_markdown(f"x{text}x")
    table = _Page(RENDERER.render(f"| file | rows |\n|---|---|\n| {marked} | 1 |"))
    assert table.elements == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    listed = _Page(RENDERER.render(f"- **{marked}**: read"))
    assert listed.elements == ["ul", "li", "strong"]
    shown = " ".join(on_one_line(f"x{text}x").split())
    assert " ".join(table.texts[0].split()) == shown
    assert " ".join(listed.texts[0].split()) == f"{shown}: read"
    assert "://" not in in_markdown(text), "what is bare is no link either"
    assert "www." not in in_markdown(text).casefold()


@given(st.one_of(TEXTS, st.text("`|~\n a", max_size=40)))
def test_code_in_a_cell_is_one_piece_of_code(text: str) -> None:
    table = _Page(RENDERER.render(f"| file | rows |\n|---|---|\n| {in_code(f'x{text}x')} | 1 |"))
    assert table.elements[-4:] == ["tr", "td", "code", "td"]
    assert table.elements.count("tr") == 2
    assert in_code("a[0-9]*|`.csv") == "`` a[0-9]*\\|`.csv ``"


@given(st.one_of(TEXTS, st.text("`~\n a", max_size=40)))
def test_nothing_in_a_block_of_code_ends_it(text: str) -> None:
    page = _Page(RENDERER.render(as_markdown_block(text, "diff")))
    assert page.elements == ["pre", "code"]


@pytest.mark.parametrize("name", [n for n in HOSTILE if "/" not in n and "\ud800" not in n])
def test_a_file_s_name_does_nothing_in_errors_metadata_and_on_the_terminal(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    world.drop(f"orders{name}.xlsx", b"PK\x03\x04 no workbook")
    received = world.receive("run-1")
    monkeypatch.setattr(verbs, "open_engagement", lambda *_, **__: world.engagement)
    printed = CliRunner().invoke(verbs.ledger, ["acme_corp", "--events"]).output
    said = metadata.of_received(received, world.engagement)
    texts = [
        *printed.splitlines(),
        chain.unreadable(received) or "",
        str(UnreadableFileError(name, "code", "reason", "fix")),
        *str(said["quarantined"].value).splitlines(),  # type: ignore[union-attr]
        metadata.readable_check("readable", received).description or "",
    ]
    assert all(invisible(text) == [] for text in texts)
    forged = [text for text in texts if text.startswith("2026-01-01 ERROR")]
    assert forged == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:pa@ss@localhost:1/name",
        "postgresql://user:pa@ss/w@localhost:1/name",
        "postgresql://us@er:p@ss@localhost/x",
        "postgresql://user:secretpa55@localhost:1/name",
        "postgresql://user:secretpa55@localhost:port/name",
        "secretpa55",
        "mysql+secretpa55://x",
    ],
)
def test_nothing_of_the_ledger_s_password_is_told(url: str) -> None:
    with pytest.raises((ConfigurationError, LedgerError)) as caught:
        Ledger(url)
    error: BaseException | None = caught.value
    assert error is not None
    for part in ("pa@", "@ss", "ss/w", "secretpa55"):
        assert part not in str(error)
    assert error.__cause__ is None


def test_what_we_write_is_ours_alone_to_read(tmp_path: Path, customers_dbt: Path) -> None:
    before = os.umask(0o022)
    try:
        world = World(tmp_path / "data", dbt_dir=customers_dbt)
        world.drop_demo("customers")
        world.run()
        (world.folder.path / "old").write_text("of an earlier release")
        engine_of(f"sqlite:///{tmp_path}/other/ledger.db").connect().close()
        chain.tier.sweep(world.engagement, now=world.engagement.intake.deliveries()[0].first_seen)
    finally:
        os.umask(before)
    places = [world.folder.path, tmp_path / "other"]
    paths = [path for place in places for path in place.rglob("*")]
    ours = [path for path in paths if "incoming" not in path.parts]
    assert len(ours) > 20
    opened = {str(path): oct(path.stat().st_mode) for path in ours if path.stat().st_mode & 0o077}
    assert opened == {}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in ours if path.is_dir())

"""What the documents show runs, links and names exist, and examples are valid."""

from __future__ import annotations

import os
import re
import shlex
from functools import cache
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from tests.pages import blocks, commands

from consulting.cli import main
from consulting.config.reference import field_reference

if TYPE_CHECKING:
    from warm_python import WarmPython

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def shown() -> list[tuple[str, str]]:
    return [
        (page.name, command.partition("\n")[0])
        for page in PAGES
        for kind, block in blocks(page.read_text())
        if kind == "sh"
        for command in commands(block)
        if command and not command.startswith("#")
    ]


def test_the_field_reference_is_what_the_code_says() -> None:
    assert (ROOT / "docs/fields.md").read_text() == field_reference(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_readme_leads_to_every_page_of_the_docs() -> None:
    readme = (ROOT / "README.md").read_text()
    for page in ROOT.glob("docs/*.md"):
        assert f"(docs/{page.name})" in readme


@cache
def has_help(python: WarmPython, *command: str) -> bool:
    """Whether there is such a command; each is asked once."""
    asked = python.start(*command, "--help", cwd=ROOT, env={**os.environ})
    return asked.wait().returncode == 0


@pytest.mark.parametrize(("page", "command"), shown())
def test_every_command_shown_exists(page: str, command: str, warm_python: WarmPython) -> None:
    words = list(dropwhile(re.compile(r"[A-Z_]+=").match, shlex.split(command)))
    program = Path(words[0]).name
    if program == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), page
    elif program == "consulting":
        assert isinstance(main, click.Group)
        assert words[1] in main.commands, f"{page}: {command}"
    elif program in {"dg", "dbt"}:
        verbs = [word for word in words[1:] if re.fullmatch(r"[a-z]+", word)]
        assert has_help(warm_python, program, *verbs[:2]), command
    else:
        usual = {"python", "export", "cp", "git", "pip", "cd"} | (
            {"mkdir", "cat", "sed"} if page == "tutorial.md" else set()  # which is run as a whole
        )
        assert program in usual, f"{page}: {command}"


def test_the_changelog_names_the_version() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert f"## {version.group(1)}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_file_names_a_package_registry() -> None:
    for name in ("requirements.lock", "requirements-uv.lock", "pyproject.toml", "Makefile"):
        assert not re.search(r"https?://|--(extra-)?index-url", (ROOT / name).read_text()), name


def test_the_changelog_begins_with_the_version_that_is_installed() -> None:
    """What a user must do to upgrade stands first in it."""
    declared = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared is not None
    headings = re.findall(r"^##+ (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0].split(",")[0] == declared[1]
    assert headings[1] == "To upgrade"

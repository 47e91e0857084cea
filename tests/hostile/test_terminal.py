"""What the verbs print does nothing in a terminal, whatever strangers wrote."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given

import consulting.cli
from consulting.cli.main import PlainErrors
from consulting.cli.terminal import say, say_json, say_lines

from .test_shown import TEXTS, invisible

if TYPE_CHECKING:
    from collections.abc import Callable

VERBS = Path(consulting.cli.__file__).parent
ORDERS = "\x1b[2J\x1b]8;;http://evil.example\x07x\x1b]8;;\x07\x9b31m\u202egnp.exe\u2066\rforged\x85"


def printed(told: Callable[[], object]) -> tuple[str, int]:
    """What a verb prints that tells something, and how it ends."""
    verbs = PlainErrors("verbs", commands={"tell": click.Command("tell", callback=told)})
    result = CliRunner().invoke(verbs, ["tell"])
    return result.output, result.exit_code


@given(TEXTS)
def test_a_line_that_is_said_is_one_line_and_all_of_it_is_seen(text: str) -> None:
    for spoken in (lambda: say(text), lambda: say(text, err=True), lambda: say_json([text])):
        said, _ = printed(spoken)
        assert said.count("\n") == 1
        assert invisible(said.removesuffix("\n")) == []
    said, _ = printed(lambda: say_lines(text))
    assert [invisible(line) for line in said.split("\n") if invisible(line)] == []


def test_a_program_reads_what_is_said_as_json() -> None:
    said, _ = printed(lambda: say_json({"name": ORDERS}))
    assert said.isascii()
    assert json.loads(said) == {"name": ORDERS}


@pytest.mark.parametrize("error", [click.ClickException(ORDERS), ValueError(ORDERS)])
def test_what_a_verb_fails_with_is_told_so_that_all_of_it_is_seen(error: Exception) -> None:
    def fail() -> Any:
        raise error

    said, code = printed(fail)
    assert code == 1
    assert invisible(said.rstrip("\n").replace("\n", "")) == []
    assert said.startswith("Error: ")


def test_every_verb_prints_by_what_makes_a_text_harmless() -> None:
    past = [
        f"{path.name}:{call.lineno}"
        for path in sorted(VERBS.glob("*.py"))
        if path.name != "terminal.py"
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {"click.echo", "click.secho", "print", "sys.stdout.write"}
    ]
    assert past == []

"""Follows a page of the docs as a reader would: each command in order, what it says beside it."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BLOCK = re.compile(r"(?ms)^```(sh|text)\n(.*?)^```")
_HEREDOC = re.compile(r"<<'(\w+)'")


def blocks(page: str) -> list[tuple[str, str]]:
    """The blocks of commands (`sh`) and of what they say (`text`), in order."""
    return _BLOCK.findall(page)


def commands(block: str) -> Iterator[str]:
    """The commands of a block: a line each, with its continuations and the text it reads."""
    lines = iter(block.splitlines())
    for line in lines:
        command = line
        while command.endswith("\\"):
            command = command[:-1] + next(lines)
        if end := _HEREDOC.search(command):
            for text in lines:
                command += f"\n{text}"
                if text == end[1]:
                    break
        yield command


def fits(shown: str, said: str) -> bool:
    """Whether a page shows what was said; "…" is anything, and lines where it stands alone."""
    lines = shown.strip().split("\n")
    parts = [r"(?:.*\n)*?" if line == "…" else _line(line) for line in lines]
    return re.search("^" + "".join(parts), said.rstrip() + "\n", re.MULTILINE) is not None


def _line(line: str) -> str:
    return ".*?".join(map(re.escape, line.split("…"))) + "\n"


class Reader:
    """Someone who types what a page says.

    Args:
        start: The folder in which the page begins.
        run: Runs a program of the library: its words, the folder and whether it may fail.
    """

    def __init__(self, start: Path, run: Callable[[list[str], Path, bool], str]) -> None:
        self._folder = self._before = start
        self._run = run

    def follow(self, page: str) -> None:
        """Type every command; each block of output must be what those before it said."""
        said = ""
        for kind, block in blocks(page):
            if kind == "text":
                assert fits(block, said), f"the page says\n{block}\nand it was\n{said}"
                continue
            said = "".join(map(self._type, commands(block)))

    def _type(self, command: str) -> str:
        if command.startswith("cd "):
            there = command.removeprefix("cd ")
            folder = self._before if there == "-" else self._folder / there
            self._before, self._folder = self._folder, folder
            return ""
        if command.startswith("export "):
            return ""
        if command.startswith(("consulting ", "dg ")):
            program, may_fail, _ = command.partition(" || true")
            return self._run(shlex.split(program), self._folder, bool(may_fail))
        subprocess.run(["bash", "-ec", command], cwd=self._folder, check=True)
        return ""

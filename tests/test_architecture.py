"""docs/architecture.md says of each room what its own first line says, in the contract's order.

`CONSULTING_RENEW_GOLDEN=1` writes the page anew.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "consulting"
PAGE = ROOT / "docs" / "architecture.md"
STEPS = ("file_received", "profiled", "cleaned", "validated", "delivered")
BESIDE = {"demo", "templates", "testing", "plugins", "dbt"}
"""Rooms that no line of the contract names: nothing that a run needs depends on them."""


def rooms() -> set[str]:
    """All folders and files of the library."""
    found = (path for path in SOURCE.iterdir() if path.name not in ("__init__.py", "__pycache__"))
    return {path.stem for path in found if path.is_dir() or path.suffix == ".py"}


def layers() -> list[list[str]]:
    """The contract's lines, from the top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [layered] = [each for each in contracts["contracts"] if each["type"] == "layers"]
    return [
        [room.strip().removeprefix("consulting.") for room in line.split("|")]
        for line in layered["layers"]
    ]


def first_line(room: str) -> str:
    """What a room says of itself."""
    path = SOURCE / room / "__init__.py"
    path = path if path.exists() else SOURCE / f"{room}.py"
    if not path.exists():
        return "Macros and tests for dbt, which `cleaning` writes into each project."
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert told, f"{room} says nothing of itself"
    return told.partition("\n")[0]


def entered(step: str) -> list[str]:
    """The rooms that a step of the chain enters by itself, but for those that all know."""
    tree = ast.parse((SOURCE / "chain" / f"{step}.py").read_text(encoding="utf-8"))
    modules = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    names = {name.split(".")[1] for name in modules if name.startswith("consulting.")}
    return sorted(name for name in names if (SOURCE / name).is_dir() and name != "chain")


def steps_as_picture() -> str:
    lines = ["```mermaid", "flowchart LR", "  drop([a file]) --> file_received"]
    lines += [f"  {one} --> {next_}" for one, next_ in pairwise(STEPS)]
    lines.append("  delivered --> given([a delivery])")
    lines += [f"  {step} -.-> {room}[({room})]" for step in STEPS for room in entered(step)]
    return "\n".join([*lines, "```"])


def rooms_as_table() -> str:
    named = layers()
    beside = sorted(rooms() - {room for line in named for room in line})
    rows = [(room, line) for line in [*named, *([room] for room in beside)] for room in line]
    table = [f"| `{room}` | {first_line(room)} |" for room, _ in rows]
    return "\n".join(["| room | what it is |", "|---|---|", *table])


def written(page: str) -> str:
    for name, text in (("steps", steps_as_picture()), ("rooms", rooms_as_table())):
        begin = f"<!-- {name}: written by tests/test_architecture.py -->"
        pattern = rf"{re.escape(begin)}\n.*?<!-- end -->"
        page = re.sub(
            pattern, lambda _, b=begin, t=text: f"{b}\n{t}\n<!-- end -->", page, flags=re.DOTALL
        )
    return page


def test_the_page_says_what_the_rooms_say_of_themselves() -> None:
    page = PAGE.read_text(encoding="utf-8")
    if os.environ.get("CONSULTING_RENEW_GOLDEN"):
        PAGE.write_text(written(page), encoding="utf-8")
        return
    assert written(page) == page, "run CONSULTING_RENEW_GOLDEN=1 pytest tests/test_architecture.py"
    for room in rooms():
        assert f"| `{room}` |" in page, room


def test_each_room_has_a_place_in_the_contract_or_stands_beside_it() -> None:
    named = {room for line in layers() for room in line}
    assert rooms() - named <= BESIDE
    assert named <= rooms()

"""What of this project's code shapes the bytes of a delivery, stage by stage, as hashes."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import sys
from contextlib import suppress
from pathlib import Path

from consulting.cleaning.meaning import meaning_of
from consulting.writing import write_whole

_ROOT = Path(__file__).parents[1]
_KEPT = f"__pycache__/meanings.{sys.implementation.cache_tag}.json"
"""Code → its meaning, beside what Python compiled of it: to work it out takes half a second."""
_ALL_STAGES = (
    "bounded_memory.py", "records.py", "sql.py", "privacy", "untitled.py", "wording.py",
)  # fmt: skip
STAGE_CODE = {
    "file_received": (
        *("chain/file_received.py", "chain/carried.py", "chain/corrected.py", "chain/loaded.py"),
        *("corrections", "intake/reading", "formulas.py"),
    ),
    "profiled": (
        *("chain/profiled.py", "chain/drift.py", "chain/measure.py", "chain/another_period.py"),
        *("chain/namesakes.py", "chain/of_period.py", "chain/told_once.py", "profiling", "rules"),
    ),
    "cleaned": ("chain/cleaned.py", "chain/unread.py", "cleaning", "corrections", "rules"),
    "validated": ("chain/validated.py", "cleaning"),
    "delivered": (
        "chain/delivered.py",
        "corrections",
        "delivery",
        "errors.py",
        "formulas.py",
        "rules",
        "shown.py",
    ),
}
"""Stage → the files and folders that decide what it makes; all else only moves it about."""


@functools.cache
def code_fingerprints() -> dict[str, str]:
    """Stage → the hash of its code and templates, whatever is said in comments and docstrings."""
    meanings = _Meanings(Path(__file__).parent / _KEPT)
    found = {
        stage: _combined((*_ALL_STAGES, *parts), meanings) for stage, parts in STAGE_CODE.items()
    }
    meanings.keep()
    return found


def _combined(parts: tuple[str, ...], meanings: _Meanings) -> str:
    digest = hashlib.sha256()
    for part in sorted(parts):
        place = _ROOT / part
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(_ROOT)}\0".encode())
                digest.update(meanings.of(path).encode())
    return digest.hexdigest()[:32]


class _Meanings:
    """What files mean, as hashes; of Python code that was seen before, from a file.

    Args:
        kept: The file.
    """

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._how = Path(__file__).read_bytes()
        self._known: dict[str, str] = {}
        with suppress(OSError, ValueError):
            self._known = json.loads(kept.read_bytes())
        self._used: dict[str, str] = {}

    def of(self, path: Path) -> str:
        """The hash of what a file means."""
        content = path.read_bytes()
        if path.suffix != ".py":
            return hashlib.sha256(meaning_of(path, content)).hexdigest()
        name = hashlib.sha256(self._how + content).hexdigest()
        if name not in self._used:
            said = self._known.get(name)
            self._used[name] = said or hashlib.sha256(without_words(content)).hexdigest()
        return self._used[name]

    def keep(self) -> None:
        """Have the next process find them, where it may write beside the package."""
        if self._used != self._known and not sys.dont_write_bytecode:
            with suppress(OSError):
                write_whole(self._kept, [json.dumps(self._used).encode()])


def without_words(code: bytes) -> bytes:
    """Python code as it is run: without comments, docstrings and line ends.

    Args:
        code: A module's source.
    """
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _is_text(part)]
    return ast.dump(tree).encode()


def _is_text(part: ast.stmt) -> bool:
    return (
        isinstance(part, ast.Expr)
        and isinstance(part.value, ast.Constant)
        and isinstance(part.value.value, str)
    )

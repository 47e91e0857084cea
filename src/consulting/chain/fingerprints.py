"""What of this project's code shapes the bytes of a delivery, stage by stage, as hashes."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path

from consulting.cleaning.meaning import meaning_of

_ROOT = Path(__file__).parents[1]
_ALL_STAGES = ("bounded_memory.py", "records.py", "sql.py", "privacy")
STAGE_CODE = {
    "file_received": (
        *("chain/file_received.py", "chain/carried.py", "chain/corrected.py", "chain/loaded.py"),
        *("corrections", "intake/reading", "formulas.py"),
    ),
    "profiled": ("chain/profiled.py", "profiling", "rules"),
    "cleaned": ("chain/cleaned.py", "cleaning", "corrections", "rules"),
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
    return {stage: _combined((*_ALL_STAGES, *parts)) for stage, parts in STAGE_CODE.items()}


def _combined(parts: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for part in sorted(parts):
        place = _ROOT / part
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(_ROOT)}\0".encode())
                digest.update(_meaning(path))
    return digest.hexdigest()[:32]


@functools.cache
def _meaning(path: Path) -> bytes:
    content = path.read_bytes()
    said = without_words(content) if path.suffix == ".py" else meaning_of(path, content)
    return hashlib.sha256(said).digest()


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

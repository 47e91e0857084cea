"""Proposed changes of a feed's YAML, made on its text so that every comment survives."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./-]*[A-Za-z0-9_]")
_RESERVED = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


def rename_source(text: str, old: str, new: str) -> str | None:
    """The YAML with `from: old` replaced by `from: new`; None unless it stands there just once."""
    spellings = "|".join(
        re.escape(s) for s in {old, json.dumps(old, ensure_ascii=False), f"'{old}'"}
    )
    pattern = re.compile(rf"(?P<key>\bfrom:\s*)(?:{spellings})(?=\s*(?:[,}}#]|$))", re.MULTILINE)
    if len(pattern.findall(text)) != 1:
        return None
    return pattern.sub(lambda m: m["key"] + scalar(new), text)


def add_column(text: str, feed: str, column: Mapping[str, Any]) -> str | None:
    """The YAML with a column at the end of the model named after the feed; None if not found."""
    lines = text.splitlines(keepends=True)
    start = _line(lines, rf"\s*- name: [\"']?{re.escape(feed)}[\"']?\s*(#.*)?$", _models(lines))
    if start is None:
        return None
    columns = _line(lines, r"\s+columns:\s*(#.*)?$", start + 1)
    if columns is None:
        return None
    depth = _depth(lines[columns])
    items = [i for i in range(columns + 1, len(lines)) if lines[i].lstrip().startswith("- ")]
    if not items or items[0] != columns + 1 or _depth(lines[items[0]]) < depth:
        return None
    indent = _depth(lines[items[0]])
    end = columns + 1
    for i in range(columns + 1, len(lines)):
        if lines[i].strip() and _depth(lines[i]) < indent:
            break
        if lines[i].strip():
            end = i + 1
    return "".join([*lines[:end], *_rendered(column, " " * indent), *lines[end:]])


def unified(before: str, after: str, label: str) -> str:
    """A unified diff that `git apply` and `patch -p1` take."""
    return "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"a/{label}",
            f"b/{label}",
        )
    )


def label_of(path: Path) -> str:
    """The path below the project: from `dbt/` on, where it is in one."""
    parts = path.parts
    return "/".join(parts[parts.index("dbt") :]) if "dbt" in parts else path.name


def scalar(value: Any) -> str:
    """A value as YAML on one line, quoted only where it must be."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(k))}: {scalar(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(scalar(item) for item in value) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    return json.dumps(value, ensure_ascii=False)


def _models(lines: list[str]) -> int:
    return next((i for i, line in enumerate(lines) if line.startswith("models:")), 0)


def _line(lines: list[str], pattern: str, start: int) -> int | None:
    return next((i for i in range(start, len(lines)) if re.match(pattern, lines[i])), None)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _rendered(column: Mapping[str, Any], indent: str) -> list[str]:
    own = {"name", "description", "tests", "required"}
    meta = {k: v for k, v in column.items() if k not in own}
    return [
        f"{indent}- name: {column['name']}\n",
        f"{indent}  description: {json.dumps(column['description'], ensure_ascii=False)}\n",
        f"{indent}  meta: {scalar(meta)}\n",
    ]

"""Proposed changes of a feed's YAML, made on its text so that every comment survives."""

from __future__ import annotations

import difflib
import io
from typing import TYPE_CHECKING, Any

from ruamel.yaml.nodes import ScalarNode

from consulting import dbt_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def rename_source(text: str, feed: str, old: str, new: str) -> str | None:
    """The YAML with a feed's `from: old` made `from: new`; None unless it stands there once."""
    sources = dbt_yaml.sources_of(dbt_yaml.columns_of(text, feed))
    found = [node for node, header in sources if header == old]
    if len(found) != 1:
        return None
    start, end = found[0].start_mark.index, found[0].end_mark.index
    return text[:start] + dbt_yaml.flow(new) + text[end:]


def add_column(text: str, feed: str, column: Mapping[str, Any]) -> str | None:
    """The YAML with a column at the end of the model named after the feed; None if not found."""
    columns = dbt_yaml.columns_of(text, feed)
    if columns is None or columns.flow_style or not columns.value:
        return None
    lines = _lines(text)
    end = _last_line(columns) + 1
    item = dbt_yaml.column(column, columns.start_mark.column)
    return "".join([*lines[:end], item, *lines[end:]])


def _last_line(node: Any) -> int:
    """The last line of what a node says; its own end mark lies behind blank lines and comments."""
    if isinstance(node, ScalarNode) or node.flow_style:
        return int(node.end_mark.line)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def _lines(text: str) -> list[str]:
    """The lines as `patch` and `git` count them: a header may hold other line separators."""
    return io.StringIO(text, newline="\n").readlines()


def unified(before: str, after: str, label: str) -> str:
    """A unified diff that `git apply` and `patch -p1` take."""
    return "".join(
        difflib.unified_diff(
            _lines(before),
            _lines(after),
            f"a/{label}",
            f"b/{label}",
        )
    )


def label_of(path: Path) -> str:
    """The path below the project: from `dbt/` on, where it is in one."""
    parts = path.parts
    return "/".join(parts[parts.index("dbt") :]) if "dbt" in parts else path.name

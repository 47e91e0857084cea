"""Writes the models of a feed: one YAML to edit, five one-line models that seldom need it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from consulting.cleaning.rules import ColumnRule
from consulting.errors import CleaningError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MODELS = {
    "staging/stg_{feed}.sql": "{{{{ stage(source('raw', '{feed}')) }}}}",
    "intermediate/int_{feed}.sql": "{{{{ clean(ref('stg_{feed}')) }}}}",
    "intermediate/merged_{feed}.sql": "{{{{ merged(ref('stg_{feed}')) }}}}",
    "rejects/rejects_{feed}.sql": "{{{{ rejects(source('raw', '{feed}'), ref('stg_{feed}')) }}}}",
    "marts/{feed}.sql": "{{{{ deliver(ref('int_{feed}')) }}}}",
}
_HEAD = """\
# The feed {feed!r}: its columns, rules and tests. This file is the only place of them.
# Rules, their arguments and reason codes: docs/cleaning.md.
version: 2

sources:
  - name: raw
    schema: raw
    tables:
      - name: {feed}
        description: {source_description}
        # A column that is not delivered needs a reason, which the mapping document shows:
        # columns:
        #   - name: Notes
        #     meta: {{dropped_because: "not needed for the reports"}}

models:
  - name: {feed}
    description: {description}
{dedupe}    columns:
"""
_DEDUPE_HINT = """\
    # Rows with the same key are one thing; say which row is kept:
    # meta:
    #   dedupe: {key: [id], keep: latest, order_by: updated_at}
"""
_TAIL = """\
    data_tests:
      - rows_conserved: {{arguments: {{feed: {feed}}}}}

  - name: stg_{feed}
    description: One row per row of the files, typed, with every reason to reject it.
  - name: int_{feed}
    description: One row per accepted row, duplicates merged.
  - name: merged_{feed}
    description: One row per duplicate, with the row it was merged into and the rule.
  - name: rejects_{feed}
    description: One row per rejected row, as the client sent it, with the reasons.
"""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_META_KEYS = tuple(field.alias or name for name, field in ColumnRule.model_fields.items())


def write_feed_models(  # noqa: PLR0913  # the last three only word the YAML
    dbt_dir: Path,
    client_id: str,
    feed: str,
    columns: Sequence[Mapping[str, Any]],
    *,
    description: str = "One row per row of the client's file.",
    source_description: str = "As the client sent it, everything as text.",
    dedupe: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write a feed's YAML and its one-line models. A file that is there is left as it is.

    Args:
        dbt_dir: The shared dbt project.
        client_id: The client.
        feed: The feed; becomes the name of the delivered table.
        columns: For each column `name`, `from`, and what is known of `rule`, its arguments,
            `required`, `tests` (names, or dbt's mappings) and `description`.
        description: The grain of the delivered table.
        source_description: What the client's file is.
        dedupe: `key`, `keep`, `order_by`; without it, a comment shows how to state it.

    Returns:
        The files written.

    Raises:
        CleaningError: If the feed's or a column's name can not be one.
    """
    for name in (feed, *(str(column["name"]) for column in columns)):
        if not _NAME.fullmatch(name):
            raise CleaningError(
                f"{client_id}: {name!r} can not name a table or column. Use lower-case letters, "
                "digits and underscores, with a letter first."
            )
    folder = dbt_dir / "models" / "clients" / client_id
    head = _HEAD.format(
        feed=feed,
        source_description=_sentence(source_description),
        description=_sentence(description),
        dedupe=f"    meta:\n      dedupe: {_flow(dedupe)}\n" if dedupe else _DEDUPE_HINT,
    )
    files = {f"{feed}.yml": head + "".join(map(_column, columns)) + _TAIL.format(feed=feed)}
    files |= {path.format(feed=feed): sql.format(feed=feed) + "\n" for path, sql in _MODELS.items()}
    written: list[Path] = []
    for name, text in files.items():
        path = folder / name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _column(column: Mapping[str, Any]) -> str:
    meta = {"from": column.get("from", column["name"])}
    meta |= {
        key: column[key]
        for key in _META_KEYS
        if key != "from" and column.get(key) is not None and column[key] is not False
    }
    lines = [f"      - name: {column['name']}"]
    if column.get("description"):
        lines.append(f"        description: {_sentence(str(column['description']))}")
    lines.append(f"        meta: {_flow(meta)}")
    tests = list(column.get("tests") or ())
    if all(isinstance(test, str) for test in tests):
        lines += [f"        data_tests: {_flow(tests)}"] if tests else []
    else:
        lines += ["        data_tests:", *(f"          - {_block_test(test)}" for test in tests)]
    return "\n".join(lines) + "\n"


def _block_test(test: Any) -> str:
    if isinstance(test, str):
        return test
    name, settings = next(iter(test.items()))
    return f"{name}: {_flow(settings)}"


def _sentence(text: str) -> str:
    """A text after `key: ` at the end of a line, quoted only where YAML needs it."""
    plain = re.fullmatch(r"[A-Za-z](?:[^:#\n]|:(?! )|(?<! )#)*(?<![: ])", text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def _flow(value: Any) -> str:
    """YAML on one line. Texts are quoted where YAML would take them for something else."""
    if isinstance(value, dict):
        pairs = (f"{_flow(str(key))}: {_flow(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ./-]*[A-Za-z0-9_]", value):
        reserved = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
        return json.dumps(value) if value.lower() in reserved else value
    return json.dumps(value, ensure_ascii=False, default=str)

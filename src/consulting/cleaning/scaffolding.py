"""Writes the models of a feed: one YAML to edit, five one-line models that seldom need it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from consulting import dbt_yaml
from consulting.cleaning.client_files import ClientFiles
from consulting.cleaning.library import FOLDER, MODELS_SCHEMA
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
_YAML = """\
# yaml-language-server: $schema={schema}
# The feed {feed!r}: its columns, rules and tests. {place}
# Rules, their arguments and reason codes: `consulting rules`.
version: 2

sources:
  - name: raw
    schema: raw
    tables:
      - name: {name}
        description: As the client sent it, everything as text.
        # A column that is not delivered needs a reason, which the mapping document shows:
        # columns:
        #   - name: Notes
        #     meta: {{dropped_because: "not needed for the reports"}}

models:
{asked}  - name: {name}
{description}{meta}    columns:
{columns}    data_tests:
      - rows_conserved: {{arguments: {{feed: {name}}}}}
{tests}
  - name: stg_{feed}
    description: One row per row of the files, typed, with every reason to reject it.
  - name: int_{feed}
    description: One row per accepted row, duplicates merged.
  - name: merged_{feed}
    description: One row per duplicate, with the row it was merged into and the rule.
  - name: rejects_{feed}
    description: One row per rejected row, as the client sent it, with the reasons.
"""
_DEDUPE_HINT = """\
    # Rows with the same key are one thing; say in `meta` which row is kept:
    # meta:
    #   dedupe: @dedupe@
"""
_TOGETHER = "      - unique_together: {{arguments: {{columns: {}}}}}\n"
_GRAIN = "    description: One row per row of the client's file.\n"
_PLACE = "This file is the only place of them."
_BESIDE = "It says what differs from dbt/templates/{template}.yml."
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def write_feed_models(  # noqa: PLR0913  # the last six only fill the YAML
    dbt_dir: Path,
    client_id: str,
    feed: str,
    columns: Sequence[Mapping[str, Any]],
    *,
    template: str | None = None,
    dedupe: Mapping[str, Any] | None = None,
    reject_when: Mapping[str, str] | None = None,
    unique_together: Sequence[str] | None = None,
    ask: Sequence[str] = (),
) -> list[Path]:
    """Write a feed's YAML and its one-line models. A file that is there is left as it is.

    Args:
        dbt_dir: The shared dbt project.
        client_id: The client.
        feed: The feed; becomes the name of the delivered table.
        columns: For each column `name`, `from`, and what is known of `rule`, its arguments,
            `required`, `tests` (names, or dbt's mappings), `description`, and the questions that
            stand beside it, `ask`.
        template: The template that says what is not said here.
        dedupe: `key`, `keep`, `order_by`; without it, a comment shows how to state it.
        reject_when: Reason → condition over the columns, for rows that are not to be delivered.
        unique_together: Columns that identify a row together; they are tested to.
        ask: Questions about the feed, or several of its columns.

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
    folder = ClientFiles(dbt_dir, client_id).home
    yaml = _YAML.format(
        schema=os.path.relpath(dbt_dir / FOLDER / MODELS_SCHEMA, folder),
        feed=feed,
        name=dbt_yaml.flow(feed),
        description="" if template else _GRAIN,
        place=_PLACE if template is None else _BESIDE.format(template=template),
        asked=dbt_yaml.questions(ask, 2),
        meta=_meta(template=template, dedupe=dedupe, reject_when=reject_when)
        + ("" if dedupe or template else _dedupe_hint(columns, unique_together)),
        columns="".join(dbt_yaml.column(column, 6) for column in columns),
        tests=_TOGETHER.format(dbt_yaml.flow(list(unique_together))) if unique_together else "",
    )
    files = {f"{feed}.yml": yaml}
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


def _dedupe_hint(columns: Sequence[Mapping[str, Any]], together: Sequence[str] | None) -> str:
    """How to say which row of a key is kept, with columns that are there."""
    names = [str(column["name"]) for column in columns]
    unique = [str(c["name"]) for c in columns if "unique" in (c.get("tests") or ())]
    key = list(together or unique[:1] or names[:1])
    moments = [c for c in columns if c.get("rule") in {"to_timestamp", "to_date"}]
    filled = [c for c in moments if "not_null" in (c.get("tests") or ())]
    order = {"order_by": str((filled or moments)[-1]["name"])} if moments else {}
    said = dbt_yaml.flow({"key": key, "keep": "latest", **order})
    return _DEDUPE_HINT.replace("@dedupe@", said)


def _meta(**given: Mapping[str, Any] | str | None) -> str:
    """The model's own `meta`, of what is known."""
    known = [f"      {key}: {dbt_yaml.flow(value)}\n" for key, value in given.items() if value]
    return "    meta:\n" + "".join(known) if known else ""

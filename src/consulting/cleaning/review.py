"""What dbt takes in silence and a run finds too late: mistakes between models, YAML and feeds."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from consulting.cleaning.client_files import shown_path
from consulting.cleaning.models import ClientModels
from consulting.cleaning.rules import where_declared
from consulting.cleaning.slim import nodes_of
from consulting.config_model import nearest
from consulting.rules import headers_of
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

_NAMED = re.compile(r"\{\{\s*(?:ref|source)\(\s*(?:'[^']*'\s*,\s*)?['\"]([^'\"]+)['\"]\s*\)\s*\}\}")


def review_models(dbt_dir: Path, client_id: str, feeds: Sequence[str]) -> list[str]:
    """The mistakes in a client's prepared models, each with its file.

    Args:
        dbt_dir: The shared dbt project.
        client_id: The client.
        feeds: The feeds of its `defs.yaml`.
    """
    models = ClientModels(dbt_dir, client_id)
    manifest = models.load_manifest()
    found = [*_feed_mistakes(manifest, feeds, models.dbt_dir)]
    for node in nodes_of(manifest):
        found += _declared_twice(node, models.dbt_dir)
        found += _sql_mistakes(node, models.dbt_dir)
    return found


def unsent_columns(models: ClientModels, feed: str, sent: Collection[str]) -> Iterator[str]:
    """What a feed's YAML reads, and its last file does not have, each with file and line.

    Args:
        models: The client's models.
        feed: The feed.
        sent: The columns of its last file.
    """
    nodes = models.load_manifest()["nodes"]
    for name in (feed, f"stg_{feed}"):
        node = nodes.get(f"model.consulting.{name}") or {"columns": {}}
        for column in node["columns"].values():
            names = headers_of(column["meta"]) if column["meta"].get("from") else ()
            if names and not column["meta"].get("optional") and not {*names} & {*sent}:
                listed = " or ".join(repr(name) for name in names)
                where = where_declared(node, column["name"], models.dbt_dir)
                yield (
                    f"{where}: `from` names {listed}, which is not in the last file of {feed!r}."
                    f"{nearest(names[0], sent)} Where files may come without it, add "
                    "`optional: true`."
                )


def marked_values(models: ClientModels, feed: str) -> Iterator[str]:
    """Values that a feed's YAML marks as right, each column with file and line.

    Below tier 3 they may not stand there: the files are looked at masked, and what is no row of
    ours to keep is none to write down.
    """
    for header, marks in models.accepted(feed).items():
        for mark in marks:
            if mark.values:
                yield (
                    f"{_declared_at(models, feed, header)}: `accepted` names values, which may "
                    "stand there at tier 3 only: rows are masked below it. Leave out `values`, so "
                    f"that {mark.issue} of the whole column is right, or take the mark out."
                )


def idle_marks(
    models: ClientModels, feed: str, idle: Iterable[tuple[str, str, int]]
) -> Iterator[str]:
    """Marks of what is right that fit nothing in the last file, each with file and line.

    Args:
        models: The client's models.
        feed: The feed.
        idle: Header, issue type, and how many of its marks fit nothing.
    """
    marked = models.accepted(feed)
    for header, issue_type, count in idle:
        if any(mark.issue == issue_type for mark in marked.get(header, ())):
            fits = "mark fits" if count == 1 else "marks fit"
            yield (
                f"{_declared_at(models, feed, header)}: {count} {fits} nothing any more in "
                f"{header!r} ({issue_type}). Take out of `accepted` what is of no use."
            )


def _declared_at(models: ClientModels, feed: str, header: str) -> str:
    """Where the YAML says something of a source column."""
    manifest = models.load_manifest()
    for name in (feed, f"stg_{feed}"):
        node = manifest["nodes"].get(f"model.consulting.{name}") or {"columns": {}}
        for column in node["columns"].values():
            marked = column["meta"].get("from") and column["meta"].get("accepted")
            if marked and header in headers_of(column["meta"]):
                return where_declared(node, column["name"], models.dbt_dir)
    sources = (s for s in manifest["sources"].values() if s["identifier"] == feed)
    return next(where_declared(source, header, models.dbt_dir) for source in sources)


def _feed_mistakes(manifest: dict[str, Any], feeds: Sequence[str], dbt_dir: Path) -> Iterator[str]:
    """Sources and tests that name a feed that there is not."""
    for source in manifest["sources"].values():
        name = source["identifier"]
        if source["schema"] == "raw" and name not in feeds:
            yield (
                f"{where_declared(source, None, dbt_dir)}: models of {name!r}, which is no feed of "
                f"defs.yaml.{nearest(name, feeds)} Feeds: {', '.join(feeds)}."
            )
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        named = test.get("kwargs", {}).get("feed")
        if test.get("name") == "rows_conserved" and named not in feeds:
            model = manifest["nodes"].get(node.get("attached_node") or "") or node
            yield (
                f"{where_declared(model, None, dbt_dir)}: rows_conserved of the feed {named!r}, "
                f"which there is not.{nearest(named, feeds)} Feeds: {', '.join(feeds)}."
            )


def _declared_twice(node: dict[str, Any], dbt_dir: Path) -> Iterator[str]:
    """Columns that a model's YAML names twice, of which dbt takes the last in silence."""
    file = dbt_dir / (node.get("patch_path") or "").split("://")[-1]
    documents = parse_yaml(file.read_bytes(), file) if file.is_file() else ()
    for document in documents:
        for model in document.value.get("models") or ():
            if model["name"] == node["name"]:
                names = Counter(column["name"] for column in model.get("columns") or ())
                for name in (name for name, times in names.items() if times > 1):
                    yield (
                        f"{where_declared(node, name, dbt_dir)}: the column is declared twice, and "
                        "only the last counts. Give each a name of its own."
                    )


def _sql_mistakes(node: dict[str, Any], dbt_dir: Path) -> Iterator[str]:
    """SQL that does not parse, and columns of the YAML that it does not make.

    A model that does more in Jinja than to name other models is left to dbt.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    sql = _NAMED.sub(lambda found: f'"{found.group(1)}"', node["raw_code"])
    if "{{" in sql or "{%" in sql or "{#" in sql:
        return
    file = _file_of(node)
    try:
        query = sqlglot.parse_one(sql, dialect="duckdb")
    except SqlglotError as error:
        place = (getattr(error, "errors", None) or [{}])[0]
        line = f":{place['line']}:{place['col']}" if place.get("line") else ""
        what = place.get("description") or "it is not one query"
        yield f"{file}{line} is not SQL: {what.rstrip('.')}."
        return
    made = [str(column).casefold() for column in getattr(query, "named_selects", ())]
    if not made or "*" in made:
        return
    for column in node["columns"]:
        if column.casefold() not in made:
            yield (
                f"{where_declared(node, column, dbt_dir)}: {file} does not make this column."
                f"{nearest(column.casefold(), made)} It makes: {', '.join(made)}."
            )


def _file_of(node: dict[str, Any]) -> str:
    return shown_path(node["original_file_path"])

"""The lineage of hand-written SQL: from a delivered column back to the client's own columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from consulting.cleaning.models import read_columns
from consulting.cleaning.slim import nodes_of
from consulting.records import Record
from consulting.rules import headers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consulting.cleaning.warehouse import Tables

_SANDBOX = ImmutableSandboxedEnvironment()
AS_IT_IS = "taken over as it is"
_FROM_YAML = re.compile(r"\s*\{\{-?\s*(?:stage|clean|deliver)\([^{}]*\)\s*-?\}\}\s*")
_ASIDE = re.compile(
    r"\{#(?s:.*?)(?:#\}|\Z)|^[^\S\n]*+--[^\n]*|\{\{\s*+config\([^{}]*\)\s*+\}\}",
    re.MULTILINE,
)
"""Comments and settings of a model."""
_FEED_LAYERS = ("stg_", "int_", "merged_", "")


class Traced(Record):
    """Where one column comes from.

    Attributes:
        sources: Source columns by feed; a feed without any is one whose rows are only counted.
        expression: The SQL that makes the column, or why it could not be read.
    """

    sources: dict[str, tuple[str, ...]]
    expression: str


class Lineage:
    """Traces columns through a client's models, one model at a time.

    A column that a feed's YAML declares ends the search: its source is known. Any other is looked
    up in its model's SQL, and the columns found there are traced in turn.

    Args:
        manifest: The client's slim manifest.
        tables: The client's tables; their columns resolve `*` and bare names.
        compiled: The compiled SQL by model, where it is known.
    """

    def __init__(
        self, manifest: dict[str, Any], tables: Tables, compiled: Mapping[str, str]
    ) -> None:
        self._manifest = manifest
        self._compiled = compiled
        self._models = {node["name"]: node for node in nodes_of(manifest)}
        self._by_relation = {f"{n['schema']}.{n['alias']}": n for n in self._models.values()}
        layers = ("raw", "staging", "intermediate", "rejects", "marts")
        self._schema: dict[str, Any] = {layer: tables.in_schema(layer) for layer in layers}
        self._scopes: dict[str, Any] = {}

    def is_written(self, model: str) -> bool:
        """Whether a model of a feed is hand-written, not the one line that reads its YAML."""
        node = self._models.get(model)
        return node is not None and not _FROM_YAML.fullmatch(_ASIDE.sub("", node["raw_code"]))

    def taken_over(self, feed: str, column: str) -> Traced | None:
        """What hand-written models of a feed do to a column of its table, from staging on.

        Args:
            feed: The feed.
            column: A column that its YAML declares.

        Returns:
            The sources that the first of them reads, and the SQL of all; None if all are made from
            the YAML.
        """
        written = [name for name in (f"stg_{feed}", f"int_{feed}", feed) if self.is_written(name)]
        if not written:
            return None
        traced = [self.trace(name, column) for name in written]
        steps = [one.expression for one in traced if one.expression != AS_IT_IS]
        return Traced(sources=traced[0].sources, expression="; then ".join(steps) or AS_IT_IS)

    def trace(self, model: str, column: str) -> Traced:
        """Follow a column of a model to the client's columns.

        Args:
            model: A model's name.
            column: One of its columns.
        """
        found: dict[str, dict[str, None]] = {}
        expression = self._follow(model, column, found, set())
        return Traced(
            sources={feed: tuple(names) for feed, names in sorted(found.items())},
            expression=expression,
        )

    def _follow(
        self,
        model: str,
        column: str,
        found: dict[str, dict[str, None]],
        seen: set[tuple[str, str]],
    ) -> str:
        from sqlglot.errors import SqlglotError
        from sqlglot.lineage import lineage

        seen.add((model, column))
        sql = self._sql(model)
        if sql is None:
            self._name_feeds(model, found)
            return "hand-written SQL that could not be read"
        try:
            scope = self._scope(model, sql)
            query = scope.expression if scope else sql
            root = lineage(column, query, self._schema, scope=scope, copy=False, dialect="duckdb")
        except (SqlglotError, ValueError):
            self._name_feeds(model, found)
            return "hand-written SQL that could not be read"
        leaves = [node for node in root.walk() if not node.downstream]
        for leaf in leaves:
            self._leaf(leaf, found, seen)
        if not found:
            # count(*) reads rows, not columns
            self._name_feeds(model, found)
        return _expression(root)

    def _scope(self, model: str, sql: str) -> Any:
        """What a model's SQL reads, as sqlglot finds it for each column anew."""
        from sqlglot import parse_one
        from sqlglot.optimizer.qualify import qualify
        from sqlglot.optimizer.scope import build_scope

        if model not in self._scopes:
            query = qualify(
                parse_one(sql, dialect="duckdb"), "duckdb", schema=self._schema,
                validate_qualify_columns=False, identify=False,
            )  # fmt: skip
            self._scopes[model] = build_scope(query)
        return self._scopes[model]

    def _leaf(
        self, leaf: Any, found: dict[str, dict[str, None]], seen: set[tuple[str, str]]
    ) -> None:
        from sqlglot import exp

        if not isinstance(leaf.source, exp.Table):
            return
        schema, table = leaf.source.db, leaf.source.name
        name = self._spelled(schema, table, leaf.name.split(".")[-1].strip('"'))
        if schema == "raw":
            found.setdefault(table, {})[name] = None
            return
        node = self._by_relation.get(f"{schema}.{table}")
        if node is None:
            return
        feed, meta = self._declared(node["name"], name)
        if meta is not None:
            found.setdefault(feed, {}).update(dict.fromkeys(headers_of(meta)))
        elif (node["name"], name) not in seen:
            self._follow(node["name"], name, found, seen)

    def _spelled(self, schema: str, table: str, name: str) -> str:
        """The column as the table spells it: sqlglot may give it in lower case."""
        columns = self._schema.get(schema, {}).get(table, {})
        return next((column for column in columns if column.casefold() == name.casefold()), name)

    def _declared(self, model: str, column: str) -> tuple[str, dict[str, Any] | None]:
        for prefix in _FEED_LAYERS:
            feed = model.removeprefix(prefix)
            if model.startswith(prefix) and f"stg_{feed}" in self._models:
                return feed, read_columns(self._manifest, feed).get(column)
        return model, None

    def _name_feeds(self, model: str, found: dict[str, dict[str, None]]) -> None:
        """Name the feeds that a model's rows come from, without columns."""
        for parent in self._manifest["parent_map"].get(f"model.consulting.{model}", ()):
            kind, *_, name = parent.split(".")
            if kind == "source":
                found.setdefault(name, {})
            elif kind == "model":
                self._name_feeds(name, found)

    def _sql(self, model: str) -> str | None:
        if model in self._compiled:
            return self._compiled[model]
        node = self._models.get(model)
        if node is None:
            return None
        try:
            return _SANDBOX.from_string(node["raw_code"]).render(
                ref=self._ref,
                source=lambda schema, table: f'"{schema}"."{table}"',
                config=lambda **_: "",
            )
        except jinja2.TemplateError:
            return None

    def _ref(self, *names: str) -> str:
        node = self._models[names[-1]]
        return f'"{node["schema"]}"."{node["alias"]}"'


def _expression(root: Any) -> str:
    """The SQL of a column in terms of the tables its model reads."""
    from sqlglot import exp

    expanded = _expanded(root)
    return AS_IT_IS if isinstance(expanded, exp.Column) else str(expanded.sql())


def _expanded(node: Any) -> Any:
    """The expression of a lineage node, names of inner queries replaced by what they stand for."""
    from sqlglot import exp

    inner = {child.name.split(".")[-1].strip('"').casefold(): child for child in node.downstream}

    def replace(part: Any) -> Any:
        if not isinstance(part, exp.Column):
            return part
        child = inner.get(part.name.casefold())
        if child is None or isinstance(child.source, exp.Table):
            return exp.column(part.name)
        return _expanded(child)

    return node.expression.unalias().transform(replace)

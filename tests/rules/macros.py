"""The real macros of dbt, rendered without dbt: what they give is asked of the real engine."""

from __future__ import annotations

import atexit
import functools
import re
from typing import TYPE_CHECKING, Any

import duckdb
import jinja2

from consulting.cleaning.library import library_files
from consulting.rules.macros import grammar_of_rules
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class _Adapter:
    """Stands for dbt's adapter: it dispatches to the engine's macro, or to the default."""

    module: Any

    def __init__(self, engine: str) -> None:
        self.engine = engine

    def dispatch(self, name: str, _package: str) -> Any:
        own = getattr(self.module, f"{self.engine}__{name}", None)
        return own or getattr(self.module, f"default__{name}")


@functools.cache
def _load(engine: str) -> Any:
    # dbt's `return` gives objects, Jinja's macros only text: these two are given as functions
    text = "\n".join(library_files()[f"macros/{name}.sql"] for name in ("engines", "rules"))
    text = re.sub(r"{% macro (grammar|unfit_reason)\(.*?endmacro %}", "", text, flags=re.DOTALL)
    grammar = grammar_of_rules()
    adapter = _Adapter(engine)
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    template = environment.from_string(
        text,
        {"adapter": adapter, "grammar": grammar.__getitem__, "var": lambda _name, other: other},
    )
    adapter.module = template.module
    return template.module


def steps(meta: Mapping[str, Any], engine: str = "duckdb") -> Iterator[str]:
    """The SQL of each step of `stage`, over the column `c`."""
    module, column = _load(engine), quoted("c")
    yield module.trimmed(column)
    yield module.without_null_tokens(column, meta)
    yield module.bare_text(column, meta)
    yield module.apply_rule_to_bare(column, meta)


def read(meta: Mapping[str, Any], texts: Sequence[str | None]) -> list[Any]:
    """What becomes of texts, step by step as `stage` does it."""
    connection = _duckdb()
    connection.execute("CREATE OR REPLACE TABLE raw AS SELECT unnest($1::VARCHAR[]) AS c", [texts])
    for step in steps(meta):
        connection.execute(f"CREATE OR REPLACE TABLE raw AS SELECT {step} AS c FROM raw")
    return [value for (value,) in connection.execute("SELECT c FROM raw").fetchall()]


@functools.cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """An engine in memory; to make one takes longer than to read a few texts with it."""
    connection = duckdb.connect(config={"threads": "1"})
    atexit.register(connection.close)
    return connection


def read_on_postgres(
    cursor: Any, meta: Mapping[str, Any], texts: Sequence[str | None]
) -> list[Any]:
    """As `read`, on PostgreSQL."""
    cursor.execute("CREATE TEMP TABLE raw AS SELECT n, t AS c FROM unnest(%s::text[]) "
                   "WITH ORDINALITY AS u(t, n)", [list(texts)])  # fmt: skip
    for step in steps(meta, "postgres"):
        cursor.execute(f"CREATE TEMP TABLE next AS SELECT n, {step} AS c FROM raw")
        cursor.execute("DROP TABLE raw; ALTER TABLE next RENAME TO raw")
    cursor.execute("SELECT c FROM raw ORDER BY n")
    values = [value for (value,) in cursor.fetchall()]
    cursor.execute("DROP TABLE raw")
    return values

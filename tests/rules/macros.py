"""The real macros of dbt, rendered without dbt: what they give is asked of DuckDB."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import jinja2

import consulting
from consulting.rules import all_rules
from consulting.rules.macros import rule_macros
from consulting.rules.missing import GRAMMAR
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENGINES = Path(consulting.__file__).parent / "dbt" / "macros" / "engines.sql"


class _Adapter:
    """Stands for dbt's adapter of DuckDB: it dispatches to the default."""

    module: Any

    def dispatch(self, name: str, _package: str) -> Any:
        return getattr(self.module, f"default__{name}")


def _load() -> Any:
    # dbt's `return` gives objects, Jinja's macros only text: these two are given as functions
    text = f"{ENGINES.read_text(encoding='utf-8')}\n{rule_macros()}"
    text = re.sub(r"{% macro (grammar|unfit_reason)\(.*?endmacro %}", "", text, flags=re.DOTALL)
    grammar = dict(GRAMMAR)
    for rule in all_rules().values():
        grammar |= rule.grammar
    adapter = _Adapter()
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    template = environment.from_string(
        text,
        {"adapter": adapter, "grammar": grammar.__getitem__, "var": lambda _name, other: other},
    )
    adapter.module = template.module
    return template.module


_module = _load()


def read(meta: Mapping[str, Any], texts: Sequence[str | None]) -> list[Any]:
    """What becomes of texts, step by step as `stage` does it."""
    column = quoted("c")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE raw AS SELECT unnest($1::VARCHAR[]) AS c", [texts])
        for step in (
            _module.trimmed(column),
            _module.without_null_tokens(column, meta),
            _module.bare_text(column, meta),
            _module.apply_rule_to_bare(column, meta),
        ):
            connection.execute(f"CREATE OR REPLACE TABLE raw AS SELECT {step} AS c FROM raw")
        return [value for (value,) in connection.execute("SELECT c FROM raw").fetchall()]

"""What a column's rule makes of a single text: its own SQL, rendered and run without dbt."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import jinja2

from consulting.bounded_memory import FEW_THREADS, confine
from consulting.cleaning.library import library_files
from consulting.rules import all_rules
from consulting.rules.macros import grammar_of_rules
from consulting.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FILES = ("engines", "rules", "problems")
_OBJECTS = re.compile(
    r"{% macro (?:grammar|unfit_reason)\((?:(?!{% macro ).)*?endmacro %}", re.DOTALL
)
"""Macros that give objects, as dbt's can: Jinja's give text alone."""


class RuleSql:
    """The macros of all rules that are installed, as dbt would render them.

    Args:
        engine: Whose SQL they give: `duckdb` or `postgres`.
    """

    def __init__(self, engine: str = "duckdb") -> None:
        self._engine = engine
        self._told: list[Any] = []
        text = "\n".join(library_files()[f"macros/{name}.sql"] for name in _FILES)
        # what comes out is SQL, and what goes in is quoted for it by the macros
        environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701
        named = {
            "adapter": self,
            "grammar": grammar_of_rules().__getitem__,
            "unfit_reason": lambda rule: all_rules()[rule].unfit_reason(),
            "var": lambda _name, other: other,
            "return": self._told.append,
        }
        self._macros: Any = environment.from_string(_OBJECTS.sub("", text), named).module

    def dispatch(self, name: str, _package: str) -> Any:
        """The engine's macro of a name, or the default one; as dbt's adapter finds it."""
        own = getattr(self._macros, f"{self._engine}__{name}", None)
        return own or getattr(self._macros, f"default__{name}")

    def steps(self, meta: Mapping[str, Any]) -> Iterator[str]:
        """The SQL of each step from a text to its value, over the column `c` of the one before."""
        yield self._macros.trimmed("c")
        yield self._macros.without_null_tokens("c", meta)
        yield self._macros.bare_text("c", meta)
        yield self._macros.apply_rule_to_bare("c", meta)

    def problems(self, text: str, bare: str, value: str, meta: Mapping[str, Any]) -> dict[str, str]:
        """Reason code → the SQL of when a value is rejected for it; of three columns by name."""
        self._macros.problems("", text, bare, value, meta)
        return dict(self._told.pop())


class ReadValue(NamedTuple):
    """What becomes of a text: its value, None for no value, and why its row is rejected."""

    value: Any
    reason: str | None


def read_value(meta: Mapping[str, Any], text: str) -> ReadValue:
    """What a column makes of a text.

    Args:
        meta: The column's, without mistakes.
        text: The text.

    Raises:
        duckdb.Error: If a bound in the meta can not be compared with such values.
    """
    sql = _rule_sql()
    trimmed, valued, bare, applied = sql.steps(meta)
    rows = f"SELECT {trimmed} AS c FROM (SELECT {literal(text)} AS c)"
    rows = f"SELECT {valued} AS c FROM ({rows})"
    rows = f"SELECT c AS t, {bare} AS c FROM ({rows})"
    rows = f"SELECT t, c AS b, {applied} AS c FROM ({rows})"
    problems = sql.problems("t", "b", "c", meta)
    cases = [f"WHEN {condition} THEN {literal(code)}" for code, condition in problems.items()]
    reason = f"CASE {' '.join(cases)} END" if cases else "NULL"
    with duckdb.connect(config={**FEW_THREADS}) as connection:
        confine(connection, None)
        [found] = connection.execute(f"SELECT c, {reason} FROM ({rows})").fetchall()
    return ReadValue(*found)


_rule_sql = functools.cache(RuleSql)

"""The real macros of dbt, rendered without dbt: what they give is asked of the real engine."""

from __future__ import annotations

import atexit
import functools
from typing import TYPE_CHECKING, Any

import duckdb

from consulting.cleaning.values import RuleSql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


_rule_sql = functools.cache(RuleSql)


def steps(meta: Mapping[str, Any], engine: str = "duckdb") -> Iterator[str]:
    """The SQL of each step of `stage`, over the column `c`."""
    return _rule_sql(engine).steps(meta)


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

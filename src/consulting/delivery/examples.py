"""What cleaning changed, column by column: how many values, and a few of them before and after.

At tier 3 the values are real, at tier 2 only their shape is shown ("Aaaa" for "Jane"), at tier 1
there are none. Personal data is shown as its shape at every tier: a report is mailed around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.delivery.tables import MART_SCHEMA, describe
from consulting.privacy import is_personal, shape
from consulting.records import Record
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from consulting.delivery.inputs import DeliveryInputs
    from consulting.records import ColumnMapping

EXAMPLES_PER_COLUMN = 3
EXAMPLE_ROWS = 100_000
"""Examples are looked for in the first rows only; the counts are those of all rows."""
PART_ROWS = 500_000
"""Raw and delivered rows are compared in parts of so many row ids: a part fits into memory."""
_COLUMNS_PER_STATEMENT = 25
_CANDIDATES = 500
_LONGEST_SHOWN = 60
_NUMBERS = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL")


class Example(Record):
    """One value before and after; `after` is None where cleaning left it empty."""

    before: str
    after: str | None
    rows: int


class ChangedColumn(Record):
    """What cleaning did to one column.

    Attributes:
        feed: The feed.
        table: The delivered table.
        source: The client's header.
        target: The delivered column.
        target_type: Its type.
        transformation: What was done, in words.
        values: Values there were before.
        changed: Values that read differently afterwards.
        emptied: Of these, how many are now empty.
        examples: A few, unlike each other in shape, the commonest first.
        masked: Whether the examples are shapes, not values.
    """

    feed: str
    table: str
    source: str
    target: str
    target_type: str
    transformation: str
    values: int
    changed: int
    emptied: int
    examples: tuple[Example, ...]
    masked: bool


def find_examples(
    connection: duckdb.DuckDBPyConnection, inputs: DeliveryInputs
) -> list[ChangedColumn]:
    """Return every delivered column with a changed value, in the order of the mappings.

    Columns made of several source columns, and tables without a row id, are not compared.
    """
    if inputs.schema_only:
        return []
    personal = inputs.personal_columns
    changed: list[ChangedColumn] = []
    for feed, table in _feed_tables(inputs.mappings):
        raw = dict(describe(connection, "raw", feed))
        mart = dict(describe(connection, MART_SCHEMA, table))
        if "_row_id" not in raw or "_row_id" not in mart:
            continue
        mappings = [
            mapping
            for mapping in inputs.mappings
            if (mapping.feed, mapping.target_table) == (feed, table)
            and len(mapping.source_columns) == 1
            and mapping.source_columns[0] in raw
            and mapping.target_column in mart
        ]
        for start in range(0, len(mappings), _COLUMNS_PER_STATEMENT):
            part = mappings[start : start + _COLUMNS_PER_STATEMENT]
            changed += _compare(connection, inputs, part, mart, personal)
    return changed


def _feed_tables(mappings: Iterable[ColumnMapping]) -> list[tuple[str, str]]:
    pairs = ((m.feed, m.target_table) for m in mappings if m.target_table is not None)
    return list(dict.fromkeys(pairs))


def _compare(
    connection: duckdb.DuckDBPyConnection,
    inputs: DeliveryInputs,
    mappings: Sequence[ColumnMapping],
    mart: Mapping[str, str],
    personal: frozenset[tuple[str, str]],
) -> list[ChangedColumn]:
    feed, table = mappings[0].feed, mappings[0].target_table or ""
    delivered, received = f"{MART_SCHEMA}.{quoted(table)}", f"raw.{quoted(feed)}"
    joined = f'FROM {delivered} m JOIN {received} r ON m."_row_id" = r."_row_id"'
    counted = ", ".join(
        f"count(nullif(trim({before}), '')), count(*) FILTER (WHERE {differs}), "
        f"count(*) FILTER (WHERE {differs} AND {after} IS NULL)"
        for before, after, differs in (_sides(mapping, mart) for mapping in mappings)
    )
    counts = _summed(connection, f"SELECT {counted} {joined}", feed)
    found = []
    for position, mapping in enumerate(mappings):
        values, changed, emptied = counts[3 * position : 3 * position + 3]
        if not changed:
            continue
        source, target = mapping.source_columns[0], mapping.target_column or ""
        masked = inputs.sampled or (feed, source) in personal
        found.append(
            ChangedColumn(
                feed=feed,
                table=table,
                source=source,
                target=target,
                target_type=mapping.target_type or mart[target],
                transformation=mapping.transformation,
                values=values,
                changed=changed,
                emptied=emptied,
                examples=_examples(connection, joined, _sides(mapping, mart), masked=masked),
                masked=masked,
            )
        )
    return found


def _summed(connection: duckdb.DuckDBPyConnection, query: str, feed: str) -> list[int]:
    """The counts of a query over `m` and `r`, added up over parts that fit into memory."""
    bounds = f'SELECT min("_row_id"), max("_row_id") FROM raw.{quoted(feed)}'
    first, last = connection.execute(bounds).fetchall()[0]
    totals: list[int] = []
    for start in range(first or 0, (last or 0) + 1, PART_ROWS):
        part = f"BETWEEN {start} AND {start + PART_ROWS - 1}"
        both = f'm."_row_id" {part} AND r."_row_id" {part}'
        counts = connection.execute(f"{query} WHERE {both}").fetchall()[0]
        totals = [a + b for a, b in zip(totals, counts, strict=True)] if totals else list(counts)
    return totals


def _sides(mapping: ColumnMapping, mart: Mapping[str, str]) -> tuple[str, str, str]:
    """SQL of the value before, after, and of whether they differ: 12.5 and 12.50 do not."""
    target = mapping.target_column or ""
    before = f"r.{quoted(mapping.source_columns[0])}"
    written = f"nullif(trim({before}), '')"
    after = f"CAST(m.{quoted(target)} AS VARCHAR)"
    differs = f"({written} IS NOT NULL AND {before} IS DISTINCT FROM {after})"
    if mart[target].startswith(_NUMBERS):
        same = f"coalesce(TRY_CAST({before} AS DOUBLE) = TRY_CAST({after} AS DOUBLE), false)"
        differs = f"({differs} AND NOT {same})"
    return before, after, differs


def _examples(
    connection: duckdb.DuckDBPyConnection,
    joined: str,
    sides: tuple[str, str, str],
    *,
    masked: bool,
) -> tuple[Example, ...]:
    before, after, differs = sides
    rows = connection.execute(
        f"SELECT {before} AS b, {after} AS a, count(*) AS n {joined} "
        f'WHERE {differs} AND r."_row_id" <= {EXAMPLE_ROWS} AND m."_row_id" <= {EXAMPLE_ROWS} '
        f"GROUP BY 1, 2 ORDER BY n DESC, b, a LIMIT {_CANDIDATES}"
    ).fetchall()
    kinds: dict[tuple[str, str], Example] = {}
    for old, new, count in rows:
        kind = (shape(old), shape(new or ""))
        if masked or is_personal(old) or is_personal(new or ""):
            known = kinds[kind].rows if kind in kinds else 0
            old, new, count = kind[0], (None if new is None else kind[1]), count + known  # noqa: PLW2901
        elif kind in kinds:
            continue
        kinds[kind] = Example(
            before=_short(old), after=None if new is None else _short(new), rows=count
        )
    ranked = sorted(kinds.values(), key=lambda e: (-e.rows, e.before, e.after or ""))
    return tuple(ranked[:EXAMPLES_PER_COLUMN])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"

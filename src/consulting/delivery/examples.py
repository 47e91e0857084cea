"""What cleaning changed, column by column: how many values, and a few of them before and after.

At tier 3 the values are real, at tier 2 only their shape is shown ("Aaaa" for "Jane"), at tier 1
there are none. Personal data is shown as its shape at every tier: a report is mailed around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.cleaning import sides
from consulting.delivery.tables import MART_SCHEMA, describe
from consulting.privacy import is_personal, shape
from consulting.records import ColumnMapping, Record
from consulting.shown import cut
from consulting.sql import quoted

if TYPE_CHECKING:
    import duckdb

    from consulting.delivery.inputs import DeliveryInputs

EXAMPLES_PER_COLUMN = 3
EXAMPLE_ROWS = 100_000
"""Examples are looked for in the first rows only; the counts are those of all rows."""
_CANDIDATES = 500
_LONGEST_SHOWN = 60


class Example(Record):
    """One value before and after; `after` is None where cleaning left it empty."""

    before: str
    after: str | None
    rows: int


class ChangedColumn(Record):
    """What cleaning did to one column.

    Attributes:
        mapping: What was done to it, and to how many of its values.
        examples: A few, unlike each other in shape, the commonest first.
    """

    mapping: ColumnMapping
    examples: tuple[Example, ...]


def find_examples(
    connection: duckdb.DuckDBPyConnection, inputs: DeliveryInputs
) -> list[ChangedColumn]:
    """Return every delivered column with a changed value, in the order of the mappings."""
    if inputs.schema_only:
        return []
    personal = inputs.personal_columns
    changed = [
        mapping for mapping in inputs.mappings if mapping.changes and mapping.changes.changed
    ]
    tables = {mapping.target_table or "" for mapping in changed}
    types = {table: dict(describe(connection, MART_SCHEMA, table)) for table in tables}
    return [
        ChangedColumn(
            mapping=mapping,
            examples=_examples(
                connection,
                mapping,
                types[mapping.target_table or ""][mapping.target_column or ""],
                masked=inputs.sampled or (mapping.feed, mapping.source_columns[0]) in personal,
            ),
        )
        for mapping in changed
    ]


def _examples(
    connection: duckdb.DuckDBPyConnection, mapping: ColumnMapping, target_type: str, *, masked: bool
) -> tuple[Example, ...]:
    table = mapping.target_table or ""
    before, after, differs = sides(mapping, target_type)
    rows = connection.execute(
        f"SELECT {before} AS b, {after} AS a, count(*) AS n "
        f"FROM {MART_SCHEMA}.{quoted(table)} m JOIN raw.{quoted(mapping.feed)} r "
        f"ON m._row_id = r._row_id "
        f"WHERE {differs} AND r._row_id <= {EXAMPLE_ROWS} AND m._row_id <= {EXAMPLE_ROWS} "
        f"GROUP BY 1, 2 ORDER BY n DESC, b, a LIMIT {_CANDIDATES}"
    ).fetchall()
    kinds: dict[tuple[str, str], Example] = {}
    shown: set[tuple[str, str]] = set()
    for old, new, count in rows:
        kind = (shape(old), shape(new or ""))
        if kind in shown:
            continue
        if masked or is_personal(old) or is_personal(new or ""):
            known = kinds[kind].rows if kind in kinds else 0
            old, new, count = kind[0], (None if new is None else kind[1]), count + known  # noqa: PLW2901
        else:
            shown.add(kind)
            if kind in kinds:
                continue
        kinds[kind] = Example(
            before=cut(old, _LONGEST_SHOWN),
            after=None if new is None else cut(new, _LONGEST_SHOWN),
            rows=count,
        )
    ranked = sorted(kinds.values(), key=lambda e: (-e.rows, e.before, e.after or ""))
    return tuple(ranked[:EXAMPLES_PER_COLUMN])

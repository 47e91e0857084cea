"""How many values cleaning changed, counted once: every document reads the mapping's counts."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from consulting.records import ValueChanges
from consulting.sql import NUMBER_TYPES, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from consulting.cleaning.warehouse import Tables
    from consulting.records import ColumnMapping

_AT_ONCE = 25
"""Columns compared in one statement: wide tables would need much memory."""


def with_changes(tables: Tables, mappings: Sequence[ColumnMapping]) -> list[ColumnMapping]:
    """The mappings, each with what became of its column's values in the delivered rows.

    A column made of several source columns, a table without `_row_id`, and a table of a database
    without rows (tier 1) are not compared.

    Args:
        tables: Of the client's database after dbt ran.
        mappings: How the columns were made.
    """
    comparable = [m for m in mappings if _comparable(tables, m)]
    counted: dict[int, ValueChanges] = {}
    for (feed, table), found in groupby(
        sorted(comparable, key=_place), key=lambda m: (m.feed, m.target_table)
    ):
        columns = list(found)
        for start in range(0, len(columns), _AT_ONCE):
            part = columns[start : start + _AT_ONCE]
            counts = _count(tables, feed, str(table), part)
            counted |= {id(m): changes for m, changes in zip(part, counts, strict=True)}
    return [m.model_copy(update={"changes": counted.get(id(m))}) for m in mappings]


def sides(mapping: ColumnMapping, kind: str) -> tuple[str, str, str]:
    """SQL of a value before, after, and of whether it was changed.

    A value is changed where the delivered one reads differently; 12.5 and 12.50 do not, and an
    empty cell that stays empty is no value.

    Args:
        mapping: A column made of one source column.
        kind: The delivered column's type. The raw table is `r` in the SQL, the delivered one `m`.
    """
    before = f"r.{quoted(mapping.source_columns[0])}"
    written = f"nullif(trim({before}), '')"
    after = f"CAST(m.{quoted(mapping.target_column or '')} AS VARCHAR)"
    differs = f"({written} IS NOT NULL AND {before} IS DISTINCT FROM {after})"
    if kind.startswith(NUMBER_TYPES):
        same = f"coalesce(TRY_CAST({before} AS DOUBLE) = TRY_CAST({after} AS DOUBLE), false)"
        differs = f"({differs} AND NOT {same})"
    return before, after, differs


def _place(mapping: ColumnMapping) -> tuple[str, str]:
    return mapping.feed, mapping.target_table or ""


def _comparable(tables: Tables, mapping: ColumnMapping) -> bool:
    raw = tables.columns(f"raw.{mapping.feed}")
    mart = tables.columns(f"marts.{mapping.target_table}")
    return (
        len(mapping.source_columns) == 1
        and mapping.source_columns[0] in raw
        and mapping.target_column in mart
        and "_row_id" in raw
        and "_row_id" in mart
    )


def _count(
    tables: Tables, feed: str, table: str, mappings: Iterable[ColumnMapping]
) -> list[ValueChanges]:
    raw, mart = f"raw.{feed}", f"marts.{table}"
    kinds = tables.columns(mart)
    counts = [
        f"count(nullif(trim({before}), '')), count(*) FILTER (WHERE {differs}), "
        f"count(*) FILTER (WHERE {differs} AND {after} IS NULL)"
        for m in mappings
        for before, after, differs in [sides(m, kinds[m.target_column or ""])]
    ]
    totals = [0] * (3 * len(counts))
    for span in tables.spans(raw):
        found = tables.rows(
            f"SELECT {', '.join(counts)} FROM {tables.quoted(mart)} m "
            f"JOIN {tables.quoted(raw)} r ON m._row_id = r._row_id "
            f"WHERE m._row_id {span} AND r._row_id {span}"
        )[0]
        totals = [total + count for total, count in zip(totals, found, strict=True)]
    return [
        ValueChanges(values=values, changed=changed, emptied=emptied)
        for values, changed, emptied in zip(*(totals[n::3] for n in range(3)), strict=True)
    ]

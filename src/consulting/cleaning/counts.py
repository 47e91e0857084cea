"""How many values of each file the rules read, and how many they did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.cleaning.models import feeds_of, read_columns
from consulting.records import ReadCount
from consulting.rules import column_rule
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from consulting.cleaning.warehouse import Tables
    from consulting.rules import ColumnRule

_KEEPS_VALUE = frozenset({"above_maximum", "below_minimum", "too_long", "wrong_format"})
"""The reasons of values that are read before they are rejected."""


def read_counts(
    tables: Tables, manifest: dict[str, Any], but: Collection[str] = ()
) -> Iterator[ReadCount]:
    """Count the values of each column, file by file; a rule of later on may reject some.

    Args:
        tables: Of the client's database after dbt ran.
        manifest: The client's slim manifest.
        but: Names of files that are left out.
    """
    for feed in feeds_of(manifest):
        here = tables.columns(f"staging.stg_{feed}")
        metas = (
            read_columns(manifest, feed).items()
            if here.keys() >= {"_reasons", "_blanked", "_file"}
            else ()
        )
        columns = {name: column_rule(meta) for name, meta in metas if name in here}
        if columns:
            yield from _of_feed(tables, feed, columns, but)


def _of_feed(
    tables: Tables, feed: str, columns: Mapping[str, ColumnRule], but: Collection[str]
) -> Iterator[ReadCount]:
    staged = tables.quoted(f"staging.stg_{feed}")
    unread = _unread(tables, staged)
    held = ", ".join(f"count({quoted(name)})" for name in columns)
    for file, rows, *read in tables.rows(
        f"SELECT _file, count(*), {held} FROM {staged} GROUP BY 1 ORDER BY min(_row_id)"
    ):
        for (column, rule), held_now in zip(columns.items(), read, strict=True):
            codes = unread.get((file, column), {})
            kept = _KEEPS_VALUE if rule.on_invalid == "reject" else frozenset()
            values = held_now + sum(count for code, count in codes.items() if code not in kept)
            if values and file not in but:
                yield ReadCount(
                    feed=feed,
                    column=column,
                    file=file,
                    rows=rows,
                    values=values,
                    unread=sum(codes.values()),
                    reason=max(codes, key=lambda code: (codes[code], code), default=""),
                )


def _unread(tables: Tables, staged: str) -> dict[tuple[str, str], dict[str, int]]:
    """File and column → how many values did not fit, by the code of why."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    # row by row and not column by column: few rows have a mark, and a feed may have many columns
    for file, mark, count in tables.rows(
        "SELECT _file, mark, count(*) FROM (SELECT _file, "
        "unnest(string_split(concat_ws(';', _reasons, _blanked), ';')) AS mark "
        f"FROM {staged} WHERE _reasons IS NOT NULL OR _blanked IS NOT NULL) GROUP BY ALL"
    ):
        column, _, code = mark.rpartition(":")
        if code != "missing":
            found.setdefault((file, column), {})[code] = count
    return found

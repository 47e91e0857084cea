"""How many values of each file the rules read, and how many they did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.cleaning.models import feeds_of, read_columns
from consulting.records import ReadCount
from consulting.rules import column_rule
from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from consulting.cleaning.warehouse import Tables


def read_counts(
    tables: Tables, manifest: dict[str, Any], but: Collection[str] = ()
) -> Iterator[ReadCount]:
    """Count the values of each column whose rule may reject some, file by file.

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
        columns = [name for name, meta in metas if name in here and column_rule(meta).rejects]
        if columns:
            yield from _of_feed(tables, feed, columns, but)


def _of_feed(
    tables: Tables, feed: str, columns: Sequence[str], but: Collection[str]
) -> Iterator[ReadCount]:
    staged = tables.quoted(f"staging.stg_{feed}")
    held = ", ".join(f"count({quoted(name)})" for name in columns)
    unread = ", ".join(map(_unread, columns))
    # few rows have a mark; only they are searched for names
    marked = tables.rows(
        f"SELECT _file, {unread} FROM (SELECT *, concat(';', _reasons, ';', _blanked, ';') AS "
        f"_marks FROM {staged} WHERE _reasons IS NOT NULL OR _blanked IS NOT NULL) GROUP BY _file"
    )
    found = {file: counts for file, *counts in marked}
    for file, rows, *read in tables.rows(
        f"SELECT _file, count(*), {held} FROM {staged} GROUP BY 1 ORDER BY min(_row_id)"
    ):
        marks = found.get(file, [0, 0, None] * len(columns))
        for at, column in enumerate(columns) if file not in but else ():
            count, empty, reason = marks[3 * at : 3 * at + 3]
            if values := read[at] + empty:
                yield ReadCount(
                    feed=feed,
                    column=column,
                    file=file,
                    rows=rows,
                    values=values,
                    unread=count,
                    reason=reason or "",
                )


def _unread(column: str) -> str:
    """Of the rows whose value of a column did not fit: all, those without a value, the reason."""
    mark = literal(f";{column}:")
    reason = f"split_part(split_part(_marks, {mark}, 2), ';', 1)"
    found = f"FILTER (contains(_marks, {mark}) AND {reason} <> 'missing'"
    return (
        f"count(*) {found}), count(*) {found} AND {quoted(column)} IS NULL), "
        f"mode({reason} ORDER BY {reason}) {found})"
    )

"""How the rows of a delivery are not those of the one before: counted once, told everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from consulting.bounded_memory import FEW_THREADS, open_bounded
from consulting.delivery.past import before, made_otherwise, superseded
from consulting.delivery.settled import passed_unique
from consulting.delivery.tables import SAMPLED_SUFFIX, rows_of_file
from consulting.records import Record
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

    from consulting.delivery.inputs import DeliveryInputs, DeliverySummary

_COLUMNS_TOLD = 5


class TableChange(Record):
    """How the rows of one table differ, over the columns that both deliveries have.

    Attributes:
        table: The table.
        key: The column that tells which rows belong together; None where the table has none, and
            rows are compared whole.
        same: Rows that are in both with the same values.
        altered: Rows whose key is in both, with other values.
        added: Rows that only this delivery has.
        removed: Rows that only the earlier one has.
        columns: Column → in how many of the altered rows it has another value.
        new_columns: Columns that only this delivery has.
        gone_columns: Columns that only the earlier one has.
    """

    table: str
    key: str | None = None
    same: int = 0
    altered: int = 0
    added: int = 0
    removed: int = 0
    columns: dict[str, int] = Field(default_factory=dict)
    new_columns: tuple[str, ...] = ()
    gone_columns: tuple[str, ...] = ()


class Comparison(Record):
    """What became of the rows of an earlier delivery.

    Attributes:
        delivery_id: The earlier delivery.
        in_its_place: Whether this one takes its place; else only the rows that both have, by
            their keys, say anything.
        same_files: Whether both were made from the same files.
        tables: The tables that could be compared.
    """

    delivery_id: str
    in_its_place: bool
    same_files: bool
    tables: tuple[TableChange, ...]

    def in_brief(self) -> str:
        """The counts in a line: "orders: 135 of 1,361 rows altered, 2 new, 1 gone"."""
        told = (f"{each.table}: {', '.join(self._counts(each))}" for each in self.tables)
        return "; ".join(told)

    def in_words(self) -> list[str]:
        """The counts with the columns they are about, a sentence for each table."""
        return [
            f"{each.table}: {', '.join((*self._counts(each), *_columns(each)))}."
            for each in self.tables
        ]

    def _counts(self, each: TableChange) -> Iterator[str]:
        both = each.same + each.altered
        if each.key is None:
            yield f"{each.same:,} rows are as they were"
        else:
            yield f"{each.altered:,} of {both:,} row{'' if both == 1 else 's'} altered"
        if self.in_its_place:
            # without a key, a row that was altered is one of each
            words = ("new", "gone") if each.key else ("new or altered", "gone or altered")
            counts = zip((each.added, each.removed), words, strict=True)
            yield from (f"{count:,} {word}" for count, word in counts if count)


def _columns(each: TableChange) -> Iterator[str]:
    largest = sorted(each.columns.items(), key=lambda one: (-one[1], one[0]))
    if largest:
        listed = ", ".join(f"{name} {count:,}" for name, count in largest[:_COLUMNS_TOLD])
        rest = len(largest) - _COLUMNS_TOLD
        yield f"by column: {listed}{f' and {rest} more columns' if rest > 0 else ''}"
    for word, names in (("new", each.new_columns), ("dropped", each.gone_columns)):
        if names:
            yield f"{word} column{'' if len(names) == 1 else 's'}: {', '.join(names)}"


def compare_with_past(
    inputs: DeliveryInputs, this: DeliverySummary, warehouse: Path, now: Path, past: Path
) -> Comparison | None:
    """Count how the rows of a delivery differ from those of the delivery before it.

    That is the one whose place it takes; else the last, if something else than its files is not
    the same, and then by keys alone: other files have other rows.

    Args:
        inputs: The delivery.
        this: The delivery in a line.
        warehouse: Beside it lies what does not fit in memory.
        now: The delivery's folder, with its tables.
        past: Where earlier deliveries lie.

    Returns:
        The counts; None where there is nothing to compare, or its rows are no longer held.
    """
    earlier, replaced = before(inputs, this), superseded(inputs, this)
    if earlier is None or not (replaced or made_otherwise(earlier, this)):
        return None
    pairs = list(_pairs(inputs, now, past / earlier.delivery_id))
    if not pairs:
        return None
    reads = [path for _, *both in pairs for path in both]
    with open_bounded(warehouse, read_only=True, config=FEW_THREADS, reads=reads) as connection:
        changes = [
            (
                table,
                _compare(connection, *both, keys=_keys(inputs, table), keyed_only=not replaced),
            )
            for table, *both in pairs
        ]
    tables = tuple(one.model_copy(update={"table": name}) for name, one in changes if one)
    files = "input"
    if not tables:
        return None
    return Comparison(
        delivery_id=earlier.delivery_id,
        in_its_place=replaced is not None,
        same_files=earlier.made_with.get(files) == this.made_with.get(files),
        tables=tables,
    )


def _pairs(inputs: DeliveryInputs, now: Path, then: Path) -> Iterator[tuple[str, Path, Path]]:
    """The tables that both deliveries hold, each with its file then and now."""
    for model in inputs.models:
        found = _parquet_of(then, model.name), _parquet_of(now, model.name)
        if model.layer == "marts" and found[0] and found[1]:
            yield model.name, found[0], found[1]


def _keys(inputs: DeliveryInputs, table: str) -> list[str]:
    return [column for column, passed in passed_unique(inputs, table).items() if passed]


def _compare(
    connection: duckdb.DuckDBPyConnection,
    then: Path,
    now: Path,
    *,
    keys: Sequence[str],
    keyed_only: bool,
) -> TableChange | None:
    """One table; what does not fit in memory goes to the spill."""
    (old, types), (new, later) = (
        (rows, dict(columns))
        for rows, columns in (rows_of_file(connection, path) for path in (then, now))
    )
    shared = [name for name in later if name in types]
    key = next((k for k in keys if k in shared and _is_key(connection, k, old, new)), None)
    if key is None and (keyed_only or not shared):
        return None
    cast = {name for name in shared if types[name] != later[name]}
    sides = [_selected(rows, shared, cast) for rows in (old, new)]
    counted = _by_key(connection, key, shared, sides) if key else _whole(connection, shared, sides)
    return counted.model_copy(
        update={
            "new_columns": tuple(name for name in later if name not in types),
            "gone_columns": tuple(name for name in types if name not in later),
        }
    )


def _parquet_of(folder: Path, table: str) -> Path | None:
    """The rows of a table in a delivery's folder, where it still holds them."""
    found = (folder / "tables" / f"{table}{end}.parquet" for end in ("", SAMPLED_SUFFIX))
    return next((path for path in found if path.is_file()), None)


def _is_key(connection: duckdb.DuckDBPyConnection, column: str, *rows: str) -> bool:
    name = quoted(column)
    counts = (f"(SELECT count(*) = count(DISTINCT {name}) FROM {each})" for each in rows)
    return bool(connection.execute(f"SELECT {' AND '.join(counts)}").fetchall()[0][0])


def _selected(rows: str, columns: Sequence[str], cast: set[str]) -> str:
    """A column whose type changed is compared as it reads."""
    listed = (f"{quoted(c)}::VARCHAR AS {quoted(c)}" if c in cast else quoted(c) for c in columns)
    return f"(SELECT {', '.join(listed)} FROM {rows})"


def _by_key(
    connection: duckdb.DuckDBPyConnection, key: str, columns: Sequence[str], sides: Sequence[str]
) -> TableChange:
    differs = {
        name: f"a.{quoted(name)} IS DISTINCT FROM b.{quoted(name)}"
        for name in columns
        if name != key
    }
    old, new = f"a.{quoted(key)}", f"b.{quoted(key)}"
    both = f"{old} IS NOT NULL AND {new} IS NOT NULL"
    conditions = [
        f"{old} IS NULL",
        f"{new} IS NULL",
        both,
        f"{both} AND ({' OR '.join(differs.values()) or 'false'})",
        *(f"{both} AND {condition}" for condition in differs.values()),
    ]
    counts = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions)
    joined = f"{sides[0]} a FULL OUTER JOIN {sides[1]} b ON {old} = {new}"
    found = connection.execute(f"SELECT {counts} FROM {joined}").fetchall()[0]
    added, removed, common, altered, *by_column = found
    return TableChange(
        table="",
        key=key,
        same=common - altered,
        altered=altered,
        added=added,
        removed=removed,
        columns={n: count for n, count in zip(differs, by_column, strict=True) if count},
    )


def _whole(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str], sides: Sequence[str]
) -> TableChange:
    """Rows as a multiset: one that stands twice is there two times."""
    names = ", ".join(map(quoted, columns))
    old, new = sides
    had, has = "count(*) FILTER (side = 0)", "count(*) FILTER (side = 1)"
    found = connection.execute(
        "SELECT sum(least(had, has)), sum(has - least(had, has)), sum(had - least(had, has)) "
        f"FROM (SELECT {had} AS had, {has} AS has FROM ("
        f"SELECT 0 AS side, {names} FROM {old} UNION ALL SELECT 1, {names} FROM {new}) "
        f"GROUP BY {names})"
    ).fetchall()[0]
    same, added, removed = (int(count or 0) for count in found)
    return TableChange(table="", same=same, added=added, removed=removed)

"""How the rows of a delivery are not those of another: counted once, told everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
from pydantic import Field

from consulting.bounded_memory import FEW_THREADS, confine
from consulting.delivery.past import made_otherwise, superseded
from consulting.delivery.tables import SAMPLED_SUFFIX, rows_of_file
from consulting.privacy import shape, shown
from consulting.records import Record
from consulting.shown import cut
from consulting.sql import quoted
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from consulting.delivery.inputs import DeliveryInputs, DeliverySummary

_COLUMNS_TOLD = 5
_LOOKED_AT = 30
_READ = 200
EXAMPLES = 3
"""Examples of each column, unlike each other in shape, and keys of each kind of row."""
_LONGEST_SHOWN = 60


class TableChange(Record):
    """How the rows of one table differ, over the columns that both deliveries have.

    Attributes:
        table: The table.
        key: The columns that tell which rows belong together; None where the table has none, and
            rows are compared whole.
        same: Rows that are in both with the same values.
        altered: Rows whose key is in both, with other values.
        added: Rows that only this delivery has.
        removed: Rows that only the earlier one has.
        columns: Column → in how many of the altered rows it has another value.
        new_columns: Columns that only this delivery has.
        gone_columns: Columns that only the earlier one has.
        retyped: Column → its type then and now, where they differ; such values are compared as
            they read.
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
    retyped: dict[str, str] = Field(default_factory=dict)

    def counted(self, *, others: bool = True) -> Iterator[str]:
        """The counts, a phrase each.

        Args:
            others: With the rows that one delivery alone has.
        """
        both = self.same + self.altered
        if self.key is None:
            yield f"{self.same:,} row{' is as it was' if self.same == 1 else 's are as they were'}"
        elif both:
            yield f"{self.altered:,} of {counted(both, 'row')} altered"
        elif not others:
            yield "no row is in both"
        # without a key, a row that was altered is one of each
        words = ("new", "gone") if self.key else ("new or altered", "gone or altered")
        counts = zip((self.added, self.removed), words, strict=True)
        yield from (f"{count:,} {word}" for count, word in counts if count and others)

    def by_column(self) -> Iterator[str]:
        """What changed in its columns, a phrase each."""
        largest = sorted(self.columns.items(), key=lambda one: (-one[1], one[0]))
        if largest:
            listed = ", ".join(f"{name} {count:,}" for name, count in largest[:_COLUMNS_TOLD])
            rest = len(largest) - _COLUMNS_TOLD
            more = f" and {counted(rest, 'more column')}"
            yield f"by column: {listed}{more if rest > 0 else ''}"
        for word, names in (("new", self.new_columns), ("dropped", self.gone_columns)):
            if names:
                yield f"{word} column{'' if len(names) == 1 else 's'}: {', '.join(names)}"
        if self.retyped:
            listed = ", ".join(f"{name} ({was})" for name, was in self.retyped.items())
            yield f"other type: {listed}"

    def in_words(self, *, others: bool = True) -> str:
        """All of it, as a sentence."""
        return f"{self.table}: {', '.join((*self.counted(others=others), *self.by_column()))}."


class ValueExample(Record):
    """One value then and now; None where there was none. `key` is the row's key."""

    key: str
    then: str | None
    now: str | None


class TableDifference(TableChange):
    """The same with examples, which stand on pages and in no event log.

    Attributes:
        examples: Column → values then and now.
        added_keys: Keys of rows that only this delivery has.
        removed_keys: Keys of rows that only the earlier one has.
    """

    examples: dict[str, tuple[ValueExample, ...]] = Field(default_factory=dict)
    added_keys: tuple[str, ...] = ()
    removed_keys: tuple[str, ...] = ()

    def with_examples(self) -> Iterator[str]:
        """All of it, a line each; examples are indented."""
        by = f"by {self.key}" if self.key else "whole rows: no key"
        yield f"{self.in_words().rstrip('.')} ({by})"
        for column, examples in self.examples.items():
            for one in examples:
                yield f"  {column} of {one.key}: {_value(one.then)} → {_value(one.now)}"
        for word, keys in (("new", self.added_keys), ("gone", self.removed_keys)):
            if keys:
                yield f"  {word}, for example: {', '.join(keys)}"

    @property
    def change(self) -> TableChange:
        """The counts alone."""
        return TableChange(**self.model_dump(include=set(TableChange.model_fields)))


def _value(text: str | None) -> str:
    return "(empty)" if text is None else text


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

    def in_counts(self) -> list[str]:
        """The counts by table, "orders: 135 of 1,361 rows altered, 2 new, 1 gone".

        No column is named: a model may have named it after a value (a pivot).
        """
        return [
            f"{each.table}: {', '.join(each.counted(others=self.in_its_place))}"
            for each in self.tables
        ]

    def in_brief(self) -> str:
        """The same in a line."""
        return "; ".join(self.in_counts())

    def in_words(self) -> list[str]:
        """The counts with the columns they are about, a sentence for each table."""
        return [each.in_words(others=self.in_its_place) for each in self.tables]


def beside_the_past(
    inputs: DeliveryInputs,
    this: DeliverySummary,
    earlier: DeliverySummary,
    tables: Sequence[TableDifference],
) -> Comparison | None:
    """What the summary of a delivery tells of the one before it.

    That is the one whose place it takes; else the last, if something else than its files is not
    the same, and then by keys alone: other files have other rows.

    Args:
        inputs: The delivery.
        this: The delivery in a line.
        earlier: The delivery before it.
        tables: How the tables of both differ.
    """
    replaced = superseded(inputs, this) is not None
    told = tuple(each.change for each in tables if replaced or each.key)
    if not told or not (replaced or made_otherwise(earlier, this)):
        return None
    return Comparison(
        delivery_id=earlier.delivery_id,
        in_its_place=replaced,
        same_files=earlier.made_with.get("input") == this.made_with.get("input"),
        tables=told,
    )


class Known(NamedTuple):
    """What is known of a table beside its rows.

    Attributes:
        keys: Columns that may tell its rows apart, the likeliest first.
        harmless: Columns whose values may be shown; of all others their shapes are.
    """

    keys: Sequence[Sequence[str]] = ()
    harmless: Collection[str] = ()


def compare_tables(
    then: Path, now: Path, tables: Mapping[str, Known], spill: Path
) -> list[TableDifference]:
    """Count how the rows of the tables that two deliveries hold differ.

    Args:
        then: The earlier delivery's folder.
        now: The later one's.
        tables: The tables, with what is known of them.
        spill: A folder for what does not fit in memory; it is made and emptied.
    """
    pairs = {
        table: (old, new)
        for table in tables
        if (old := parquet_of(then, table)) and (new := parquet_of(now, table))
    }
    if not pairs:
        return []
    with duckdb.connect(config={**FEW_THREADS}) as connection:
        confine(connection, spill, reads=[path for both in pairs.values() for path in both])
        return [
            _Pair(connection, table, *both, tables[table]).compared()
            for table, both in pairs.items()
        ]


def parquet_of(folder: Path, table: str) -> Path | None:
    """The rows of a table in a delivery's folder, where it still holds them."""
    found = (folder / "tables" / f"{table}{end}.parquet" for end in ("", SAMPLED_SUFFIX))
    return next((path for path in found if path.is_file()), None)


class _Pair:
    """One table then and now; what does not fit in memory goes to the spill."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        then: Path,
        now: Path,
        known: Known,
    ) -> None:
        self._connection = connection
        self._table = table
        self._known = known
        rows = [rows_of_file(connection, path) for path in (then, now)]
        self._then, self._now = (dict(columns) for _, columns in rows)
        self._shared = [name for name in self._now if name in self._then]
        self._old, self._new = (self._selected(each) for each, _ in rows)

    def compared(self) -> TableDifference:
        """By its key, or row by row as a whole."""
        unlike = {c: (self._then[c], self._now[c]) for c in self._shared}
        schema = {
            "table": self._table,
            "new_columns": tuple(name for name in self._now if name not in self._then),
            "gone_columns": tuple(name for name in self._then if name not in self._now),
            "retyped": {c: f"{a} → {b}" for c, (a, b) in unlike.items() if a != b},
        }
        key = next(filter(self._is_key, self._known.keys), None)
        counted = self._by_key(key) if key else self._whole()
        return counted.model_copy(update=schema)

    def _selected(self, rows: str) -> str:
        """The shared columns; one whose type changed is compared as it reads."""
        listed = (
            quoted(c) if self._then[c] == self._now[c] else f"{quoted(c)}::VARCHAR AS {quoted(c)}"
            for c in self._shared
        )
        return f"(SELECT {', '.join(listed) or '1'} FROM {rows})"

    def _is_key(self, columns: Sequence[str]) -> bool:
        if not set(columns) <= set(self._shared):
            return False
        names = ", ".join(map(quoted, columns))
        filled = " AND ".join(f"{quoted(each)} IS NOT NULL" for each in columns)
        counts = (
            f"(SELECT count(*) = count(DISTINCT row({names})) FILTER ({filled}) FROM {each})"
            for each in (self._old, self._new)
        )
        return bool(self._ask(" AND ".join(counts))[0])

    def _by_key(self, key: Sequence[str]) -> TableDifference:
        """One pass over the joined rows: counts, and the first examples in the order of keys."""
        names = [name for name in self._shared if name not in key]
        differs = [f"a.{quoted(c)} IS DISTINCT FROM b.{quoted(c)}" for c in names]
        old, new = f"a.{quoted(key[0])} IS NULL", f"b.{quoted(key[0])} IS NULL"
        both = f"NOT {old} AND NOT {new}"
        joined = " AND ".join(f"a.{quoted(c)} = b.{quoted(c)}" for c in key)
        was, now = (_text_of(key, side) for side in "ab")
        asked = [
            f"count(*) FILTER ({old})",
            f"count(*) FILTER ({new})",
            f"count(*) FILTER ({both})",
            f"count(*) FILTER ({both} AND ({' OR '.join(differs) or 'false'}))",
            f"min({now}, {EXAMPLES}) FILTER ({old})",
            f"min({was}, {EXAMPLES}) FILTER ({new})",
        ]
        for name, condition in zip(names, differs, strict=True):
            values = f"{_text_of([name], 'a')}, {_text_of([name], 'b')}"
            asked.append(f"count(*) FILTER ({both} AND {condition})")
            asked.append(f"min(row({now}, {values}), {_LOOKED_AT}) FILTER ({both} AND {condition})")
        added, removed, common, altered, came, went, *columns = self._ask(
            f"{', '.join(asked)} FROM {self._old} a FULL OUTER JOIN {self._new} b ON {joined}"
        )
        counts = dict(zip(names, columns[::2], strict=True))
        pairs = dict(zip(names, columns[1::2], strict=True))
        harmless = set(key) <= set(self._known.harmless)
        return TableDifference(
            table=self._table,
            key=" + ".join(key),
            same=common - altered,
            altered=altered,
            added=added,
            removed=removed,
            columns={name: count for name, count in counts.items() if count},
            examples={
                name: _unlike(found, key=harmless, value=name in self._known.harmless)
                for name, found in pairs.items()
                if found
            },
            added_keys=tuple(_short(each, harmless=harmless) or "" for each in came or ()),
            removed_keys=tuple(_short(each, harmless=harmless) or "" for each in went or ()),
        )

    def _whole(self) -> TableDifference:
        """Rows as a multiset: one that stands twice is there two times."""
        if not self._shared:
            old, new = self._ask(
                f"(SELECT count(*) FROM {self._old}), (SELECT count(*) FROM {self._new})"
            )
            return TableDifference(table=self._table, added=new, removed=old)
        names = ", ".join(map(quoted, self._shared))
        had, has = "count(*) FILTER (side = 0)", "count(*) FILTER (side = 1)"
        found = self._ask(
            "sum(least(had, has)), sum(has - least(had, has)), sum(had - least(had, has)) "
            f"FROM (SELECT {had} AS had, {has} AS has FROM ("
            f"SELECT 0 AS side, {names} FROM {self._old} UNION ALL "
            f"SELECT 1, {names} FROM {self._new}) GROUP BY {names})"
        )
        same, added, removed = (int(count or 0) for count in found)
        return TableDifference(table=self._table, same=same, added=added, removed=removed)

    def _ask(self, query: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._connection.execute(f"SELECT {query}").fetchall()[0]
        return found


def _text_of(columns: Sequence[str], side: str) -> str:
    """Values as they read, one after the other, no longer than they are looked at."""
    read = [f"left({side}.{quoted(column)}::VARCHAR, {_READ})" for column in columns]
    return read[0] if len(read) == 1 else f"concat_ws(' + ', {', '.join(read)})"


def _unlike(
    found: Sequence[tuple[str, str | None, str | None]], *, key: bool, value: bool
) -> tuple[ValueExample, ...]:
    """A few examples, each of another shape than those before it."""
    kinds: dict[tuple[str, str], ValueExample] = {}
    for name, then, now in found:
        example = ValueExample(
            key=_short(name, harmless=key) or "",
            then=_short(then, harmless=value),
            now=_short(now, harmless=value),
        )
        kinds.setdefault((shape(then or ""), shape(now or "")), example)
    return tuple(kinds.values())[:EXAMPLES]


def _short(text: str | None, *, harmless: bool) -> str | None:
    """A value as a page may show it."""
    return None if text is None else cut(shown(text, personal=not harmless), _LONGEST_SHOWN)

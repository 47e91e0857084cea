"""How many values of each file the rules read, and what became of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.cleaning.models import feeds_of, read_columns
from consulting.records import ReadCount
from consulting.rules import column_rule, reason_sentences
from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from consulting.cleaning.warehouse import Tables
    from consulting.rules import ColumnRule

_KEEPS_VALUE = frozenset({"above_maximum", "below_minimum", "too_long", "wrong_format"})
"""The reasons of values that are read before they are rejected."""


_OF_ROWS = "row:"
"""How the codes of row rules begin."""


def read_counts(
    tables: Tables, manifest: dict[str, Any], but: Collection[str] = ()
) -> Iterator[ReadCount]:
    """Count the values of each column, and the rows, file by file.

    A rule of later on may reject some.

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
            of_rows = manifest["nodes"].get(f"model.consulting.{feed}", {}).get("meta") or {}
            for count in _of_feed(tables, feed, columns, of_rows):
                if count.file not in but:
                    yield count


def _of_feed(
    tables: Tables, feed: str, columns: Mapping[str, ColumnRule], of_rows: Mapping[str, Any]
) -> Iterator[ReadCount]:
    staged = tables.quoted(f"staging.stg_{feed}")
    declared_key = (of_rows.get("dedupe") or {}).get("key", ())
    key = [name for name in declared_key if name in columns]
    whole = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key) or "true"
    unread = _unread(tables, staged, columns, of_rows.get("reject_when") or ())
    alike, unlike = _merged(tables, feed, columns.keys() - {*key})
    held = ", ".join(f"count({quoted(name)})" for name in columns)
    for file, rows, accepted, *read in tables.rows(
        f"SELECT _file, count(*), count(*) FILTER (_reason IS NULL AND {whole}), {held} "
        f"FROM {staged} GROUP BY 1 ORDER BY min(_row_id)"
    ):
        for (column, rule), held_now in zip(columns.items(), read, strict=True):
            codes = unread.get((file, column), {})
            kept = _KEEPS_VALUE if rule.on_invalid == "reject" else frozenset()
            values = held_now + sum(count for code, count in codes.items() if code not in kept)
            if values:
                yield ReadCount(
                    feed=feed,
                    column=column,
                    file=file,
                    rows=rows,
                    values=values,
                    unread=sum(codes.values()),
                    reason=max(codes, key=lambda code: (codes[code], code), default=""),
                )
        for code, count in sorted(unread.get((file, ""), {}).items()):
            yield ReadCount(
                feed=feed, column="", file=file, rows=rows, values=rows, unread=count, reason=code
            )
        yield ReadCount(
            feed=feed,
            column="",
            file=file,
            rows=rows,
            values=accepted - alike.get(file, 0),
            unread=unlike.get(file, 0),
        )


def _unread(
    tables: Tables, staged: str, columns: Collection[str], row_rules: Iterable[str]
) -> dict[tuple[str, str], dict[str, int]]:
    """File and column → how many values did not fit, by the code of why; "" → rows, likewise."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    declared, words = {f"{_OF_ROWS}{name}" for name in row_rules}, reason_sentences()
    # row by row and not column by column: few rows have a mark, and a feed may have many columns
    for file, mark, count in tables.rows(
        "SELECT _file, mark, count(*) FROM (SELECT _file, "
        "unnest(string_split(concat_ws(';', _reasons, _blanked), ';')) AS mark "
        f"FROM {staged} WHERE _reasons IS NOT NULL OR _blanked IS NOT NULL) GROUP BY ALL"
    ):
        column, _, code = mark.rpartition(":")
        is_column = column in columns and mark not in declared and code in words
        if mark.startswith(_OF_ROWS) and not is_column:
            found.setdefault((file, ""), {})[mark] = count
        elif code != "missing":
            found.setdefault((file, column), {})[code] = count
    return found


def _merged(
    tables: Tables, feed: str, others: Collection[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """File → its rows that were merged into another of the same file: those alike, and unlike.

    What another file tells anew is no loss, nor is what stands there twice, or with some columns
    brought up to date. Unlike are two rows that differ in half or more of the columns that tell
    merged rows apart at all, but for the key.
    """
    name, cleaned = f"intermediate.merged_{feed}", f"intermediate.int_{feed}"
    there = [each for each in sorted(others) if each in tables.columns(name)]
    kept = tables.columns(cleaned).keys() >= {"_row_id", "_file", *there}
    alike: dict[str, int] = {}
    unlike: dict[str, int] = {}
    if not tables.count(name) or not kept:
        return alike, unlike
    merged = tables.quoted(name)
    varies = tables.rows(
        f"SELECT {', '.join(f'min({quoted(c)}) <> max({quoted(c)})' for c in there) or 'NULL'} "
        f"FROM {merged}"
    )[0]
    telling = [quoted(each) for each, told in zip(there, varies, strict=False) if told]
    differ, same = (
        " + ".join(f"coalesce(m.{c} {how} k.{c}, false)::INTEGER" for c in telling) or "0"
        for how in ("IS DISTINCT FROM", "=")
    )
    for span in tables.spans(name):
        for file, all_rows, apart in tables.rows(
            "SELECT file, count(*), count(*) FILTER (differ > 0 AND differ >= same) FROM ("
            f"SELECT m._file AS file, {differ} AS differ, {same} AS same FROM {merged} m "
            f"JOIN {tables.quoted(cleaned)} k ON k._row_id = m._merged_into AND k._file = m._file "
            f"WHERE m._row_id {span}) GROUP BY 1"
        ):
            unlike[file] = unlike.get(file, 0) + apart
            alike[file] = alike.get(file, 0) + all_rows - apart
    return alike, unlike

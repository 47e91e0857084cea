"""Where every row went, and what each rule did: counted in the client's database, by row id."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from consulting.cleaning.models import feeds_of, read_columns
from consulting.cleaning.rules import told
from consulting.cleaning.slim import nodes_of
from consulting.corrections import UNKNOWN_CORRECTION
from consulting.records import NO_MODELS, FeedAccount, Step
from consulting.rules import column_rule, headers_of
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from consulting.cleaning.warehouse import Tables
    from consulting.records import ColumnMapping, FileReading

    _Made = Mapping[tuple[str, str | None], ColumnMapping]

UNPARSED = "file:unparsed"
_STAGE = "cleaned"
# the columns of staging that name a column and what was wrong, and the rows they are counted among
_MARKS = {"_reason": "true", "_reasons": "true", "_blanked": "s._reason IS NULL"}


def account_rows(
    tables: Tables, manifest: dict[str, Any], readings: Sequence[FileReading]
) -> list[FeedAccount]:
    """Account for every record of every feed, from its files to its delivered table.

    Rows are followed by `_row_id`, so that a row lost and another row doubled do not cancel out:
    `unaccounted` is then the number lost. It is negative where rows were only invented or doubled.

    Args:
        tables: Of the client's database after dbt ran.
        manifest: The client's slim manifest.
        readings: What intake read; at tier 2 the account is of the sample that was kept.

    Returns:
        An account for each feed that has models, a source or a file, in alphabetical order.
    """
    feeds = sorted({*feeds_of(manifest), *(reading.feed for reading in readings)})
    keys = _merged_by(manifest)
    return [
        _account(tables, feed, _received(feed, readings), readings).model_copy(
            update={"merged_by": keys.get(feed, ())}
        )
        for feed in feeds
    ]


def _merged_by(manifest: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The key of each model's `dedupe`, by the model's name: that of its feed."""
    return {
        node["name"]: tuple((node["meta"].get("dedupe") or {}).get("key", ()))
        for node in nodes_of(manifest)
    }


def _received(feed: str, readings: Iterable[FileReading]) -> int:
    """Records in the feed's files; of a sampled one, those that were kept or did not parse.

    At tier 1 no row of a file is kept, so none is received.
    """
    return sum(
        reading.received_rows
        if reading.sampled_from is None
        else reading.loaded_rows + reading.unparsed_rows
        for reading in readings
        if reading.feed == feed and reading.rows_path is not None
    )


def _account(
    tables: Tables, feed: str, received: int, readings: Sequence[FileReading]
) -> FeedAccount:
    kept = [r for r in readings if r.feed == feed and r.rows_path is not None]
    rejected = _unparsed(kept)
    raw, table = f"raw.{feed}", _delivered_table(tables, feed)
    loaded = tables.count(raw)
    if not readings:
        received = loaded
    if table is None:
        return FeedAccount(
            feed=feed,
            table=None,
            received=received,
            delivered=0,
            rejected=rejected | ({NO_MODELS: loaded} if loaded else {}),
            merged={},
        )
    rejects, merged = f"rejects.rejects_{feed}", f"intermediate.merged_{feed}"
    rejected |= tables.count_by(rejects, "_reason")
    set_aside = [name for name in (rejects, merged) if name in tables]
    return FeedAccount(
        feed=feed,
        table=table,
        received=received,
        delivered=_delivered(tables, raw, table, set_aside),
        rejected=rejected,
        merged=tables.count_by(merged, "_rule"),
    )


def _unparsed(readings: Sequence[FileReading]) -> dict[str, int]:
    """Records set aside before they became rows, by reason."""
    records = sum(reading.unparsed_rows for reading in readings)
    unknown = sum(r.corrections.still_unknown for r in readings if r.corrections)
    counted = {UNPARSED: records - unknown, UNKNOWN_CORRECTION: unknown}
    return {reason: count for reason, count in counted.items() if count}


def _delivered_table(tables: Tables, feed: str) -> str | None:
    """The mart, or the table before it where a hand-written mart has other rows than the feed."""
    for name in (f"marts.{feed}", f"intermediate.int_{feed}"):
        if name in tables and "_row_id" in tables.columns(name):
            return name
    return None


def _delivered(tables: Tables, raw: str, table: str, set_aside: list[str]) -> int:
    """Rows delivered; where a row was lost, only those that can be told to be delivered once."""
    ids = " UNION ALL ".join(
        f"SELECT _row_id FROM {tables.quoted(name)}" for name in (table, *set_aside)
    )
    lost = sum(
        tables.rows(
            f"SELECT count(*) FROM {tables.quoted(raw)} WHERE _row_id {span} AND NOT EXISTS "
            f"(SELECT 1 FROM ({ids}) p WHERE p._row_id {span} AND p._row_id = {raw_id})"
        )[0][0]
        for raw_id in [f"{tables.quoted(raw)}._row_id"]
        for span in tables.spans(raw)
    )
    if not lost:
        return tables.count(table)
    once = tables.rows(
        f"SELECT count(*) FROM (SELECT _row_id FROM ({ids}) GROUP BY _row_id HAVING count(*) = 1) "
        f"WHERE _row_id IN (SELECT _row_id FROM {tables.quoted(table)})"
    )
    return int(once[0][0])


def cleaning_steps(
    tables: Tables, manifest: dict[str, Any], mappings: Sequence[ColumnMapping] = ()
) -> list[Step]:
    """Tell what cleaning did, in order: each rule on each column, rejects, merges, tables.

    Args:
        tables: Of the client's database after dbt ran.
        manifest: The client's slim manifest.
        mappings: What the mapping document says of each column, which is said here, too.

    Returns:
        Steps with counts: `values_changed` is the mapping's own count.
    """
    made = {(m.feed, m.target_column): m for m in mappings if m.target_table == m.feed}
    steps = [
        step for feed in feeds_of(manifest) for step in _feed_steps(tables, manifest, feed, made)
    ]
    return steps + _sql_steps(tables, manifest)


def _feed_steps(tables: Tables, manifest: dict[str, Any], feed: str, made: _Made) -> list[Step]:
    raw, staged, cleaned = f"raw.{feed}", f"staging.stg_{feed}", f"intermediate.int_{feed}"
    if raw not in tables or staged not in tables:
        return []
    step = partial(Step, stage=_STAGE, feed=feed)
    received = tables.count(raw)
    steps = _column_steps(tables, manifest, feed, received, made)
    rejected = tables.count_by(f"rejects.rejects_{feed}", "_reason")
    accepted = received - sum(rejected.values())
    steps.append(
        step(
            subject=staged,
            operation="reject rows",
            rows_before=received,
            rows_after=accepted,
            rows_rejected=sum(rejected.values()),
            detail="; ".join(f"{reason}: {count}" for reason, count in rejected.items()),
        )
    )
    if cleaned in tables:
        merged = tables.count_by(f"intermediate.merged_{feed}", "_rule")
        steps.append(
            step(
                subject=cleaned,
                operation="merge duplicates",
                rows_before=accepted,
                rows_after=tables.count(cleaned),
                rows_merged=sum(merged.values()),
                detail="; ".join(f"{rule}: {count}" for rule, count in merged.items()),
            )
        )
    if f"marts.{feed}" in tables:
        steps.append(
            step(
                subject=f"marts.{feed}",
                operation="build table",
                rows_before=tables.count(cleaned) if cleaned in tables else None,
                rows_after=tables.count(f"marts.{feed}"),
            )
        )
    return steps


def _column_steps(
    tables: Tables, manifest: dict[str, Any], feed: str, received: int, made: _Made
) -> list[Step]:
    staged = tables.columns(f"staging.stg_{feed}")
    raw = {name.casefold() for name in tables.columns(f"raw.{feed}")}
    columns = {
        name: column_rule(meta)
        for name, meta in read_columns(manifest, feed).items()
        if name in staged and raw.issuperset(map(str.casefold, headers_of(meta)))
    }
    if not columns or "_reasons" not in staged:
        return []
    marks = _count_marks(tables, feed, columns)
    steps: list[Step] = []
    for number, (name, rule) in enumerate(columns.items()):
        first, any_place, blanked = marks[3 * number : 3 * number + 3]
        mapping = made.get((feed, name))
        notes = [mapping.transformation if mapping else told(rule, harmless=False)]
        if any_place > first:
            notes.append(
                f"{counted(any_place - first, 'more row')} rejected for another column first"
            )
        if blanked:
            notes.append(f"{counted(blanked, 'value')} that did not fit left empty")
        steps.append(
            Step(
                stage=_STAGE,
                feed=feed,
                subject=f"{feed}.{name}",
                operation=(mapping.rule if mapping else None) or rule.rule,
                rows_before=received,
                rows_after=received - first,
                rows_rejected=first,
                values_changed=mapping.changes.changed if mapping and mapping.changes else None,
                detail="; ".join(notes),
            )
        )
    return steps


def _count_marks(tables: Tables, feed: str, columns: Iterable[str]) -> list[int]:
    """Three counts for each column: rejected for it first, for it at all, emptied in it."""
    counts = [
        f"count(*) FILTER ({among} AND contains(concat(';', s.{mark}, ';'), ';{name}:'))"
        for name in columns
        for mark, among in _MARKS.items()
    ]
    # few rows have a mark; only they are searched for names
    found = tables.rows(
        f"SELECT {', '.join(counts)} FROM {tables.quoted(f'staging.stg_{feed}')} s "
        "WHERE s._reason IS NOT NULL OR s._reasons IS NOT NULL OR s._blanked IS NOT NULL"
    )
    return list(found[0])


def _sql_steps(tables: Tables, manifest: dict[str, Any]) -> list[Step]:
    """The tables that no feed has: hand-written marts."""
    feeds = set(feeds_of(manifest))
    return [
        Step(
            stage=_STAGE,
            feed=None,
            subject=f"marts.{node['alias']}",
            operation="build table",
            rows_after=tables.count(f"marts.{node['alias']}"),
            detail=node.get("description", ""),
        )
        for node in nodes_of(manifest)
        if node["schema"] == "marts"
        and node["name"] not in feeds
        and f"marts.{node['alias']}" in tables
    ]

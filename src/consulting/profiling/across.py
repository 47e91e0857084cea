"""What feeds have to do with each other: values of one that should be keys of another."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

from consulting.privacy.column_names import words
from consulting.profiling.columns import pct
from consulting.profiling.model import ColumnProfile, FeedProfile, Issue
from consulting.profiling.source import bare, is_missing, open_connection, trimmed, view_rows
from consulting.profiling.thresholds import Thresholds
from consulting.records import FileReading, Record
from consulting.sql import quoted
from consulting.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_DEFAULT = Thresholds()
_NOT_KEYS = frozenset({"boolean", "date", "timestamp", "time", "empty", "unknown", "decimal"})
_KEY_WORDS = frozenset(
    "id key no nr number code sku nummer num ref uuid index".split()  # noqa: SIM905 - words
)
_LINE_WORDS = frozenset({"line", "pos", "position", "item", "seq", "zeile"})
_CHANCE = 5
"""Pairs of rows that would share both values, had they met at random, from which it is no chance
that none do."""
_MOST_PAIRS = 20


class Relation(Record):
    """A column whose values are keys of another feed.

    Attributes:
        feed: The feed that refers.
        column: Its column.
        parent_feed: The feed referred to.
        parent_column: The key there.
        rows: Rows with a value.
        orphans: Rows whose value the parent does not have.
    """

    feed: str
    column: str
    parent_feed: str
    parent_column: str
    rows: int
    orphans: int


def profile_across(
    profiles: Sequence[FeedProfile],
    run_folder: Path,
    readings: Sequence[FileReading],
    thresholds: Thresholds = _DEFAULT,
) -> list[Issue]:
    """Issues between feeds: rows that refer to a key the other feed does not have.

    Args:
        profiles: The profiles of the run's feeds.
        run_folder: `ClientFolder.run(batch_id)`.
        readings: The run's files.
        thresholds: `foreign_key_share`: fewer matches are no relation, but chance.
    """
    found = find_relations(profiles, run_folder, readings, thresholds)
    return [_orphans(r) for r in found if r.orphans]


def find_relations(
    profiles: Sequence[FeedProfile],
    run_folder: Path,
    readings: Sequence[FileReading],
    thresholds: Thresholds = _DEFAULT,
) -> list[Relation]:
    """Columns whose values are (nearly) all keys of another feed, and whose name says so."""
    stored = {r.feed for r in readings if r.rows_path}
    usable = [p for p in profiles if p.feed in stored and p.row_count]
    tried = [
        (child, parent, column, key)
        for child, parent in permutations(usable, 2)
        for column, key in _candidates(child, parent, thresholds)
    ]
    found: list[Relation] = []
    if not tried:
        return found
    with open_connection(readings, run_folder, thresholds) as connection:
        for profile in usable:
            mine = [r for r in readings if r.feed == profile.feed]
            view_rows(connection, profile.feed, mine, run_folder)
        for child, parent, column, key in tried:
            value, other = trimmed(quoted(column.name)), trimmed(quoted(key.name))
            [(rows, orphans)] = connection.execute(
                f"SELECT count(*), count(*) FILTER (v NOT IN "
                f"(SELECT {other} FROM {quoted(parent.feed)} WHERE {other} > '')) "
                f"FROM (SELECT {value} AS v FROM {quoted(child.feed)} "
                f"WHERE {value} > '' AND NOT null_like({value}))"
            ).fetchall()
            if rows and orphans <= (1 - thresholds.foreign_key_share) * rows:
                found.append(
                    Relation(
                        feed=child.feed, column=column.name, parent_feed=parent.feed,
                        parent_column=key.name, rows=rows, orphans=orphans,
                    )
                )  # fmt: skip
    return found


def find_joint_keys(
    profiles: Sequence[FeedProfile],
    run_folder: Path,
    readings: Sequence[FileReading],
) -> dict[str, tuple[str, str]]:
    """Two columns of a feed that identify its rows together, like order and line.

    Rows that repeat as a whole are one row. That they identify them must be no chance: had the
    values met at random, several rows would share a pair.
    """
    found: dict[str, tuple[str, str]] = {}
    stored = [r for r in readings if r.rows_path]
    with open_connection(stored, run_folder, _DEFAULT) as connection:
        for profile in profiles:
            mine = [r for r in stored if r.feed == profile.feed]
            pairs = _pairs(profile) if mine else []
            if pairs:
                view_rows(connection, profile.feed, mine, run_folder)
            for a, b in pairs:
                [(rows,)] = connection.execute(
                    f"SELECT count(DISTINCT ({quoted(a)}, {quoted(b)})) FROM {quoted(profile.feed)}"
                ).fetchall()
                if rows == profile.row_count - profile.duplicate_rows:
                    found[profile.feed] = (a, b)
                    break
    return found


def _pairs(profile: FeedProfile) -> list[tuple[str, str]]:
    """Pairs of columns that could be a key, those named like one first."""
    rows = profile.row_count - profile.duplicate_rows
    usable = [
        c
        for c in profile.columns
        if c.inferred_type not in _NOT_KEYS - {"date"}
        and c.inferred_type != "money"
        and 1 < c.distinct_count < rows
        and not c.null_count + c.null_like_count
    ]
    named = {c.name for c in usable if set(words(c.name)) & (_KEY_WORDS | _LINE_WORDS)}
    pairs = [
        (a, b)
        for a, b in combinations(usable, 2)
        if named & {a.name, b.name}
        and rows <= a.distinct_count * b.distinct_count
        and rows**2 >= 2 * _CHANCE * a.distinct_count * b.distinct_count
    ]
    ordered = sorted(pairs, key=lambda p: -len(named & {p[0].name, p[1].name}))
    return [(a.name, b.name) for a, b in ordered[:_MOST_PAIRS]]


def _candidates(
    child: FeedProfile, parent: FeedProfile, thresholds: Thresholds
) -> Iterator[tuple[ColumnProfile, ColumnProfile]]:
    for key in parent.columns:
        if key.inferred_type in _NOT_KEYS or key.cardinality_ratio < thresholds.key_share:
            continue
        for column in child.columns:
            kinds = {column.inferred_type, key.inferred_type}
            same_kind = len(kinds) == 1 or kinds <= {"integer", "code", "text"}
            if same_kind and column.distinct_count and _names_agree(column, parent, key):
                yield column, key


def _names_agree(column: ColumnProfile, parent: FeedProfile, key: ColumnProfile) -> bool:
    """Whether `customer_id` can refer to `customers.id` or `clients.CustomerID`."""
    mine, theirs = set(words(column.name)), set(words(key.name))
    if not (mine | theirs) & _KEY_WORDS:
        return False
    parent_words = {w.removesuffix("s") for w in words(parent.feed)}
    subject = mine - _KEY_WORDS
    if subject and subject == theirs - _KEY_WORDS:
        # the same name in both: the feed that it names is the parent
        return column.cardinality_ratio < 1 or bool(parent_words & subject)
    bare_key = not theirs - _KEY_WORDS
    return bare_key and bool({w.removesuffix("s") for w in subject} & parent_words)


def _orphans(relation: Relation) -> Issue:
    column, key = quoted(relation.column), quoted(relation.parent_column)
    other = f"raw.{quoted(relation.parent_feed)}"
    return Issue(
        feed=relation.feed, column=relation.column,
        columns=(relation.column, f"{relation.parent_feed}.{relation.parent_column}"),
        issue_type="orphan_values", severity="warn",
        detail=counted(relation.orphans, "row") + f" of {relation.feed} "
        f"{'refers' if relation.orphans == 1 else 'refer'} by “{relation.column}” to a "
        f"“{relation.parent_column}” that {relation.parent_feed} does not have.",
        evidence_count=relation.orphans, evidence_pct=pct(relation.orphans, relation.rows),
        recommendation=f"Ask whether {relation.parent_feed} is complete; add a relationships test.",
        question=f"Are all {relation.parent_feed} in the file, or the current ones only?",
        rows_where=f"NOT {is_missing(column)} AND {bare(column)} NOT IN (SELECT {bare(key)} "
        f"FROM {other} WHERE {key} IS NOT NULL)",
    )  # fmt: skip

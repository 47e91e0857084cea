"""Findings about whole rows: duplicates, and keys of two columns."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from consulting.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.profiling.source import FeedSource
    from consulting.profiling.view import ColumnView

_WIDEST_KEY = 2
_KEY_COLUMNS = 12


def duplicate_rows(source: FeedSource, views: Sequence[ColumnView]) -> int:
    """Rows that repeat an earlier row in every column, by 64-bit hashes of the rows.

    Two different rows share a hash with a probability of about rows² / 2⁶⁵ (3 in a million for
    10 million rows).
    """
    if not views or any(v.distinct == v.rows for v in views):
        return 0
    columns = ", ".join(quoted(v.name) for v in views)
    found = source.one(
        f"SELECT count(*) - count(DISTINCT row_hash) FROM (SELECT hash({columns}) AS row_hash "
        "FROM feed)"
    )
    return int(found[0])


def wide_keys(source: FeedSource, views: Sequence[ColumnView]) -> list[tuple[str, ...]]:
    """Pairs of columns that identify a row, where no single column does."""
    full = [v for v in views if v.rows and not v.blank and not v.missing_tokens and v.distinct > 1]
    full = sorted(full, key=lambda v: (-v.distinct, v.position))[:_KEY_COLUMNS]
    rows = source.rows
    pairs = [(a, b) for a, b in combinations(full, _WIDEST_KEY) if a.distinct * b.distinct >= rows]
    keys: list[tuple[str, ...]] = []
    for a, b in pairs:
        first, second = sorted((a, b), key=lambda v: v.position)
        both = f"{quoted(first.name)}, {quoted(second.name)}"
        if (
            source.one(f"SELECT count(*) FROM (SELECT DISTINCT {both} FROM sample)")[0]
            < source.one("SELECT count(*) FROM sample")[0]
        ):
            continue
        if source.one(f"SELECT count(DISTINCT hash({both})) FROM feed")[0] == rows:
            keys.append((first.name, second.name))
    return keys

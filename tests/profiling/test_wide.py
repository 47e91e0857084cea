"""Feeds of many columns: the same profile, at a cost that grows with their number only."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from consulting.profiling import profile_feed
from consulting.profiling import source as feed_source
from consulting.profiling.thresholds import Thresholds
from consulting.records import FileReading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pytest

ROWS = 40


def wide_feed(folder: Path, columns: int) -> FileReading:
    names = [f"c{at}" for at in range(columns)]
    kinds = (
        lambda n, at: str(n * at),
        lambda n, at: f"name {n % 7}" if n else f"Name {at}",
        lambda n, at: f"2024-01-{n % 28 + 1:02d}",
        lambda n, at: f"{n}.5",
    )
    data: dict[str, Any] = {
        name: [kinds[at % len(kinds)](n, at) for n in range(ROWS)] for at, name in enumerate(names)
    }
    (folder / "rows").mkdir(parents=True)
    data |= {"_file": ["f.csv"] * ROWS, "_row": list(range(2, ROWS + 2))}
    pq.write_table(pa.table(data), folder / "rows" / "f.parquet")
    return FileReading(
        filename="f.csv", feed="o", sha256="0" * 64, size_bytes=1, format="csv", columns=names,
        received_rows=ROWS, loaded_rows=ROWS, rows_path="rows/f.parquet",
    )  # fmt: skip


def test_a_wide_feed_has_the_profile_it_would_have_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = wide_feed(tmp_path, 52)
    narrowed = profile_feed("o", [reading], tmp_path)
    monkeypatch.setattr(feed_source, "_NARROW_CELLS", 0)
    whole = profile_feed("o", [reading], tmp_path)
    assert narrowed.model_dump_json() == whole.model_dump_json()
    assert [column.inferred_type for column in narrowed.columns[:4]] == [
        "integer", "text", "date", "decimal",
    ]  # fmt: skip


def test_no_statement_is_made_of_all_columns_for_each_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Counter[int] = Counter()
    query, narrowed = feed_source.FeedSource.query, feed_source.FeedSource.narrowed
    narrow = False

    @contextmanager
    def noted(self: feed_source.FeedSource, columns: Sequence[str]) -> Iterator[None]:
        nonlocal narrow
        with narrowed(self, columns):
            narrow = len(query(self, "DESCRIBE feed")) == len(columns)
            yield
            narrow = False

    def counting(
        self: feed_source.FeedSource, sql: str, parameters: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]:
        made[len(self.columns)] += not narrow and "FROM feed" in sql
        return query(self, sql, parameters)

    monkeypatch.setattr(feed_source.FeedSource, "narrowed", noted)
    monkeypatch.setattr(feed_source.FeedSource, "query", counting)
    for columns in (100, 200):
        folder = tmp_path / str(columns)
        # of pairs of columns, no more than of so many columns are looked at
        one_by_one = Thresholds(dependency_columns=0)
        profile_feed("o", [wide_feed(folder, columns)], folder, thresholds=one_by_one)
    assert made[200] <= made[100] + 5

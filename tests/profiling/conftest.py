from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consulting.profiling import FeedProfile, Thresholds, profile_feed
from consulting.profiling.source import NO_MARKS
from consulting.records import FileReading

if TYPE_CHECKING:
    from pathlib import Path

    from consulting.rules.accepted import Mark

Columns = Mapping[str, Sequence[str | None]]
Landing = Callable[..., FileReading]


def land_rows(run_folder: Path, columns: Columns, feed: str, name: str, **more: Any) -> FileReading:
    rows = len(next(iter(columns.values())))
    table = {c: pa.array(v, pa.string()) for c, v in columns.items()}
    table |= {
        "_file": pa.array([name] * rows, pa.string()),
        "_row": pa.array(range(2, rows + 2), pa.int64()),
    }
    path = run_folder / "rows" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(table), path, row_group_size=10_000)  # several threads read it
    settings: dict[str, Any] = {
        "filename": name, "feed": feed, "sha256": "ab" * 32, "size_bytes": 1234, "format": "csv",
        "encoding": "utf-8", "delimiter": ",", "quotechar": '"', "columns": tuple(columns),
        "received_rows": rows, "loaded_rows": rows, "rows_path": f"rows/{name}.parquet",
    }  # fmt: skip
    return FileReading(**(settings | more))


@pytest.fixture
def land(tmp_path: Path) -> Landing:
    """Writes rows as intake would and returns the file's reading."""

    def landed(
        columns: Columns, feed: str = "orders", name: str = "orders.csv", **more: Any
    ) -> FileReading:
        return land_rows(tmp_path, columns, feed, name, **more)

    return landed


@pytest.fixture(scope="module")
def profiles() -> dict[str, FeedProfile]:
    """What a file of tests has profiled: many hold the next file against the same first one."""
    return {}


@pytest.fixture
def profile(
    tmp_path: Path, request: pytest.FixtureRequest, profiles: dict[str, FeedProfile]
) -> Callable[..., FeedProfile]:
    """Profiles columns given as lists of texts; the same ones once, where nothing is patched."""
    known = {} if "monkeypatch" in request.fixturenames else profiles

    def profiled(  # noqa: PLR0913 - by name only
        columns: Columns,
        thresholds: Thresholds | None = None,
        *,
        declared: Sequence[str] = (),
        accepted: Mapping[str, Sequence[Mark]] | None = None,
        replaced: Mapping[str, Collection[str]] | None = None,
        suspected: Mapping[str, Mapping[str, bool]] | None = None,
        marks: Mapping[str, str] = NO_MARKS,
        anew: bool = False,
        **more: Any,
    ) -> FeedProfile:
        reading = land_rows(tmp_path, columns, "orders", "orders.csv", **more)
        asked = repr((columns, thresholds, declared, accepted, replaced, suspected, marks, more))
        if anew or asked not in known:
            known[asked] = profile_feed(
                "orders", [reading], tmp_path, declared=declared, accepted=accepted,
                replaced=replaced, suspected=suspected, marks=marks,
                thresholds=thresholds or Thresholds(),
            )  # fmt: skip
        return known[asked]

    return profiled

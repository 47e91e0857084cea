"""Issues against the true errors of real files; the whole table: benchmarks/dirty_clean.py."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from consulting.profiling import FeedProfile, profile_feed, profile_schema

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.shared


def load_benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "dirty_clean.py"
    spec = importlib.util.spec_from_file_location("dirty_clean", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BENCHMARK: Any = load_benchmark()
FOLDER = BENCHMARK.default_folder()


def profile_of(name: str, folder: Path) -> FeedProfile:
    if not FOLDER.exists():
        pytest.skip("no shared data beside the repository")
    reading = BENCHMARK.land(FOLDER / name / "dirty.csv", folder)
    return profile_feed("dirty", [reading], folder)


@pytest.mark.parametrize(
    ("name", "recall", "precision"), [("hospital", 0.9, 0.6), ("beers", 0.7, 0.95)]
)
def test_warnings_point_at_most_of_the_true_errors(
    tmp_path: Path, name: str, recall: float, precision: float
) -> None:
    issues = [i for i in profile_of(name, tmp_path).issues if i.severity != "info"]
    found = {(c, r) for c, rows in BENCHMARK.pointed_at(issues, tmp_path).items() for r in rows}
    wrong = {(c, r) for c, rows in BENCHMARK.truth(FOLDER / name).items() for r in rows}
    assert len(found & wrong) / len(wrong) >= recall
    assert len(found & wrong) / len(found) >= precision


def test_the_profile_of_a_real_file_follows_the_schema(tmp_path: Path) -> None:
    found = profile_of("hospital", tmp_path)
    jsonschema.validate(json.loads(found.model_dump_json()), profile_schema())
    assert (found.row_count, found.column_count) == (1_000, 20)
    for column in ("PhoneNumber", "Address1"):
        profiled = found.column(column)
        assert profiled is not None
        assert profiled.pii is not None

"""Issues against the true errors of real files; the whole table: benchmarks/errors.py."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from .test_profile import SCHEMA

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.shared


def load_benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "errors.py"
    spec = importlib.util.spec_from_file_location("errors_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


BENCHMARK: Any = load_benchmark()
FOLDER = BENCHMARK.default_folder() / "dirty_clean"


def outcome_of(name: str) -> Any:
    if not FOLDER.exists():
        pytest.skip("no shared data beside the repository")
    dirty = BENCHMARK.read(FOLDER / name / "dirty.csv")
    wrong = BENCHMARK.differing(dirty, BENCHMARK.read(FOLDER / name / "clean.csv"))
    return BENCHMARK.look(name, dirty, dict.fromkeys(wrong, "real"))


@pytest.mark.parametrize(
    ("name", "recall", "precision"), [("hospital", 0.9, 0.6), ("beers", 0.7, 0.95)]
)
def test_warnings_point_at_most_of_the_true_errors(
    name: str, recall: float, precision: float
) -> None:
    one = outcome_of(name)
    found = BENCHMARK.scores(one.warned(), set(one.wrong))
    assert found[0] >= precision
    assert found[1] >= recall


def test_the_profile_of_a_real_file_follows_the_schema() -> None:
    found = outcome_of("hospital").profile
    jsonschema.validate(json.loads(found.model_dump_json()), SCHEMA)
    assert (found.row_count, found.column_count) == (1_000, 20)
    for column in ("PhoneNumber", "Address1"):
        profiled = found.column(column)
        assert profiled is not None
        assert profiled.pii is not None

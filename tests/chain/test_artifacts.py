"""Records of another version are read as far as they go, and otherwise the stage runs again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from consulting.chain import artifacts

if TYPE_CHECKING:
    from pathlib import Path

FINDING = {"unique_id": "test.one", "name": "one", "model": "t", "severity": "warn",
           "status": "pass", "failing_rows": 0}  # fmt: skip


def test_what_a_version_no_longer_knows_is_left_out_at_any_depth(tmp_path: Path) -> None:
    path = tmp_path / "checks.json"
    path.write_text(json.dumps({"checks": [{**FINDING, "colour": "red"}], "format": 7}))
    (check,) = artifacts.read(path, artifacts.Checks).checks
    assert (check.name, check.status) == ("one", "pass")


def test_a_record_that_lacks_what_is_needed_counts_as_not_made(tmp_path: Path) -> None:
    path = tmp_path / "checks.json"
    path.write_text(json.dumps({"checks": [{"name": "one"}]}))
    with pytest.raises(FileNotFoundError) as caught:
        artifacts.read(path, artifacts.Checks)
    assert caught.value.filename == str(path)
    assert artifacts.find(path, artifacts.Checks) is None
    assert artifacts.find(tmp_path / "gone.json", artifacts.Checks) is None

"""docs/deliverables.md names every result of a corrected row, and every reason of a quarantine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consulting.records import CORRECTION_RESULTS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "deliverables.md").read_text(encoding="utf-8")
CODE = (ROOT / "src" / "consulting" / "chain" / "corrected.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", CORRECTION_RESULTS.values())
def test_every_result_is_explained(words: str) -> None:
    assert f"\n| {words} |" in TEXT


def test_every_reason_to_set_a_corrections_file_aside_is_explained() -> None:
    codes = set(re.findall(r'"(corrections_\w+)",', CODE))
    assert len(codes) == 4
    assert codes == set(re.findall(r"^\| `(corrections_\w+)`", TEXT, re.MULTILINE))

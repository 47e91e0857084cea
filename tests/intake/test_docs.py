"""docs/intake.md names every setting with its default, every state and every verb."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consulting.cli import main
from consulting.intake import BatchPolicy, State
from consulting.intake.fate import POISON
from consulting.intake.records import NO_FEED, NO_PERIOD

TEXT = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BatchPolicy.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    default = getattr(BatchPolicy(), name)
    values = default if isinstance(default, tuple) else (default,)
    shown = "none" if default is None else " ".join(f"`{value}`" for value in values)
    assert f"| `{name}` | {shown} |" in TEXT


def test_no_setting_is_documented_that_does_not_exist() -> None:
    settings = TEXT.partition("## Settings")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", settings, re.MULTILINE)) == set(BatchPolicy.model_fields)


@pytest.mark.parametrize("state", State)
def test_every_state_is_documented(state: State) -> None:
    assert f"| `{state}` |" in TEXT


@pytest.mark.parametrize("code", [NO_FEED, NO_PERIOD, POISON])
def test_every_reason_of_a_quarantine_by_intake_is_documented(code: str) -> None:
    assert f"(`{code}`)" in TEXT


@pytest.mark.parametrize("verb", ["ledger", "reprocess", "release", "discard"])
def test_every_verb_is_documented(verb: str) -> None:
    assert verb in main.commands  # type: ignore[attr-defined]
    assert f"consulting {verb} acme_corp" in TEXT
    if verb != "ledger":
        assert re.search(rf"consulting {verb} acme_corp .*--dry-run", TEXT)
        assert f"| `{verb}` |" in TEXT

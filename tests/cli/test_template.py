"""`consulting template`: what it tells, and that a dry run writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from consulting.cli import main

TEMPLATES = Path(__file__).parents[2] / "dbt" / "templates"


def test_a_dry_run_tells_what_a_template_would_take_and_writes_nothing() -> None:
    arguments = ["template", "learn", "acme_corp", "orders", "probe", "--dry-run"]
    said = CliRunner().invoke(main, arguments)
    assert said.exit_code == 0, said.output
    assert "dbt/templates/probe.yml: new" in said.output
    assert "  order_id ← Order ID" in said.output
    assert "not taken: channel: codes, its test accepted_values and rule" in said.output
    told = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).output)
    assert (told["written"], told["is_new"]) == (False, True)
    assert told["headers"]["amount"] == ["Amount"]
    assert not (TEMPLATES / "probe.yml").exists()


def test_a_template_that_is_none_is_told() -> None:
    said = CliRunner().invoke(main, ["template", "check", "probe"])
    assert said.exit_code == 1
    assert "There is no template 'probe'." in said.output


@pytest.mark.parametrize("name", ["", "../x", "a\nb", "null", "true", "-x", "Ä"])
def test_a_name_that_is_none_is_told_before_anything_is_made_of_it(name: str) -> None:
    said = CliRunner().invoke(main, ["template", "learn", "acme_corp", "orders", "--", name])
    assert said.exit_code == 1
    assert "can not be a template's name" in said.output

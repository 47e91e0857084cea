"""Editors complete and check the YAML of models by a schema that is written from the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from consulting.cleaning.library import FOLDER, MODELS_SCHEMA, write_library
from consulting.cleaning.scaffolding import write_feed_models
from consulting.rules import all_rules
from consulting.rules.schema import models_schema

ROOT = Path(__file__).parents[2]
SCHEMA = jsonschema.Draft7Validator(models_schema())


def mistakes(meta: dict[str, Any]) -> list[str]:
    document = {"models": [{"name": "orders", "columns": [{"name": "x", "meta": meta}]}]}
    return [error.message for error in SCHEMA.iter_errors(document)]


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(models_schema())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "dbt" / "models").rglob("*.yml")), ids=lambda path: path.name
)
def test_the_demos_models_follow_it(path: Path) -> None:
    document = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str))
    assert list(SCHEMA.iter_errors(document)) == []


@pytest.mark.parametrize("rule", all_rules())
def test_the_cases_of_each_rule_follow_it(rule: str) -> None:
    for arguments, _, _ in all_rules()[rule].cases:
        plain = json.loads(json.dumps(arguments, default=str))
        assert mistakes({"from": "X", "rule": rule, **plain}) == [], arguments


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"from": "X", "formats": ["%d"]}, "'formats' was unexpected"),
        ({"from": "X", "rule": "to_date", "format": "%d"}, "'format' was unexpected"),
        ({"from": "X", "rule": "to_datum"}, "'to_datum' is not valid"),
        ({"from": ["X", 3]}, "is not valid under any of the given schemas"),
        ({"from": "X", "on_invalid": "drop"}, "'drop' is not one of ['reject', 'blank']"),
    ],
)
def test_a_mistake_is_seen_as_it_is_typed(meta: dict[str, Any], said: str) -> None:
    assert any(said in message for message in mistakes(meta))


def test_a_proposed_file_names_the_schema_that_lies_in_the_library(tmp_path: Path) -> None:
    write_library(tmp_path)
    (path, *_) = write_feed_models(tmp_path, "acme", "orders", [{"name": "id", "from": "Id"}])
    first = path.read_text("utf-8").splitlines()[0]
    named = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
    assert named == (tmp_path / FOLDER / MODELS_SCHEMA).resolve()
    assert json.loads(named.read_text("utf-8")) == models_schema()
    assert list(SCHEMA.iter_errors(yaml.safe_load(path.read_text("utf-8")))) == []

"""Each field that a message names is set, to its own example, in a `defs.yaml` that loads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args, get_origin

import pytest
from pydantic import BaseModel
from tests.test_advice import NOT_FIELDS, WORD, all_models, texts_of_code

from consulting.config.engagement import EngagementConfig, Feed
from consulting.config.reading import read_engagement
from consulting.sources import all_sources

if TYPE_CHECKING:
    from pathlib import Path


def set_in(model: type[BaseModel], **given: Any) -> dict[str, Any]:
    """Every field of a model with its example; what is made of fields has all of its own."""
    made: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        several = get_origin(field.annotation) is tuple
        kinds = () if several else (field.annotation, *get_args(field.annotation))
        inner = [kind for kind in kinds if is_model(kind)]
        if len(inner) == 1:
            made[field.alias or name] = set_in(inner[0])
        elif field.examples:
            made[field.alias or name] = field.examples[0]
    return made | given


def is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def paths(value: Any) -> set[str]:
    """The names of all fields below."""
    if isinstance(value, dict):
        return {*value} | {name for each in value.values() for name in paths(each)}
    return {name for each in value for name in paths(each)} if isinstance(value, list) else set()


def everything(source: str) -> dict[str, Any]:
    feed = set_in(Feed)
    for name in ("sheet", "member", "format"):
        feed.pop(name, None)
    example = Feed.model_fields
    feeds = [
        feed,
        {"name": "sheets", "files": "s*.xlsx", "sheet": example["sheet"].examples[0]},
        {"name": "members", "files": "m*.zip", "member": example["member"].examples[0]},
        {"name": "told", "files": "t*.txt", "format": example["format"].examples[0]},
    ]
    kind = set_in(all_sources()[source], type=source)
    return set_in(EngagementConfig, feeds=feeds, source=kind)


@pytest.mark.parametrize("source", sorted(all_sources()))
def test_a_client_that_sets_every_field_to_its_example_loads(tmp_path: Path, source: str) -> None:
    folder = tmp_path / "defs" / "clients" / "acme"
    folder.mkdir(parents=True)
    given = everything(source)
    document = {"type": "consulting.components.EngagementComponent", "attributes": given}
    (folder / "defs.yaml").write_text(json.dumps(document), encoding="utf-8")
    config = read_engagement(folder, {}).config
    assert config.client_name == given["client_name"]
    advised = {
        word.rpartition(".")[2]
        for path, text in texts_of_code()
        if not path.startswith("rules/")
        for word in WORD.findall(text)
        if word not in NOT_FIELDS
    }
    engagement = {
        field.alias or name
        for model in all_models().values()
        if model.__module__.startswith(("consulting.config", "consulting.timekeeping"))
        for name, field in model.model_fields.items()
    }
    assert len(advised & engagement) > 10
    assert advised & engagement <= paths(given) | {"feeds", "source"}

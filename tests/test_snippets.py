"""Every piece of YAML that a page shows goes through `dg check yaml`, `dg check defs` and dbt."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from consulting.cleaning.models import ClientModels
from consulting.config.engagement import EngagementConfig
from consulting.config.reading import COMPONENT
from consulting.rules import all_rules, meta_keys
from consulting.rules.template import read_template, template_file
from consulting.yaml_files import YamlError, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LEAST = {
    "client_name": "Acme",
    "feeds": [{"name": "orders", "files": "orders*"}],
    "schedule": {"cron": "0 6 * * 1"},
}
S3 = {"type": "s3", "bucket": "client-uploads", "prefix": "incoming/"}
INSIDE = {
    "credentials_prefix": lambda shown: {"source": S3 | shown},
    "deliveries": lambda shown: {"alerts": shown},
    "repeats": lambda shown: {"intake": shown},
}
"""Fields that a page names without what they stand in."""
EVERY_CLIENT = """
import contextlib, io, json, sys
from dagster_dg_cli.cli import main

for path in sys.argv[1:]:
    sys.argv = ["dg", "check", "yaml", path]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([path, said.getvalue(), code]))
"""
"""The real `dg check yaml`, which checks one file of each type: once for each file."""


class Shown(NamedTuple):
    """A piece of YAML, and the page that shows it."""

    page: str
    text: str
    value: dict[str, Any]


def shown() -> Iterator[Shown]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"(?ms)^```ya?ml\n(.*?)^```", text)
        prose = " ".join(re.sub(r"(?ms)^```.*?^```", "", text).split())
        lines = re.findall(r"`(\w+: (?:[^`…]|`(?!\W))+)`", prose)
        for piece in [*blocks, *lines]:
            try:
                (document,) = parse_yaml(piece.encode(), page)
            except YamlError:
                assert piece in lines, f"{page.name}: {piece}"  # code of another language
                continue
            if isinstance(document.value, dict) and document.value.keys() == {"run_launcher"}:
                launcher = document.value["run_launcher"]  # of dagster.yaml
                kind = getattr(import_module(launcher["module"]), launcher["class"])
                assert launcher["config"].keys() <= kind.config_type().keys()
                continue
            # a name or a kind alone is told of, not shown to be written
            if isinstance(document.value, dict) and document.value.keys() not in (
                {"type"},
                {"name"},
            ):
                yield Shown(page.name, piece, document.value)


def engagement(piece: Shown) -> dict[str, Any] | None:
    """The attributes of a client that a piece is, or that it makes of the least one."""
    value = piece.value
    if value.get("type") == COMPONENT:
        return dict(value["attributes"])
    if value.keys() <= EngagementConfig.model_fields.keys():
        return LEAST | value
    (key, *more) = value
    return LEAST | INSIDE[key](value) if key in INSIDE and not more else None


def rule_of(meta: dict[str, Any]) -> str:
    """A rule that takes the keys of a column's meta: text where it does."""
    rules = all_rules()
    takes = {
        name: {field.alias or key for key, field in rule.model_fields.items()}
        for name, rule in rules.items()
    }
    return next(name for name in ("to_text", *rules) if meta.keys() <= takes[name])


def named(document: dict[str, Any], kind: str) -> set[str]:
    return {each["name"] for each in document.get(kind, ())}


def apart(documents: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The documents, those of one client together that name neither a model nor a source twice."""
    clients: list[list[dict[str, Any]]] = []
    for document in documents:
        for client in clients:
            if all(
                named(document, kind).isdisjoint(named(other, kind))
                for kind in ("models", "sources")
                for other in client
            ):
                client.append(document)
                break
        else:
            clients.append([document])
    return clients


def models(piece: Shown) -> dict[str, Any] | None:
    """What dbt reads of a piece: a file as it is, or a model's YAML around a part of it."""
    value = piece.value
    if value.keys() <= {"version", "sources", "models"}:
        return value
    (key, *more) = value
    if more:
        return None
    column: dict[str, Any] = {"name": "x"}
    model: dict[str, Any] = {"name": f"orders_{PIECES.index(piece)}", "columns": [column]}
    meta = {"from": "X", "rule": "to_text"}
    if key == "meta":
        column["meta"] = {"from": "X", "rule": rule_of(value["meta"])} | value["meta"]
    elif key in meta_keys():
        column["meta"] = {"from": "X", "rule": rule_of(value)} | value
    elif key == "keep":
        column["meta"], model["meta"] = meta, {"dedupe": {"key": ["x"], **value}}
    elif key == "severity":
        column |= {"meta": meta, "data_tests": [{"not_null": {"config": value}}]}
    else:
        return None
    return {"version": 2, "models": [model]}


def is_template(piece: Shown) -> bool:
    """Whether a piece is a template of a project, which dbt does not read."""
    return "synonyms:" in piece.text


PIECES = list(shown())


def test_pieces_are_shown_and_each_is_of_a_client_or_of_its_models() -> None:
    assert len([piece for piece in PIECES if engagement(piece)]) > 10
    assert len([piece for piece in PIECES if models(piece)]) > 7
    assert [p for p in PIECES if not (engagement(p) or models(p))] == []


@pytest.mark.slow
def test_dg_and_dbt_take_every_piece(project: Project) -> None:
    made = [attributes for piece in PIECES if (attributes := engagement(piece))]
    paths = []
    for number, attributes in enumerate(made):
        source = attributes.get("source", {})
        where = next((word for word in ("folder", "prefix") if word in source), None)
        if where:  # pages show one place again and again: each client has one of its own
            attributes["source"] = source | {where: f"{source[where].rstrip('/')}/{number}/"}
        text = yaml.safe_dump({"type": COMPONENT, "attributes": attributes}, allow_unicode=True)
        paths.append(str(project.write(f"shown_{number}", text).parent))
    wrong = yaml.safe_dump({"type": COMPONENT, "attributes": LEAST | {"sla": {"preset": "x"}}})
    paths.append(str(project.write("wrong", wrong).parent))
    checked = project.run("python", "-c", EVERY_CLIENT, *paths)
    codes = [json.loads(line) for line in checked.stdout.splitlines()]
    assert [code for *_, code in codes[:-1]] == [0] * len(made), (codes, checked.stderr)
    assert codes[-1][-1] == 1, "a wrong one is refused: the check looks"
    (project.clients / "wrong" / "defs.yaml").unlink()
    (project.clients / "wrong").rmdir()
    dbt = project.root / "dbt"
    for piece in filter(is_template, PIECES):
        (name,) = named(piece.value, "models")
        template_file(dbt, name).parent.mkdir(exist_ok=True)
        template_file(dbt, name).write_text(piece.text)
        assert read_template(dbt, name).columns
    found = [each for piece in PIECES if not is_template(piece) and (each := models(piece))]
    for number, documents in enumerate(apart(found)):
        folder = project.root / "dbt" / "models" / "clients" / f"shown_{number}"
        folder.mkdir(parents=True)
        for part, document in enumerate(documents):
            (folder / f"{part}.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
        written = {name for document in documents for name in named(document, "models")}
        for name in written | {"orders"}:
            (folder / f"{name}.sql").write_text("select 1 as x", encoding="utf-8")
        prepared = ClientModels(project.root / "dbt", f"shown_{number}").load_manifest()
        assert {f"model.consulting.{name}" for name in written} <= prepared["nodes"].keys()
    loaded = project.run("dg", "check", "defs", "--no-check-yaml")
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr

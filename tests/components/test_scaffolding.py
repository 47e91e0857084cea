"""`dg scaffold defs EngagementComponent clients/<client>`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from dagster.components import ScaffoldRequest
from hypothesis import given, settings
from hypothesis.strategies import characters, text

from consulting import dbt_yaml
from consulting.components.engagement.scaffolder import EngagementParams, EngagementScaffolder
from consulting.config.reading import read_engagement
from consulting.config.templates import resolve_templates
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from conftest import Project

SCAFFOLD = ("dg", "scaffold", "defs", "EngagementComponent")


def files_of(project: Project) -> set[Path]:
    return {p for p in project.root.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


def scaffold(defs: Path, path: str, **params: object) -> Path:
    """What dg does: make the folder, then ask the scaffolder."""
    target = defs / path
    target.mkdir(parents=True)
    EngagementScaffolder().scaffold(
        ScaffoldRequest(
            type_name="consulting.components.EngagementComponent",
            target_path=target,
            scaffold_format="yaml",
            project_root=defs,
            params=EngagementParams.model_validate(params),
        )
    )
    return target / "defs.yaml"


def test_a_new_client_loads_with_no_other_file_touched(project: Project) -> None:
    before = files_of(project)
    done = project.run(*SCAFFOLD, "clients/newco")
    assert done.returncode == 0, done.stderr
    assert files_of(project) - before == {project.clients / "newco" / "defs.yaml"}
    checked = project.run("dg", "check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "All component YAML validated successfully." in checked.stdout
    listed = project.run("dg", "list", "defs")
    for name in ("newco/file_received", "newco/delivered", "newco_cleaning", "newco_files"):
        assert name in listed.stdout, listed.stdout


def test_a_client_from_a_sample_needs_no_edit_and_loads(project: Project, tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "stock 2026-10.csv").write_text("sku;units\nA-1;10\nA-2;12\n")
    params = json.dumps({"sample": str(mail), "tier": 3})
    done = project.run(*SCAFFOLD, "clients/newco", "--json-params", params)
    assert done.returncode == 0, done.stderr
    assert "stock: 2 received = 2 delivered + 0 rejected + 0 merged" in done.stdout
    assert (project.root / "data/newco/incoming").is_dir()
    written = {p.name for p in (project.clients / "newco").iterdir()}
    assert written == {"defs.yaml", "README.md", "questions.md", "fixture_stock.csv"}
    checked = project.run("dg", "check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_sample_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="There is no file or folder"):
        scaffold(tmp_path / "defs", "clients/newco", sample=str(tmp_path / "no"))
    assert not list(tmp_path.iterdir())


def test_a_sample_of_which_nothing_can_be_read_is_told_and_may_be_tried_again(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "stock.csv").write_text("")
    params = json.dumps({"sample": str(tmp_path / "stock.csv"), "tier": 3})
    for _ in range(2):
        done = project.run(*SCAFFOLD, "clients/newco", "--json-params", params)
        said = " ".join(done.stderr.split())
        assert done.returncode == 1
        assert "stock.csv was not read: The file is empty (0 bytes)." in said
        assert "So nothing is written. Run it again with files that can be read" in said
        assert not (project.clients / "newco").exists()


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"tier": 5}, "There is no tier 5: 1 schema only, 2 masked sample, 3 everything."),
        ({"template": "retail_orders"}, "add `--sample`"),
        ({"template": "a, b", "sample": __file__}, "There is no template 'a'. There is none yet."),
    ],
)
def test_an_option_that_can_not_be_followed_leaves_nothing_behind(
    tmp_path: Path, params: dict[str, object], told: str
) -> None:
    with pytest.raises(click.ClickException, match=told):
        scaffold(tmp_path / "defs", "clients/newco", **params)
    assert not list(tmp_path.iterdir())


def test_a_refused_name_gets_a_plain_error_from_dg(project: Project) -> None:
    done = project.run(*SCAFFOLD, "clients/New-Co")
    assert done.returncode != 0
    assert "'New-Co' can not be a client's id" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (project.clients / "New-Co").exists()


def test_an_existing_client_is_not_touched(project: Project) -> None:
    path = project.write("globex", "type: x\n")
    done = project.run(*SCAFFOLD, "clients/globex")
    assert done.returncode != 0
    assert "already exists" in done.stderr + done.stdout
    assert path.read_text() == "type: x\n"


def test_the_options_are_what_the_file_says(tmp_path: Path) -> None:
    text = scaffold(
        tmp_path / "defs",
        "clients/umbrella",
        client_name="Umbrella Inc.",
        tier=3,
        feed="orders",
    ).read_text()
    assert "client_name: Umbrella Inc." in text
    assert "security_tier: 3" in text
    assert '{name: orders, files: "orders*"}' in text


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("clients/2go", "Rename its folder: a lower-case letter, then"),
        ("clients/new co", "for example 'globex_eu'"),
        ("clients/emea/newco", "Run: dg scaffold defs EngagementComponent clients/newco"),
        ("newco", "An engagement lives at clients/<client>, directly"),
    ],
)
def test_a_refusal_leaves_nothing_behind(tmp_path: Path, path: str, told: str) -> None:
    (tmp_path / "defs" / "clients" / "globex").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(click.ClickException) as caught:
        scaffold(tmp_path / "defs", path)
    assert told in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "name",
    [
        "M\u00fcller: S\u00f6hne",
        'The "A" Team',
        "O'Neill # Sons",
        "two\nlines",
        "- a list",
        "yes",
        "1.5",
        "*star",
        "caf\u00e9 \U0001f600",
        "\x07bell\u2028",
        "{braces}",
        "it's: ",
        "%TAG",
        "x" * 500,
        "a\\b",
        "{{ env.HOME }}",
        "{% raw %}",
        "Ä\u2028b",
    ],
)
def test_any_name_is_read_back_as_it_was_given(tmp_path: Path, name: str) -> None:
    path = scaffold(tmp_path / "defs", "clients/newco", client_name=name)
    assert read_engagement(path.parent, {}).config.client_name == name
    assert all(line.startswith("#") for line in path.read_text().splitlines()[:1])


@settings(max_examples=100)
@given(text(characters(exclude_categories=["Cs"]), min_size=1))
def test_a_name_as_yaml_is_read_back(name: str) -> None:
    written = f"a: {dbt_yaml.sentence(name)}\nc: d\n".encode()
    (document,) = parse_yaml(written, Path("defs.yaml"))
    assert resolve_templates(document.value, "acme", {}, fail) == {"a": name, "c": "d"}


def fail(_path: object, reason: str) -> Exception:
    return AssertionError(reason)


def test_the_name_of_what_all_share_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="is a name of what all clients share"):
        scaffold(tmp_path / "defs", "clients/consultancy")

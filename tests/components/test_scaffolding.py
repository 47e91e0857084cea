"""`dg scaffold defs EngagementComponent clients/<client>`, as a person types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from dagster.components import ScaffoldRequest

from consulting.components.engagement.scaffolder import EngagementParams, EngagementScaffolder

if TYPE_CHECKING:
    from pathlib import Path

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
        security_tier=3,
        feed="orders",
    ).read_text()
    assert "client_name: Umbrella Inc." in text
    assert "security_tier: 3" in text
    assert '{name: orders, files: "orders*"}' in text


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("clients/2go", "it starts with a lower-case letter"),
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
    ["Müller: Söhne", "{{ env.HOME }}", "\"A\" & 'B' #1", "- x", "no", "a\nb: c", "Ä\u2028b"],
)
def test_a_client_s_name_stays_a_name(tmp_path: Path, name: str) -> None:
    import yaml
    from jinja2 import Template

    text = scaffold(tmp_path / "defs", "clients/umbrella", client_name=name).read_text()
    given = yaml.safe_load(text)["attributes"]
    assert Template(given["client_name"]).render() == name
    assert list(given) == ["client_name", "security_tier", "source", "feeds"]

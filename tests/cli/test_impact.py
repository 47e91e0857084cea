"""`consulting impact`: whose deliveries a change in git concerns, and what becomes of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from consulting import project as project_of
from consulting.cli.engagements import this_project
from consulting.cli.impact import _changed, _concerned
from consulting.templates import project_files

from ..chain.conftest import CLIENTS, World

if TYPE_CHECKING:
    from conftest import Project

ALL = ["acme_corp", "globex", "initech"]


@pytest.mark.parametrize(
    ("path", "concerned"),
    [
        ("src/consulting/defs/clients/globex/defs.yaml", ["globex"]),
        ("src/consulting/defs/clients/globex/models/marts/own.sql", ["globex"]),
        ("dbt/models/clients/initech/staging/stg_tickets.sql", ["initech"]),
        ("src/consulting/defs/clients/gone/defs.yaml", []),
        ("src/consulting/defs/clients/defaults.yaml", ALL),
        ("src/consulting/rules/to_date.py", ALL),
        ("dbt/macros/own.sql", ALL),
        ("dbt/models/shared/calendar.sql", ALL),
        ("requirements.lock", ALL),
        ("src/consulting/defs/consultancy/defs.yaml", []),
        ("dbt/templates/nobody_follows.yml", []),
        ("docs/rules.md", []),
        ("tests/requirements.lock", []),
        ("README.md", []),
    ],
)
def test_a_file_concerns_those_whose_deliveries_are_made_from_it(
    path: str, concerned: list[str]
) -> None:
    project = this_project()
    assert list(_concerned(project, [project.root / path])) == concerned


def _git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A commit with one file."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "old.txt").write_text("old")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_what_changed_is_committed_or_not_and_new_or_gone(repository: Path) -> None:
    (repository / "old.txt").unlink()
    (repository / "staged é.txt").write_text("staged")
    _git(repository, "add", "-A")
    (repository / "new\n.txt").write_text("new")
    (repository / os.fsdecode(b"\xe9.txt")).write_text("of an old encoding")
    names = {path.name for path in _changed(repository, "HEAD")}
    assert names == {"old.txt", "staged é.txt", "new\n.txt", "\udce9.txt"}


def test_what_was_renamed_is_gone_from_its_old_place(repository: Path) -> None:
    _git(repository, "mv", "old.txt", "new.txt")
    assert {path.name for path in _changed(repository, "HEAD")} == {"old.txt", "new.txt"}


def test_a_client_whose_yaml_nobody_can_read_is_tried(tmp_path: Path) -> None:
    """Whether it follows a template that changed, only its mistake hides."""
    found = project_of.Project(tmp_path, tmp_path / "src/own/defs")
    for client, written in (("a", "meta: {template: retail"), ("b", "meta: {template: other}")):
        for folder in (found.clients / client, models := found.dbt / "models/clients" / client):
            folder.mkdir(parents=True)
        (found.clients / client / "defs.yaml").touch()
        (models / "orders.yml").write_text(f"models: [{{name: orders, {written}}}]")
    assert list(_concerned(found, [found.dbt / "templates" / "retail.yml"])) == ["a"]


@pytest.mark.parametrize("since", ["nowhere", "--output=stolen.txt"])
def test_a_commit_that_is_not_here_is_told(repository: Path, since: str) -> None:
    with pytest.raises(click.ClickException, match=r"git can not compare: .*--unshallow"):
        _changed(repository, since)
    assert not (repository / "stolen.txt").exists()


def test_a_folder_that_git_does_not_keep_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        click.ClickException, match=r"not a git repository, .* `git init && git add"
    ):
        _changed(tmp_path, "HEAD")


def commented(project: Project) -> str:
    """What the workflow of a new project comments on a pull request; GitHub's own tool is ours."""
    workflow = yaml.safe_load(project_files("acme-data", "acme_data")[".github/workflows/ci.yml"])
    script = workflow["jobs"]["impact"]["steps"][-1]["run"]
    _git(project.root, "update-ref", "refs/remotes/origin/main", "HEAD")
    programs = project.root / "data" / "programs"
    programs.mkdir()
    (programs / "gh").write_text('#!/bin/sh\necho "$@" > gh.txt\n')
    (programs / "gh").chmod(0o755)
    here = Path(sys.executable).parent
    variables = {"BASE": "main", "NUMBER": "7", "CONSULTING_LEDGER_URL": ""}
    environment = project.environment({**variables, "PATH": f"{programs}:{here}:/usr/bin:/bin"})
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=project.root, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    asked = "pr comment 7 --edit-last --create-if-none --body-file impact.md"
    assert (project.root / "gh.txt").read_text().strip() == asked
    return (project.root / "impact.md").read_text()


def test_a_changed_rule_is_told_in_counts_and_a_broken_one_fails(project: Project) -> None:
    for client in ("acme_corp", "globex"):
        shutil.copytree(CLIENTS / client, project.clients / client)
    world = World(project.root / "data", dbt_dir=project.root / "dbt")
    world.drop_demo("customers")
    delivery = world.run()
    (project.root / ".gitignore").write_text("data/\ntarget/\n__pycache__/\n.dagster/\n")
    _git(project.root, "init", "-q")
    _git(project.root, "add", "-A")
    _git(project.root, "commit", "-qm", "one")
    feed = project.root / "dbt/models/clients/acme_corp/customers.yml"
    written = feed.read_text()

    def told(*options: str, code: int = 0) -> str:
        done = project.run("consulting", "impact", "--since", "HEAD", *options)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    assert told() == "Clients tried: 0; deliveries that change: 0; not made: 0.\n"
    feed.write_text(written.replace("on_invalid: blank", "on_invalid: reject", 1))
    assert feed.read_text() != written
    comment = commented(project)
    assert "Clients tried: 1; deliveries that change: 1; not made: 0." in comment
    assert "globex" not in comment
    [row] = [line for line in comment.splitlines() if line.startswith("| `acme_corp`")]
    assert "→" in row
    account = json.loads((delivery.path / "manifest.json").read_text())
    assert account["delivery_id"] in comment
    feed.write_text(written.replace("rule: to_email", "rule: to_emial", 1))
    found: dict[str, Any] = json.loads(told("--json", code=1))
    [failed] = found["clients"]
    assert failed["client_id"] == "acme_corp"
    assert "there is no rule 'to_emial'" in failed["failed"]

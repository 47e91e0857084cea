"""A project made with the built wheel, in an environment that has it and what it depends on."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.pages import Reader
from warm_python import WarmPython

from consulting.errors import ConfigurationError
from consulting.templates import package_of, project_files, write_project

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "consulting": "consulting.cli:main",
    "dbt": "dbt.cli.main:cli",
    "dg": "dagster_dg_cli.cli:main",
}


@dataclass
class Installed:
    """An environment of its own, whose Python forks itself for each of its programs."""

    root: Path
    python: WarmPython

    def run(self, *command: str, cwd: Path, may_fail: bool = False, **variables: str) -> str:
        """Run a program of it; gives what it says, and fails if it fails."""
        environment = {
            "PATH": f"{self.root / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.root),
            "VIRTUAL_ENV": str(self.root),
            "COLUMNS": "200",
            **variables,
        }
        done = self.python.start(*command, cwd=cwd, env=environment).wait()
        assert may_fail == (done.returncode != 0), (done.stdout + done.stderr)[-3000:]
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel in an empty environment that sees the packages of this one, not this project."""
    root = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", root / "dist"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    venv.create(root / "env", with_pip=False, symlinks=True)
    python = root / "env" / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = root / "env" / "lib" / version / "site-packages"
    [wheel] = (root / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # a folder named in a .pth file is searched, but the .pth files in it are not read
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for name, target in PROGRAMS.items():
        module, _, function = target.partition(":")
        script = python.with_name(name)
        script.write_text(
            f"#!{python}\nimport sys\nfrom {module} import {function} as run\nrun()\n"
        )
        script.chmod(0o755)
    env = Installed(root / "env", WarmPython(python, "warm_library"))
    where = env.run("python", "-c", "import consulting; print(consulting.__file__)", cwd=root)
    assert Path(where.strip()).is_relative_to(packages)
    assert not (packages / "consulting" / "defs").exists(), "the demo's clients are not the library"
    yield env
    env.python.close()


@pytest.mark.slow
def test_a_project_of_the_wheel_alone_delivers_and_dbt_works_in_it_as_typed(
    installed: Installed, tmp_path: Path
) -> None:
    assert "dg scaffold defs" in installed.run("consulting", "new", "acme-data", cwd=tmp_path)
    project = tmp_path / "acme-data"
    installed.run("dg", "scaffold", "defs", "EngagementComponent", "clients/newco", cwd=project)
    client = project / "acme_data/defs/clients/newco"
    incoming = project / "data/newco/incoming"
    (incoming / "customers.csv").write_text("id,name,amount\n1,Ann,5\n2,Bob,6\n")
    installed.run("dg", "launch", "--job", "newco_cleaning", cwd=project)
    [delivery] = (project / "data/newco/deliverables").iterdir()
    assert {"quality_report.html", "manifest.json"} <= {path.name for path in delivery.iterdir()}

    proposed = installed.run("consulting", "models", "newco", cwd=project)
    assert "wrote acme_data/defs/clients/newco/models/customers.yml" in proposed
    assert "where Dagster's UI is open, reload its definitions" in proposed
    (client / "tests").mkdir()
    (client / "tests" / "paid.sql").write_text("select * from {{ ref('customers') }} where id < 0")
    built = installed.run("dbt", "build", "--vars", "{client: newco}", cwd=project / "dbt")
    assert "PASS paid" in built
    assert "ERROR=0" in built
    installed.run("dbt", "docs", "generate", "--vars", "{client: newco}", cwd=project / "dbt")
    assert (project / "dbt/target/catalog.json").exists()


@pytest.mark.slow
def test_the_tutorial_runs_as_it_is_written(installed: Installed, tmp_path: Path) -> None:
    def run(words: list[str], folder: Path, may_fail: bool) -> str:  # noqa: FBT001
        home = {"DAGSTER_HOME": str(tmp_path / "acme-data")}
        return installed.run(*words, cwd=folder, may_fail=may_fail, **home)

    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    Reader(tmp_path, run).follow(page)


def test_a_new_project_is_what_this_one_is_but_for_its_name() -> None:
    files = project_files("consulting", "consulting")
    same = {
        "dagster.yaml": "dagster.yaml",
        "dbt/profiles.yml": "dbt/profiles.yml",
        "consulting/defs/clients/defs.yaml": "src/consulting/defs/clients/defs.yaml",
        "consulting/defs/consultancy/defs.yaml": "src/consulting/defs/consultancy/defs.yaml",
    }
    for name, here in same.items():
        assert files[name] == (ROOT / here).read_text(), here
    ours = (ROOT / "dbt/dbt_project.yml").read_text().replace("../src/", "../")
    assert sorted(files["dbt/dbt_project.yml"].splitlines()) == sorted(ours.splitlines())


def test_each_file_of_a_new_project_is_there_and_none_speaks_of_a_place_holder(
    tmp_path: Path,
) -> None:
    write_project(tmp_path / "acme-data")
    written = {
        str(path.relative_to(tmp_path / "acme-data")): path.read_text()
        for path in (tmp_path / "acme-data").rglob("*")
        if path.is_file()
    }
    wanted = [".github/workflows/ci.yml", ".gitignore", ".pre-commit-config.yaml", "AGENTS.md"]
    wanted += [".vscode/settings.json", "Dockerfile", "dagster.yaml", "pyproject.toml"]
    wanted += ["acme_data/definitions.py", "acme_data/defs/consultancy/defs.yaml"]
    wanted += ["dbt/dbt_project.yml", "dbt/library/macros/rules.sql", "README.md"]
    assert set(wanted) <= written.keys()
    assert [name for name, text in written.items() if "__PACKAGE__" in text] == []
    assert 'dependencies = ["consulting>=0.2,<0.3"]' in written["pyproject.toml"]
    assert not list(tmp_path.glob(".acme-data-*"))


def test_an_empty_folder_becomes_a_project_and_stays_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "acme-data"
    folder.mkdir()
    before = folder.stat().st_ino
    assert folder / "acme_data/definitions.py" in write_project(folder)
    assert folder.stat().st_ino == before, "somebody may stand in it"
    assert (folder / "acme_data/definitions.py").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["acme-data"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("consulting", "there is already"),
        ("class", "there is already"),
        ("json", "there is already"),
        ("1st", "can not be a project's name"),
        ("a b", "can not be a project's name"),
        ("déjà", "can not be a project's name"),
    ],
)
def test_a_name_that_can_be_no_package_is_refused(name: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        package_of(name)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "acme-data").mkdir()
    (tmp_path / "acme-data" / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="not empty"):
        write_project(tmp_path / "acme-data")
    assert [path.name for path in tmp_path.rglob("*")] == ["acme-data", "notes.txt"]


def test_no_project_is_made_within_another(tmp_path: Path) -> None:
    write_project(tmp_path / "acme-data")
    with pytest.raises(ConfigurationError) as refused:
        write_project(tmp_path / "acme-data/acme_data/globex")
    assert f"consulting new {tmp_path / 'globex'}`" in str(refused.value)
    assert "dg scaffold defs EngagementComponent clients/globex" in str(refused.value)
    with pytest.raises(ConfigurationError) as refused:
        write_project(tmp_path / "acme-data/acme-data")
    assert f"consulting new {tmp_path / 'acme-data-2'}`" in str(refused.value)
    assert not (tmp_path / "acme-data/acme_data/globex").exists()
    write_project(tmp_path / "acme-data/../globex")
    assert (tmp_path / "globex/globex/definitions.py").is_file()

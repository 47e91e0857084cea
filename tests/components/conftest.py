"""A copy of the project to break: its own `defs/clients/`, the real code and dbt models."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass
class Project:
    """A project folder with the real code in it."""

    root: Path

    @property
    def clients(self) -> Path:
        return self.root / "src/consulting/defs/clients"

    def write(self, client: str, text: str) -> Path:
        """Give a client a `defs.yaml`."""
        path = self.clients / client / "defs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the virtual environment in the project, with the project's code."""
        import os

        program = Path(sys.executable).with_name(command[0])
        return subprocess.run(
            [str(program), *command[1:]],
            cwd=self.root,
            env={
                **os.environ,
                "PYTHONPATH": str(self.root / "src"),
                "CONSULTING_DATA": str(self.root / "data"),
                "COLUMNS": "200",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project without clients."""
    root = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__", "target", "logs")
    for part in ("src", "dbt"):
        shutil.copytree(ROOT / part, root / part, ignore=ignored)
    for name in ("pyproject.toml", "dagster.yaml"):
        shutil.copy(ROOT / name, root / name)
    copy = Project(root)
    for client in copy.clients.iterdir():
        if client.is_dir():
            shutil.rmtree(client)
    return copy

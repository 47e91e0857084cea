"""What Dagster's own `dg` knows of this library, and shows to whoever asks it."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from warm_python import WarmPython

REGISTRY = "dagster_dg_cli.registry_modules"


@pytest.mark.parametrize("command", [(), ("scaffold", "defs")])
def test_the_help_of_dg_names_commands(command: tuple[str, ...], warm_python: WarmPython) -> None:
    asked = warm_python.start("dg", *command, "--help", cwd=Path("/"), env={**os.environ}).wait()
    assert asked.returncode == 0, asked.stderr
    told = asked.stdout
    assert "Options" in told
    assert "--help" in told
    assert "Commands" in told


def test_the_components_are_registered_for_every_project() -> None:
    ours = [each for each in entry_points(group=REGISTRY) if each.dist.name == "consulting"]
    assert [each.value for each in ours] == ["consulting.components"]
    assert "EngagementComponent" in ours[0].load().__all__

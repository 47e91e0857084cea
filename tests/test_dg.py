"""What Dagster's own `dg` knows of this library, and shows to whoever asks it."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

REGISTRY = "dagster_dg_cli.registry_modules"


@pytest.mark.parametrize("command", [(), ("scaffold", "defs")])
def test_the_help_of_dg_names_commands(command: tuple[str, ...]) -> None:
    dg = Path(sys.executable).with_name("dg")
    told = subprocess.run(
        [dg, *command, "--help"], capture_output=True, text=True, check=True, cwd="/"
    ).stdout
    assert "Options" in told
    assert "--help" in told
    assert "Commands" in told


def test_the_components_are_registered_for_every_project() -> None:
    ours = [each for each in entry_points(group=REGISTRY) if each.dist.name == "consulting"]
    assert [each.value for each in ours] == ["consulting.components"]
    assert "EngagementComponent" in ours[0].load().__all__

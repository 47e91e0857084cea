"""A package adds one of each kind of thing, and nothing of `src` is touched for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "tests/plugin_example"


def test_a_package_adds_a_source_a_format_a_rule_a_document_a_table_format_a_channel_and_a_template(
    tmp_path: Path,
) -> None:
    installed = tmp_path / "installed"
    uv = Path(sys.executable).with_name("uv")
    flags = ["--no-deps", "--no-build-isolation", "--quiet", "--python", sys.executable]
    target = ["--target", str(installed)]
    subprocess.run([uv, "pip", "install", *flags, *target, EXAMPLE], check=True)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "check.py"],
        env={**os.environ, "PYTHONPATH": f"{installed}:{ROOT / 'src'}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert "21 passed" in ran.stdout

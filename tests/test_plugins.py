"""A package adds one of each kind of thing, and nothing of `src` is touched for it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "tests/plugin_example"
CODE = EXAMPLE / "src/consulting_example"


def test_the_page_shows_the_whole_package_as_it_is_tried() -> None:
    page = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^```(?:python|sql|toml)\n(.*?)^```", page)
    files = [path for path in [*CODE.glob("*.py"), *CODE.glob("*.sql")] if path.stem != "__init__"]
    assert sorted(blocks[1:]) == sorted(path.read_text(encoding="utf-8") for path in files)
    assert blocks[0].strip() in (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")


def test_all_that_the_package_imports_is_promised() -> None:
    imported = {("consulting.testing.sources", "SourceContract")}
    for path in CODE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("consulting"):
                imported |= {(node.module or "", each.name) for each in node.names}
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `(consulting\.[\w.]+)` \| (.*?) \|", page)
    promised = {(module, name) for module, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert promised == imported
    for module, name in promised:
        assert hasattr(import_module(module), name)


def test_a_package_adds_a_source_a_format_a_rule_a_document_a_table_format_a_channel_and_a_template(
    tmp_path: Path,
) -> None:
    assert "21 passed" in _checked(EXAMPLE, tmp_path)


def test_a_package_of_broken_plug_ins_is_named_tells_no_data_and_stops_nobody_else(
    tmp_path: Path,
) -> None:
    assert "151 passed" in _checked(ROOT / "tests/plugin_broken", tmp_path)


def _checked(package: Path, folder: Path) -> str:
    """Install a package beside ours, and run its checks."""
    installed = folder / "installed"
    uv = Path(sys.executable).with_name("uv")
    flags = ["--no-deps", "--no-build-isolation", "--quiet", "--python", sys.executable]
    target = ["--target", str(installed)]
    subprocess.run([uv, "pip", "install", *flags, *target, package], check=True)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", package / "check.py"],
        env={**os.environ, "PYTHONPATH": f"{installed}:{ROOT / 'src'}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    return ran.stdout

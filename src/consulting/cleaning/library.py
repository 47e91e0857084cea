"""Our macros and tests in a project's `dbt/library/`, where dbt finds them, whoever runs it.

A project holds nothing of ours, so that an upgrade is a new version number; and dbt reads files of
its project alone, wherever Python's packages lie. So they are written there, with the macros of
all rules that are installed, by whatever uses the project first. Nobody keeps or edits them.
"""

from __future__ import annotations

import functools
import json
import os
from importlib.resources import files
from typing import TYPE_CHECKING

from consulting.errors import CleaningError
from consulting.rules.macros import rule_macros
from consulting.rules.schema import models_schema
from consulting.writing import write_project_text

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "library"
MODELS_SCHEMA = "models.schema.json"
"""What editors read of the YAML of models; dbt does not."""


@functools.cache
def library_files() -> dict[str, str]:
    """The text of each file by its name in the library."""
    package = files("consulting") / "dbt"
    texts = {
        f"{kind}/{file.name}": file.read_text(encoding="utf-8")
        for kind in ("macros", "tests")
        for file in (package / kind).iterdir()
        if file.name.endswith(".sql")
    }
    schema = json.dumps(models_schema(), indent=1, ensure_ascii=False)
    return texts | {"macros/rules.sql": rule_macros(), MODELS_SCHEMA: f"{schema}\n"}


@functools.lru_cache(maxsize=64)
def write_library(dbt_dir: Path) -> bool:
    """Bring a project's `library/` to what is installed, once a process; tells whether it was not.

    Args:
        dbt_dir: The dbt project.

    Raises:
        CleaningError: If it is not so, and can not be written.
    """
    folder, wanted = dbt_dir / FOLDER, library_files()
    there = {str(path.relative_to(folder)): path for path in folder.rglob("*.*") if path.is_file()}
    stale = [name for name, text in wanted.items() if not _holds(there.get(name), text)]
    superfluous = [path for name, path in there.items() if name not in wanted]
    try:
        for name in stale:
            write_project_text(folder / name, wanted[name])
        for path in superfluous:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise CleaningError(
            f"{folder} is not of the installed version of consulting, and can not be written "
            f"({os.strerror(error.errno or 0)}). Run `consulting prepare` where it can be, for "
            "example when the image is built."
        ) from None
    return bool(stale or superfluous)


def _holds(path: Path | None, text: str) -> bool:
    return path is not None and path.is_file() and path.read_bytes() == text.encode()

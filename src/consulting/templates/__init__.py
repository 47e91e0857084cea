"""What `consulting new` writes: a project of what is the consultancy's, with nothing of ours."""

from __future__ import annotations

import importlib.util
import keyword
import re
import shutil
import tempfile
import tomllib
from contextlib import suppress
from importlib.metadata import version
from importlib.resources import files
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.cleaning.library import write_library
from consulting.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable


def project_files(package: str, name: str) -> dict[str, str]:
    """The text of each file of a new project, by its path.

    Args:
        package: The project's Python package.
        name: The project's name.
    """
    words = {"__PACKAGE__": package, "__NAME__": name, "__RANGE__": _range()}
    found = {}
    for path, text in _templates(files(__name__) / "project", ""):
        for word, value in words.items():
            text = text.replace(word, value)  # noqa: PLW2901 - one after the other
        found[re.sub(r"^package/", f"{package}/", path)] = text
    return found


def write_project(folder: Path) -> list[Path]:
    """Write a new project; a folder that is new is there whole, or not at all.

    Args:
        folder: Where; its name is the project's.

    Returns:
        The files written.

    Raises:
        ConfigurationError: If the folder is there and not empty, or lies in a project, or its name
            can be no project's.
    """
    folder = folder.absolute()
    texts = _texts(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as draft:
        whole = Path(draft) / "project"
        for path, text in texts.items():
            file = whole / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        write_library(whole / "dbt")
        for each in (whole, *whole.rglob("*")):
            # others of the team, and the user of a container, may read it
            each.chmod(0o755 if each.is_dir() else 0o644)
        if folder.exists():  # somebody may stand in it
            for each in list(whole.iterdir()):
                shutil.move(each, folder)
        else:
            whole.rename(folder)
    return [folder / path for path in texts]


def planned_files(folder: Path) -> list[Path]:
    """The files that `write_project` would write; raises as it does."""
    return [folder.absolute() / path for path in _texts(folder.absolute())]


def _texts(folder: Path) -> dict[str, str]:
    """The text of each file of a project in a folder, which has to be new or empty."""
    package = package_of(folder.name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is there already, and not empty. Name a new folder.")
    if around := next(filter(_is_project, reversed(folder.resolve().parents)), None):
        names = chain([folder.name], (f"{folder.name}-{n}" for n in count(2)))
        free = next(each for name in names if not (each := around.parent / name).exists())
        raise ConfigurationError(
            f"{folder} would lie within {around}, which is a project itself. Make it "
            f"elsewhere, for example with `consulting new {free}`; a new "
            "client of that project is made with `dg scaffold defs EngagementComponent "
            f"clients/{package}`."
        )
    return project_files(package, folder.name)


def _is_project(folder: Path) -> bool:
    with suppress(OSError, tomllib.TOMLDecodeError):
        told = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        return bool(told.get("tool", {}).get("dg", {}).get("directory_type") == "project")
    return False


def package_of(name: str) -> str:
    """The Python package of a project: `acme-data` → `acme_data`.

    Raises:
        ConfigurationError: If that can be none, or is one that is installed.
    """
    package = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or not package.isidentifier():
        raise ConfigurationError(
            f"{name!r} can not be a project's name. Use letters, digits and hyphens, a letter "
            "first, for example `acme-data`."
        )
    if keyword.iskeyword(package) or importlib.util.find_spec(package) is not None:
        raise ConfigurationError(
            f"{name!r} would make the Python package {package!r}, which there is already. Choose "
            f"another name, for example `{name}-data`."
        )
    return package


def _range() -> str:
    """The versions of this library that a project of today works with."""
    major, minor, *_ = version("consulting").split(".")
    return f">={major}.{minor},<{major}.{int(minor) + 1}"


def _templates(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    """Each template with the path of its file; some names would act in this package, too."""
    for item in sorted(folder.iterdir(), key=lambda each: each.name):
        name = re.sub(r"^dot-", ".", item.name).removesuffix(".txt")
        if item.is_dir():
            yield from _templates(item, f"{path}{name}/")
        else:
            yield f"{path}{name}", item.read_text(encoding="utf-8")

"""Which files of a dbt project are one client's: `dbt_project.yml` says so.

They lie in those folders of its `model-paths` and `test-paths` that name the client by
`{{ var('client') }}`: below `dbt/`, in the client's own folder in `defs/clients/`, or in both.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.errors import CleaningError, ConfigurationError
from consulting.regular_files import read_regular
from consulting.rules.template import FOLDER
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Collection

PROJECT_FILE = "dbt_project.yml"
DBT_SUFFIXES = (".sql", ".py", ".yml", ".yaml", ".md", ".csv", ".dbtignore")
_LARGEST_FILE = 1024**2
_CLIENT = re.compile(r"\{\{\s*var\(\s*['\"]client['\"][^{}]*\)\s*\}\}")
MODELS_OF_CLIENTS, TESTS_OF_CLIENTS = "models/clients", "tests/clients"
"""Where the clients' own models and tests lie in a dbt project, but for what lies elsewhere."""
PACKAGES = "dbt_packages"
NOT_SHARED = ("target", "logs", MODELS_OF_CLIENTS, TESTS_OF_CLIENTS, FOLDER)
"""What of the project's folder dbt does not read for a client."""
_DEFAULT = ((f"{MODELS_OF_CLIENTS}/{{{{ var('client') }}}}",), ())


class ClientFiles:
    """The files of one client that dbt reads.

    Args:
        dbt_dir: The dbt project.
        client_id: The client.
    """

    def __init__(self, dbt_dir: Path, client_id: str) -> None:
        self._dbt_dir = dbt_dir
        self._client_id = client_id
        models, tests = _client_paths(dbt_dir)
        self.models = tuple(map(self._folder, models))
        self.tests = tuple(map(self._folder, tests))

    @property
    def home(self) -> Path:
        """Where its models are written: the first of its folders that is there, or is named."""
        return next((folder for folder in self.models if folder.is_dir()), self.models[0])

    def listed(self) -> list[Path]:
        """All of its files.

        Raises:
            CleaningError: If a folder of it is a link: it could lead to another client's.
        """
        found = []
        for folder in (*self.models, *self.tests):
            if folder.parent.resolve() / folder.name != folder.resolve():
                raise CleaningError(
                    f"{self._client_id}: {self.shown(folder)} is a link, and links are not "
                    "followed: it could lead to another client's files. Put the folder itself "
                    "there."
                )
            found += files_below(folder)
        return found

    def read(self, path: Path) -> bytes:
        """What one of its files holds.

        Raises:
            CleaningError: If it is no regular file, larger than a megabyte, or elsewhere.
        """
        folder = next(each for each in (*self.models, *self.tests) if path.is_relative_to(each))
        try:
            return read_regular(path, within=folder, max_bytes=_LARGEST_FILE)
        except ConfigurationError as error:
            raise CleaningError(f"{self._client_id}: {error}") from None

    def shown(self, path: Path) -> str:
        """One of its paths as people read it."""
        return shown_path(os.path.relpath(path, self._dbt_dir))

    def found(self, name: str) -> str | None:
        """The file that dbt names from the folder it found it in, as people read it."""
        places = (folder / name for folder in (*self.models, *self.tests))
        return next((self.shown(place) for place in places if place.is_file()), None)

    def _folder(self, path: str) -> Path:
        return Path(os.path.normpath(self._dbt_dir / _CLIENT.sub(self._client_id, path)))


def shown_path(path: str) -> str:
    """A path below the dbt project, or beside it, as people read it: `a.sql` → `dbt/a.sql`."""
    return os.path.normpath(f"dbt/{path}")


def files_below(folder: Path, *, but: Collection[str] = ()) -> list[Path]:
    """The files dbt reads below a folder, sorted; dbt reads hidden ones, too.

    Args:
        folder: The folder.
        but: What of it is left out.
    """
    left_out = {f"{folder}/{name}" for name in but}
    found: list[str] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if f"{parent}/{name}" not in left_out]
        found += [f"{parent}/{name}" for name in names if name.lower().endswith(DBT_SUFFIXES)]
    return [Path(path) for path in sorted(found)]


def shared_files(dbt_dir: Path) -> list[Path]:
    """The files of the project that all clients share, those of its packages with them."""
    packages = (dbt_dir / PACKAGES).glob("*")
    # `dbt deps` links a local package
    places = [dbt_dir, *(path for path in packages if path.is_symlink())]
    return [path for place in places for path in files_below(place, but=NOT_SHARED)]


def _client_paths(dbt_dir: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths of `dbt_project.yml` that name the client: of models, and of tests."""
    path = dbt_dir / PROJECT_FILE
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return _DEFAULT


@functools.lru_cache(maxsize=8)
def _read(path: Path, _modified: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    documents = parse_yaml(path.read_bytes(), path)
    said = documents[0].value if documents else None
    models, tests = (
        tuple(each for each in (said or {}).get(key) or () if _CLIENT.search(str(each)))
        for key in ("model-paths", "test-paths")
    )
    if not models:
        raise CleaningError(
            f"{path}: no path of `model-paths` names the client, so each would see all models. "
            f'Write, for example, model-paths: ["{_DEFAULT[0][0]}"].'
        )
    return models, tests

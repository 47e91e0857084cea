"""What dbt parsed for one test is not parsed again for another whose models are the same.

The tests copy the project, change a line and put it back; a copy knows nothing of what was parsed
elsewhere. What is the same is told by the product's own fingerprint, which does not depend on where
a project lies; what was parsed is copied as it is. Tests of the parse itself do without.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.cleaning import ClientModels

if TYPE_CHECKING:
    from collections.abc import Iterator

_parse = ClientModels.prepare
_DBT = Path(__file__).parents[2] / "dbt"


def lay_shared(dbt_dir: Path) -> None:
    """Lay what clients share of the project's dbt folder into another, with the parsed macros."""
    for name in ("macros", "tests", "models/shared"):
        shutil.copytree(_DBT / name, dbt_dir / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(_DBT / name, dbt_dir / name)
    take_macros(dbt_dir)


def take_macros(dbt_dir: Path) -> None:
    """Let a copy of the project know the macros that were parsed for the project itself."""
    _copy(prepared() / "target/macros", dbt_dir / "target/macros")


@functools.cache
def prepared() -> Path:
    """The project's dbt folder; one process of the tests has the models of its clients parsed."""
    (_DBT / "target").mkdir(exist_ok=True)
    with (_DBT / "target/.tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for folder in (_DBT / "models/clients").iterdir():
            ClientModels(_DBT, folder.name).prepare()
    return _DBT


@contextlib.contextmanager
def parsed_once(known: Path) -> Iterator[None]:
    """Prepare models with what is known, and let it be known to all processes of the tests.

    Args:
        known: A folder that they share.
    """

    def prepare(models: ClientModels) -> Path:
        fingerprint = models.fingerprint()
        prepared = models.cache / fingerprint
        if prepared.exists():
            return prepared
        if (known / fingerprint).exists():
            _copy(known / fingerprint, prepared)
        prepared = _parse(models)
        if not (known / fingerprint).exists():
            _copy(prepared, known / fingerprint)
        return prepared

    ClientModels.prepare = prepare  # type: ignore[method-assign]
    try:
        yield
    finally:
        ClientModels.prepare = _parse  # type: ignore[method-assign]


def _copy(there: Path, here: Path) -> None:
    """Whole or not at all; another process may be first."""
    here.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".", dir=here.parent))
    shutil.copytree(there, draft, dirs_exist_ok=True)
    try:
        draft.rename(here)
    except OSError:
        shutil.rmtree(draft)
        if not here.exists():
            raise

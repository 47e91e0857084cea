"""A client's dbt files looked through before dbt reads them: dbt is lenient, and this is quick."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consulting.errors import CleaningError, ConfigurationError
from consulting.regular_files import read_regular
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LARGEST_FILE = 1024**2
_STAGES = {"file_received", "profiled", "cleaned", "validated", "delivered", "configuration"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def read_model_file(path: Path, client_folder: Path) -> bytes:
    """What a file of a client's models holds.

    Args:
        path: The file.
        client_folder: The client's folder in `models/clients/`; a link leads nowhere else.

    Raises:
        CleaningError: If it is no regular file, larger than a megabyte, or elsewhere.
    """
    try:
        return read_regular(path, within=client_folder, max_bytes=_LARGEST_FILE)
    except ConfigurationError as error:
        raise CleaningError(f"{client_folder.name}: {error}") from None


def survey(paths: Iterable[Path], client_folder: Path) -> None:
    """Find what dbt would take in silence: a key given twice, a name that can be no table's.

    Args:
        paths: The client's files.
        client_folder: Its folder in `models/clients/`.

    Raises:
        CleaningError: With all mistakes, each with its file and, in YAML, line and column.
    """
    mistakes = []
    for path in paths:
        shown = path.relative_to(client_folder.parents[3])
        if path.suffix in {".yml", ".yaml"}:
            try:
                parse_yaml(read_model_file(path, client_folder), shown)
            except ConfigurationError as error:
                mistakes.append(str(error))
        elif path.suffix == ".sql" and not _NAME.fullmatch(path.stem):
            mistakes.append(
                f"{shown} can not be the name of a model. Rename it: letters, digits and "
                "underscores, a letter first, for example `customer_revenue.sql`."
            )
        elif path.suffix == ".sql" and path.stem in _STAGES:
            mistakes.append(f"{shown} has the name of a stage of the chain. Rename it.")
    if mistakes:
        raise CleaningError("\n".join(f"{client_folder.name}: {mistake}" for mistake in mistakes))

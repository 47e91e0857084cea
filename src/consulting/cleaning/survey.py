"""A client's dbt files looked through before dbt reads them: dbt is lenient, and this is quick."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.errors import CleaningError, ConfigurationError
from consulting.yaml_files import parse_yaml

if TYPE_CHECKING:
    from consulting.cleaning.client_files import ClientFiles

_STAGES = {"file_received", "profiled", "cleaned", "validated", "delivered", "configuration"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def survey(files: ClientFiles, client_id: str) -> None:
    """Find what dbt would take in silence: a key given twice, a name that can be no table's.

    Args:
        files: The client's files.
        client_id: The client.

    Raises:
        CleaningError: With all mistakes, each with its file and, in YAML, line and column.
    """
    mistakes = []
    for path in files.listed():
        shown = files.shown(path)
        if path.suffix in {".yml", ".yaml"}:
            try:
                parse_yaml(files.read(path), Path(shown))
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
        raise CleaningError("\n".join(f"{client_id}: {mistake}" for mistake in mistakes))

"""The environment that a client's own files may see: dbt's models and macros, and `defs.yaml`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# no client's, even if it is called like one of them
_PROGRAMS = ("AWS_", "CONSULTING_", "DAGSTER_", "DBT_", "PYTHON", "LD_")
_SECRET = re.compile(r"(?:^|_)(?:SECRET|PASSWORD|PASSWD|PWD|PASS|TOKEN|CREDENTIALS?|KEY)(?:_|$)")


def client_environment(
    client_id: str, others: Iterable[str] = (), environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The variables that are named after a client (`ACME_CORP_…`), but for its secrets.

    What this gives is all that a client's files can name. A secret is known by a word of its name
    (`ACME_CORP_SECRET_ACCESS_KEY`, `ACME_CORP_WORKBOOK_PASSWORD`); our own code reads it from the
    process, and no file of a client has to.

    Args:
        client_id: The client.
        others: All clients, so that `ACME_CORP_REGION` is not taken for one of `acme`.
        environ: The variables of the process.
    """
    longer = {
        _prefix(other) for other in others if _prefix(other).startswith(_prefix(client_id))
    } - {_prefix(client_id)}
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(_prefix(client_id))
        and not name.startswith((*longer, *_PROGRAMS))
        and not _SECRET.search(name.removeprefix(_prefix(client_id)))
    }


def _prefix(client_id: str) -> str:
    return f"{client_id.upper()}_"

"""The environment that a client's own files may see: dbt's models and macros, and `defs.yaml`."""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALLOWED = "CONSULTING_CLIENT_VARIABLES"
"""The variable that lists what clients may see, by the part of the name after the client's own."""

# no client's, even if it is called like one of them
_PROGRAMS = ("AWS_", "CONSULTING_", "DAGSTER_", "DBT_", "PYTHON", "LD_")
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:SECRET|PASSWORD|PASSWD|PWD|PASS|TOKEN|CREDENTIALS?|KEY)(?:_|$)"
)
_SECRET_VALUE = re.compile(
    r"://[^/\s:@]*:[^/\s@]+@"  # a URL with a password
    r"|-----BEGIN |PuTTY-User-Key-File"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(?:gh[opsur]_|github_pat_|glpat-|xox[abeprs]-|sk-|sk_live_|rk_live_|pypi-|npm_|hf_|AIza)[\w-]{10}"
    r"|\beyJ[\w-]{8,}\.[\w-]+\."
    r"|hooks\.slack\.com/services/"
    r"|(?:password|passwd|pwd|secret|token|api_?key|accountkey|sharedaccesskey|sig)\s*[=:]\s*\S",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z0-9+/_=-]{16,}")
_HEX = re.compile(r"[0-9a-fA-F]{32,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RANDOM_BITS, _A_TURN_IN = 3.2, 5
"""Per character; and between small letters, capitals and digits: words have fewer of both."""


def client_environment(
    client_id: str, others: Iterable[str] = (), environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The variables of a client (`ACME_CORP_…`) that the operator allows, but for secrets.

    `CONSULTING_CLIENT_VARIABLES` lists them by the part after the client's name: with
    `REGION BUCKET` in it, `acme_corp` sees `ACME_CORP_REGION` and `ACME_CORP_BUCKET`. What this
    gives is all that a client's files can name. A secret is held back even where it is listed: our
    own code reads it from the process, and no file of a client has to.

    Args:
        client_id: The client.
        others: All clients, so that `ACME_CORP_REGION` is not taken for one of `acme`.
        environ: The variables of the process.
    """
    own = _prefix(client_id)
    longer = {_prefix(other) for other in others if _prefix(other).startswith(own)} - {own}
    allowed = {own + word for word in re.findall(r"\w+", environ.get(ALLOWED, "").upper())}
    return {
        name: value
        for name, value in environ.items()
        if name in allowed
        and not name.startswith((*longer, *_PROGRAMS))
        and not _SECRET_NAME.search(name.removeprefix(own))
        and not is_secret(value)
    }


def is_secret(value: str) -> bool:
    """Whether a value looks like a key, a token, a private key or a URL with a password.

    Args:
        value: What a variable holds.
    """
    return _SECRET_VALUE.search(value) is not None or any(
        _is_random(token) for token in _TOKEN.findall(value)
    )


def _is_random(token: str) -> bool:
    """Whether letters and digits are mixed as no word, path or version mixes them."""
    if _HEX.fullmatch(token) and any(c.isdigit() for c in token):
        return True
    counts = Counter(token).values()
    bits = -sum(n / len(token) * math.log2(n / len(token)) for n in counts)
    kinds = ["digit" if c.isdigit() else "upper" if c.isupper() else "lower" if c.islower() else ""
             for c in token]  # fmt: skip
    turns = sum(a != b for a, b in pairwise(kinds) if a and b)
    return bits >= _RANDOM_BITS and turns * _A_TURN_IN >= len(token)


def _prefix(client_id: str) -> str:
    return f"{client_id.upper()}_"

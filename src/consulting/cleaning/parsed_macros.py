"""The macros that every client's parse begins with, parsed once for all clients of a project.

dbt parses some 600 macros of its own and of the project anew for each client: two thirds of the
work. Its partial parsing goes on from a saved manifest where project, profile and the variables of
the command line are as they were; here these differ by the client alone. So the project is parsed
once without a client, and what dbt saved is laid before each client's parse under the hash of that
client's variables. What dbt finds to be otherwise it parses anew, which costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import pprint
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from consulting.cleaning.invocation import parse_dbt
from consulting.errors import CleaningError
from consulting.plugins import version_of
from consulting.writing import write_whole

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

SAVED = "partial_parse.msgpack"
"""What dbt calls it, in the folder it writes to."""
_NOBODY = "_"  # can be no client's id
_OF_A_CLIENT = b"the hash of the variables of a client".ljust(64, b".")
_KEPT = 2
_FOLDER = Path("target", "macros")


def lay_macros(dbt_dir: Path, client_id: str, target: Path, digest: str) -> bool:
    """Let a client's parse go on from the parsed macros of its project.

    Args:
        dbt_dir: The dbt project.
        client_id: Whose parse it is.
        target: The folder that the parse writes to.
        digest: The hash of all that clients share; what was parsed is kept by it.

    Returns:
        Whether there are any. None are kept of a project in which clients share models or tests,
        for these may read the client's variables.
    """
    folder = dbt_dir / _FOLDER
    kept = folder / f"{digest}.msgpack"
    if not kept.exists():
        write_whole(kept, [_parsed(dbt_dir, target)])
        for old in sorted(folder.glob("*.msgpack"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)
    try:
        saved = kept.read_bytes()
    except FileNotFoundError:  # pruned by another process, which knows a newer project
        return False
    if saved:
        mine = _hash_of_variables(client_id).encode()
        (target / SAVED).write_bytes(saved.replace(_OF_A_CLIENT, mine))
    return bool(saved)


def bring_macros(dbt_dir: Path, copy: Path) -> None:
    """Let a copy of a project know the macros that were parsed for the project."""
    for kept in (dbt_dir / _FOLDER).glob("*.msgpack"):
        with suppress(FileNotFoundError):  # pruned by another process
            write_whole(copy / _FOLDER / kept.name, [kept.read_bytes()])


def _parsed(dbt_dir: Path, target: Path) -> bytes:
    """What dbt saves of the project without a client; nothing where it is not every client's."""
    work = target / "macros"
    work.mkdir()
    try:
        found: Manifest = parse_dbt(client_id=_NOBODY, dbt_dir=dbt_dir, target=work)
        saved = (work / SAVED).read_bytes()
    except CleaningError:
        return b""  # the client's own parse tells what is wrong
    finally:
        shutil.rmtree(work)
    own = found.state_check.vars_hash.checksum.encode()
    shared = (found.nodes, found.sources, found.exposures, found.unit_tests, found.functions)
    if any(shared) or saved.count(own) != 1 or own.decode() != _hash_of_variables(_NOBODY):
        return b""
    return saved.replace(own, _OF_A_CLIENT)


def _hash_of_variables(client_id: str) -> str:
    """As dbt's `ManifestLoader.build_manifest_state_check` tells them from others."""
    variables = pprint.pformat({"client": client_id})
    return hashlib.sha256(
        "\0".join((variables, "", "", version_of("dbt-core"))).encode()
    ).hexdigest()

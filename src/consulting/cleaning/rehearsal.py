"""What dbt works out at its first command and keeps: worked out on a project of nobody."""

from __future__ import annotations

import gc
import tempfile
from multiprocessing import resource_tracker
from pathlib import Path

from consulting.cleaning.invocation import invoke_dbt
from consulting.cleaning.parsed_macros import SAVED

_PROJECT = {
    "dbt_project.yml": "{name: nobody, profile: nobody, config-version: 2}",
    "profiles.yml": "nobody: {target: a, outputs: {a: {type: duckdb, path: ':memory:'}}}",
    "models/a.sql": "select * from {{ source('raw', 'a') }}",
    "models/b.sql": "{{ config(materialized='table') }} select * from {{ ref('a') }}",
    "tests/c.sql": "select * from {{ ref('b') }} where x is null",
    "models/a.yml": """
sources: [{name: raw, schema: raw, tables: [{name: a, columns: [{name: x, meta: {a: 1}}]}]}]
models: [{name: a, meta: {a: 1}, columns: [{name: x, meta: {a: 1}, data_tests: [unique]}]}]
""",
}


def rehearse_dbt() -> None:
    """Have dbt parse a project of two models.

    A later command of this process, or of one that is forked from it, finds schemas, decoders and
    macros made. Nothing of a client is read, no database is opened; no thread, process or open file
    is left.
    """
    with tempfile.TemporaryDirectory(prefix="consulting-") as folder:
        _parse(Path(folder))
    _let_go()


def _parse(project: Path) -> None:
    for name, text in _PROJECT.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    target = project / "target"
    # its fast parser, which is not Python's, starts threads
    command = ["parse", "--no-static-parser"]
    manifest = invoke_dbt(command, client_id="nobody", dbt_dir=project, target=target)
    type(manifest).from_msgpack((target / SAVED).read_bytes())


def _let_go() -> None:
    """Of the locks of dbt's adapter and manifests, and of the process that watches over them.

    Whoever is forked from this process would share it.
    """
    from dbt.adapters.factory import reset_adapters

    reset_adapters()  # type: ignore[no-untyped-call]
    gc.collect()
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]  # noqa: SLF001

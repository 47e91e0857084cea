"""What dbt works out at its first command and keeps: worked out on a project of nobody."""

from __future__ import annotations

import tempfile
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
    macros made. Nothing of a client is read, no database is opened, and no thread is left.
    """
    with tempfile.TemporaryDirectory(prefix="consulting-") as folder:
        project = Path(folder)
        for name, text in _PROJECT.items():
            (project / name).parent.mkdir(exist_ok=True)
            (project / name).write_text(text, encoding="utf-8")
        target = project / "target"
        manifest = invoke_dbt(
            ["parse", "--no-static-parser"], client_id="nobody", dbt_dir=project, target=target
        )
        saved = (target / SAVED).read_bytes()
        type(manifest).from_msgpack(saved)

"""What dbt works out at its first command and keeps: worked out on a project of nobody."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

from dbt_common.clients.jinja import template_cache

from consulting.cleaning.invocation import parse_dbt
from consulting.cleaning.library import write_library
from consulting.cleaning.parsed_macros import SAVED
from consulting.cleaning.scaffolding import write_feed_models

_NOBODY = "nobody"
_PROJECT = {
    "dbt_project.yml": """
name: consulting
profile: nobody
config-version: 2
model-paths: ["models/clients/{{ var('client') }}"]
macro-paths: [library/macros, library/tests]
models: {consulting: {+materialized: table, staging: {+schema: staging}}}
""",
    "profiles.yml": "nobody: {target: a, outputs: {a: {type: duckdb, path: ':memory:'}}}",
}
_TESTS = (
    *("unique", "not_null", "not_negative"),
    {"accepted_values": {"arguments": {"values": ["x"]}}},
    {"accepted_range": {"arguments": {"min_value": 0}}},
    {"relationships": {"arguments": {"to": "ref('a')", "field": "x"}}},
)


def rehearse_dbt() -> None:
    """Have dbt parse a project with the models of one feed.

    A later command of this process, or of one that is forked from it, finds schemas, decoders and
    macros made: ours, and those of dbt and its adapter, which it compiles as they are called.
    Nothing of a client is read, no database is opened; no thread, process or open file is left.
    """
    with tempfile.TemporaryDirectory(prefix="consulting-") as folder:
        _parse(Path(folder))
    _let_go()


def _parse(project: Path) -> None:
    for name, text in _PROJECT.items():
        (project / name).write_text(text, encoding="utf-8")
    write_library(project)
    column = {"name": "x", "from": "X", "rule": "to_text", "tests": _TESTS}
    write_feed_models(project, _NOBODY, "a", [column], dedupe={"key": ["x"]}, unique_together=["x"])
    target = project / "target"
    # its fast parser, which is not Python's, starts threads
    manifest = parse_dbt("--no-static-parser", client_id=_NOBODY, dbt_dir=project, target=target)
    for macro in manifest.macros.values():
        template_cache.get_node_template(macro)
    type(manifest).from_msgpack((target / SAVED).read_bytes())


def _let_go() -> None:
    """Of dbt's adapter and manifests: who is forked from this process would have their locks."""
    from dbt.adapters.factory import reset_adapters

    reset_adapters()  # type: ignore[no-untyped-call]
    gc.collect()

"""The slim manifest: what definitions and deliverables need of dbt's, without macros or clocks."""

from __future__ import annotations

import re
from typing import Any

from consulting import jinja
from consulting.plugins import version_of

FORMAT = "slim-2"

_NODE_FIELDS = (
    "unique_id",
    "resource_type",
    "name",
    "alias",
    "database",
    "schema",
    "package_name",
    "path",
    "original_file_path",
    "patch_path",
    "fqn",
    "description",
    "raw_code",
    "tags",
    "meta",
    "group",
    "version",
    "access",
    "checksum",
    "relation_name",
    # tests
    "attached_node",
    "column_name",
    "test_metadata",
    # sources
    "source_name",
    "source_description",
    "identifier",
)
_CONFIG_FIELDS = ("enabled", "materialized", "schema", "tags", "meta", "group", "severity")
_COLUMN_FIELDS = ("name", "description", "data_type", "meta", "tags")
_EMPTY_SECTIONS = (
    "macros",
    "exposures",
    "metrics",
    "groups",
    "semantic_models",
    "saved_queries",
    "unit_tests",
    "functions",
    "disabled",
    "docs",
    "selectors",
)


def empty_manifest(client_id: str, fingerprint: str) -> dict[str, Any]:
    """The slim manifest of a client that has no models.

    Args:
        client_id: The client.
        fingerprint: Of the content, so that two clients' manifests differ.
    """
    sections: dict[str, Any] = {name: {} for name in _EMPTY_SECTIONS}
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": version_of("dbt-core"),
            "project_name": "consulting",
            "adapter_type": "duckdb",
            # dagster-dbt takes two manifests with equal metadata for the same one
            "invocation_id": fingerprint,
            "client_id": client_id,
        },
        "nodes": {},
        "sources": {},
        "parent_map": {},
        "child_map": {},
        **sections,
    }


def slim_manifest(parsed: Any, client_id: str, fingerprint: str) -> dict[str, Any]:
    """Narrow a parsed manifest to the fields that are used, in a stable order.

    Args:
        parsed: dbt's manifest object.
        client_id: The client.
        fingerprint: Of the content.
    """
    slim = empty_manifest(client_id, fingerprint)
    for section in ("nodes", "sources"):
        nodes = {key: _slim_node(node.to_dict()) for key, node in getattr(parsed, section).items()}
        slim[section] = dict(sorted(nodes.items()))
    for unique_id, node in [*slim["sources"].items(), *slim["nodes"].items()]:
        slim["child_map"].setdefault(unique_id, [])
        slim["parent_map"][unique_id] = parents = node.get("depends_on", {}).get("nodes", [])
        for parent in parents:
            slim["child_map"].setdefault(parent, []).append(unique_id)
    for node in nodes_of(slim, "test"):
        # dagster-dbt reads a check's description here
        node["meta"] = {**node["meta"], "description": describe_test(node)}
    return slim


def nodes_of(manifest: dict[str, Any], resource_type: str = "model") -> list[dict[str, Any]]:
    """The models of a slim manifest, or its tests.

    Args:
        manifest: The manifest.
        resource_type: "model" or "test".
    """
    return [n for n in manifest["nodes"].values() if n["resource_type"] == resource_type]


def _slim_node(node: dict[str, Any]) -> dict[str, Any]:
    slim = {field: node[field] for field in _NODE_FIELDS if node.get(field) is not None}
    config = node.get("config", {})
    slim["config"] = {
        field: config[field] for field in _CONFIG_FIELDS if config.get(field) is not None
    }
    if node["resource_type"] == "test":
        slim["raw_code"] = ""
    elif "columns" in node:
        slim["columns"] = {
            name: {field: column[field] for field in _COLUMN_FIELDS if field in column}
            for name, column in node["columns"].items()
        }
    slim.setdefault("meta", {})
    slim.setdefault("tags", [])
    nodes = node.get("depends_on", {}).get("nodes", [])
    slim["depends_on"] = {"nodes": list(dict.fromkeys(nodes)), "macros": []}
    return slim


def describe_test(node: dict[str, Any]) -> str:
    """What a test tests, in words: its own description, or one made of its name and arguments.

    Args:
        node: A test of a slim manifest.
    """
    if node.get("description"):
        return str(node["description"])
    generic = node.get("test_metadata")
    if not generic:
        return f"The query {node['name']} returns no rows."
    arguments = jinja.rendered(generic.get("kwargs", {}))
    column = node.get("column_name") or arguments.get("column_name")
    words = {
        "unique": f"No two rows share a value of {column}.",
        "not_null": f"Every row has a value of {column}.",
        "accepted_values": f"{column} is one of {_listed(arguments.get('values'))}.",
        "relationships": f"Every {column} is found in {_table(arguments.get('to'))}.",
        "rows_conserved": "Every row received is delivered, rejected or merged, exactly once.",
        "accepted_range": f"{column} is {_bounds(arguments)}.",
        "not_negative": f"{column} is not negative.",
        "holds": f"Every row satisfies {arguments.get('expression')}.",
        "unique_together": f"No two rows share {_listed(arguments.get('columns'))}.",
    }
    return words.get(generic["name"], f"{generic['name']} holds for {column or 'the table'}.")


def _listed(values: Any) -> str:
    return ", ".join(str(value) for value in values or ())


def _table(reference: Any) -> str:
    """`customers` of `ref('customers')`."""
    return re.sub(r"^\s*ref\(['\"](\w+)['\"]\)\s*$", r"\1", str(reference))


def _bounds(arguments: dict[str, Any]) -> str:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"

"""The JSON Schema of dbt's YAML with our `meta`, for editors: it completes and checks as one types.

Only what is ours is described; whatever else dbt knows is let through.
"""

from __future__ import annotations

from typing import Any

from consulting.rules import ColumnRule, all_rules
from consulting.rules.accepted import MARKS_SCHEMA, SUSPICIONS_SCHEMA

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_OF_A_MODEL = {
    "template": {
        "description": "The template of the project that says what is not said here.",
        "type": "string",
    },
    "dedupe": {
        "description": "Rows with the same key are one thing; which of them is kept.",
        "type": "object",
        "properties": {
            "key": _TEXTS,
            "keep": {"enum": ["latest", "first"], "default": "latest"},
            "order_by": {"anyOf": [_TEXT, _TEXTS]},
        },
        "required": ["key"],
        "additionalProperties": False,
    },
    "reject_when": {
        "description": "Reason code → a condition in SQL; rows for which it holds are rejected.",
        "type": "object",
        "additionalProperties": _TEXT,
    },
    "reasons": {
        "description": "Reason code → the sentence that rejects and report say.",
        "type": "object",
        "additionalProperties": _TEXT,
    },
}
_OF_A_SOURCE_COLUMN = {
    "dropped_because": {
        "description": "Why the column is not delivered; the mapping document says it.",
        "type": "string",
        "minLength": 1,
    },
    "contains_pii": {
        "description": "Whether the column holds personal data, whatever the profile thinks.",
        "type": "boolean",
    },
    "accepted": MARKS_SCHEMA,
    "suspected": SUSPICIONS_SCHEMA,
}


def models_schema() -> dict[str, Any]:
    """The schema, with the rules that are installed."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "dbt's YAML of a client's feeds",
        "type": "object",
        "properties": {
            "models": _listed(_with_meta({"properties": _OF_A_MODEL}), _meta_of_a_column()),
            "sources": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"tables": _listed({}, {"properties": _OF_A_SOURCE_COLUMN})},
                },
            },
        },
    }


def _listed(table: dict[str, Any], meta_of_a_column: dict[str, Any]) -> dict[str, Any]:
    columns = {"type": "array", "items": _with_meta(meta_of_a_column)}
    properties = table.get("properties", {}) | {"columns": columns}
    return {"type": "array", "items": {"type": "object", "properties": properties}}


def _with_meta(meta: dict[str, Any]) -> dict[str, Any]:
    """Something whose `meta` stands in it, or in its `config`."""
    meta = {"type": ["object", "null"], **meta}
    inside = {"type": ["object", "null"], "properties": {"meta": meta}}
    return {"type": "object", "properties": {"meta": meta, "config": inside}}


def _meta_of_a_column() -> dict[str, Any]:
    rules = all_rules()
    return {
        "properties": {
            "rule": {
                "description": ColumnRule.model_fields["rule"].description,
                "anyOf": [
                    {"const": name, "description": f"Makes: {rule.makes}."}
                    for name, rule in rules.items()
                ],
            }
        },
        "allOf": [
            {"if": _has_rule(name), "then": _arguments(rule)} for name, rule in rules.items()
        ],
    }


def _has_rule(name: str) -> dict[str, Any]:
    usual = ColumnRule.model_fields["rule"].default
    needed = ["from"] if name == usual else ["from", "rule"]
    return {"required": needed, "properties": {"rule": {"const": name}}}


def _arguments(rule: type[ColumnRule]) -> dict[str, Any]:
    made = rule.model_json_schema(by_alias=True)
    return {
        key: made[key] for key in ("properties", "additionalProperties", "$defs") if key in made
    }

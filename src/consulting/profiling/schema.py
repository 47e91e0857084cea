"""The JSON Schema of a stored profile, shipped as `profile-<version>.schema.json`."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from consulting.profiling.model import SCHEMA_VERSION, FeedProfile

SCHEMA_FILE = f"profile-{SCHEMA_VERSION}.schema.json"


def profile_schema() -> dict[str, Any]:
    """The schema that stored profiles of this version follow (JSON Schema 2020-12)."""
    text = files("consulting.profiling").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def generated_schema() -> dict[str, Any]:
    """The schema as the records say it is; the shipped file must equal it."""
    schema = FeedProfile.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:consulting:feed-profile:{SCHEMA_VERSION}",
        **schema,
    }


def rendered_schema() -> str:
    """The text of the shipped file."""
    return json.dumps(generated_schema(), indent=2, ensure_ascii=False) + "\n"

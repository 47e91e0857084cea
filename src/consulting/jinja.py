"""Texts as Jinja, so that whatever a client's file is called stays a text when dbt renders it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# what Jinja acts on; and a newline at the end or a carriage return, which its lexer changes
_RENDERED = re.compile(r"[{][{%#]|[#}%][}]|\r|\n\Z")
# dbt also renders an argument of a test that looks like a call of one of these
_CALL = re.compile(r"\s*(?:env_var|ref|var|source|doc)\s*\(")
_LITERAL = re.compile(r'\{\{ ("(?:[^"\\]|\\.)*") \}\}', re.DOTALL)


def literal(text: str) -> str:
    """What dbt renders to `text`: mostly the text itself."""
    if _RENDERED.search(text) or _CALL.match(text):
        return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"
    return text


def plain(source: str) -> str | None:
    """The text that dbt renders `source` to; None where a person has written Jinja."""
    written = _LITERAL.fullmatch(source)
    if not written:
        return source if literal(source) == source else None
    try:
        return str(json.loads(written.group(1)))
    except ValueError:
        return None


def rendered(value: Any) -> Any:
    """A value as YAML writes it, as dbt reads it; where a person wrote Jinja, that.

    dbt renders no key of a mapping.
    """
    if isinstance(value, str):
        text = plain(value)
        return value if text is None else text
    if isinstance(value, Mapping):
        return {key: rendered(item) for key, item in value.items()}
    return [rendered(item) for item in value] if isinstance(value, list | tuple) else value

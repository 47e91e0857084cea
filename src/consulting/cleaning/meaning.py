"""What dbt makes of a file, whatever is said in comments and however it is laid out."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

_JINJA = ("{{", "{%", "}}", "%}")


def meaning_of(path: Path, content: bytes) -> bytes:
    """A file of SQL, Jinja or YAML without comments; any other, and a broken one, as it is.

    Args:
        path: Its name tells what it is.
        content: What it holds.
    """
    return _meaning(path.suffix, content)


@functools.lru_cache(maxsize=1024)
def _meaning(suffix: str, content: bytes) -> bytes:
    read = {".sql": _sql, ".j2": _template, ".yml": _events, ".yaml": _events}.get(suffix)
    said = read(content) if read is not None else None
    return content if said is None else repr(said).encode()


def _sql(content: bytes) -> object:
    return _tokens(content) or _template(content)


def _template(content: bytes) -> object:
    import jinja2

    try:
        return jinja2.Environment(extensions=["jinja2.ext.do"]).parse(content.decode())  # noqa: S701
    except (jinja2.TemplateError, UnicodeDecodeError):
        return None


def _tokens(content: bytes) -> list[tuple[str, str]] | None:
    import sqlglot

    try:
        found = sqlglot.tokenize(content.decode(), dialect="duckdb")
    except (sqlglot.errors.SqlglotError, UnicodeDecodeError):
        return None
    told = "".join(comment for token in found for comment in token.comments)
    # dbt runs the Jinja of a comment, too
    if any(sign in told for sign in _JINJA):
        return None
    return [(token.token_type.name, token.text) for token in found]


def _events(content: bytes) -> list[tuple[object, ...]] | None:
    try:
        found = list(yaml.parse(content, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    facts = ("anchor", "tag", "implicit", "value")
    return [
        (type(event).__name__, *(getattr(event, fact, None) for fact in facts)) for event in found
    ]

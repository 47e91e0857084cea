"""What is wrong with the `meta` that somebody wrote for a column, in words."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from consulting.config_model import wrong_value
from consulting.regex import mistake_in
from consulting.rules import all_rules, column_rule, meta_keys, rule_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consulting.rules import ColumnRule


def rule_mistakes(meta: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a column's `meta`, as dbt reads it; nothing where all is right."""
    name = meta.get("rule", "to_text")
    rule = rule_named(name) if isinstance(name, str) else None
    if rule is None:
        yield f"there is no rule {name!r}{nearest_of(str(name), all_rules())}"
        return
    try:
        column_rule(meta)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield _in_words(dict(detail), rule)
        return
    yield from _pattern_mistakes(meta)


def _pattern_mistakes(meta: dict[str, Any]) -> Iterator[str]:
    """A `pattern` that the database can not read as a regular expression."""
    if meta.get("pattern") is None:
        return
    mistake = mistake_in(meta["pattern"])
    if mistake is not None:
        yield f"`pattern` {mistake}"


def _in_words(detail: dict[str, Any], rule: type[ColumnRule]) -> str:
    field = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        if field in meta_keys():
            allowed = ", ".join(sorted(rule.arguments())) or "none"
            return f"{rule.name} takes no `{field}`; its arguments are {allowed}"
        return f"meta has no key `{field}`{nearest_of(field, meta_keys())}"
    if detail["type"] == "tuple_type":
        return f"`{field}` is a list: write it in brackets, such as [{detail['input']}]"
    if detail["type"] == "literal_error":
        return f"`{field}` is {detail['ctx']['expected']}, not {detail['input']!r}"
    said = wrong_value(f"`{field}`", detail)
    message = str(detail["msg"]).removeprefix("Value error, ")
    if said is not None:
        return said.removesuffix(".")
    return f"`{field}`: {message}" if field else message


def nearest_of(name: str, known: Iterable[str]) -> str:
    """A "; did you mean x?" for the known name that is closest, or a list of them all."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listed = ", ".join(names)
    return f"; did you mean {close[0]}?" if close else f"; use one of {listed}"

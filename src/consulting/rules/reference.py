"""The page `docs/rules.md`, written from the rules themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.rules import ColumnRule, all_rules
from consulting.rules.missing import NULL_TOKENS
from consulting.rules.rule import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = """\
# The cleaning rules

Written from the code by `make docs`. A column's `meta` names a rule and its arguments (see
[cleaning.md](cleaning.md)). The profile reads values with the patterns of these same rules: what it
calls a number, a date or a yes, the rule it proposes reads.

## Keys of any rule

"""
_RULE = """
## `{name}`

Makes: {makes}.
"""
_WORDS = """
## Words for “no value”

Compared without case after trimming, in every column and by the profile alike, unless the column
has `null_tokens` of its own. “NA” among codes of two letters is asked for, and kept.

{words}
"""


def rules_reference() -> str:
    """The page, as Markdown."""
    parts = [_HEAD, _table("key", _keys(ColumnRule))]
    for rule in all_rules().values():
        parts.append(_RULE.format(name=rule.name, makes=rule.makes))
        if arguments := rule.arguments():
            parts.append("\n" + _table("argument", arguments))
        if rule.reasons:
            said = {code: words.format("the column") for code, words in rule.reasons.items()}
            parts.append("\n" + _table("reason code", said))
    parts.append("\nOf any rule: `missing`: " + REQUIRED["missing"].format("the column") + ".\n")
    words = ", ".join(f"`{word}`" for word in sorted(NULL_TOKENS))
    return "".join([*parts, _WORDS.format(words=words)])


def _keys(rule: type[ColumnRule]) -> dict[str, str]:
    fields = rule.model_fields.items()
    return {field.alias or name: field.description or "" for name, field in fields}


def _table(head: str, rows: Mapping[str, str]) -> str:
    lines = [f"| {head} | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {words.replace('|', '&#124;')} |" for name, words in rows.items()]
    return "\n".join(lines) + "\n"

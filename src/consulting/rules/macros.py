"""The macros and patterns of all rules that are installed, for dbt to read."""

from __future__ import annotations

import json
from typing import Any

from consulting.plugins import ask
from consulting.rules import all_rules
from consulting.rules.missing import GRAMMAR

_HEAD = """\
{#- Written from the rules that are installed; change them there.
    Each rule takes the SQL of a trimmed text (NULL where there is no value) and the column's meta,
    and gives the SQL of the typed value: NULL where the text can not be that. The caller turns such
    a NULL into a reason code (see problems.sql); no value is lost in silence. -#}
"""
_FRAME = """
{% macro apply_rule(sql, meta) -%}
  {%- set rules = {RULES} -%}
  {%- set rule = meta.get('rule', 'to_text') -%}
  {%- if rule not in rules -%}
    {%- set told = "There is no cleaning rule '" ~ rule ~ "'. Use one of " ~ rules | join(', ') -%}
    {{ exceptions.raise_compiler_error(told ~ '.') }}
  {%- endif -%}
  {{ rules[rule](sql, meta) }}
{%- endmacro %}

{#- The text in the one form that the rule's second step reads; `stage` makes it a column. -#}
{% macro bare_text(sql, meta) -%}
  {%- set bare = {BARE} -%}
  {%- set rule = meta.get('rule', 'to_text') -%}
  {{ bare[rule](sql, meta) if rule in bare else sql }}
{%- endmacro %}

{#- As `apply_rule`, of a `bare_text`. -#}
{% macro apply_rule_to_bare(sql, meta) -%}
  {%- set rules = {OF_BARE} -%}
  {{ rules.get(meta.get('rule'), apply_rule)(sql, meta) }}
{%- endmacro %}

{#- The reason code of a text that the rule can not read. -#}
{% macro unfit_reason(rule) -%}{%- do return({UNFIT}[rule]) -%}{%- endmacro %}

{#- The patterns and words that the profile reads with, too. -#}
{% macro grammar(name) -%}
  {%- do return({GRAMMAR}[name]) -%}
{%- endmacro %}
"""


def rule_macros() -> str:
    """The text of the macros of all rules that are installed."""
    rules = all_rules().values()
    texts = {
        path: ask(rule, str, path.read_text, encoding="utf-8")
        for rule in rules
        for path in rule.macro_files()
    }
    parts = {
        "RULES": _mapping({rule.name: rule.name for rule in rules}),
        "BARE": _mapping({rule.name: rule.bare for rule in rules if rule.bare}),
        "OF_BARE": _mapping({rule.name: rule.of_bare for rule in rules if rule.of_bare}),
        "UNFIT": _text({rule.name: rule.unfit_reason() for rule in rules}),
        "GRAMMAR": _text(grammar_of_rules()),
    }
    frame = _FRAME
    for name, part in parts.items():
        frame = frame.replace("{" + name + "}", part)
    return _HEAD + frame + "".join("\n" + text for text in texts.values())


def grammar_of_rules() -> dict[str, Any]:
    """The patterns and words of all rules by name; what is made when it is asked for, is made."""
    grammar: dict[str, Any] = dict(GRAMMAR)
    for rule in all_rules().values():
        grammar |= rule.grammar
    return {name: said() if callable(said) else said for name, said in grammar.items()}


def _mapping(names: dict[str, str]) -> str:
    """Names with the macros of these names, as Jinja."""
    return "{" + ", ".join(f"'{name}': {macro}" for name, macro in names.items()) + "}"


def _text(value: Any) -> str:
    """A value as Jinja: JSON, one line for each key of a mapping."""
    if isinstance(value, dict):
        pairs = (f"    {json.dumps(key)}: {_flat(item)}" for key, item in value.items())
        return "{\n" + ",\n".join(pairs) + "\n  }"
    return _flat(value)


def _flat(value: Any) -> str:
    return "none" if value is None else json.dumps(value)

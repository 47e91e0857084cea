"""The cleaning rules: each kind of value is described once, in one file.

A rule is a subclass of `ColumnRule`, found by the entry point group `consulting.rules`; others add
theirs in the same way. The profile reads values with the same patterns, the macros of dbt are
written from them (`macros`), and documents, proposals and errors take their words from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.plugins import plugins
from consulting.rules.rule import (
    REQUIRED,
    ColumnRule,
    Evidence,
    Proposal,
    describe_rule,
    headers_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ColumnRule",
    "Evidence",
    "Proposal",
    "all_rules",
    "column_rule",
    "describe_rule",
    "headers_of",
    "meta_keys",
    "reason_sentences",
    "rule_named",
    "rule_of_type",
]

# Keys of meta that belong to others.
_FOREIGN = {"dagster", "dropped_because"}


def all_rules() -> Mapping[str, type[ColumnRule]]:
    """Every rule by its name; raises as `plugins` does."""
    return plugins("consulting.rules")


def rule_named(name: str) -> type[ColumnRule] | None:
    """The rule of a name, if there is one."""
    return all_rules().get(name)


def rule_of_type(kind: str) -> type[ColumnRule]:
    """The rule that reads a profile's type; the one for texts where none is meant for it."""
    found = (rule for rule in all_rules().values() if kind in rule.types)
    return next(found, all_rules()["to_text"])


def column_rule(meta: Mapping[str, Any]) -> ColumnRule:
    """Read a column's meta.

    Args:
        meta: As in the manifest; keys of others (`dagster`) are left out.

    Raises:
        pydantic.ValidationError: If it is not a rule with its arguments.
        KeyError: If there is no such rule.
    """
    said = meta.get("rule", "to_text")
    rule = all_rules()[said if isinstance(said, str) else str(said)]
    return rule.model_validate({k: v for k, v in meta.items() if k not in _FOREIGN})


def meta_keys() -> tuple[str, ...]:
    """Every key that the meta of some column may have, those of all rules first."""
    rules = all_rules().values()
    return tuple(
        dict.fromkeys(
            field.alias or name
            for fields in (ColumnRule.model_fields, *(rule.model_fields for rule in rules))
            for name, field in fields.items()
        )
    )


def reason_sentences() -> dict[str, str]:
    """The sentence of every reason code, with `{}` for the column."""
    return REQUIRED | {
        code: words for rule in all_rules().values() for code, words in rule.reasons.items()
    }

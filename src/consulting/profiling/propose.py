"""A first list of columns for a feed without models, from its profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.privacy.column_names import words
from consulting.profiling.similar import misspellings, variants
from consulting.profiling.thresholds import Thresholds
from consulting.profiling.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consulting.profiling.model import ColumnProfile, FeedProfile

RULE_OF_TYPE: Mapping[str, str] = {
    "boolean": "to_boolean",
    "integer": "to_integer",
    "decimal": "to_decimal",
    "money": "to_money",
    "date": "to_date",
    "timestamp": "to_timestamp",
    "email": "to_email",
    "phone": "to_phone",
}
_KEY_WORDS = frozenset({"id", "key", "no", "nr", "number", "code", "uuid"})
_LABELS = frozenset({"phone", "zip", "postcode", "plz", "ssn", "iban", "postal"})
_CODE_ROWS = 50
_LONGEST_CODE = 40
_LONGEST_NAME = 50
_DEFAULT = Thresholds()


def propose_columns(profile: FeedProfile) -> list[dict[str, Any]]:
    """Columns for a feed's YAML, for a person to read and correct.

    Args:
        profile: The feed's profile; from headers only, all columns are text.

    Returns:
        For each column of the files, in order: `name`, `from`, `rule`, the rule's arguments
        (`formats`, `decimal`, `codes`, …), `required`, `tests` and `description`, as the cleaning
        rules name them. One key at most is required and tested as unique.
    """
    key = _key(profile)
    taken: set[str] = set()
    return [_column(column, profile, taken, is_key=column is key) for column in profile.columns]


def _key(profile: FeedProfile) -> ColumnProfile | None:
    candidates = [c for c in profile.columns if c.key_candidate]
    named = [c for c in candidates if _KEY_WORDS & set(words(c.name))]
    return next(iter(named or candidates), None)


def target_name(header: str, taken: set[str]) -> str:
    """A header as a column name in snake_case that is not taken, and takes it.

    It is short enough for PostgreSQL, which cuts names off at 63 letters, whatever cleaning puts
    before it and we behind it.
    """
    base = "_".join(words(header)).encode("ascii", "ignore").decode().strip("_") or "column"
    if not base[0].isalpha():
        base = f"column_{base}"
    base = base[:_LONGEST_NAME].rstrip("_")
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    taken.add(name)
    return name


def _column(
    column: ColumnProfile, profile: FeedProfile, taken: set[str], *, is_key: bool
) -> dict[str, Any]:
    rule, arguments = _rule(column, profile)
    complete = not column.null_count and not column.null_like_count and profile.row_count
    tests: list[Any] = []
    if is_key:
        tests = ["unique", "not_null"]
    elif complete:
        tests = [{"not_null": {"config": {"severity": "warn"}}}]
    return {
        "name": target_name(column.name, taken),
        "from": column.name,
        "rule": rule,
        **arguments,
        "required": is_key,
        "tests": tests,
        "description": _description(column, profile),
    }


def _rule(column: ColumnProfile, profile: FeedProfile) -> tuple[str, dict[str, Any]]:
    rule = RULE_OF_TYPE.get(column.inferred_type, "to_text")
    if column.inferred_type in {"integer", "decimal"} and _LABELS & set(words(column.name)):
        return "to_text", {}
    if rule in {"to_date", "to_timestamp"}:
        return _dates(rule, column)
    if rule in {"to_decimal", "to_money"}:
        return rule, _numbers(column)
    if rule == "to_text":
        return _text(column, profile)
    return rule, {}


def _dates(rule: str, column: ColumnProfile) -> tuple[str, dict[str, Any]]:
    formats: list[str] = []
    for found in column.formats:
        if "not English" in found.format:
            continue
        if found.format == "plain":
            formats.append("%Y%m%d")
        elif found.format.startswith("?"):
            formats += _orders(found.format, column)
        else:
            formats.append(found.format)
    return (rule, {"formats": formats}) if formats else ("to_text", {})


def _orders(pattern: str, column: ColumnProfile) -> list[str]:
    """The format with the day, the month, or the surer of both first."""
    day_first = pattern.replace("?", "%d", 1).replace("?", "%m", 1)
    month_first = pattern.replace("?", "%m", 1).replace("?", "%d", 1)
    return [month_first] if column.day_first is False else [day_first]


def _numbers(column: ColumnProfile) -> dict[str, Any]:
    notations = {f.format: f.count for f in column.formats}
    comma = notations.get("comma", 0) + notations.get("grouped_comma", 0)
    point = notations.get("point", 0) + notations.get("grouped", 0)
    found: dict[str, Any] = {}
    if comma:
        found["decimal"] = "either" if point else "comma"
    if column.inferred_type == "decimal" and len(column.units) == 1:
        found["unit"] = column.units[0].format
    return found


def _text(column: ColumnProfile, profile: FeedProfile) -> tuple[str, dict[str, Any]]:
    """A code list where all values are among the top ones and several are one code."""
    values = {v.value: v.count for v in column.top_values}
    listed = len(values) == column.distinct_count and profile.row_count >= _CODE_ROWS
    short = all(len(value) <= _LONGEST_CODE for value in values)
    if not listed or not short or column.pii or len(values) < 2:  # noqa: PLR2004 - a choice
        return "to_text", {}
    null_like = {v.value for v in column.null_like_values}
    codes = _codes({v: n for v, n in values.items() if v not in null_like})
    return ("to_code", {"codes": codes}) if codes else ("to_text", {})


def _codes(values: Mapping[str, int]) -> dict[str, list[str]] | None:
    """Each code with its other spellings; None where every value is spelled one way."""
    stripped: dict[str, int] = {}
    for value, count in values.items():
        stripped[value.strip()] = stripped.get(value.strip(), 0) + count
    other: dict[str, str] = {}
    for group in variants(stripped):
        leader = min(group, key=lambda text: (-group[text], text))
        other |= {text: leader for text in group if text != leader}
    wrong = misspellings(stripped, _DEFAULT.typo_ratio, _DEFAULT.typo_letters)
    other |= {text: other.get(right, right) for text, right in wrong.items() if text not in other}
    if not other:
        return None
    return {
        code: sorted(text for text, right in other.items() if right == code)
        for code in stripped
        if code not in other
    }


def _description(column: ColumnProfile, profile: FeedProfile) -> str:
    """What is known of the column; its header, which is the client's text, stands in `from`."""
    if profile.basis == "headers":
        return "Known by its header only."
    missing = column.null_count + column.null_like_count
    told = (
        f"{missing:,} of {counted(profile.row_count, 'row')} without a value"
        if missing
        else "never empty"
    )
    kind = "text" if column.inferred_type in {"text", "unknown", "code"} else column.inferred_type
    personal = f"; personal data ({column.pii.kind.replace('_', ' ')})" if column.pii else ""
    return f"{kind.capitalize()}, {told}{personal}."

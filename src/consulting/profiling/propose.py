"""A first YAML for a feed without models, from its profile."""

from __future__ import annotations

import logging
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb

from consulting.bounded_memory import confine
from consulting.plugins import blamed, is_ours
from consulting.privacy import is_personal
from consulting.privacy.column_names import words
from consulting.profiling.similar import misspellings, variants
from consulting.profiling.thresholds import Thresholds
from consulting.profiling.totals import REASON, listed_subtotals
from consulting.raised import kind_of
from consulting.records import Record
from consulting.rules import rule_of_type
from consulting.rules.missing import WORDS_AMONG_CODES, trim
from consulting.rules.numbers import decimal_mark
from consulting.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from consulting.profiling.across import Relation
    from consulting.profiling.model import ColumnProfile, FeedProfile

logger = logging.getLogger(__name__)

_KEY_WORDS = frozenset({"id", "key", "no", "nr", "number", "code", "uuid"})
_LABELS = frozenset({"phone", "zip", "postcode", "plz", "ssn", "iban", "postal"})
_NUMBERS = frozenset({"integer", "decimal", "money"})
_WHOLE_WITH = {"unclear": "point", "unclear_point": "comma"}
"""Numbers like 1,234 and 1.234, and the decimal mark with which they are whole."""
_MEASURES = frozenset({"decimal", "money", "date", "timestamp", "time", "boolean"})
_TIMES = frozenset({"date", "timestamp"})
_CHANGE_WORDS = frozenset({"updated", "modified", "changed", "geändert", "modifié"})
_BLANK_KEYS = 0.05
_CODE_ROWS = 50
_CODE_USES = 3
"""A list is closed by evidence where each code was seen so often."""
_LONGEST_CODE = 40
_LONGEST_NAME = 50
_ABBREVIATION = 3
_DEFAULT = Thresholds()


class Proposal(Record):
    """What a feed's YAML may say, for a person to read and correct.

    Attributes:
        columns: For each column of the files, in order: `name`, `from`, `rule`, the rule's
            arguments, `required`, `tests` and `description`, as the cleaning rules name them.
        dedupe: `key`, `keep` and `order_by`, where the profile found rows that repeat.
        reject_when: Reason → condition over the delivered columns, where rows sum up others.
        unique_together: Two columns that identify a row together, where none does alone.
        template: The template that says the rest.
    """

    columns: tuple[dict[str, Any], ...]
    dedupe: dict[str, Any] | None = None
    reject_when: dict[str, str] | None = None
    unique_together: tuple[str, ...] | None = None
    template: str | None = None


def propose_feed(
    profile: FeedProfile,
    relations: Sequence[Relation] = (),
    names: Mapping[tuple[str, str], str] | None = None,
    joint_keys: Mapping[str, tuple[str, str]] | None = None,
    called: Mapping[str, str] | None = None,
) -> Proposal:
    """A feed's columns, rules, tests and duplicates, from its profile.

    Args:
        profile: The feed's profile; from headers only, all columns are text.
        relations: What `find_relations` found between the run's feeds.
        names: Feed and source column → delivered column, of feeds that have models.
        joint_keys: What `find_joint_keys` found.
        called: Source column → what it is delivered as, where a template says so.
    """
    key = _key(profile, {r.column for r in relations if r.feed == profile.feed})
    taken = set((called or {}).values())
    columns = [
        proposed
        for column in profile.columns
        for proposed in _columns(
            column, profile, taken, is_key=column is key, name=(called or {}).get(column.name)
        )
    ]
    for relation in relations:
        target = (names or {}).get((relation.parent_feed, relation.parent_column))
        if relation.feed == profile.feed and target:
            mine = next(c for c in columns if c["from"] == relation.column)
            mine["tests"] = [*mine["tests"], _refers_to(relation, target)]
    delivered = {column["from"]: column["name"] for column in reversed(columns)}
    joint = () if key else (joint_keys or {}).get(profile.feed, ())
    return Proposal(
        columns=tuple(columns),
        dedupe=_dedupe(profile, (key.name,) if key else joint, delivered),
        reject_when=_subtotals(profile, columns),
        unique_together=tuple(delivered[name] for name in joint) or None,
    )


def propose_columns(profile: FeedProfile) -> list[dict[str, Any]]:
    """The columns of `propose_feed`, of a feed alone."""
    return list(propose_feed(profile).columns)


def _key(profile: FeedProfile, referring: Collection[str]) -> ColumnProfile | None:
    """The column that identifies a row; where it repeats in some rows, those are duplicates.

    A column that is named like a key needs no more, unless it is the key of another feed; it may
    be blank in a few rows. Any other must look like a label, in more rows than chance explains.
    """
    own = {word.removesuffix("s") for word in words(profile.feed)}
    named = sorted(
        (
            c
            for c in profile.columns
            if _is_named_key(c)
            and c.cardinality_ratio == 1
            and c.null_count + c.null_like_count <= _BLANK_KEYS * profile.row_count
            and (c.name not in referring or own & set(words(c.name)))
        ),
        key=lambda c: not {w.removesuffix("s") for w in words(c.name)} <= own | _KEY_WORDS,
    )
    repeating = {i.column for i in profile.issues if i.issue_type == "duplicate_key"}
    repeated = [
        c
        for c in profile.columns
        if c.name in repeating and (_is_named_key(c) or profile.duplicate_rows)
    ]
    labels = [
        c
        for c in profile.columns
        if c.key_candidate and profile.row_count >= _CODE_ROWS and _looks_like_label(c)
    ]
    return next(iter([*named, *repeated, *labels]), None)


def _is_named_key(column: ColumnProfile) -> bool:
    return bool(_KEY_WORDS & set(words(column.name)))


def _looks_like_label(column: ColumnProfile) -> bool:
    """Whether values are made to tell rows apart: digits and no blanks, or a UUID, up front."""
    if column.inferred_type == "uuid":
        return True
    shapes = [shape.value for shape in column.shapes]
    labels = all("9" in shape and " " not in shape for shape in shapes)
    return column.position == 0 and labels and column.inferred_type not in _MEASURES


def _dedupe(
    profile: FeedProfile, key: Sequence[str], names: Mapping[str, str]
) -> dict[str, Any] | None:
    """One row per key, the latest, where the key repeats."""
    found = profile.column(key[0]) if len(key) == 1 else None
    repeats = found.cardinality_ratio < 1 if found else bool(key and profile.duplicate_rows)
    if not repeats:
        return None
    dedupe: dict[str, Any] = {"key": [names[name] for name in key], "keep": "latest"}
    changes = [
        column
        for column in profile.columns
        if column.inferred_type in _TIMES and _CHANGE_WORDS & set(words(column.name))
    ]
    if changes:
        fullest = min(changes, key=lambda column: column.null_count + column.null_like_count)
        dedupe["order_by"] = names[fullest.name]
    return dedupe


def _subtotals(profile: FeedProfile, columns: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """Rows that sum up others, by their labels as the columns' rules deliver them."""
    conditions = []
    for column in columns:
        found = profile.column(column["from"])
        labels = {label for i in profile.issues for label in listed_subtotals(i, column["from"])}
        hidden = found is None or found.personal or any(map(is_personal, labels))
        if labels and not hidden and profile.basis == "all_rows":
            texts = sorted({_delivered(label, column) for label in labels})
            conditions.append(f"{quoted(column['name'])} IN ({', '.join(map(literal, texts))})")
    return {REASON: " OR ".join(conditions)} if conditions else None


def _delivered(label: str, column: Mapping[str, Any]) -> str:
    """A text as its column's rule makes it."""
    text = trim(label)
    codes: Mapping[str, Sequence[str]] = column.get("codes", {})
    return next((code for code, spellings in codes.items() if text in spellings), text)


def _refers_to(relation: Relation, target: str) -> dict[str, Any]:
    arguments = {"to": f"ref('{relation.parent_feed}')", "field": target}
    return {"relationships": {"arguments": arguments, "config": {"severity": "warn"}}}


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


def _columns(
    column: ColumnProfile,
    profile: FeedProfile,
    taken: set[str],
    *,
    is_key: bool,
    name: str | None = None,
) -> Iterator[dict[str, Any]]:
    rule, arguments = _rule(column, profile)
    missing = column.null_count or column.null_like_count
    required = is_key and not missing
    tests: list[Any] = []
    if is_key:
        tests = ["unique", "not_null"] if required else ["unique"]
    elif not missing and profile.row_count:
        tests = [{"not_null": {"config": {"severity": "warn"}}}]
    if column.kept_words:
        arguments = {**arguments, "null_tokens": list(WORDS_AMONG_CODES)}
    first = {
        "name": name or target_name(column.name, taken),
        "from": column.name,
        "rule": rule,
        **arguments,
        "required": required,
        "tests": tests,
        "description": _description(column, profile, rule),
    }
    yield first
    if rule == "to_money" and len(column.currencies) > 1:
        yield currency_column(column.name, target_name(f"{first['name']} currency", taken))


def currency_column(header: str, name: str) -> dict[str, Any]:
    """A column for the currency that stands beside the amounts of a column."""
    return {
        "name": name,
        "from": header,
        "rule": "to_currency",
        "required": False,
        "tests": [],
        "description": f"The currency written beside “{header}”.",
    }


def _rule(column: ColumnProfile, profile: FeedProfile) -> tuple[str, dict[str, Any]]:
    if column.inferred_type in {"integer", "decimal"} and _LABELS & set(words(column.name)):
        return "to_text", {}
    rule = rule_of_type(column.inferred_type)
    try:
        found = rule.proposed(column) or ("to_text", {})
    except Exception as error:
        if is_ours(rule):
            raise
        logger.warning("A column stays text, for the %s failed: %s", blamed(error), kind_of(error))
        return "to_text", {}
    if found[1].get("decimal") == "either" and (mark := _mark_of_others(column, profile)):
        # what proves nothing by itself is written as the rest of the file is
        found = (found[0], {**found[1], "decimal": mark})
    if column.personal or profile.basis != "all_rows":  # a unit is cut out of the values
        found = (found[0], {key: said for key, said in found[1].items() if key != "unit"})
    return found if column.inferred_type in rule.types else _text(column, profile)


def _mark_of_others(column: ColumnProfile, profile: FeedProfile) -> str | None:
    """The decimal mark of the other columns, for one whose numbers are whole with it.

    Where they would be fractions, each of three digits, it stays a question.
    """
    proven = {
        decimal_mark({found.format: found.count for found in other.formats})
        for other in profile.columns
        if other is not column and other.inferred_type in _NUMBERS
    } - {None, "unclear"}
    own = {found.format for found in column.formats} & _WHOLE_WITH.keys()
    marks = {_WHOLE_WITH[name] for name in own} | proven
    return marks.pop() if own and proven and len(marks) == 1 else None


def _text(column: ColumnProfile, profile: FeedProfile) -> tuple[str, dict[str, Any]]:
    """A code list where all values are among the top ones and several are one code."""
    values = {v.value: v.count for v in column.top_values}
    listed = len(values) == column.distinct_count and profile.row_count >= _CODE_ROWS
    short = all(len(value) <= _LONGEST_CODE for value in values)
    # the YAML is a tracked file: below tier 3 no value of the client is written there
    hidden = column.personal or profile.basis != "all_rows" or any(map(is_personal, values))
    if not listed or not short or hidden or len(values) < 2:  # noqa: PLR2004 - a choice
        return "to_text", {}
    null_like = {v.value for v in column.null_like_values}
    codes = _codes({v: n for v, n in values.items() if v not in null_like})
    return ("to_code", {"codes": codes}) if codes else ("to_text", {})


def _codes(values: Mapping[str, int]) -> dict[str, list[str]] | None:
    """Each code with its other spellings; None where the list is not closed, or needs no rule."""
    stripped: dict[str, int] = {}
    for value, count in values.items():
        stripped[trim(value)] = stripped.get(trim(value), 0) + count
    other: dict[str, str] = {}
    for group in variants(stripped):
        leader = min(group, key=lambda text: (-group[text], _oddity(text), text))
        other |= {text: leader for text in group if text != leader}
    wrong = misspellings(stripped, _DEFAULT.typo_ratio, _DEFAULT.typo_letters, _query)
    other |= {text: other.get(right, right) for text, right in wrong.items() if text not in other}
    uses = Counter({code: n for code, n in stripped.items() if code not in other})
    for text, code in other.items():
        uses[code] += stripped[text]
    if not other or min(uses.values()) < _CODE_USES or set(uses) != stripped.keys() - other.keys():
        return None
    return {code: sorted(t for t, right in other.items() if right == code) for code in uses}


def _query(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with _database().cursor() as connection:
        return connection.execute(sql, parameters).fetchall()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One empty database for all columns: to open one costs more than most columns do."""
    connection = duckdb.connect()
    confine(connection, None)
    return connection


def _oddity(text: str) -> tuple[int, bool]:
    """How unlike a spelling people would choose: signs and double blanks, then capitals only."""
    signs = sum(not c.isalnum() and c != " " for c in text) + text.count("  ")
    return signs, len(text) > _ABBREVIATION and text.isupper()


def _description(column: ColumnProfile, profile: FeedProfile, rule: str) -> str:
    """What the column is in any file; its header, a text of the client's, stands in `from`."""
    if profile.basis == "headers":
        return "Known by its header only."
    kept = rule in {"to_text", "to_code"}
    kind = "text" if kept or column.inferred_type == "unknown" else column.inferred_type
    unproven = column.pii is None or column.pii.kind == "unproven"
    personal = (
        f"; personal data ({column.pii.kind.replace('_', ' ')})"
        if column.pii and not unproven
        else ""
    )
    return f"{kind.capitalize()}{personal}."

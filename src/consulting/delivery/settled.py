"""Which issues of the files the cleaning has dealt with, so that nobody need look at them again.

An issue is settled by evidence only: by the declared rule of its column, by a test that passed, or
by a count of delivered rows that still hold what it is about. Hand-written SQL settles nothing that
is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from consulting.delivery.tables import MART_SCHEMA, describe
from consulting.errors import DeliveryError
from consulting.profiling import is_missing
from consulting.rules.dates import SWAPPED, with_order
from consulting.sql import NUMBER_TYPES, quoted
from consulting.wording import counted, inflected

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.delivery.inputs import DeliveryInputs
    from consulting.profiling import Issue
    from consulting.records import ColumnMapping


class Traces(NamedTuple):
    """What became of the rows that an issue is about.

    Attributes:
        left: Those delivered with a value that still shows it; of an issue that a rule settles,
            with a value.
        delivered: Those delivered, with a value or without.
        rows: All of them; where the issue picks out none, all that have a value.
        picked: Whether the issue picks them out.
    """

    left: int
    delivered: int
    rows: int
    picked: bool

    def in_words(self) -> str:
        """Where the rows went, if not all of them are delivered."""
        if self.delivered == self.rows:
            return ""
        if not self.delivered:
            return inflected(" [The row was|All {n} rows were] rejected or merged.", self.rows)
        rows, away = counted(self.rows, "row"), self.rows - self.delivered
        which = f"these {rows}" if self.picked else f"the {rows} with a value"
        return f" Of {which} {self.delivered:,} are delivered, {away:,} rejected or merged."


Remaining = Mapping["Issue", Traces]

_UNSEEN = "\u00a0\u2000-\u200d\u202f\u2060\ufeff"
_BLANK = f"[\\s{_UNSEEN}]"
_INVISIBLE = f"[\\x01-\\x1f{_UNSEEN}]"
_KEPT_OUT = (
    "ambiguous_numbers",
    "casing_variants",
    "implausible_dates",
    "impossible_dates",
    "odd_shapes",
    "outliers",
    "placeholder_values",
    "similar_values",
    "type_mismatch",
)
_HOLDS = dict.fromkeys((*_KEPT_OUT, "null_like_values"), "{} IS NOT NULL") | {
    "untrimmed_values": f"regexp_matches({{}}::VARCHAR, '^{_BLANK}|{_BLANK}$')",
    "inner_white_space": f"regexp_matches({{}}::VARCHAR, '{_BLANK}{_BLANK}')",
    "invisible_characters": f"regexp_matches({{}}::VARCHAR, '{_INVISIBLE}')",
    "two_digit_years": "coalesce(year(try_cast({0} AS TIMESTAMP)) > {ahead}, {0} IS NOT NULL)",
}
"""The type of an issue, and when a delivered value still shows it; of others, when it is one."""
_GONE = dict.fromkeys(
    _KEPT_OUT, "Set aside or left empty: none of them is in the delivered table."
) | {
    "null_like_values": "Delivered as empty.",
    "untrimmed_values": "Delivered without them.",
    "inner_white_space": "Delivered with single blanks.",
    "invisible_characters": "Delivered without them.",
    "two_digit_years": "Delivered with four digits.",
}
_DATES = ("DATE", "TIMESTAMP")
NOTHING_COUNTED: Remaining = MappingProxyType({})


def find_remaining(connection: duckdb.DuckDBPyConnection, inputs: DeliveryInputs) -> Remaining:
    """Return what is left of the issues that are counted; one query for each table of a feed."""
    remaining: dict[Issue, Traces] = {}
    for profile in inputs.profiles:
        asked: dict[str, list[tuple[Issue, str]]] = {}
        for issue in profile.issues:
            mapping = _mapping(issue, profile.feed, inputs)
            picked = issue.rows_where and issue.issue_type in _HOLDS
            if mapping and (picked or issue.issue_type in _BY_RULE):
                table, target = mapping.target_table or "", mapping.target_column or ""
                asked.setdefault(table, []).append((issue, target))
        for table, issues in asked.items():
            remaining |= _count(connection, inputs, profile.feed, table, issues)
    return remaining


def _count(
    connection: duckdb.DuckDBPyConnection,
    inputs: DeliveryInputs,
    feed: str,
    table: str,
    issues: list[tuple[Issue, str]],
) -> Remaining:
    mart = dict(describe(connection, MART_SCHEMA, table))
    if "_row_id" not in mart or any(target not in mart for _, target in issues):
        return {}
    conditions = ", ".join(f"({_rows(issue)}) AS c{n}" for n, (issue, _) in enumerate(issues))
    # a year of two digits that lies ahead of the file was guessed
    ahead = inputs.received_at.year + 1
    counts = ", ".join(
        f"count(*) FILTER (r.c{n} AND {_shows(issue).format(f'm.{quoted(target)}', ahead=ahead)}), "
        f"count(*) FILTER (r.c{n} AND m._row_id IS NOT NULL), count(*) FILTER (r.c{n})"
        for n, (issue, target) in enumerate(issues)
    )
    query = (
        f"SELECT {counts} FROM (SELECT _row_id, {conditions} FROM raw.{quoted(feed)}) r "
        f"LEFT JOIN {MART_SCHEMA}.{quoted(table)} m ON m._row_id = r._row_id"
    )
    try:
        found = connection.execute(query).fetchall()[0]
    except duckdb.Error as error:
        # the conditions list the client's values, and DuckDB's errors quote the query
        raise DeliveryError(
            f"{inputs.client_id}: the rows of feed '{feed}' that the profile points at could not "
            f"be counted in table '{table}' ({type(error).__name__}). Look whether "
            "the table has its `_row_id`."
        ) from None
    counts_of = zip(*(found[n::3] for n in range(3)), strict=True)
    return {
        issue: Traces(left, delivered, rows, picked=issue.rows_where is not None)
        for (issue, _), (left, delivered, rows) in zip(issues, counts_of, strict=True)
    }


def _rows(issue: Issue) -> str:
    return issue.rows_where or f"NOT {is_missing(quoted(issue.column or ''))}"


def _shows(issue: Issue) -> str:
    return _HOLDS.get(issue.issue_type, "{} IS NOT NULL")


def settled(
    issue: Issue, feed: str, inputs: DeliveryInputs, remaining: Remaining = NOTHING_COUNTED
) -> str:
    """Return how an issue was dealt with, as a sentence; an empty one where it was not."""
    if inputs.schema_only:
        return ""
    reason = _dropped(issue, feed, inputs)
    if reason:
        return f"Not delivered: {reason.rstrip('.')}."
    if issue.issue_type == "duplicate_rows":
        return _unique(inputs, feed, issue.evidence_count)
    mapping = _mapping(issue, feed, inputs)
    return _in_column(issue, mapping, inputs, remaining.get(issue)) if mapping else ""


def _in_column(
    issue: Issue, mapping: ColumnMapping, inputs: DeliveryInputs, traces: Traces | None
) -> str:
    kind = issue.issue_type
    if traces and kind in _GONE and issue.rows_where and not traces.left:
        became = _GONE[kind] if traces.delivered or kind in _KEPT_OUT else ""
        return f"{became}{traces.in_words()}".strip()
    if kind == "formula_like_values":
        return "Made harmless in the CSV and Excel files."
    if kind == "duplicate_key":
        return _unique_column(inputs, mapping)
    if kind == "mixed_currencies" and issue.question:
        return ""  # some amounts name none
    rule = _BY_RULE.get(kind)
    words = rule(mapping) if rule and mapping.rule != "sql" else ""
    if kind == "ambiguous_dates" and _is_misread(issue, mapping, inputs):
        return ""
    return f"{words}{traces.in_words()}" if words and traces and traces.left else ""


def _is_misread(issue: Issue, mapping: ColumnMapping, inputs: DeliveryInputs) -> bool:
    """Whether dates are read in another order than others of their column show."""
    profile = next(each for each in inputs.profiles if each.feed == mapping.feed)
    column = profile.column(issue.column or "")
    shown, read = column.day_first if column else None, _day_first(mapping)
    return shown is not None and read is not None and shown != read


def _mapping(issue: Issue, feed: str, inputs: DeliveryInputs) -> ColumnMapping | None:
    """The delivered column that holds the issue's column and nothing else.

    Where hand-written tables hold it, too, the feed's own table decides.
    """
    found = [
        mapping
        for mapping in inputs.mappings
        if mapping.feed == feed
        and mapping.target_column
        and mapping.source_columns == (issue.column,)
    ]
    # a column of amounts gives two where their currency is delivered apart
    named = issue.issue_type == "mixed_currencies"
    declared = [
        mapping
        for mapping in found
        if mapping.rule != "sql" and (mapping.rule == "to_currency") is named
    ] or found
    return declared[0] if len(declared) == 1 else None


def _dropped(issue: Issue, feed: str, inputs: DeliveryInputs) -> str:
    """Why none of the issue's columns is delivered, if that was decided."""
    columns = {issue.column, *issue.columns} - {None}
    reasons = {
        column: mapping.dropped_because
        for mapping in inputs.mappings
        if mapping.feed == feed and mapping.dropped_because
        for column in mapping.source_columns
    }
    told = [reasons.get(column or "") for column in sorted(filter(None, columns))]
    return (told[0] or "") if told and all(told) else ""


def passed_unique(inputs: DeliveryInputs, table: str) -> Mapping[str, bool]:
    """Return the columns of a table that are tested to be unique, and whether they are."""
    return {
        check.column: check.status == "pass"
        for check in inputs.checks
        if check.model == table and check.column and check.name.startswith("unique")
    }


def row_keys(inputs: DeliveryInputs, table: str) -> list[tuple[str, ...]]:
    """Return the columns of a table that tell its rows apart, as far as is known.

    First those whose test passed, then the one by which rows were merged, then what the profile
    found in the files the table is made of.
    """
    keys: list[tuple[str, ...]]
    keys = [(column,) for column, passed in passed_unique(inputs, table).items() if passed]
    keys += [
        account.merged_by
        for account in inputs.accounts
        if account.merged_by and (account.table or "").rpartition(".")[2] == table
    ]
    targets = {
        (mapping.feed, mapping.source_columns[0]): mapping.target_column
        for mapping in inputs.mappings
        if mapping.target_table == table and len(mapping.source_columns) == 1
    }
    for profile in inputs.profiles:
        for found in profile.candidate_keys:
            key = [targets.get((profile.feed, source)) for source in found]
            if key and all(key):
                keys.append(tuple(filter(None, key)))
    return list(dict.fromkeys(keys))


def _unique(inputs: DeliveryInputs, feed: str, repeated: int) -> str:
    for account in inputs.accounts:
        merged = sum(account.merged.values())
        table = (account.table or "").rpartition(".")[2]
        passed = any(passed_unique(inputs, table).values())
        away = merged + sum(account.rejected.values())
        if account.feed == feed and account.delivered and passed and away >= repeated:
            return "Merged or set aside: each row is delivered once."
    return ""


def _unique_column(inputs: DeliveryInputs, mapping: ColumnMapping) -> str:
    delivered = any(a.feed == mapping.feed and a.delivered for a in inputs.accounts)
    table, column = mapping.target_table or "", mapping.target_column or ""
    if delivered and passed_unique(inputs, table).get(column):
        return "Each value is delivered once: the others are merged or set aside, and counted."
    return ""


def _by_type(kinds: tuple[str, ...], words: str) -> Callable[[ColumnMapping], str]:
    return lambda mapping: words if (mapping.target_type or "").startswith(kinds) else ""


def _date_order(mapping: ColumnMapping) -> str:
    day_first = _day_first(mapping)
    if day_first is None:
        return ""
    first = "day" if day_first else "month"
    return f"Read with the {first} first, as declared in the cleaning rules."


def _day_first(mapping: ColumnMapping) -> bool | None:
    """Whether a date rule reads the day first; None where its forms say no one thing."""
    formats = mapping.written.formats if mapping.written else ()
    orders = {with_order(one, day_first=first) for one in formats for first in (True, False)}
    day = any("%d/%m" in one or "%d-%m" in one for one in orders)
    month = any("%m/%d" in one or "%m-%d-" in one for one in orders)
    return day if day != month else None


def _swapped_back(mapping: ColumnMapping) -> str:
    formats = mapping.written.formats if mapping.written else ()
    if not any(SWAPPED in one for one in formats):
        return ""
    return "Read with day and month swapped back, as declared in the cleaning rules."


def _decimal_marks(mapping: ColumnMapping) -> str:
    if _mark(mapping) != "either":
        return ""
    return "Each read by the mark it shows; a number that could be read both ways is set aside."


def _declared_mark(mapping: ColumnMapping) -> str:
    """How a rule that reads one decimal mark reads numbers that could have either."""
    mark = _mark(mapping)
    if mark in {None, "either"}:
        return ""
    return f"Read with a decimal {mark}, as declared in the cleaning rules."


def _mark(mapping: ColumnMapping) -> str | None:
    """The decimal mark that a rule of numbers with a fraction reads."""
    written = mapping.written
    return written.decimal if written and written.scale is not None else None


def _spelling(mapping: ColumnMapping) -> str:
    return "Delivered in the one agreed spelling." if mapping.rule == "to_code" else ""


def _currency_apart(mapping: ColumnMapping) -> str:
    if mapping.rule != "to_currency":
        return ""
    return f"The currency of each amount is delivered beside it, in “{mapping.target_column}”."


_BY_RULE: dict[str, Callable[[ColumnMapping], str]] = {
    "casing_variants": _spelling,
    "similar_values": _spelling,
    "mixed_date_formats": _by_type(_DATES, "Delivered in one form, YYYY-MM-DD."),
    "dates_as_numbers": _by_type(_DATES, "Delivered in one form, YYYY-MM-DD."),
    "ambiguous_dates": _date_order,
    "mixed_date_order": _swapped_back,
    "mixed_number_formats": _decimal_marks,
    "ambiguous_numbers": _declared_mark,
    "decimal_comma": _by_type(NUMBER_TYPES, "Delivered as numbers."),
    "mixed_currencies": _currency_apart,
    "currency_in_values": _by_type(NUMBER_TYPES, "Delivered as numbers, without the sign."),
    "units_in_values": _by_type(NUMBER_TYPES, "Delivered as numbers, without the unit."),
    "replaced_values": lambda _: "Delivered with the right values.",
    "leading_zeros": _by_type(("VARCHAR",), "Delivered as text, with their zeros."),
}

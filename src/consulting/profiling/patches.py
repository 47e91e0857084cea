"""Proposed changes of a feed's YAML, made on its text so that every comment survives."""

from __future__ import annotations

import difflib
import io
import posixpath
import re
from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

from ruamel.yaml.nodes import SequenceNode

from consulting import dbt_yaml
from consulting.profiling.notations import (
    OF_DATES,
    OF_NUMBERS,
    are_grouped,
    could_have_either,
    counts_of,
    digits_needed,
    flags_of,
    is_cut_to_nought,
    other_mark,
    shown_decimal,
)
from consulting.profiling.propose import currency_column, propose_columns, target_name
from consulting.rules import all_rules, rule_of_type
from consulting.rules.accepted import Said, what_was_said
from consulting.rules.dates import COUNTED, ISO, with_order
from consulting.rules.numbers import decimal_mark
from consulting.rules.to_boolean import FALSE, TRUE, USUAL_FALSE, USUAL_TRUE
from consulting.rules.to_decimal import LONGEST_SCALE
from consulting.rules.units import is_common_unit, is_one_of, several_units
from consulting.untitled import is_untitled
from consulting.yaml_files import YamlError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from consulting.profiling.finding import DriftFinding
    from consulting.profiling.model import ColumnProfile, FeedProfile

_PAIR = 2  # question marks of a day and a month
_DAY_OR_MONTH = re.compile("%[dm]")
_KEPT = frozenset({"language", "max", "min", "scale", "unit"})
"""Arguments of rules of one kind that do not say how their values are written."""
_OPTIONAL = {"optional": True, "required": False, "tests": ()}


def patched(text: str, finding: DriftFinding, current: FeedProfile) -> str | None:
    """The feed's YAML that takes what drifted as it is now.

    Args:
        text: The YAML.
        finding: What drifted: a column renamed, left out, new, of another type, order, decimal
            mark, number of digits or currency.
        current: The profile of the files that have it so.

    Returns:
        The YAML; None where the change is none of these, or can not be made on the text.
    """
    return _with_own_ends(text, lambda plain: _patched(plain, finding, current))


def with_answer(text: str, feed: str, header: str, said: Said, by: str) -> str | None:
    """The feed's YAML in which somebody says something of a column, in place of what contradicts.

    A right text of a column that has a list of codes becomes one of them.

    Args:
        text: The YAML.
        feed: The feed.
        header: The column.
        said: What is said.
        by: Who says it.

    Returns:
        The YAML; None where nothing reads the column, or the text can not be changed there.
    """

    def answered(plain: str) -> str | None:
        meta = _meta(plain, feed, header)
        if meta is None and said.key != "replace":  # nothing is replaced where nothing is delivered
            meta = dbt_yaml.source_meta(plain, feed, header)
        try:
            known = None if meta is None else what_was_said(dbt_yaml.value_of(plain, meta))
        except ValueError:
            return None
        if known is None:
            return None
        if any(map(said.contradicts, known)):
            left = [one for one in known if not said.contradicts(one)]
            after = _without(plain, meta, left)
            return after and answered(after)
        return plain if said in known or not said.key else _with_said(plain, meta, said, by)

    def listed(plain: str) -> str | None:
        after = answered(plain)
        right = said.became if said.key == "replace" else said.value
        meta = _meta(after, feed, header) if after and said.key else None
        if meta is None or after is None or not isinstance(right, str) or not right:
            return after
        return _with_code(after, meta, right)

    return _with_own_ends(text, listed)


def _with_said(text: str, meta: Any, said: Said, by: str) -> str | None:
    if said.key == "replace":
        return dbt_yaml.with_item(text, meta, ["replace", str(said.became)], said.value)
    if said.key == "suspected":
        answer = {"issue": said.issue, "wrong": said.became, "by": by}
        return dbt_yaml.with_item(text, meta, ["suspected"], answer)
    values = {} if said.value is None else {"values": [said.value]}
    marks: list[Any] = dbt_yaml.items_of(meta, "accepted") if values else []
    for one in marks:
        same = [dbt_yaml.text_of(one, key) for key in ("issue", "by")] == [said.issue, by]
        if same and dbt_yaml.items_of(one, "values"):
            return dbt_yaml.with_item(text, one, ["values"], said.value)
    return dbt_yaml.with_item(text, meta, ["accepted"], {"issue": said.issue, **values, "by": by})


def _without(text: str, meta: Any, left: Sequence[Said]) -> str | None:
    """The YAML whose column keeps of what was said what is left."""
    before = dbt_yaml.value_of(text, meta)
    marks = [
        {**one, **({"values": values} if values else {})}
        for one in before.get("accepted") or ()
        if (
            values := [
                v for v in one.get("values", ()) if Said("accepted", one["issue"], v) in left
            ]
        )
        or Said("accepted", one["issue"]) in left
    ]
    suspected = [
        one
        for one in before.get("suspected") or ()
        if Said("suspected", one["issue"], became=one["wrong"]) in left
    ]
    replaced = {
        right: texts
        for right, wrong in (before.get("replace") or {}).items()
        if (texts := [text for text in wrong if Said("replace", "", text, right) in left])
    }
    now = {"accepted": marks, "suspected": suspected, "replace": replaced}
    changed = {key: value for key, value in now.items() if value != (before.get(key) or value)}
    if dbt_yaml.is_commented(text, meta, changed):
        return None
    said = {key: value for key, value in changed.items() if value}
    return dbt_yaml.with_keys(text, meta, said, without={*changed} - {*said})


def with_codes(text: str, feed: str, header: str, codes: Sequence[str]) -> str | None:
    """The feed's YAML in which a column is one of a list; as `with_answer`."""

    def closed(plain: str) -> str | None:
        meta = _meta(plain, feed, header)
        keys = {"rule": "to_code", "codes": [*codes]}
        if meta is None or dbt_yaml.is_commented(plain, meta, keys):
            return None
        return dbt_yaml.with_keys(plain, meta, keys)

    return _with_own_ends(text, closed)


def _with_code(text: str, meta: Any, value: str) -> str | None:
    """The YAML with one more code, where the column has a list of them."""
    codes = dbt_yaml.items_of(meta, "codes")
    if codes and value not in {node.value for node in codes}:
        return dbt_yaml.with_item(text, meta, ["codes"], value)
    listed = dbt_yaml.mapping_of(meta, "codes")
    if listed is None or value.casefold() in {key.value.casefold() for key, _ in listed.value}:
        return text
    return dbt_yaml.with_keys(text, listed, {value: []})


def _with_own_ends(text: str, change: Callable[[str], str | None]) -> str | None:
    """A change of a text whose lines keep their ends; None where it made no YAML."""
    breaks = text.count("\r\n")
    windows = bool(breaks) and breaks == text.count("\n")
    after = change(text.replace("\r\n", "\n") if windows else text)
    if after is None or not dbt_yaml.is_yaml(after):
        return None
    return after.replace("\n", "\r\n") if windows else after


def _patched(text: str, finding: DriftFinding, current: FeedProfile) -> str | None:
    feed, column = finding.feed, finding.column or ""
    if finding.kind == "renamed_column":
        return rename_source(text, feed, finding.previous_column or "", column)
    if finding.kind == "missing_column":
        return _left_out(text, feed, column)
    if finding.kind == "currency_changed":
        return _with_currency(text, feed, column)
    argument = _argument(text, finding, current)
    if argument or finding.in_some:
        return _set(text, feed, column, argument) if argument else None
    proposed = [_without_codes(c) for c in propose_columns(current) if c["from"] == column]
    if finding.kind in {"retyped_column", "date_order_changed", "unit_unread", "unread_values"}:
        return _reread(text, finding, current, proposed[0])
    after = text if finding.kind == "new_column" else None
    for one in proposed:
        # earlier files, which may be delivered again, do not have it
        after = add_column(after, feed, {**one, **_OPTIONAL}) if after else None
    return after


def _reread(
    text: str, finding: DriftFinding, current: FeedProfile, proposed: dict[str, Any]
) -> str | None:
    """The YAML with the proposed rule; with a column for the currency, if it hides one of some."""
    feed, column = finding.feed, current.column(str(proposed["from"]))
    shown = finding.kind != "unit_unread" or _all_common(proposed)
    if not shown or (finding.kind == "unread_values" and not _is_alike(text, feed, proposed)):
        return None
    wanted = _with_mark(text, proposed, current)
    after = _retyped(text, feed, column, wanted)
    if after is None or column is None or not _names_a_currency_of_some(column):
        return after
    becomes_money = wanted["rule"] == "to_money" != rule_of(text, feed, column.name)
    return _with_currency(after, feed, column.name) if becomes_money else after


def _with_currency(text: str, feed: str, column: str) -> str | None:
    """The YAML with a column for the currency that stands beside the amounts of another."""
    names = next((list(names) for _, _, names in _metas(text, feed) if column in names), [])
    beside = currency_column(column, target_name(f"{column} currency", set()))
    return add_column(text, feed, beside | ({"from": names} if names[1:] else {}))


def _names_a_currency_of_some(column: ColumnProfile) -> bool:
    """Whether amounts would be added up of which some are in a currency, and others in none."""
    numbers = column.numbers.count if column.numbers else 0
    return 0 < counts_of(column.currencies).total() < numbers


def _argument(text: str, finding: DriftFinding, current: FeedProfile) -> dict[str, Any]:
    """The one argument of a rule that takes what drifted; none where there is no such one."""
    column = current.column(finding.column or "")
    if column is None:
        return {}

    def said(name: str) -> Any:
        metas = _metas_of(text, finding.feed, column.name, {name})
        try:
            return dbt_yaml.value_of(text, metas[0]).get(name, ()) if metas else None
        except YamlError:  # it says it by the anchors of others
            return None

    if finding.in_some and finding.kind == "decimal_mark_changed":
        return {"decimal": "either"} if said("decimal") not in {None, "either"} else {}
    if finding.kind == "date_order_changed":
        turns = finding.formats and not finding.in_some and said("formats") is not None
        return {"formats": [*finding.formats]} if turns else {}
    make = _ARGUMENTS.get(finding.kind)
    return make(column, said) if make else {}


def _added_formats(column: ColumnProfile, said: _Declares) -> dict[str, Any]:
    """The formats of a rule and those of its dates, in the order of day and month that it has."""
    before = [*(said("formats") or ())]
    _, arguments = rule_of_type("date").proposed(column) or ("", {})
    added = arguments.get("formats", ())
    orders = {one.index("%d") < one.index("%m") for one in before if _has_order(one)}
    if len(orders) == 1:
        first = orders.pop()
        added = [with_order(f, day_first=first) if f.count("?") == _PAIR else f for f in added]
    return {"formats": [*dict.fromkeys((*before, *added))]}


def _timed(column: ColumnProfile, said: _Declares) -> dict[str, Any]:
    """The rule that keeps times, with the formats as before, for files that are delivered again."""
    return {"rule": "to_timestamp", **_added_formats(column, said)}


def _rewritten(column: ColumnProfile, said: _Declares) -> dict[str, Any]:
    """What more a rule reads: formats of dates, or words for yes and no, if it means as they do."""
    if said("means_true") is None:
        return _added_formats(column, said)
    yes, no = ({*map(str.casefold, map(str, said(key)))} for key in ("means_true", "means_false"))
    if not (yes.isdisjoint(FALSE) and no.isdisjoint(TRUE)):
        return {}
    words = flags_of(column)
    found: dict[str, Any] = {}
    for key, usual, known in (
        ("means_true", USUAL_TRUE, TRUE),
        ("means_false", USUAL_FALSE, FALSE),
    ):
        before = [*map(str, said(key) or usual)]
        more = [one for one in words if one in known and one not in map(str.casefold, before)]
        found |= {key: [*before, *more]} if more else {}
    return found


def _with_serials(column: ColumnProfile, said: _Declares) -> dict[str, Any]:
    """The formats of a rule of dates, and days as Excel counts them, where numbers are such."""
    before, numbers = said("formats"), column.numbers.quantiles if column.numbers else ()
    days = bool(numbers) and all(COUNTED["excel"].read(f"{n:g}") for n in numbers)
    return {"formats": [*(before or ISO[:1]), "excel"]} if before is not None and days else {}


def _mark(column: ColumnProfile, said: _Declares) -> dict[str, Any]:
    notations = counts_of(column.formats)
    mark, declared = decimal_mark(notations), said("decimal")
    if declared is not None:  # of an unclear one, other columns of its files show the mark
        return {"decimal": other_mark(declared or "point") if mark == "unclear" else mark}
    pointed = mark == "comma" or (mark == "unclear" and "unclear_point" in notations)
    return {"thousands": "." if pointed else ","}


def _scale(column: ColumnProfile, said: _Declares) -> dict[str, Any]:
    before, digits = said("scale"), min(digits_needed(column), LONGEST_SCALE)
    more = digits > (before or 0) and not is_cut_to_nought(column, digits)
    return {"scale": digits} if before is not None and more else {}


def _unit(column: ColumnProfile, said: _Declares) -> dict[str, Any]:
    """One more unit, where it says nothing of the client: a patch is told to many."""
    known = said("unit")
    before = [*several_units(known)]
    new = [u.format for u in column.units if not is_one_of(u.format, before)]
    if known is None or not new or not is_common_unit(new[0]):
        return {}
    return {"unit": [*before, new[0]] if before else new[0]}


_Declares = Callable[[str], Any]
"""An argument's name → what the rule says; empty if nothing, None if it has no such argument."""
_ARGUMENTS: dict[str, Callable[[ColumnProfile, _Declares], dict[str, Any]]] = {
    "decimal_mark_changed": _mark,
    "digits_cut": _scale,
    "retyped_column": _with_serials,
    "rewritten_column": _rewritten,
    "time_cut": _timed,
    "unit_unread": _unit,
}


def _has_order(pattern: str) -> bool:
    """Whether a format begins with day or month, both as numbers."""
    parts = {*_DAY_OR_MONTH.findall(pattern)}
    return bool(_DAY_OR_MONTH.match(pattern)) and parts == {"%d", "%m"}


def rename_source(text: str, feed: str, old: str, new: str) -> str | None:
    """The YAML in which what a feed reads from `old` is read from `new`, or `old` as before."""
    edits: list[tuple[int, int, str]] = []
    for _, source, headers in _metas(text, feed):
        if old not in headers:
            continue
        if isinstance(source, SequenceNode) and not source.flow_style:
            return None  # its end mark lies behind blank lines and comments
        # a place is no name: another column may stand there in the next file
        names = dbt_yaml.flow(sorted(dict.fromkeys([new, *headers]), key=is_untitled))
        edits.append((source.start_mark.index, source.end_mark.index, names))
    for start, end, names in sorted(edits, reverse=True):
        text = text[:start] + names + text[end:]
    return text if edits else None


def add_column(text: str, feed: str, column: Mapping[str, Any]) -> str | None:
    """The YAML with a column at the end of the model named after the feed; None if not found."""
    columns = dbt_yaml.columns_of(text, feed)
    if columns is None or columns.flow_style or not columns.value:
        return None
    lines = _lines(text)
    end = dbt_yaml.last_line(columns) + 1
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    taken = dbt_yaml.names_of(columns)
    name = target_name(str(column["name"]), taken) if column["name"] in taken else column["name"]
    item = dbt_yaml.column({**column, "name": name}, columns.start_mark.column)
    return "".join([*lines[:end], item, *lines[end:]])


def _retyped(
    text: str, feed: str, column: ColumnProfile | None, proposed: Mapping[str, Any]
) -> str | None:
    """The YAML with the rule, and the arguments, that read a column as it is now.

    What else was said of such values (`min`, `unit`, …) stays; None where the rule would read none.
    """
    if column is None or (proposed.get("decimal") == "either" and could_have_either(column)):
        return None
    rule, arguments = (
        str(proposed["rule"]),
        {k for r in all_rules().values() for k in r.arguments()},
    )
    alike = _is_alike(text, feed, proposed)
    kept = _KEPT & {*all_rules()[rule].arguments()} if alike else set()
    wanted = {key: proposed[key] for key in ("rule", *sorted(arguments & set(proposed)))}
    return _set(text, feed, column.name, wanted, arguments - kept)


def _with_mark(text: str, proposed: dict[str, Any], current: FeedProfile) -> dict[str, Any]:
    """What is proposed; for fractions that a rule of whole numbers reads, with the mark they show.

    How many digits these have is not known of numbers that were taken for whole ones.
    """
    column = current.column(str(proposed["from"]))
    whole = column is not None and rule_of(text, current.feed, column.name) == "to_integer"
    mark = shown_decimal(column, current) if column and whole and are_grouped(column) else None
    kept = {key: proposed[key] for key in ("from", "unit") if key in proposed}
    return {**kept, "rule": "to_decimal", "decimal": mark} if mark else proposed


def _is_alike(text: str, feed: str, proposed: Mapping[str, Any]) -> bool:
    """Whether a column's rule and one that is proposed for it both make numbers, or dates."""
    rules = {rule_of(text, feed, str(proposed["from"])), proposed["rule"]}
    return any(rules <= kinds for kinds in (OF_NUMBERS, OF_DATES))


def _all_common(proposed: Mapping[str, Any]) -> bool:
    """Whether a proposal takes units off that say nothing of the client."""
    units = several_units(proposed.get("unit"))
    return bool(units) and all(map(is_common_unit, units))


def _set(
    text: str, feed: str, header: str, keys: Mapping[str, Any], without: Collection[str] = ()
) -> str | None:
    """The YAML with keys set in the meta of each column read from a header whose rule has them.

    A rule changes only where that is one column.
    """
    places = range(len(_metas_of(text, feed, header, keys)))
    if "rule" in keys and len(places) != 1:
        return None
    after: str | None = text if places else None
    for at in places:
        if after is not None:
            meta = _metas_of(after, feed, header, keys)[at]
            after = dbt_yaml.with_keys(after, meta, keys, without)
    return after


def _metas_of(text: str, feed: str, header: str, keys: Collection[str]) -> list[Any]:
    """The metas of what is read from a header, of those whose rules have these keys."""
    found = [meta for meta, _, headers in _metas(text, feed) if header in headers]
    rules = [all_rules().get(dbt_yaml.text_of(meta, "rule") or "to_text") for meta in found]
    if "rule" in keys:
        return found
    return [m for m, r in zip(found, rules, strict=True) if r and set(keys) <= {*r.model_fields}]


def _left_out(text: str, feed: str, header: str) -> str | None:
    """The YAML in which a column may be missing, and nothing demands a value of it then.

    None of a key: rows without it could not be told apart.
    """
    after = _set(text, feed, header, {"optional": True}, {"required"})
    names = {
        name
        for columns in _columns(text, feed)
        for name in dbt_yaml.names_of(columns)
        for meta, _, headers in _metas(text, feed)
        if header in headers and meta is dbt_yaml.meta_of(columns, name)
    }
    for name, model in product(names, _models(feed)):
        if after is not None:
            columns = dbt_yaml.columns_of(after, model)
            if dbt_yaml.without_test(after, columns, name, "unique") != after:
                return None
            after = dbt_yaml.without_test(after, columns, name, "not_null")
    return after


def rule_of(text: str, feed: str, header: str) -> str | None:
    """The rule of the column that is read from a header; None where none is."""
    meta = _meta(text, feed, header)
    return None if meta is None else dbt_yaml.text_of(meta, "rule") or "to_text"


def _meta(text: str, feed: str, header: str) -> Any:
    """The meta of the first column that is read from a header; None where there is none."""
    return next((meta for meta, _, headers in _metas(text, feed) if header in headers), None)


def _metas(text: str, feed: str) -> list[tuple[Any, Any, tuple[str, ...]]]:
    return [found for columns in _columns(text, feed) for found in dbt_yaml.metas_of(columns)]


def _columns(text: str, feed: str) -> list[SequenceNode | None]:
    return [dbt_yaml.columns_of(text, model) for model in _models(feed)]


def _models(feed: str) -> tuple[str, str]:
    return feed, f"stg_{feed}"


def _without_codes(column: Mapping[str, Any]) -> dict[str, Any]:
    """A column whose proposal holds no values of the client: a patch is told to many."""
    if column["rule"] != "to_code":
        return dict(column)
    return {key: value for key, value in column.items() if key != "codes"} | {"rule": "to_text"}


def _lines(text: str) -> list[str]:
    """The lines as `patch` and `git` count them: a header may hold other line separators."""
    return io.StringIO(text, newline="\n").readlines()


def unified(before: str, after: str, label: str) -> str:
    """A unified diff that `git apply` and `patch -p1` take."""
    return "".join(
        difflib.unified_diff(
            _lines(before),
            _lines(after),
            f"a/{label}",
            f"b/{label}",
        )
    )


def label_of(path: Path) -> str:
    """The path below the project: from `dbt/` on, where it is in one."""
    parts = path.parts
    if "dbt" not in parts:
        return path.name
    # models that lie with the client are named from the dbt project on, too
    return posixpath.normpath("/".join(parts[parts.index("dbt") :]))

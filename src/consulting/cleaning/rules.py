"""The vocabulary of a column's `meta` in a feed's YAML: checked when models are prepared."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError, model_validator

from consulting.cleaning.reasons import reasons_mistakes
from consulting.errors import CleaningError
from consulting.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RuleName = Literal[
    "to_text",
    "to_integer",
    "to_decimal",
    "to_money",
    "to_date",
    "to_timestamp",
    "to_boolean",
    "to_phone",
    "to_email",
    "to_code",
]
RULES: tuple[str, ...] = RuleName.__args__  # type: ignore[attr-defined]  # a Literal's values

# The reason code of a value that the rule can not convert, without its column.
REASON_OF_RULE = {
    "to_integer": "not_an_integer",
    "to_decimal": "not_a_number",
    "to_money": "not_an_amount",
    "to_date": "not_a_date",
    "to_timestamp": "not_a_timestamp",
    "to_boolean": "not_a_boolean",
    "to_phone": "not_a_phone",
    "to_email": "not_an_email",
    "to_code": "not_in_list",
}

_ARGUMENTS = {
    "to_text": {"case", "collapse", "max_length", "pattern", "pad_zeros"},
    "to_integer": {"thousands", "unit", "min", "max"},
    "to_decimal": {"decimal", "scale", "unit", "min", "max"},
    "to_money": {"decimal", "scale", "currencies", "min", "max"},
    "to_date": {"formats", "min", "max"},
    "to_timestamp": {"formats", "min", "max"},
    "to_boolean": {"means_true", "means_false"},
    "to_phone": {"country_code", "national_length"},
    "to_email": {"max_length"},
    "to_code": {"codes", "otherwise"},
}
_FOR_ALL = {"from", "rule", "required", "null_tokens", "on_invalid", "optional"}
# Keys of meta that belong to others.
_FOREIGN = {"dagster", "dropped_because"}


class ColumnRule(Record):
    """One column's `meta`: where it is read from, and what happens to it.

    Attributes:
        source: `from`: the header in the client's file.
        rule: The cleaning rule.
        required: A row without a value is rejected.
        null_tokens: Texts that mean "no value" in this column, in place of the project's.
        on_invalid: "reject" the row, or "blank" the value and note it in `_blanked`.
        optional: The client may leave the column out of a file; it is then empty.
        case: to_text: "upper", "lower" or "capital".
        collapse: to_text: inner runs of blanks become one space.
        max_length: to_text, to_email: longer is `too_long`.
        pattern: to_text: the regular expression of the whole value; else `wrong_format`.
        pad_zeros: to_text: the length to which a number gets its leading zeros back.
        unit: to_integer, to_decimal: the text after the number to take off.
        thousands: to_integer: the separator of thousands to accept.
        decimal: to_decimal, to_money: "point", "comma", or "either" where the text tells.
        scale: to_decimal, to_money: digits after the decimal mark; more are rounded.
        currencies: to_money: the signs and codes to take off.
        formats: to_date, to_timestamp: strptime formats; the first that fits is taken.
        means_true: to_boolean: the texts that mean it.
        means_false: to_boolean: the texts that mean it.
        country_code: to_phone: of numbers that are written without one.
        national_length: to_phone: the digits of a number without its country code.
        codes: to_code: a list, or each code with its other spellings.
        otherwise: to_code: the code of all other texts, in place of rejecting them.
        min: The least value; less is `below_minimum`.
        max: The greatest value; more is `above_maximum`.
    """

    source: str = Field(alias="from", min_length=1)
    rule: RuleName = "to_text"
    required: bool = False
    null_tokens: tuple[str | int | float, ...] | None = None
    on_invalid: Literal["reject", "blank"] = "reject"
    optional: bool = False
    case: Literal["upper", "lower", "capital"] | None = None
    collapse: bool = False
    max_length: int | None = Field(default=None, ge=1)
    pattern: str | None = None
    pad_zeros: int | None = Field(default=None, ge=2, le=30)
    unit: str | None = Field(default=None, min_length=1)
    thousands: str | None = None
    decimal: Literal["point", "comma", "either"] = "point"
    scale: int | None = Field(default=None, ge=0, le=12)
    currencies: tuple[str, ...] | None = None
    formats: tuple[str, ...] | None = Field(default=None, min_length=1)
    means_true: tuple[str | int | bool, ...] | None = None
    means_false: tuple[str | int | bool, ...] | None = None
    country_code: str | None = Field(default=None, pattern=r"^[1-9][0-9]{0,2}$")
    national_length: int | None = Field(default=None, ge=4, le=12)
    codes: tuple[str, ...] | dict[str, tuple[str | int, ...] | None] | None = None
    otherwise: str | None = None
    min: str | int | float | None = None
    max: str | int | float | None = None

    @model_validator(mode="after")
    def _only_what_the_rule_knows(self) -> ColumnRule:
        given = {ColumnRule.model_fields[name].alias or name for name in self.model_fields_set}
        foreign = sorted(given - _FOR_ALL - _ARGUMENTS[self.rule])
        if foreign:
            allowed = ", ".join(sorted(_ARGUMENTS[self.rule]))
            raise ValueError(f"{self.rule} takes no `{foreign[0]}`; its arguments are {allowed}")
        if self.rule == "to_code" and not self.codes:
            raise ValueError("to_code needs `codes`: a list, or each code with its other spellings")
        if self.required and self.on_invalid == "blank":
            raise ValueError("a required column can not have `on_invalid: blank`")
        for pattern in self.formats or ():
            if "%" not in pattern:
                raise ValueError(f"the format {pattern!r} has no directive; write it like %d/%m/%Y")
        return self


def column_rule(meta: dict[str, Any]) -> ColumnRule:
    """Read a column's meta.

    Args:
        meta: As in the manifest; keys of others (`dagster`) are left out.

    Raises:
        pydantic.ValidationError: If it is not a rule with its arguments.
    """
    return ColumnRule.model_validate({k: v for k, v in meta.items() if k not in _FOREIGN})


def describe_rule(rule: ColumnRule) -> str:
    """What a rule does to a value, in words for the client.

    Args:
        rule: The column's rule.
    """
    words = [_WHAT[rule.rule](rule)]
    if rule.min is not None or rule.max is not None:
        words.append(_limits(rule.min, rule.max))
    if rule.required:
        words.append("a row without it is rejected")
    if (rule.rule != "to_text" or rule.max_length or rule.pattern) and not rule.otherwise:
        blank = rule.on_invalid == "blank"
        words.append(f"a value that does not fit {'is left empty' if blank else 'rejects the row'}")
    return "; ".join(words)


def _limits(low: str | float | None, high: str | float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"


def _text(rule: ColumnRule) -> str:
    words = ["blanks trimmed"]
    if rule.collapse:
        words.append("inner blanks collapsed")
    if rule.pad_zeros:
        words.append(f"numbers filled with zeros to {rule.pad_zeros} digits")
    if rule.case:
        words.append("first letter capital" if rule.case == "capital" else f"{rule.case} case")
    if rule.max_length:
        words.append(f"at most {rule.max_length} characters")
    if rule.pattern:
        words.append(f"of the form {rule.pattern}")
    return ", ".join(words)


def _number(rule: ColumnRule) -> str:
    mark = {"point": "decimal point", "comma": "decimal comma", "either": "either decimal mark"}
    scale = rule.scale if rule.scale is not None else (2 if rule.rule == "to_money" else 4)
    what = "amount, currency taken off" if rule.rule == "to_money" else "number"
    unit = f", {rule.unit} taken off" if rule.unit else ""
    return f"{what}{unit}, {mark[rule.decimal]}, {scale} digits after it"


def _dates(rule: ColumnRule) -> str:
    what = "date" if rule.rule == "to_date" else "date and time"
    return f"{what}, written {' or '.join(map(_spelled, rule.formats or ('%Y-%m-%d',)))}"


def _spelled(pattern: str) -> str:
    """`%d/%m/%Y` as `DD/MM/YYYY`."""
    names = {"%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD", "%b": "Mon", "%B": "Month"}
    names |= {"%H": "hh", "%M": "mm", "%S": "ss", "%I": "hh", "%p": "am/pm"}
    for directive, name in names.items():
        pattern = pattern.replace(directive, name)
    return pattern


def _codes(rule: ColumnRule) -> str:
    other = f", all others {rule.otherwise}" if rule.otherwise else ""
    return f"one of {', '.join(map(str, rule.codes or ()))}{other}"


def _phone(rule: ColumnRule) -> str:
    assumed = f", +{rule.country_code} where none is written" if rule.country_code else ""
    return f"phone number in international form{assumed}"


_WHAT: dict[str, Callable[[ColumnRule], str]] = {
    "to_text": _text,
    "to_integer": lambda rule: f"whole number{f', {rule.unit} taken off' if rule.unit else ''}",
    "to_decimal": _number,
    "to_money": _number,
    "to_date": _dates,
    "to_timestamp": _dates,
    "to_boolean": lambda _: "true or false",
    "to_phone": _phone,
    "to_email": lambda _: "e-mail address in lower case",
    "to_code": _codes,
}


def check_rules(manifest: dict[str, Any], folder: Path, client_id: str) -> None:
    """Check every column's meta and every dedupe of a client.

    Args:
        manifest: A slim manifest.
        folder: The client's models, to name the line of a mistake.
        client_id: The client.

    Raises:
        CleaningError: With all mistakes, each with file, line, model and column.
    """
    mistakes: list[str] = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model":
            continue
        for column, message in _mistakes_of(node):
            mistakes.append(f"{_where(node, column, folder)}: {message}")
    if mistakes:
        raise CleaningError(f"{client_id}: " + "\n".join(mistakes))


def _mistakes_of(node: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    rules: dict[str, Any] = {}
    taken: dict[str, str] = {}
    for column in node["columns"].values():
        meta = column["meta"]
        same = taken.setdefault(column["name"].casefold(), column["name"])
        if same != column["name"]:
            yield column["name"], f"is the same name as {same!r} to a database, which ignores case"
        if "from" not in meta:
            if "rule" in meta:
                yield column["name"], "has a rule, but no `from` that names the source column"
            continue
        rules[column["name"]] = meta
        if column["name"].startswith("_"):
            yield column["name"], "names that begin with _ are those of the row's origin; rename it"
        try:
            column_rule(meta)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                yield column["name"], _in_words(dict(detail))
    yield from _dedupe_mistakes(node["meta"].get("dedupe"), rules)
    for mistake in reasons_mistakes(node["meta"].get("reasons")):
        yield None, mistake


def _dedupe_mistakes(dedupe: Any, rules: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    if dedupe is None:
        return
    if not isinstance(dedupe, dict) or not isinstance(dedupe.get("key"), list):
        yield None, "`dedupe` needs a `key`: the list of columns that name the same thing"
        return
    if dedupe.get("keep", "latest") not in ("latest", "first"):
        yield None, f"`dedupe: keep` is {dedupe['keep']!r}; it is latest or first"
    for unknown in sorted(set(dedupe) - {"key", "keep", "order_by"}):
        yield None, f"`dedupe` has no `{unknown}`; use key, keep and order_by"
    order_by = dedupe.get("order_by", [])
    for column in [*dedupe["key"], *([order_by] if isinstance(order_by, str) else order_by)]:
        if column not in rules:
            yield None, f"`dedupe` names the column {column!r}{_nearest(column, rules)}"


def _in_words(detail: dict[str, Any]) -> str:
    field = str(detail["loc"][0]) if detail["loc"] else ""
    if field == "rule":
        return f"there is no rule {detail['input']!r}{_nearest(str(detail['input']), RULES)}"
    if detail["type"] == "extra_forbidden":
        known = _FOR_ALL.union(*_ARGUMENTS.values())
        return f"meta has no key `{field}`{_nearest(field, known)}"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"`{field}`: {message}" if field else message


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    listed = ", ".join(sorted(known))
    return f"; did you mean {close[0]}?" if close else f"; use one of {listed}"


def _where(node: dict[str, Any], column: str | None, folder: Path) -> str:
    """`dbt/models/clients/acme/orders.yml, line 12, orders.amount`."""
    name = f"{node['name']}.{column}" if column else node["name"]
    path = (node.get("patch_path") or "").split("://")[-1] or node["original_file_path"]
    file = folder.parents[2] / path
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    line = _line_of(lines, node["name"], column)
    return f"dbt/{path}{f', line {line}' if line else ''}, {name}"


def _line_of(lines: list[str], model: str, column: str | None) -> int | None:
    start = _first(lines, 0, lambda text: text in (f"- name: {model}", f"name: {model}"))
    if start is None or column is None:
        return None if start is None else start + 1
    found = _first(lines, start + 1, lambda text: text in (f"- name: {column}", f"name: {column}"))
    return None if found is None else found + 1


def _first(lines: list[str], start: int, is_it: Callable[[str], bool]) -> int | None:
    numbers = (i for i in range(start, len(lines)) if is_it(lines[i].strip().replace('"', "")))
    return next(numbers, None)
